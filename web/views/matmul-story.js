import { html } from "preact";
import { abs, frac, group, math, sub, sup, under } from "../ui/math.js";

const sum = (...content) => [under("∑", "k"), ...content];
const a = () => sub("a", "k");
const w = () => sub("w", "k");
const z = (of) => sub("z", of);
const identity = () => [ // three pieces, so that a phone can break the line
  math(...sum(group(a(), "−", z("a")), group(w(), "−", z("w"))), "="),
  math(...sum(a(), w()), "−", z("a"), ...sum(w())),
  math("−", z("w"), ...sum(a()), "+I", z("a"), z("w")),
];
const bound = () => [math(abs(...sum(a(), w())), "≤I·", "max", abs("a"), "·", "max", abs("w"), "≤", sup("2", "31"), "−1")];
const multiplier = () => [
  math("M=", frac([sub("S", "a"), sub("S", "w")], sub("S", "y")), "=", sub("m", "0"), "·", sup("2", "e−31")),
  math(sup("2", "30"), "≤", sub("m", "0"), "<", sup("2", "31")),
];
const half = (power) => sup("2", power);
const single = () => [math("y=⌊", frac(["acc·", sub("m", "0"), "+", half("30−e")], half("31−e")), "⌋")];
const double = () => [math("h=⌊", frac(["acc·", sub("m", "0"), "+", half("30")], half("31")), "⌋"), math("y=", "round", group(frac("h", half("−e"))))];
const float = () => [math("y=", "round", group("float32", group("acc"), "·", "float32", group("M")))];
const code = () => [math(sub("q", "y"), "=", "clip", group("y+", z("y"), ", l, h"))];

export const chapters = [
  {
    title: "1. Codes multiplied out",
    body: html`<p>A number is its code less the zero point, times the scale. Multiplied out, a product of two such numbers has four terms, and only the
        first needs a multiplication for each pair of codes. The other three cost a subtraction for each element of the output.</p>
      <p>The sums of the weights do not depend on the input, so that they are computed when the network is made. The sums of
        the inputs appear only if the weights have a zero point: with symmetric weights, the usual choice, steps 5 and 6 vanish. Choose
        “symmetric” for W and look.</p>`,
    formulas: [identity],
    code: ["pyapp.quant.schemes.quantize", "pyapp.quant.matmul.row_sums", "pyapp.quant.matmul.matmul_terms"],
  },
  {
    title: "2. 32 bits are enough, and that is proven",
    body: html`<p>A product of two codes of 8 bits has 16 bits, and a sum of many has more. Int32 holds some ten thousands of them. NumPy does
        not say when a sum has left its type, so this is checked beforehand: from the very weights, for the worst input codes, and for
        every partial sum in any order.</p>`,
    formulas: [bound],
    code: ["pyapp.quant.matmul.product", "pyapp.quant.matmul.check_int32"],
  },
  {
    title: "3. A real multiplier without a float",
    body: html`<p>From one layer's accumulator to the next layer's codes there is one real factor, M. A processor without floats keeps it as an
        integer of 31 bits and a shift, which is as exact as a float32 and more. With a scale for each output there is a multiplier for each
        output; nothing else changes.</p>`,
    formulas: [multiplier],
    code: ["pyapp.quant.fixedpoint.Multiplier"],
  },
  {
    title: "4. Rounded once, or twice",
    body: html`<p>The product of accumulator and m₀ has up to 62 bits. With registers of 64 bits one adds a half and shifts: one rounding. TensorFlow
        Lite's older rule stays in 32 bits: it takes the product's upper half, rounded, and shifts that, rounded again. Where the first rounding reaches
        a half that was not there, the second goes the wrong way, and the code is off by one.</p>
      <p>Both are right by their own definition, but two implementations agree to the bit only if they agree on
        the rule.</p>`,
    formulas: [single, double],
    code: [
      "pyapp.quant.fixedpoint.requantize_single",
      "pyapp.quant.fixedpoint.requantize_double",
      "pyapp.quant.fixedpoint.saturating_rounding_doubling_high_mul",
      "pyapp.quant.fixedpoint.rounding_divide_by_power_of_two",
    ],
  },
  {
    title: "5. In float32, as ONNX Runtime has it",
    body: html`<p>The accumulator becomes a float32, is multiplied and rounded half to even. A float32 has 24 bits: accumulators beyond 2²⁴ are
        rounded before they are multiplied. Zero point and clamp come last in all three; a ReLU would only raise the lower end of
        the clamp to the zero point.</p>`,
    formulas: [float, code],
    code: ["pyapp.quant.fixedpoint.requantize_float", "pyapp.quant.matmul.qlinear_matmul"],
  },
];
