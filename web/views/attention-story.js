import { html } from "preact";
import { abs, frac, group, hat, math, sub, sup } from "../ui/math.js";

const z = () => sub("z", "ij");
const attention = () => [
  math(sub("p", "ij"), "=", frac(sup("e", z()), ["∑", sup("e", sub("z", "ik"))])),
  math(z(), "=", frac([sub("q", "i"), "·", sub("k", "j")], "√d")),
];
const shifted = () => [
  math("softmax", group(sub("z", "i"), "−", sub("c", "i")), "=", "softmax", group(sub("z", "i"))),
  math(sub("q", "ij"), "=", "round", group(frac([z(), "−", sub("c", "i")], "s"))),
];
const step = () => [math("s=", frac(["max", abs(z(), "−", sub("c", "i"))], [sup("2", "b−1"), "−1"]))];
const one = () => [math(sub("L", "1"), "=", "∑", abs(sub(hat("p"), "ij"), "−", sub("p", "ij")))];

export const chapters = [
  {
    title: "1. Why attention is where integers end",
    body: html`<p>Products of matrices are sums of products, and codes can do those. The exponential of a softmax is none: each
        row of attention needs one for every key, then their sum, then a division. Whole accelerators go back to float
        numbers for this step alone. The integer methods build something like e<sup>z</sup> from a polynomial, a table, or
        nothing but shifts.</p>
      <p>With <b>exact</b> only the logits are rounded, and the softmax itself is float: what you see then no integer method
        can win back.</p>`,
    formulas: [attention],
    code: ["pyapp.softmax.method.Softmax", "pyapp.softmax.sources.offsets"],
  },
  {
    title: "2. A shift that softmax does not notice, and the grid does",
    body: html`<p>Adding a number to all logits of a row changes no probability. But one grid serves all rows, and its step is set
        by the largest magnitude of all: rows that lie far from 0 make the step coarse for every row. Subtract a number of
        its own from each row <i>before</i> rounding, and the same bits cover less.</p>
      <p>Choose “random” logits without a mask: each of their rows has the mean 0, so the row’s mean must not help. That is the control. With
        “row-max” the grid covers no more than the longest row, and the largest logit has no error, which helps even there.</p>`,
    formulas: [shifted, step],
    code: ["pyapp.softmax.shift.quantize_logits", "pyapp.pages.attention.Side"],
  },
  {
    title: "3. What to count",
    body: html`<p>L1 adds up the differences of a row: 0 is perfect, 2 means that all attention went elsewhere. The mean absolute error
        is the same divided by N, so it shrinks by itself as rows grow longer; never compare it without N. Top-1 asks whether
        the key with the largest probability stayed the same. A row is broken if all its codes are 0 or its sum is far from 1:
        what it adds to the next layer is then nothing, or too much.</p>`,
    formulas: [one],
    code: ["pyapp.softmax.measures.errors"],
  },
  {
    title: "4. Masked positions",
    body: html`<p>A causal mask forbids a query to look at later keys. Often it is written as a logit of −10,000; let that into the
        range of a grid, and every other logit becomes the same code. Here masked positions count in no range, and whatever
        the method does, they end as exactly 0.</p>`,
    code: ["pyapp.softmax.sources.causal_mask"],
  },
];
