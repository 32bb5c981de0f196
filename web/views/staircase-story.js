import { html } from "preact";
import { abs, frac, group, hat, math, sub, sup, under } from "../ui/math.js";

const input = () => [math(hat("y"), "=f", group("s ", "round", group(frac("x", "s"))))];
const output = () => [math(hat("y"), "=t ", "round", group(frac(["f", group("x")], "t")))];
const softmax = () => [math(sub("p", "j"), "=", frac(sup("e", sub("z", "j")), [under("∑", "k"), sup("e", sub("z", "k"))]))];
const error = () => [math(sub("L", "1"), "=", frac("1", "n"), under("∑", "i"), abs(sub(hat("y"), "i"), "−", sub("y", "i")))];
const width = () => [math("s=", frac("8", [sup("2", "b−1"), "−1"]))];

export const chapters = [
  {
    title: "1. Two ways to lose a curve",
    body: html`<p>A function on integers is fed with codes, and answers with codes. If only its <em>input</em> is rounded, it is computed exactly, but at few
        places: the steps are all equally wide, and as high as the curve is steep there. If only its <em>output</em> is rounded, the
        steps are all equally high, and wide where the curve is flat: small probabilities become 0.</p>
      <p>Compare the two small pictures. For e<sup>x</sup> the input's steps are worst near 0, where all the weight of a softmax lies.</p>`,
    formulas: [input, output],
    code: ["pyapp.softmax.staircase.Elementwise"],
  },
  {
    title: "2. A probability is a curve as well",
    body: html`<p>Move one logit and leave the others: its probability climbs from 0 to 1. All logits of the row share one symmetric grid, from −8 to 8 or as
        far as the others reach; type an outlier into “Other logits” and see what it does to the steps.</p>
      <p>Rounding the others shifts the curve sideways, too: look at the point where it crosses one half.</p>`,
    formulas: [softmax, width],
    code: ["pyapp.softmax.staircase.Probability", "pyapp.quant.schemes.symmetric_grid"],
  },
  {
    title: "3. Each method makes steps of its own",
    body: html`<p>An integer softmax is given the same codes. What it answers has the input's steps and those of its own arithmetic: methods that only shift
        know powers of two, and several codes share a step; a method with 7 output bits rounds down what is small. “Exact” computes in
        floats and rounds at the end: with 8 bits it is as good as an 8-bit output can be.</p>`,
    code: ["pyapp.softmax.method.Softmax"],
  },
  {
    title: "4. What a bit is worth",
    body: html`<p>The L1 error is the mean distance between the steps and the curve. Half the step, half the error: on the logarithmic
        picture a line falls evenly. Where “both” leaves “input only”, the output has become the coarser of the two.</p>`,
    formulas: [error],
    code: ["pyapp.softmax.staircase.Curve", "pyapp.quant.schemes.affine_grid"],
  },
];
