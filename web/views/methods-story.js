import { html } from "preact";
import { abs, frac, group, hat, math, sub, sup, under, word } from "../ui/math.js";

const softmax = () => [
  math(sub("p", "j"), "=", frac(sup("e", [sub("z", "j"), "−m"]), [under("∑", "k"), sup("e", [sub("z", "k"), "−m"])])),
  math("m=", "max", sub("z", "k")),
];
const split = () => [
  math(sup("e", "x"), "=", sup("2", ["−n"]), sup("e", "r")),
  math("x=−n", word("ln 2"), "+r"),
  math("−", word("ln 2"), "<r≤0"),
];
const measures = () => [
  math("L=", under("∑", "j"), abs(sub("p", "j"), "−", sub(hat("p"), "j"))),
  math(word("MAE"), "=", frac("L", "N")),
];
const codes = () => [math(sub("q", "j"), "=", "round", group(frac([sub("z", "j"), "−c"], "S")))];

export const chapters = [
  {
    title: "1. Why an exponential is expensive",
    body: html`<p>A matrix product needs multiplications and sums, and integers have both. An exponential is neither: in float it is a
        polynomial of some degree, evaluated on a number that was split before; and softmax needs one for each logit, and a division for
        each row. This is why “integer-only” models so often keep this one operation in float.</p>
      <p>All methods here begin alike: subtract the row's largest code, so that every exponent is at most 0, and split it into whole
        octaves, which are a shift to the right, and a rest. What they do with the rest is their difference: a polynomial, lines, a table,
        or nothing at all.</p>`,
    formulas: [softmax, split],
    code: ["pyapp.softmax.method.Softmax"],
  },
  {
    title: "2. What is measured",
    body: html`<p>The truth is always the float softmax of the logits as they were before any rounding. L1 adds up, over a row, how far
        each probability is off; 2 is the most there can be where rows add up to 1, and 0.1 means that 5 % of the row's mass lies in the
        wrong columns. Divided by the row's length it is the mean absolute error, a number that gets small by itself when rows get long:
        never compare it without its N.</p>
      <p>Top-1 agreement asks whether the largest probability is in the same column; where a method makes several equally large, the first
        counts. Row sums below 1 come from rounding down: each column loses up to a code, and long rows lose much.</p>`,
    formulas: [measures],
    code: ["pyapp.softmax.measures.errors", "pyapp.softmax.measures.broken"],
  },
  {
    title: "3. The codes come first",
    body: html`<p>All methods get the same codes, made from the logits with one scale <i>S</i> for the tensor. With few bits the codes are so
        coarse that the best and the plainest method differ little, and what helps is to subtract something, <i>c</i>, before
        rounding: set Shift to row-mean or row-max, and see the whole table move. <a href="#shift">Shift, fairly</a> measures by how much.</p>`,
    formulas: [codes],
    code: ["pyapp.softmax.shift.calibrate", "pyapp.softmax.logits.draw"],
  },
];
