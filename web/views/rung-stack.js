import { html, render } from "preact";
import { count, fixed, scalar } from "../ui/format.js";
import { descending, Fit, Readings, rows, slope, small } from "./rung-descent.js";

export const panels = ["picture", "neurons", "numbers", "loss"];
export const training = true;
export const controls = [["Neurons", ["activation", "seed"]], ["Descent", ["rate"]], ["Bits", ["bits"]]];

const NAMES = ["first neuron, added", "second neuron, taken away"];
const WORDS = {
  alive: "alive: it learns",
  dying: "dying: hardly a point still moves it",
  dead: "dead: no point moves it any more",
};

/** Rung 3: the difference of two neurons. */
export const create = () => descending((slot, frame) => {
  render(html`<${Picture} frame=${frame} />`, slot("picture"));
  render(html`<${Neurons} frame=${frame} />`, slot("neurons"));
  render(html`<${Numbers} frame=${frame} />`, slot("numbers"));
});

function Picture({ frame }) {
  const arrays = frame?.arrays;
  const x = arrays?.curve_x.data;
  const lines = arrays ? rows(arrays.neurons).map((y, i) => ({
    x, y, colour: "faint", dash: frame.scalars.neurons[i] === "alive" ? [] : [2, 4], label: `h${"₁₂"[i]}`,
  })) : [];
  const rounded = arrays?.quantised_curve?.data;
  if (rounded) lines.push({ x, y: rounded, colour: "quant", width: 2, label: "in bits" });
  const note = (i) => [...lines.map(({ label, y }) => `, ${label} ${scalar(y[i])}`)].join("");
  return html`<h2>Two neurons and their difference</h2>
    <p class="about">
      Grey are the two neurons, dotted when they no longer learn; ŷ is the first less the second${rounded ? ", and orange is the same with rounded weights" : ""}.
    </p>
    <${Fit} arrays=${arrays} more=${lines} range=${[-1, 2]} note=${note} />`;
}

function Neurons({ frame }) {
  const { scalars, arrays } = frame ?? {};
  const slopes = arrays ? rows(arrays.slopes) : [];
  const cells = slopes.map((row, i) => [
    ["state", WORDS[scalars.neurons[i]], `state-${i}`],
    ["w", small(arrays.w.data[i])], ["b", small(arrays.b.data[i])],
    ["bends at x", fixed(arrays.bends.data[i], 3)],
    ["slope at the four points", row.map(small).join("  ")],
    ["∂MSE/∂w", slope(arrays.dw.data[i])], ["∂MSE/∂b", slope(arrays.db.data[i])],
    ...(arrays.codes ? [
      ["codes of w and b", `${arrays.codes.data[i]}  ${arrays.codes.data[i + 2]}`],
      ["rounded w and b", `${small(arrays.quantised_w.data[i])}  ${small(arrays.quantised_b.data[i])}`],
    ] : []),
  ]);
  return html`<h2>Alive, dying, dead</h2>
    <p class="about">A neuron learns through its slope at the points. All four slopes zero: no gradient will ever move it again.</p>
    <div class="pair">${cells.map((items, i) => html`<figure key=${i} class=${`neuron neuron-${scalars.neurons[i]}`}>
      <figcaption>${NAMES[i]}</figcaption>
      <${Readings} caption=${NAMES[i]} items=${items} />
    </figure>`)}</div>`;
}

function Numbers({ frame }) {
  const { step, scalars } = frame ?? { scalars: {} };
  return html`<h2>The loss</h2>
    <${Readings} caption="Loss" items=${[
      ["steps", count(step), "step-count"],
      ["MSE", small(scalars.loss), "loss"],
      ...(typeof scalars.quantised_loss === "number"
        ? [["MSE with rounded weights", html`<span class="quant">${small(scalars.quantised_loss)}</span>`, "quantised-loss"],
          ["scale of the codes", small(scalars.scale), "scale"]]
        : []),
    ]} />`;
}
