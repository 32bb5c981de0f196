import { html } from "preact";
import { Chart } from "../ui/chart.js";
import { bytes, count, decibels, fixed, scalar, signed } from "../ui/format.js";
import { Heatmap } from "../ui/heatmap.js";
import { Histogram } from "../ui/histogram.js";
import { ErrorLine, NumberLine } from "../ui/numberline.js";

const empty = (what) => html`<p class="empty">${what} when Python has started.</p>`;

/** The number line of one grid, the errors above the same values, and for a fine grid a piece enlarged. */
export function Line({ page, scalars, arrays }) {
  if (!scalars) return html`<h2>Where each number lands</h2>${empty("The number line appears")}`;
  const { cell } = scalars;
  const data = lineData(scalars, arrays);
  const whole = cell.fine ? { ...data, lines: null, zoom: arrays.zoom.data } : data;
  const zoomed = { ...data, window: arrays.zoom.data };
  return html`<h2>Where each number lands</h2>
    <p class="about">
      ${scalars.pasted ? "Your" : "The"} ${count(cell.count)} numbers${scalars.grids > 1 ? " of this grid" : ""} (top) fall onto
      the nearest of its orange lines${cell.fine ? ", which are too many to draw but for the framed piece" : ""}; below each its
      code and the real number. Red lines are clipped: those numbers lie outside the grid (shaded).
    </p>
    <p class="row stepper"><${Source} page=${page} pasted=${scalars.pasted} /></p>
    ${scalars.grids > 1 && html`<${Stepper} page=${page} scalars=${scalars} />`}
    <${Chart} kind=${NumberLine} options=${{ label: "Number line.", test: "number-line" }} args=${[whole]} />
    ${cell.fine &&
    html`<p class="plot-name">the framed piece, enlarged (move it with “Zoom position”)</p>
      <${Chart} kind=${NumberLine} options=${{ label: "Enlarged piece of the number line.", test: "zoom-line" }} args=${[zoomed]} />`}
    <p class="plot-name">
      error of each number, over the same line: rounding in the band of half a step, ±${scalar(cell.half_step)}; clipping in red;
      the largest is ${scalar(cell.maximum)}
    </p>
    <${Chart} kind=${ErrorLine} options=${{ label: "Error of each number.", test: "error-line" }} args=${[whole]} />`;
}

function lineData({ cell }, arrays) {
  const data = (name) => arrays[name].data;
  return {
    grid: cell,
    window: data("window"),
    values: data("cell_values"),
    codes: data("cell_codes"),
    after: data("cell_after"),
    error: data("cell_error"),
    clipped: data("cell_clipped"),
    lines: { codes: data("line_codes"), values: data("line_values") },
  };
}

/** Other numbers: a new seed, or no longer the pasted ones. */
function Source({ page, pasted }) {
  const button = (test, label, act) => html`<button type="button" data-test=${test} onClick=${act}>${label}</button>`;
  return pasted
    ? button("unpaste", "Back to drawn numbers", () => page.change("values", ""))
    : button("draw-anew", "Draw new numbers", () => page.change("seed", 1 + Math.floor(Math.random() * 9999)));
}

/** Which of the many grids the number line shows. */
function Stepper({ page, scalars: { cell, grids, per } }) {
  const go = (label, index) =>
    html`<button type="button" disabled=${index < 0 || index >= grids} data-test=${`grid-${label}`}
      onClick=${() => page.change("part", index)}>${label}</button>`;
  const place = per === "channel" ? `row ${cell.row}` : `row ${cell.row}, columns ${cell.column} to ${cell.end - 1}`;
  return html`<p class="row stepper">
    ${go("previous", cell.index - 1)} ${go("next", cell.index + 1)}
    <output data-test="grid-shown">grid ${cell.index} of ${count(grids)}: ${place}</output>
  </p>`;
}

export function Histograms({ scalars, arrays }) {
  const about = html`<h2>Before and after</h2>
    <p class="about">
      How many numbers lie where: <span class="float">before, upwards</span>, and <span class="quant">after, downwards</span>,
      each drawn to its own height (square-root scale).
    </p>`;
  if (!scalars) return html`${about}${empty("The histogram appears")}`;
  const args = ["edges", "before", "histogram"].map((name) => arrays[name].data);
  const label = `Histogram before and after at ${scalars.bits} bits.`;
  return html`${about}<${Chart} kind=${Histogram} options=${{ label, test: "histogram", height: 160 }} args=${args} />`;
}

/** The same tensor at 2, 4, 8 and 16 bits. */
export function Glance({ page, scalars, arrays }) {
  const about = html`<h2>At a glance</h2>
    <p class="about">Your settings at 2, 4, 8 and 16 bits. Choose one to look at it closely.</p>`;
  if (!scalars) return html`${about}${empty("Four histograms appear")}`;
  const bins = arrays.before.data.length;
  const small = (row, i) => {
    const args = [arrays.edges.data, arrays.before.data, arrays.glance.data.subarray(i * bins, (i + 1) * bins)];
    const options = { label: `Histogram at ${row.bits} bits.`, test: `glance-${row.bits}`, height: 88, plain: true };
    return html`<figure>
      <figcaption>
        <button type="button" aria-pressed=${row.bits === scalars.bits} data-test=${`choose-${row.bits}`}
          onClick=${() => page.change("bits", row.bits)}>${row.bits} bits</button>
        <span class="number quant" data-test=${`glance-sqnr-${row.bits}`}>${decibels(row)}</span>
      </figcaption>
      <${Chart} kind=${Histogram} options=${options} args=${args} />
      <p class="number">max error ${scalar(row.maximum)}<br />${bytes(row.bytes)}</p>
    </figure>`;
  };
  return html`${about}
    <div class="glance">${scalars.glance.map(small)}</div>
    ${scalars.db_a_bit !== null &&
    html`<p class="about">
      From 4 to 8 bits each bit brings <b class="number" data-test="db-a-bit">${fixed(scalars.db_a_bit, 2)} dB</b> here. Halving
      the step would bring 6.02 dB; ${scalars.clip < 100 ? "what is clipped stays clipped, however many bits there are." : "the rest is chance."}
    </p>`}`;
}

/** Float, quantised and error as pictures of the matrix. */
export function Matrices({ latest, scalars, arrays }) {
  const about = html`<h2>The tensor, number by number</h2>
    <p class="about">
      Rows are output channels. Point at a cell, or focus a picture and use the arrow keys, to read the float value, its code,
      and the value after. Values share one scale of colours; errors have their own, as wide as the largest error.
    </p>`;
  if (!scalars) return html`${about}${empty("Three pictures appear")}`;
  const describe = (_, row, column) => cellWords(latest.frame, row, column);
  const picture = (name, title, colour, limit) => {
    const options = { label: `${title}.`, test: `matrix-${name}`, shape: arrays[name].shape, describe, maxHeight: 320 };
    return html`<figure>
      <figcaption class=${colour}>${title}, full colour at ±${scalar(limit)}</figcaption>
      <${Chart} key=${arrays[name].shape.join()} kind=${Heatmap} options=${options} args=${[arrays[name].data, limit]} />
    </figure>`;
  };
  const [largest, worst] = arrays.limits.data;
  return html`${about}
    <div class="matrices">
      ${picture("values", "float", "float", largest)} ${picture("after", `${scalars.bits} bits`, "quant", largest)}
      ${picture("error", "error, after − before", "", worst)}
    </div>
    <${Codes} codes=${arrays.codes} />`;
}

function cellWords({ arrays }, row, column) {
  const i = row * arrays.values.shape[1] + column;
  const at = (name) => arrays[name].data[i];
  const fate = at("clipped") ? ", clipped" : "";
  return `[${row}, ${column}]: ${scalar(at("values"))} → code ${fixed(at("codes"), 0)} → ${scalar(at("after"))}, error ${signed(at("error"), 5)}${fate}`;
}

function Codes({ codes: { data, shape } }) {
  const width = data.reduce((most, code) => Math.max(most, String(code).length), 1);
  const line = (row) => Array.from(data.subarray(row * shape[1], (row + 1) * shape[1]), (code) => String(code).padStart(width)).join(" ");
  return html`<details class="code codes-text">
    <summary>All ${count(data.length)} codes as text</summary>
    <pre tabindex="0" aria-label="Codes, one row per line" data-test="codes-text">${Array.from({ length: shape[0] }, (_, row) => line(row)).join("\n")}</pre>
  </details>`;
}
