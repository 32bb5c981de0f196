import { html } from "preact";
import { abs, frac, group, hat, math, sub, sup } from "../ui/math.js";

const symmetric = () => [math("s=", frac(["max", abs("x")], [sup("2", "b−1"), "−1"])), math(hat("x"), "=s q")];
const range = () => [math("s=", frac("h−l", [sup("2", "b"), "−1"])), math("l=", "min", group("x,0")), math("h=", "max", group("x,0"))];
const nudged = () => [math("z=", "round", group("−", frac("l", "s"))), math(hat("x"), "=s", group("q−z"))];
const unnudged = () => [math(hat("x"), "=l+s ", "round", group(frac("x−l", "s")))];
const total = (...content) => ["∑", ...content];
const product = () => [
  math(...total(group("a−", sub("z", "a")), group("w−", sub("z", "w"))), "="),
  math(...total("a w"), "−", sub("z", "a"), ...total("w")),
  math("−", sub("z", "w"), ...total("a"), "+K", sub("z", "a"), sub("z", "w")),
];

export const chapters = [
  {
    title: "1. Symmetric: 0 in the middle",
    body: html`<p>The largest magnitude decides, and both sides get the same number of lines, whether they need them or not. For
        numbers that are never negative half of the lines stand where nothing is. In return there is no zero point to think of:
        a product of codes is a product of numbers.</p>`,
    formulas: [symmetric],
    code: ["pyapp.quant.schemes.symmetric_grid"],
  },
  {
    title: "2. Affine: the grid where the numbers are",
    body: html`<p>The grid goes from the smallest number to the largest one and uses all 2<sup>b</sup> codes. The code that stands for 0
        is the zero point. A grid of half the length has half the step, and that is the bit which the zero point buys on numbers
        after ReLU.</p>`,
    formulas: [range, nudged],
    code: ["pyapp.quant.schemes.affine_grid", "pyapp.quant.schemes.Grid"],
  },
  {
    title: "3. Nudging: why 0 has to be exact",
    body: html`<p>−l/s is seldom a whole number. It is rounded, which moves the whole grid by less than a step, so that 0 has a line of
        its own. Without that, every 0 would become the number in the last column of the tables, and zeros are everywhere: padding,
        masks, what ReLU cut off. An error that is the same for all of them does not average out.</p>
      <p>Moving the grid costs next to nothing: compare the SQNR of the two affine columns.</p>`,
    formulas: [unnudged],
    code: ["pyapp.pages.affine.unnudged"],
  },
  {
    title: "4. What it costs",
    body: html`<p>With zero points a matrix product of codes is not yet the product of the numbers; three terms correct it. The second
        one depends on weights only and is computed once. The third one, which a zero point of the weights brings, has to be
        computed for every input; symmetric weights avoid it.</p>`,
    formulas: [product],
    code: ["pyapp.quant.error.sqnr_db"],
  },
];
