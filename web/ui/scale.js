import { html } from "preact";
import { NOTHING, signed } from "./format.js";

const TICKS = [-1, -1 / 4, 0, 1 / 4, 1]; // equally far apart on the square-root scale of the signed colour map

/** The colour scale that heatmaps share; limit: the value that has the full colour. */
export function Scale({ limit, what }) {
  const label = (tick) => html`<span>${limit === null ? NOTHING : signed(tick * limit, 3)}</span>`;
  return html`<div class="scale">
    <span class="ramp" aria-hidden="true"></span>
    <span class="ticks number">${TICKS.map(label)}</span>
    <span class="doc">
      ${what}: blue is negative, orange positive, paper zero; all images share this scale, by the square root.
    </span>
  </div>`;
}
