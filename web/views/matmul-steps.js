import { html } from "preact";
import { fixed, scalar, scientific } from "../ui/format.js";

// The eight steps of the walk: what each is called, says, and shows. A part of `shows` is a matrix ({name, title, kind, ...}) or
// an operator (a string). `follows`: which chosen cells it lights: the row of A, the column of Wᵀ, or the output element.

const real = (x) => fixed(x, 3);
const whole = (x) => fixed(x, 0);
export const [zA, zW] = ["a", "w"].map((of) => () => html`<i>z</i><sub>${of}</sub>`);

const A = { name: "a", title: "A, float", kind: "float", text: real, follows: "row" };
const W = { name: "w", title: "Wᵀ, float", kind: "float", text: real, follows: "column" };
const Y = { name: "y", title: "float product", kind: "float", text: real, follows: "element" };
const codesOfA = { name: "a_codes", title: "codes of A", kind: "quant", text: whole, follows: "row" };
const codesOfW = { name: "w_codes", title: "codes of Wᵀ", kind: "quant", text: whole, follows: "column" };
const sums = (name, title) => ({ name, title, kind: "quant", text: whole, follows: "element" });
const vector = (name, title, across, follows) => ({ name, title, kind: "quant", text: whole, across, follows });
const errors = (name) => ({ name: `${name}_error`, title: "error", text: (x) => fixed(x, 4), shares: `${name}_share`, follows: "element" });
const nothing = (zero, what) => (zero ? html` Here <b>${what} is 0</b>, so that there is nothing to correct.` : "");
const perChannel = ({ w }) => w.grids > 1;
const rules = { single: "in fixed point, rounded once", double: "in fixed point, rounded twice", float: "in float32" };

export const STEPS = [
  {
    label: "Float",
    title: "The product of real numbers",
    formula: "y_{ij} = \\sum_k a_{ik} w_{jk}",
    words: ({ rows, inner, columns }) => html`${rows} inputs of ${inner} numbers (rows of A) meet ${columns} outputs (columns of Wᵀ). Each element
      of the product is one row times one column, summed. Choose one by a click, or by the arrow keys.`,
    shows: () => [A, "·", W, "=", Y],
  },
  {
    label: "Codes",
    title: "Both matrices on integer grids",
    formula: "q = \\operatorname{round}(x/s) + z \\qquad \\hat{x} = s(q - z)",
    words: ({ a, w }) => html`A gets ${a.bits} bits: scale <b class="number">${scalar(a.scale)}</b>, zero point <b class="number">${a.zero_point}</b>.
      ${" "}W gets ${w.bits} bits: ${w.grids > 1
        ? html`scale and zero point for each output, below its column.`
        : html`scale <b class="number">${scalar(w.scale)}</b>, zero point <b class="number">${w.zero_point}</b>.`}
      ${" "}Point at a code to see the number it came from. All that is lost up to step 7 is lost here.`,
    shows: (facts) => [
      codesOfA, "·", codesOfW,
      ...(perChannel(facts)
        ? [{ ...vector("w_scales", "scale of each output", true, "column"), kind: "float", text: (x) => fixed(x, 4) },
            vector("w_zeros", "zero point of each output", true, "column")]
        : []),
    ],
  },
  {
    label: "Product",
    title: "The integer product",
    formula: "\\sum_k a_k w_k",
    words: () => html`Codes times codes, summed in int32: small integers only, and all the work there is, rows times columns times inner
      size. It is not yet the product of the numbers, because a code counts from 0 and its number from the zero point.`,
    shows: () => [codesOfA, "·", codesOfW, "=", sums("after_product", "integer product")],
  },
  {
    label: "Σ w",
    title: "Less the zero point of A times the sums of W",
    formula: "-z_a \\sum_k w_k",
    words: ({ a }) => html`Every code of A is too large by ${zA()} = <b class="number">${a.zero_point}</b>, so each sum holds ${zA()} times all its weights too
      much. The sums of the weights are <b>known before any input is</b>: they are computed once and kept.${nothing(a.centred, zA())}`,
    shows: () => [
      sums("after_product", "so far"), "+", sums("term_a_correction", "correction"), "=", sums("after_a_correction", "then"),
      vector("w_sums", "Σ w of each output, kept", true, "column"),
    ],
  },
  {
    label: "Σ a",
    title: "Less the zero points of W times the sums of A",
    formula: "-z_w \\sum_k a_k",
    words: ({ w }) => html`The same the other way round, with ${zW()} ${perChannel({ w }) ? "of each output" : html`= <b class="number">${w.zero_point}</b>`}. The
      sums of the inputs have to be added up <b>anew for every input</b>, which is why weights are usually symmetric.${nothing(w.centred, zW())}`,
    shows: () => [
      sums("after_a_correction", "so far"), "+", sums("term_w_correction", "correction"), "=", sums("after_w_correction", "then"),
      vector("a_sums", "Σ a of each row", false, "row"),
    ],
  },
  {
    label: "Constant",
    title: "Plus what was taken away twice",
    formula: "\\sum_k (a_k - z_a)(w_k - z_w) = \\qquad \\sum_k a_k w_k - z_a \\sum_k w_k \\qquad -z_w \\sum_k a_k + I z_a z_w",
    words: ({ a, w, inner }) => html`Both corrections took ${zA()} ${zW()} out of each of the ${inner} products. What is left is the corrected accumulator, the
      product of the codes counted from their zero points.${nothing(a.centred || w.centred, "a zero point")}`,
    shows: () => [sums("after_w_correction", "so far"), "+", sums("term_constant", "correction"), "=", sums("after_constant", "accumulator")],
  },
  {
    label: "Scale",
    title: "Times both scales: real numbers again",
    formula: "\\hat{y}_{ij} = S_a S_w \\cdot \\text{acc}_{ij}",
    words: ({ cell }) => html`One unit of the accumulator is worth <i>S</i><sub>a</sub> <i>S</i><sub>w</sub> = <b class="number">${scientific(cell.unit)}</b>${" "}in the chosen column. Beside it
      the float product of step 1, and the error: orange is too large, blue too small, full colour is the largest error.`,
    shows: () => [sums("after_constant", "accumulator"), "→", { ...sums("real", "times both scales"), text: real }, "−", Y, "=", errors("real")],
  },
  {
    label: "Requantise",
    title: "Or straight to the next layer's codes",
    formula: "M = S_a S_w / S_y \\approx m_0 \\cdot 2^{e - 31} \\qquad q = \\operatorname{clip}(\\operatorname{round}(\\text{acc} \\cdot M) + z_y)",
    words: ({ y, rounding }) => html`The next layer wants codes of ${y.bits} bits with scale <b class="number">${scalar(y.scale)}</b> and zero point
      ${" "}<b class="number">${y.zero_point}</b>. The accumulator is multiplied by M and rounded ${rules[rounding]}: no real number is needed in
      between. The error is that of the real numbers which these codes stand for.`,
    shows: () => [
      sums("after_constant", "accumulator"), "→", { ...sums("codes", "output codes"), marked: "apart" }, "→",
      { ...sums("final", "stand for"), text: real }, "−", Y, "=", errors("final"),
    ],
  },
];
