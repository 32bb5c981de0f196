import { html } from "preact";
import { count, fixed, percent, scalar } from "../ui/format.js";

const COLUMNS = [
  { name: "method", title: "Method" },
  { name: "l1_per_row", title: "L1 per row", show: (found) => fixed(found.l1_per_row, 4) },
  { name: "mae", sort: "l1_per_row", title: "MAE", show: (found) => fixed(found.mae, 6) },
  { name: "max_error", title: "Largest error", show: (found) => fixed(found.max_error, 4) },
  { name: "row_sum", title: "Row sum", show: (found) => fixed(found.row_sum, 3) },
  { name: "top1", title: "Top-1 agrees", show: (found) => percent(found.top1) },
  { name: "broken_rows", title: "Broken rows", show: (found) => count(found.broken_rows) },
];

/** Every method's errors; a heading sorts, a row shows its picture. */
export function Table({ page, scalars }) {
  return html`<h2>Every method on the same codes</h2>
    <p class="about">
      Fixed point has no exponential: it takes either a table, or a polynomial with multiplications, or a power of two with a shift
      that is not quite e to the z. Look at L1 per row, how far all its probabilities are off together, and compare with Exact, which
      has a float softmax and only the rounding of the logits.
    </p>
    ${scalars ? html`<${Facts} ...${scalars} />` : html`<p class="empty">The table appears when Python has started.</p>`}
    ${scalars && html`<${Rows} page=${page} ...${scalars} />`}
    ${scalars?.words && html`<p class="finding" data-test="finding">${scalars.words}</p>`}
    ${scalars && html`<${Broken} ...${scalars} />`}`;
}

function Facts({ logits, measured, total }) {
  return html`<p class="doc" data-test="facts">
      ${count(logits.rows)} rows of <span class="number">N = ${count(logits.n)}</span>, ${scalar(logits.lowest)} to
      ${" "}${scalar(logits.highest)}; codes ${count(logits.low)} to ${count(logits.high)}, scale
      ${" "}<span class="number">${scalar(logits.scale)}</span>. MAE = L1 / N; do not compare it across row lengths.
    </p>
    <p class="doc" role="status" data-test="measured">${count(measured)} of ${count(total)} methods measured.</p>`;
}

function Rows({ page, rows, logits }) {
  const { sort, best, method } = page.params;
  const first = String(best) === "true";
  const press = (column) => {
    page.change("best", column === sort ? !first : true);
    if (column !== sort) page.change("sort", column);
  };
  return html`<table class="numbers methods" data-test="methods">
    <caption class="unseen">Errors of every method; the headings sort, and a method's name shows its picture</caption>
    <thead>
      <tr>
        ${COLUMNS.map(
          (column) => html`<${Heading} key=${column.name} ...${column} n=${logits.n} by=${sort} first=${first} press=${press} />`,
        )}
      </tr>
    </thead>
    <tbody>
      ${rows.map((row) => html`<${Row} key=${row.name} row=${row} chosen=${row.name === method} page=${page} />`)}
    </tbody>
  </table>`;
}

function Heading({ name, sort = name, title, n, by, first, press }) {
  const sorted = sort === by && name !== "mae";
  const up = name === "top1" ? !first : first; // there the best is the largest
  const way = name === "row_sum" ? "other" : up ? "ascending" : "descending"; // sums are ordered by how near they are to 1
  const order = sorted ? way : "none";
  return html`<th scope="col" aria-sort=${order}>
    <button type="button" class="quiet" data-test=${`sort-${name}`} onClick=${() => press(sort)}>
      ${name === "mae" ? `${title}, N = ${n}` : title}${sorted && html`<span aria-hidden="true"> ${up ? "▴" : "▾"}</span>`}
    </button>
  </th>`;
}

function Row({ row, chosen, page }) {
  const { name, title, about, guarded, found } = row;
  const [, ...columns] = COLUMNS;
  const colour = name === "exact" ? "float" : "quant";
  return html`<tr class=${chosen ? "chosen" : ""} data-test=${`method-${name}`} onClick=${() => page.change("method", name)}>
    <th scope="row">
      <button type="button" class=${`quiet ${colour}`} title=${about} aria-pressed=${chosen} data-test=${`show-${name}`}>${title}</button>
      ${guarded && html` <span class="doc bad" data-test=${`guarded-${name}`}>original breaks</span>`}
    </th>
    ${columns.map(
      (column) => html`<td
        class=${`number ${column.name === "broken_rows" && found?.broken_rows ? "bad" : ""}`}
        data-label=${column.title}
        data-test=${`${name}-${column.name}`}
      >
        ${column.show(found ?? {})}
      </td>`,
    )}
  </tr>`;
}

/** Where the originals break: first the methods with broken rows just now, then those whose original breaks, then all others. */
function Broken({ rows, logits }) {
  const broken = rows.filter(({ found }) => found?.broken_rows);
  const guarded = rows.filter((row) => row.guarded && !broken.includes(row));
  const others = rows.filter((row) => row.breaks && !broken.includes(row) && !guarded.includes(row));
  const note = ({ name, title, breaks, found }) => html`<p class="note" key=${name} data-test=${`breaks-${name}`}>
    <b>${title}</b>: ${found?.broken_rows > 0 && html`<span class="bad">${count(found.broken_rows)} of ${count(logits.rows)} rows. </span>`}
    ${breaks || "At this row length and these bits its codes are too few."}
  </p>`;
  return html`<div class="broken" data-test="broken">
    ${broken.length > 0 &&
    html`<h3>Rows that are no distribution any more</h3>
      <p class="doc">Broken is a row that is all 0, or that does not add up to something between 0.5 and 1.5.</p>
      ${broken.map(note)}`}
    ${guarded.length > 0 &&
    html`<h3>Originals that break at this scale</h3>
      <p class="doc" data-test="guarded">
        At <span class="number">S = ${scalar(logits.scale)}</span> they have no answer. The numbers above are those of the guarded forms, which the
        finding leaves out.
      </p>
      ${guarded.map(note)}`}
    <details>
      <summary>Where the ${broken.length || guarded.length ? "other " : ""}originals break, and what is answered here</summary>
      <p class="doc">The scale of the logits now: <span class="number">${scalar(logits.scale)}</span>.</p>
      ${others.map(note)}
    </details>
  </div>`;
}
