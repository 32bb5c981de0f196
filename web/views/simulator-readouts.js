import { html } from "preact";
import { bytes, count, fixed, percent, scalar, scientific } from "../ui/format.js";

const row = (name, value, test, colour = "") =>
  html`<tr><th scope="row">${name}</th><td class=${`number ${colour}`} data-test=${test}>${value}</td></tr>`;
const LONE = ". All numbers are the same, and a lone number is always the end of its own grid";

/** What is lost, first in all, then by cause. */
export function Errors({ scalars }) {
  if (!scalars) return html`<h2>What is lost</h2><p class="empty">Measured when Python has started.</p>`;
  const { errors, constant, clip } = scalars;
  return html`<h2>What is lost</h2>
    <p class="about">Signal to noise (SQNR) in decibels, and the error <span class="together">|x − x̂|</span> over all ${count(scalars.count)} numbers.</p>
    ${errors.exact && html`<p class="about">Exact: every number lies on the grid${constant ? LONE : ""}.</p>`}
    <table class="numbers">
      <tbody>
        ${row("SQNR", errors.exact ? "exact" : `${fixed(errors.sqnr_db, 2)} dB`, "sqnr", "quant")}
        ${row("mean error", scalar(errors.mean), "mean-error")} ${row("maximum error", scalar(errors.maximum), "max-error")}
        ${row("mean squared error", scientific(errors.mse), "mse")}
      </tbody>
    </table>
    <h2 class="apart">Rounding and clipping apart</h2>
    <p class="about">Their parts of the mean and of the mean squared error add up to the numbers above.</p>
    <${Share} share=${errors.clipping_share} exact=${errors.exact} />
    <table class="numbers">
      <thead>
        <tr><td></td><th scope="col" class="quant">rounding</th><th scope="col" class="bad">clipping</th></tr>
      </thead>
      <tbody>
        ${[["numbers", "count", count], ["mean error", "mean", scalar], ["maximum", "maximum", scalar], ["squared", "mse", scientific]].map(
          ([name, key, format]) => html`<tr>
            <th scope="row">${name}</th>
            <td class="number" data-test=${`rounding-${key}`}>${format(errors.rounding[key])}</td>
            <td class="number" data-test=${`clipping-${key}`}>${format(errors.clipping[key])}</td>
          </tr>`,
        )}
      </tbody>
    </table>
    ${clip === 100 && errors.clipping.count === 0 && html`<p class="about">Nothing is clipped while the grid covers the whole range; lower “Clip range” to see it.</p>`}
    ${clip === 100 && errors.clipping.count > 0 && html`<p class="about">The affine range was moved by up to half a step to put 0 on a line; a number at its end can be clipped by that much.</p>`}`;
}

/** Clipping's part of the squared error, as a bar and in words. */
function Share({ share, exact }) {
  const words = exact ? "no error" : `${percent(share)} of the squared error is clipping`;
  return html`<div class="share" role="img" aria-label=${words}>
      <span class="share-clipping" style=${{ transform: `scaleX(${share})` }}></span>
    </div>
    <p class="doc number" data-test="clipping-share">${words}</p>`;
}

export function Grids({ scalars }) {
  if (!scalars) return null;
  const { grids, cell, per } = scalars;
  return html`<h2>${grids > 1 ? `${count(grids)} grids` : "The grid"}</h2>
    <p class="about">${grids > 1 ? "Each has a scale of its own; the number line shows one of them." : "One scale for all numbers."}</p>
    <table class="numbers">
      <tbody>
        ${row("codes", `${fixed(scalars.low, 0)} to ${fixed(scalars.high, 0)}`, "code-range")}
        ${row("codes in use", `${count(scalars.codes_used)} of ${count(scalars.codes_there)}`, "codes-used")}
        ${row(grids > 1 ? "scale shown" : "scale", scalar(cell.scale), "scale", "quant")}
        ${row(grids > 1 ? "zero point shown" : "zero point", fixed(cell.zero_point, 0), "zero-point", "quant")}
        ${grids > 1 && row("smallest scale", scalar(scalars.scale_min), "scale-min")}
        ${grids > 1 && row("largest scale", scalar(scalars.scale_max), "scale-max")}
        ${row("numbers that became 0", count(scalars.zeros), "zeros")}
      </tbody>
    </table>
    ${scalars.short_group > 0 && html`<p class="about">${per} does not divide a row: its last group has ${count(scalars.short_group)}.</p>`}`;
}

export function Size({ scalars }) {
  if (!scalars) return null;
  const { codes, grids, all, float } = scalars.bytes;
  return html`<h2>Size</h2>
    <p class="about">Codes packed bit by bit, four bytes a scale; zero points are stored where one is not 0.</p>
    <table class="numbers">
      <tbody>
        ${row("codes", bytes(codes), "bytes-codes")} ${row("scales and zero points", bytes(grids), "bytes-grids")}
        ${row("in all", bytes(all), "bytes-all", "quant")} ${row("as float32", bytes(float), "bytes-float", "float")}
        ${row("part of float32", percent(scalars.bytes.ratio), "bytes-ratio")}
      </tbody>
    </table>`;
}
