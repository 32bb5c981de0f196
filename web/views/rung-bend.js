import { html, render } from "preact";
import { Chart } from "../ui/chart.js";
import { count, fixed, scientific } from "../ui/format.js";
import { Graph } from "../ui/graph.js";
import { descending, Fit, LossFromAbove, Reached, slope, small } from "./rung-descent.js";

export const panels = ["picture", "numbers", "slopes", "loss"];
export const training = true;
export const controls = [["Bend", ["points", "w", "b"]], ["Descent", ["rate"]]];

/** Rung 2: a sigmoid around the line, and its slope in the gradient. */
export const create = (page) => descending((slot, frame) => {
  render(html`<${Picture} page=${page} frame=${frame} />`, slot("picture"));
  render(html`<${Numbers} frame=${frame} />`, slot("numbers"));
  render(html`<${Slopes} frame=${frame} />`, slot("slopes"));
});

function Picture({ page, frame }) {
  return html`<h2>The bent line and its loss</h2>
    <p class="about">A large w makes the bend steep. Where the surface is one flat shade, there is no way down to be felt.</p>
    <div class="pair">
      <${Fit} arrays=${frame?.arrays} range=${[-0.5, 1.5]} /><${LossFromAbove} page=${page} frame=${frame} />
    </div>`;
}

/** The chain rule, point by point. */
function Numbers({ frame }) {
  const arrays = frame?.arrays;
  const names = ["x", "y", "z", "predicted", "error", "slope", "chain"];
  const heads = ["x", "y", "z", "ŷ = σ(z)", "e = ŷ − y", "σ′(z)", "e σ′(z)"];
  const points = arrays ? Array.from(arrays.x.data, (_, i) => names.map((name) => arrays[name].data[i])) : [];
  return html`<h2>The chain rule at each point</h2>
    <p class="about">A point pulls with its error times the slope of the bend where it stands; the average of the last column is half of ∂b.</p>
    <div class="wide"><table class="numbers chain" data-test="chain">
      <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
      <tbody>${points.map((row) => html`<tr>${row.map((value, i) => html`<td class="number">${i < 2 ? fixed(value, 0) : i < 4 ? fixed(value, 3) : slope(value)}</td>`)}</tr>`)}</tbody>
    </table></div>
    <${Reached} frame=${frame} />`;
}

/** Why a sigmoid saturates, and what ten of them leave of a gradient. */
function Slopes({ frame }) {
  const { scalars = {}, arrays } = frame ?? {};
  const x = arrays?.curve_x.data;
  const data = arrays && {
    x,
    at: 0,
    view: { x: [0, 5], y: [0, 0.3] },
    lines: [{ x, y: arrays.slope_curve.data, colour: "float", width: 2, label: "σ′" }],
    points: Array.from(arrays.x.data, (each, i) => ({ x: each, y: arrays.slope.data[i], colour: "ink", hollow: true })),
    words: (i) => `x ${fixed(x[i], 2)}: σ′ ${small(arrays.slope_curve.data[i])}`,
  };
  const options = { label: "The slope of the bend over x.", test: "slope", height: 180, gutter: 56 };
  const table = arrays ? Array.from(arrays.table_z.data, (z, i) => [z, arrays.table_sigmoid.data[i], arrays.table_slope.data[i]]) : [];
  return html`<h2>Where the bend is flat, nothing is learnt</h2>
    <div class="pair">
      <figure><figcaption>Slope σ′ of the bend over x: where it is near 0, a point pulls in vain</figcaption>
        <${Chart} kind=${Graph} options=${options} args=${data && [data]} />
        <p class="doc">
          The slope is never more than <span class="number">${fixed(scalars.best_slope, 2)}</span>. A gradient that passes
          ${" "}<span class="number">${count(scalars.layers)}</span> sigmoids one behind the other keeps at most
          ${" "}<span class="number" data-test="through-layers">${scientific(scalars.through_layers)}</span> of itself.
        </p>
      </figure>
      <table class="numbers" data-test="sigmoid-table">
        <thead><tr><th scope="col">z</th><th scope="col">σ(z)</th><th scope="col">σ′(z)</th></tr></thead>
        <tbody>${table.map(([z, s, d]) => html`<tr>
          <th scope="row" class="number">${fixed(z, 0)}</th><td class="number">${fixed(s, 6)}</td><td class="number">${small(d)}</td>
        </tr>`)}</tbody>
      </table>
    </div>`;
}
