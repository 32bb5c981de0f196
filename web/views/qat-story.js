import { html } from "preact";
import { abs, frac, group, hat, math, sqrt, sub, sup, word } from "../ui/math.js";

const fake = () => [math("q=", "clip", group("round", group(frac("w", "S")), ", −n, n")), math(hat("w"), "=S q"), math("n=", sup("2", "b−1"), "−1")];
const straight = () => [math(frac(["∂", hat("w")], "∂w"), "≈1", word("\u00a0where\u00a0"), abs(frac("w", "S")), "≤n,", word("\u00a0else\u00a0"), "0")];
const scaleGradient = () => [math(frac(["∂", hat("w")], "∂S"), "=q−", frac("w", "S"), word("\u00a0inside,\u00a0"), "±n", word("\u00a0outside"))];
const factor = () => [math(word("factor\u00a0"), frac("1", sqrt(["N n"]))), math(sub("S", "0"), "=", frac(["2", word("\u00a0mean\u00a0"), abs("w")], sqrt("n")))];
const teaching = () => [
  math("L=", group("1−a"), word("CE"), "+a", sup("T", "2"), word("KL"), group("t‖s")),
  math("t=", "softmax", group(frac(sub("z", word("teacher")), "T"))),
];

export const chapters = [
  {
    title: "1. Forward with codes",
    body: html`<p>Rounding after training asks a network for something that it never learnt. Here every forward pass
        computes with the codes: weights and activations are put on their grids, and the loss says what that costs. Behind
        each code stands a float weight, which is kept only while training; the optimiser moves that one.</p>
      <p>All products are products of codes, whole numbers, with the scales applied to their sums. So the codes that
        train here are the codes that are exported. Only the biases are float while training; integers add them in whole steps of
        the sum. So integer arithmetic reads nearly what the curve says: measure it, beside a simulation that rounds the biases too.</p>`,
    formulas: [fake],
    code: ["pyapp.quantized.qat.QATMLP", "pyapp.quantized.qat.QATLinear", "pyapp.quant.fakequant.fake_quantize"],
  },
  {
    title: "2. A gradient through a staircase",
    body: html`<p>The derivative of rounding is 0 nearly everywhere, and with it no weight would ever move. The straight-through
        estimator pretends that rounding was not there: the gradient passes as it is, except where a weight was clipped. It is
        not the true gradient of anything, and it works.</p>
      <p>A float weight moves little by little until it crosses the middle between two lines; then its code flips. Watch how few
        codes change while the accuracy climbs. One often reads that the weights gather at their codes. Here they hardly do: the
        share within a quarter of a step of a code stays near the half that chance gives.</p>`,
    formulas: [straight],
    code: ["pyapp.quant.fakequant.FakeQuantized", "pyapp.quantized.qat.QATReLU"],
  },
  {
    title: "3. Who sets the scales",
    body: html`<p>STE in its plain form takes the scale from the largest weight, so one outlier makes the grid coarse for all. With
        3 bits and fewer per tensor that leaves almost only zeros: choose STE, 2 bits, per tensor, and the network stays at a tenth,
        which is guessing. Per channel it wins most of it back.</p>
      <p>LSQ makes each scale a parameter. A number inside pulls the scale towards its own line, a clipped one pulls it outwards;
        the factor keeps a scale, which sums over N numbers, from running ahead of them. That is why LSQ is the default here.</p>`,
    formulas: [scaleGradient, factor],
    code: ["pyapp.quant.quantizers.LargestWeight", "pyapp.quant.quantizers.MovingRange", "pyapp.quant.quantizers.Learned"],
  },
  {
    title: "4. A teacher, and smaller students",
    body: html`<p>With a teacher the loss also asks for the float network’s answers, softened by a temperature T, so that a 7 which
        looks a little like a 1 is taught as such. <i>a</i> is the teacher’s share.</p>
      <p>It makes no clear difference on this task. Over three seeds, on the official test images, a teacher changed 2-bit weights
        with 8-bit activations by +0.06 points, the float student 784-64-32-10 by +0.06 and 784-32-10 by −0.10: the three
        seeds of the 2-bit network alone lie 0.16 apart. It is here to be tried, not because it helps.</p>`,
    formulas: [teaching],
    code: ["pyapp.training.distill.Teacher", "pyapp.core.losses.distillation_loss"],
  },
  {
    title: "5. What 2,000 images can and cannot do",
    body: html`<p>The shipped float network has learnt from 55,000 images; here only 2,000 are at hand, so that an epoch takes a moment.
        They suffice to win back most of what few bits cost. With 8 bits, or with 4 and a scale for each neuron, rounding costs
        next to nothing, and training on so few images makes the network slightly worse than rounding did: the curve of the batches rises, that of the held-out images does not. From scratch, 2,000
        images carry to about nine digits in ten, in codes as in float. The table of the long run says what more images bring.</p>`,
    code: ["pyapp.pages.base.gathering.gathering"],
  },
];
