import { html } from "preact";
import { Chart } from "../ui/chart.js";
import { count, fixed, percent, scalar, scientific, signed } from "../ui/format.js";
import { RULES } from "./attention-maps.js";
import { RowBars } from "./attention-row.js";

const SIDES = ["plain", "shifted"];

const title = (page, side) => RULES[side === "plain" ? "none" : page.params.shift];

/** The heads of a table that has float in ink where there is any, and both quantised sides in orange. */
const heads = (page, float) => html`<thead><tr>
  <td></td>
  ${float && html`<th scope="col" class="float">float</th>`}
  ${SIDES.map((side) => html`<th scope="col" class="quant">${title(page, side)}</th>`)}
</tr></thead>`;

/** One cell in full: logit, code, probabilities and difference, without and with the shift. */
export function Cell({ page, scalars }) {
  if (!scalars) return null;
  const { cell, row, column, queries, keys, plain, shifted } = scalars;
  const lines = [
    ["subtracted before rounding", null, (side) => fixed(side.offset, 3), "offset"],
    ["code of the logit", null, (side) => fixed(side.q, 0), "q"],
    ["logit", fixed(cell.logit, 4), (side) => fixed(side.logit, 4), "logit"],
    ["probability", fixed(cell.probability, 5), (side) => fixed(side.probability, 5), "probability"],
    ["quantised − float", null, (side) => signed(side.difference, 5), "difference"],
  ];
  return html`<h2 data-test="cell-title">Query ${row} “${queries[row]}” looks at key ${column} “${keys[column]}”</h2>
    <p class="about" data-test="cell-about">
      ${cell.masked
        ? "This position is masked: it takes no part in the grid’s range, and its probability is exactly 0."
        : `The logit becomes one of ${count(plain.codes)} codes without the shift, one of ${count(shifted.codes)} with it, and the method sees nothing else.`}
      ${" "}Click any cell, or move with the arrow keys and press Enter, to pick another one.
    </p>
    <table class="numbers versus attention-table" aria-live="polite" data-test="cell">
      <caption class="unseen">The picked cell</caption>
      ${heads(page, true)}
      <tbody>
        ${lines.map(
          ([label, float, value, test]) => html`<tr>
            <th scope="row">${label}</th>
            <td class="number float" data-test=${`cell-float-${test}`}>${float ?? ""}</td>
            ${SIDES.map((side) => html`<td class="number quant" data-test=${`cell-${side}-${test}`}>${value(cell[side])}</td>`)}
          </tr>`,
        )}
      </tbody>
    </table>`;
}

/** The picked row as rows of bars, and what it sums to. */
export function Row({ scalars, arrays }) {
  if (!scalars) return null;
  const { row, columns, keys, column, limits, this_row: sums } = scalars;
  const part = (name) => arrays[name].data.subarray(row * columns, (row + 1) * columns);
  const rows = { float: part("float"), plain: part("plain"), shifted: part("shifted"), mask: part("mask") };
  const side = (name, label) => html`<li>
    <span>${label}</span> sum <span class="number quant" data-test=${`row-sum-${name}`}>${fixed(sums[name].row_sum, 3)}</span>, L1
    ${" "}<span class="number quant" data-test=${`row-l1-${name}`}>${fixed(sums[name].l1, 3)}</span>, largest at key
    ${" "}<span class="number quant" data-test=${`row-top-${name}`}>${count(sums[name].top)}</span>
    ${sums[name].broken && html`, <b class="bad">broken</b>`}
  </li>`;
  return html`<h2>The picked row, query ${row}</h2>
    <p class="about">
      All that this query sees, one bar per key, on one scale up to <span class="number">${fixed(limits.row, 3)}</span>. The
      float row’s largest is key <span class="number float" data-test="row-top-float">${count(sums.top)}</span>.
    </p>
    <${Chart} kind=${RowBars} name="attention-bars" args=${[rows, keys, limits.row, column]} />
    <ul class="attention-sums">${side("plain", "No shift:")} ${side("shifted", "Shifted:")}</ul>`;
}

/** What quantising costs over all rows, without and with the shift. */
export function Measures({ page, scalars }) {
  if (!scalars) return null;
  const { method, rows, plain } = scalars;
  const lines = [
    ["L1 per row, 0 to 2", (side) => fixed(side.l1_per_row, 4), "l1"],
    [`mean absolute error, N = ${scalar(plain.n)}`, (side) => scientific(side.mae), "mae"],
    ["largest error", (side) => fixed(side.max_error, 4), "max-error"],
    ["top-1 agreement", (side) => percent(side.top1), "top1"],
    ["row sums, mean", (side) => fixed(side.row_sum, 3), "row-sum"],
    ["row sums, from", (side) => fixed(side.row_sum_least, 3), "row-sum-least"],
    ["row sums, to", (side) => fixed(side.row_sum_most, 3), "row-sum-most"],
    [`broken rows of ${rows}`, (side) => count(side.broken.length), "broken"],
    ["span of the logits’ grid", (side) => `${fixed(side.span, 2)} nats`, "span"],
    ["step of the logits’ grid", (side) => `${fixed(side.scale, 3)} nats`, "scale"],
  ];
  return html`<h2>All rows, by ${method.title}</h2>
    <p class="about" data-test="method-about">${method.about}</p>
    <table class="numbers versus attention-table" data-test="measures">
      <caption class="unseen">Errors without and with the shift</caption>
      ${heads(page, false)}
      <tbody>
        ${lines.map(
          ([label, value, test]) => html`<tr>
            <th scope="row">${label}</th>
            ${SIDES.map((side) => html`<td class="number quant" data-test=${`${side}-${test}`}>${value(scalars[side])}</td>`)}
          </tr>`,
        )}
      </tbody>
    </table>
    ${SIDES.map((side) => scalars[side].broken.length > 0 && html`<${Broken} title=${title(page, side)} rows=${scalars[side].broken} test=${side} />`)}
    ${method.breaks && html`<p class="note attention-breaks" data-test="breaks">${method.breaks}</p>`}
    <p class="doc attention-breaks">Source: ${method.source}</p>`;
}

/** Which rows are no distribution any more. */
const Broken = ({ title, rows, test }) => html`<p class="doc">
  ${title}: <b class="bad">broken</b> are the queries
  ${" "}<span class="number" data-test=${`${test}-broken-rows`}>${rows.join(", ")}</span>: all 0, or a sum outside of 0.5 to 1.5.
</p>`;
