import { html } from "preact";
import { bytes, count } from "../ui/format.js";

const HEADS = ["Method", "Multiplications a logit", "Tables", "Passes over the row", "Widest sum or product", "Where this is from"];

/** What a row of logits costs in silicon, method by method. */
export function Costs({ scalars }) {
  return html`<h2>What each needs in hardware</h2>
    <p class="about">
      An exponential unit in float takes more silicon than the multiplier beside it, and a second pass over a row means keeping the
      row or reading it again. Look at who needs no multiplication at all, and what that did to the errors above.
    </p>
    ${scalars
      ? html`<table class="costs" data-test="costs">
          <caption class="unseen">Hardware cost of every method, with its source</caption>
          <thead><tr>${HEADS.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
          <tbody>${scalars.rows.map((row) => html`<${Row} key=${row.name} ...${row} />`)}</tbody>
        </table>`
      : html`<p class="empty">The table appears when Python has started.</p>`}`;
}

function Row({ name, title, about, source, hardware }) {
  const facts = [
    hardware.multiplications,
    hardware.table_bytes ? bytes(hardware.table_bytes) : "none",
    count(hardware.passes),
    hardware.accumulator_bits ? `${count(hardware.accumulator_bits)} bits` : "–",
  ];
  return html`<tr data-test=${`cost-${name}`}>
    <th scope="row">${title} <span class="doc">${about}</span></th>
    ${facts.map((fact, i) => html`<td data-label=${HEADS[i + 1]}><span class="number">${fact}</span></td>`)}
    <td data-label=${HEADS[5]}><span class="doc">${hardware.source}. Method: ${source}.</span></td>
  </tr>`;
}
