import { html } from "preact";
import { Chart } from "../ui/chart.js";
import { count, fixed, percent, signed } from "../ui/format.js";
import { Heatmap } from "../ui/heatmap.js";
import { Histogram } from "../ui/histogram.js";

const FEW = 31; // lines that can be told apart

/** Instead of a picture. */
const nothing = ({ epoch }) =>
  html`<p class="empty">${epoch === undefined ? "The picture appears when Python runs." : "There are no codes: the training has diverged."}</p>`;

/** The float weights behind the codes, in steps of the scale, and the codes that they become. */
export function GatheringPanel({ scalars, arrays }) {
  const { layer, near, clipped, layers } = scalars;
  const about = html`<h2>Where the weights lie on their grid</h2>
    <p class="about">
      ${layer ? `The weights of ${layer}` : "A layer’s weights"}, in steps of their scale:
      ${" "}<span class="float">the float weights behind the codes, upwards</span>, and
      ${" "}<span class="quant">the codes that the network computes with, downwards</span> (square-root scale). The
      outermost bars include everything beyond the picture.
    </p>`;
  if (!arrays.edges) return html`${about}${nothing(scalars)}`;
  const [edges, weights, codes, lines, counts] = ["edges", "weights", "codes", "lines", "counts"].map((name) => arrays[name].data);
  const grid = lines.length <= FEW ? { lines, used: counts } : { ends: [lines[0], lines.at(-1)] };
  const facts = [
    ["within a quarter of a step of a code (50 % if spread evenly)", percent(near, 2), "near"],
    ["clipped to the outermost codes", percent(clipped, 2), "clipped"],
    ["codes changed since the start", percent(layers.find(({ name }) => name === layer).changed, 2), "changed"],
  ];
  return html`${about}
    <${Chart} kind=${Histogram} options=${{ label: "Weights and their codes.", test: "gathering", height: 168 }} args=${[edges, weights, codes, grid]} />
    ${lines.length <= 7 &&
    html`<p class="code-counts number" data-test="code-counts">
      ${Array.from(lines, (code, i) => html`<span><b class="quant">${signed(code, 0)}</b> ${count(counts[i])}</span>`)}
    </p>`}
    <dl class="facts">
      ${facts.map(([label, value, test]) => html`<div><dt>${label}</dt><dd class="number" data-test=${test}>${value}</dd></div>`)}
    </dl>`;
}

/** The codes of the first layer, a picture for each neuron. */
export function CodesPanel({ scalars, arrays }) {
  const { filters, lines } = arrays;
  const about = html`<h2>The first layer, in codes</h2>
    <p class="about">
      One image for each neuron: orange codes speak for a pixel, blue ones against it, paper is code 0. Watch how few of
      them change when the training starts from pretrained weights.
    </p>`;
  if (!filters) return html`${about}${nothing(scalars)}`;
  const describe = (unit, row, column, code) => `neuron ${unit}, row ${row}, column ${column}: code ${fixed(code, 0)}`;
  const label = `First-layer codes, ${filters.shape[0]} images of 28 by 28.`;
  const options = { label, test: "codes", shape: filters.shape, loupe: true, maxHeight: 520, describe };
  return html`${about}
    <${Chart} key=${filters.shape.join()} kind=${Heatmap} options=${options} args=${[filters.data, lines.data.at(-1)]} />`;
}
