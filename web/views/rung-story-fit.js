// The words and formulas of rungs 1 to 3. fresh: what is new; left: what was left out; both are one paragraph.
import { html } from "preact";
import { frac, group, hat, math, sub, sup, under, word } from "../ui/math.js";

const sum = () => [frac("1", "n"), under("∑", "i")];
const error = () => sup(group(hat("y"), "−y"), "2");
const partial = (by) => frac(["∂", word("MSE")], ["∂", by]);

const line = () => [math(hat("y"), "=w x+b"), math(word("MSE"), "=", ...sum(), error())];
const lineGradients = () => [
  math(partial("w"), "=", frac("2", "n"), under("∑", "i"), group(hat("y"), "−y"), "x"),
  math(partial("b"), "=", frac("2", "n"), under("∑", "i"), group(hat("y"), "−y")),
];
const downhill = () => [math("w←w−η", partial("w")), math("b←b−η", partial("b"))];
const closed = () => [
  math("w=", frac([under("∑", "i"), group("x−", word("x̄")), group("y−", word("ȳ"))], [under("∑", "i"), sup(group("x−", word("x̄")), "2")])),
  math("b=", word("ȳ"), "−w", word("x̄")),
];
const bent = () => [math(hat("y"), "=σ", group("w x+b")), math("σ", group("z"), "=", frac("1", ["1+", sup("e", "−z")]))];
const chain = () => [
  math(partial("w"), "=", frac("2", "n"), under("∑", "i"), group(hat("y"), "−y"), "σ′", group("z"), "x"),
  math("σ′", group("z"), "=σ", group("z"), group("1−σ", group("z")), "≤", frac("1", "4")),
];
const many = () => [math(sup(group(frac("1", "4")), "10"), "≈0.00000095")];
const stacked = () => [math(hat("y"), "=", sub("h", "1"), "−", sub("h", "2")), math(sub("h", "i"), "=a", group(sub("w", "i"), "x+", sub("b", "i")))];
const relu = () => [math(word("ReLU"), group("z"), "=", "max", group("z,0"))];
const stackGradients = () => [
  math(partial(sub("w", "i")), "=±", frac("2", "n"), under("∑", "k"), group(hat("y"), "−y"), "a′", group(sub("z", "i")), "x"),
];

export const FIT = {
  rung1: {
    formula: line,
    fresh: html`A machine with two numbers, w and b; one number for how wrong it is, the mean squared error; and a way to make that
      smaller without knowing the answer: feel which way is uphill, and take a small step the other way. Every rung above keeps
      exactly this.`,
    left: html`Noise, held-out points, batches, momentum, and any choice of the learning rate but by hand. Four points are few
      enough to see every one of them pull.`,
    chapters: [
      {
        title: "1. Two slopes",
        body: html`<p>The gradient is two questions asked at once: how does the error change if only w grows a little, and how if only b
          does? Each point answers with its own error, and for w the error counts more the further right the point lies.</p>
          <p>On the loss surface the two answers are the arrows from the point. They point uphill; the next step is the sum of both,
          turned around and made short by the learning rate.</p>`,
        formulas: [lineGradients, downhill],
      },
      {
        title: "2. Too short, too long",
        body: html`<p>With a rate of 0.05 the descent slides into the valley and then creeps along it, for the valley is steep across and flat
          along. Raise the rate to 0.13 or more and each step lands higher on the other side: the page says when the loss is no number any more.</p>`,
      },
      {
        title: "3. The formula that ends here",
        body: html`<p>For a straight line both gradients can be set to zero and solved. The best line for these points is flat at half
          height, with an error of a quarter: no line can do better on a hill. The answer to that is not a better descent but another
          machine, and that is the next rung.</p>`,
        formulas: [closed],
      },
    ],
  },
  rung2: {
    formula: bent,
    fresh: html`The line goes through a sigmoid, which bends it into a step from 0 to 1. For that the gradient has to pass through the
      bend as well, and the chain rule says what it costs: one more factor, the slope of the bend.`,
    left: html`Better losses for a sigmoid (cross-entropy cancels this very slope), and inputs that are scaled so that nothing starts
      on a plateau.`,
    chapters: [
      {
        title: "1. One more factor",
        body: html`<p>If w moves, z moves by x as much; if z moves, ŷ moves by σ′(z) as much; if ŷ moves, the error moves. The three
          are multiplied, and that is all of the chain rule. The table above shows the product point by point.</p>`,
        formulas: [chain],
      },
      {
        title: "2. Flat is deaf",
        body: html`<p>Far from the middle the bend is flat: at z = 10 its slope is five hundred-thousandths, and a point that is utterly wrong there
          pulls with nearly nothing. Put w at 4 and b at 10 and press Play: the error is large, and hardly anything happens. That is
          what saturating means.</p>
          <p>Where sigmoids stand one behind the other, their slopes are multiplied. Even at its best a slope is a quarter, and of a
          gradient that passes ten of them less than a millionth arrives. It is why deep networks left the sigmoid.</p>`,
        formulas: [many],
      },
      {
        title: "3. Still one bend",
        body: html`<p>Choose the points that only rise, and one bend fits them well. The hill has a fall on its far side, and one step cannot
          rise and fall: the error stays high wherever the descent ends.</p>`,
      },
    ],
  },
  rung3: {
    formula: stacked,
    fresh: html`A second neuron, taken away from the first: one rises, the other takes it back a little later, and between them
      stands a bump. Their start is random, and the seed beside the controls decides it.`,
    left: html`Weights on the neurons' outputs, a bias at the end, more than two of them. And the usual remedies for dying neurons: a leak
      below zero, careful starts, normalisation.`,
    chapters: [
      {
        title: "1. Two make a bump",
        body: html`<p>Nothing new is needed in the descent: every neuron has its own w and b, its own slope, and the sign with which it
          enters. This is a network with one hidden layer, drawn so that each part can be seen.</p>`,
        formulas: [stackGradients],
      },
      {
        title: "2. ReLU, and death",
        body: html`<p>A ReLU has slope 1 wherever it is on, so its gradient does not fade. It pays elsewhere: where it is off, the slope is exactly 0. A
          neuron that one careless step has pushed below zero at all four points gets no gradient ever again; it is dead.</p>
          <p>With the seeds named beside the control the ReLU pair reaches an error of 0 on this hill. With most others one of the two dies on the
          way: press New seed a few times. A sigmoid never quite dies, but one far out on its plateau may as well have.</p>`,
        formulas: [relu],
        code: ["pyapp.ladder.stack.start"],
      },
      {
        title: "3. In bits",
        body: html`<p>All four weights share one scale here, and each becomes a small whole number times that scale. Take bits away and the orange
          curve leaves the ink one: the bends move first, for their place is a quotient of two rounded numbers.</p>`,
        code: ["pyapp.quant.schemes.symmetric_grid"],
      },
    ],
  },
};
