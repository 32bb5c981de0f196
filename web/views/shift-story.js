import { html } from "preact";
import { abs, frac, group, math, sub, sup, word } from "../ui/math.js";

const invariant = () => [math("softmax", group("z−c"), "=", "softmax", group("z"))];
const grids = () => [
  math("S=", frac(["max", abs("z−c")], [sup("2", "b−1"), "−1"])),
  math(word("unsigned: "), "S=", frac(["max", abs("z−c")], [sup("2", "b"), "−1"])),
];
const gain = () => [math("g=", sub("log", "2"), frac([sub("L", word("none")), group("b")], [sub("L", word("rule")), group("b")]))];

export const chapters = [
  {
    title: "1. Too late inside, early enough outside",
    body: html`<p>Every integer softmax subtracts the row's largest code first, so a constant added to a row changes none of its answers.
        That subtraction comes after rounding. If the rows of a matrix lie in different places, one scale for all of them has to
        reach from the lowest row to the highest, its step grows, and what is lost in the rounding cannot be had back.</p>
      <p>A shift before rounding costs one addition where the accumulator of the matrix product is requantised: a constant for the
        tensor is free, a number for each row needs the row's statistics first.</p>`,
    formulas: [invariant],
    code: ["pyapp.softmax.shift.offsets", "pyapp.softmax.shift.Shift"],
  },
  {
    title: "2. The grids are part of the rule",
    body: html`<p>A symmetric grid has as many codes above 0 as below. Below a row's maximum there is nothing above 0, so with the maximum
        taken away half of the codes would stay unused: an unsigned grid has them all. It covers the longest row instead of twice the largest
        magnitude, and the largest logit, which matters most, has no error at all. This helps centred rows, too; the control shows by
        how much.</p>
      <p>With a clip the grid covers only the top few nats. What lies below has a probability that hardly counts: e to the −7 is a
        thousandth. How many nats are best depends on the bits; here the best number is searched for, on the batch that calibrates.</p>`,
    formulas: [grids],
    code: ["pyapp.softmax.shift.calibrate", "pyapp.softmax.shift.best_clip"],
  },
  {
    title: "3. What makes it fair",
    body: html`<p>All rules get the same logits, the same number of codes, and one scale for the tensor from the same data; none clips unless
        its name says so. The float softmax reads the codes first, so that only rounding is measured, and then each integer method. In the
        control the means have nothing to win: its logits are centred already.</p>
      <p>Calibrate elsewhere takes the scale, the tensor's mean and the clip from a second batch of the same kind. Then some logits fall
        off the grid, as they do in a deployed model, and the figures move a little: by how much, several batches show.</p>
      <p>The fourth kind of rows is not drawn: it is what all heads of a trained network compute on a held-out digit, or on text of their own,
        each head on a grid of its own. What helps rows that were made to have offsets need not help there.</p>`,
    formulas: [gain],
    code: ["pyapp.softmax.compare.gain_bits", "pyapp.softmax.logits.draw"],
  },
];
