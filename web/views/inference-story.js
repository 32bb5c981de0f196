import { html } from "preact";
import { frac, group, hat, math, sub } from "../ui/math.js";

const scale = (of) => sub("S", of);
const zero = (of) => sub("z", of);

export const chapters = [
  {
    title: "1. What is simulated, and what is computed",
    body: html`<p>A simulation keeps float numbers and moves each weight and each activation onto its grid: the numbers are
        those that codes can stand for, the sums are float sums. Integer arithmetic has no float number between the pixels’
        codes and the scores’ codes: products of codes are summed in 32 bits, the bias is added as an integer, and the sum is
        scaled down to a code of the next layer. (With the requantisation “float”, ONNX Runtime’s, that last step multiplies the
        integer sum by a float32.) That integer is the bias in steps of the sum, so the simulation rounds the bias
        to the same steps: with few bits they are coarse, and a float bias would give other codes.</p>
      <p>Both round at the same places, so they should agree. They may part where a sum falls almost exactly between two
        codes: there the float sum and the fixed-point multiplier can round to different sides, by one code, and the next
        layer may carry that on. With “double” the integers round twice and the simulation once, and they part more often. The
        page counts how often.</p>`,
    formulas: [
      () => [
        math(sub("y", "o"), "=", "round", group(frac(sub("b", "o"), [scale("a"), scale("w")])), "+", sub("∑", "i"), group(sub("a", "i"), "−", zero("a")), group(sub("w", "oi"), "−", zero("w"))),
      ],
      () => [math(sub("q", "o"), "=", "clip", group("round", group("M", sub("y", "o")), "+", zero("y"), ", l, h"))],
      () => [math("M=", scale("a"), scale("w"), "/", scale("y"))],
    ],
    code: ["pyapp.quantized.network.Simulated", "pyapp.quant.integer.rounded_bias", "pyapp.quant.integer.IntegerLinear", "pyapp.quant.integer.IntegerNetwork"],
  },
  {
    title: "2. Difference of outputs, and changed predictions",
    body: html`<p>Quantising moves every score a little. The prediction changes only if the two best scores are closer than
        what they were moved by, so most digits stay as they are, and those that change are mostly the hard ones: look at
        them below the panels. Some changes even mend an error; accuracy alone hides this, as it counts only the balance.</p>`,
    formulas: [() => [math("Δ", sub("z", "j"), "=", hat(sub("z", "j")), "−", sub("z", "j"))]],
    code: ["pyapp.measure.compare.Comparison"],
  },
  {
    title: "3. Layer by layer",
    body: html`<p>Hidden activations come out of ReLU, so they are never negative: their grid is unsigned with zero point 0,
        and the lower clamp of the codes is the ReLU. Scores may have either sign and get a zero point. Ranges were found
        on 1,024 training images, never on the digits that are counted here.</p>`,
    code: ["pyapp.measure.compare.integer_codes", "pyapp.measure.compare.simulated_codes"],
  },
];
