import { html } from "preact";
import { fixed, NOTHING, signed } from "./format.js";

const TICKS = [-1, -1 / 4, 0, 1 / 4, 1]; // equally far apart on the square-root scale of the signed colour map

/** The colour scale that heatmaps share; limit: the value that has the full colour; grey: from paper to ink. */
export function Scale({ limit, what, grey = false, test = "" }) {
  if (grey)
    return html`<div class="scale" data-test=${test}>
      <span class="ramp ramp-ink" aria-hidden="true"></span>
      <span class="ticks number"><span>0</span><span>${fixed(limit, 3)}</span></span>
      <span class="doc">${what}: paper is zero, ink the largest; all images share this scale.</span>
    </div>`;
  const label = (tick) => html`<span>${limit === null ? NOTHING : signed(tick * limit, 3)}</span>`;
  return html`<div class="scale" data-test=${test}>
    <span class="ramp" aria-hidden="true"></span>
    <span class="ticks number">${TICKS.map(label)}</span>
    <span class="doc">
      ${what}: blue is negative, orange positive, paper zero; all images share this scale (square-root scale).
    </span>
  </div>`;
}
