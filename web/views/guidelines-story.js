import { html } from "preact";
import { frac, math, sqrt, sub, sup } from "../ui/math.js";

export const chapters = [
  {
    title: "1. How a verdict is made",
    body: html`<p>Each claim has a rule, printed beside it, and a few trials. The rule is a function of what the trials measured;
        no verdict is written down anywhere. Move the two limits, and verdicts that hang on them change at once, without
        measuring again. What a claim calls needed is needed if one loses too much without it.</p>`,
    code: ["pyapp.pages.base.guidelines.needed", "pyapp.pages.base.guidelines.better", "pyapp.pages.base.guidelines.Claim"],
  },
  {
    title: "2. What a difference is worth",
    body: html`<p>Two networks read the same 3,000 digits, and only the <i>c</i> digits that they read differently decide which
        one is better. If quantising were a toss of a coin for each of these, the difference of the two accuracies would have
        a standard deviation σ. With 10 changed digits that is 0.1 points. So the page takes less than 0.2 points for
        nothing, and a quantised network that reads a digit or two more than the float network has been lucky, no more.</p>`,
    formulas: [() => [math("σ=", frac(sqrt("c"), "3000"))]],
    code: ["pyapp.pages.base.lab.Lab"],
  },
  {
    title: "3. Why some claims do not hold here",
    body: html`<p>Rules of thumb come from networks with millions to billions of weights, on tasks where one more percent is
        hard-won. This network has 109,386 parameters, its neurons have weights of similar size, its pixels are mostly exact
        zeros, and nine tenths of it are the first layer. A rule that rests on outliers, on many layers, or on hardware with
        8-bit arithmetic has nothing to rest on here. That is no reason to distrust it; it is a reason to measure.</p>
      <p>BF16 keeps the exponent of a float32 and 8 bits of its significand: cut off 16 bits, rounded to the nearest, half to
        even. FP16 has 11 bits and a small range. Parameters, pixels and every layer’s output are rounded; the sums stay
        float32.</p>`,
    formulas: [() => [math(sub("ε", "BF16"), "=", sup("2", "−8")), math(sub("ε", "FP16"), "=", sup("2", "−11"))]],
    code: ["pyapp.pages.base.lab.to_bfloat16"],
  },
];
