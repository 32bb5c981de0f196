// What the pictures of rungs 1 to 3 share: the four points and the curve, the loss over the steps, the loss from above.
import { html } from "preact";
import { Chart } from "../ui/chart.js";
import { count, fixed, scalar, scientific, signed } from "../ui/format.js";
import { Graph } from "../ui/graph.js";
import { Plot } from "../ui/plot.js";
import { Surface } from "../ui/surface.js";

const STEP = 0.05; // of the sliders for w and b

/** Points in paper with an ink ring, the curve in ink, and threads from each point to the curve: its errors. */
export function Fit({ arrays, more = [], range = [-1, 2], note = () => "" }) {
  const [x, y, predicted] = ["x", "y", "predicted"].map((name) => arrays?.[name].data);
  const at = arrays?.curve_x.data;
  const data = arrays && {
    x: at,
    at: 0,
    view: { x: [0, 5], y: range },
    lines: [{ x: at, y: arrays.curve_y.data, colour: "float", width: 2.5, label: "ŷ" }, ...more],
    points: Array.from(x, (each, i) => ({ x: each, y: y[i], colour: "ink", hollow: true })),
    threads: Array.from(x, (each, i) => ({ from: [each, y[i]], to: [each, predicted[i]], colour: "error" })),
    words: (i) => `x ${fixed(at[i], 2)}: ŷ ${scalar(arrays.curve_y.data[i])}${note(i)}`,
  };
  const options = { label: "The four points and the fitted curve.", test: "fit", height: 300, gutter: 56 };
  return html`<figure><figcaption>Four points, the curve ŷ, and its errors in red</figcaption>
    <${Chart} kind=${Graph} options=${options} args=${data && [data]} /></figure>`;
}

/** The loss over w and b; moving the point moves the descent there. */
export function LossFromAbove({ page, frame, best = null }) {
  const { scalars, arrays } = frame ?? {};
  const [here, next, trail] = arrays ? [arrays.here.data, arrays.next.data, rows(arrays.trail)] : [];
  const data = arrays && {
    surface: arrays.surface.data, w: arrays.surface_w.data, b: arrays.surface_b.data,
    here: Array.from(here), next: Array.from(next), trail, best,
    gradient: [scalars.dw, scalars.db], loss: scalars.loss,
  };
  const move = (w, b) => {
    page.change("w", w);
    page.change("b", b);
  };
  const options = { label: "The loss over w and b, the greyer the higher.", test: "surface", step: STEP, move };
  return html`<figure>
    <figcaption>MSE over w and b, the greyer the higher; gradients point uphill, the arrow without a label is the next step</figcaption>
    <${Chart} kind=${Surface} options=${options} args=${data && [data]} />
  </figure>`;
}

/** A rung that goes down: `draw(slot, frame)` draws its own panels, below them is the loss, step by step. */
export function descending(draw) {
  let curve = null;
  return {
    draw(event, slot, frame) {
      curve ??= new LossCurve(slot("loss"));
      draw(slot, frame);
      if (event) curve.update(event);
    },
    summary: ({ step, scalars }) => `step ${count(step)}, MSE ${small(scalars.loss)}`,
    destroy: () => curve?.destroy(),
  };
}

/** The loss, step by step, in its own element. */
class LossCurve {
  #plot;

  constructor(host) {
    this.#plot = new Plot(host, {
      title: "Loss", yLabel: "MSE", lines: [{ name: "loss", label: "MSE", colour: "float" }],
      format: (y) => (Math.abs(y) < 1e-3 ? scientific(y) : fixed(y, 4)), tick: (y) => scalar(y),
      range: (_, low, high) => [0, Math.max(high ?? 1, 1e-3)], empty: "Press Play: the loss goes down here.",
    });
  }

  update({ history, cleared }) {
    if (cleared) this.#plot.clear();
    this.#plot.append(history);
  }

  destroy() {
    this.#plot.destroy();
  }
}

/** Rows of an array of two dimensions. */
export function rows({ shape, data }) {
  return Array.from({ length: shape[0] }, (_, i) => Array.from(data.subarray(i * shape[1], (i + 1) * shape[1])));
}

/** [[name, value, data-test]] as a table of numbers. */
export function Readings({ caption, items }) {
  return html`<table class="numbers rung-readings">
    <caption class="unseen">${caption}</caption>
    <tbody>${items.map(([name, value, test]) => html`<tr>
      <th scope="row">${name}</th><td class="number" data-test=${test}>${value}</td>
    </tr>`)}</tbody>
  </table>`;
}

/** Where the descent of one weight and one bias is. */
export function Reached({ frame }) {
  const { step, scalars } = frame ?? { scalars: {} };
  return html`<${Readings} caption="By descent" items=${[
    ["steps", count(step), "step-count"],
    ["w by descent", small(scalars.w), "w-now"],
    ["b by descent", small(scalars.b), "b-now"],
    ["MSE", small(scalars.loss), "loss"],
    ["∂MSE/∂w", slope(scalars.dw), "dw"],
    ["∂MSE/∂b", slope(scalars.db), "db"],
  ]} />`;
}

export const small = (x) => (x !== 0 && Math.abs(x) < 1e-3 ? scientific(x) : fixed(x, 4));
export const slope = (x) => (x !== 0 && Math.abs(x) < 1e-3 ? scientific(x) : signed(x, 4));
