import { html, useState } from "preact";
import { ARROWS } from "../keys.js";
import { change } from "./pictures.js";

/** Matrices with signs between them, and in words the cell that is pointed at; see Equation in pyapp/experiment/formulas.py. */
export function Equation({ block, scope, page }) {
  const [said, say] = useState(null); // [matrix, row, column]
  return html`<div class="equation" onPointerLeave=${() => say(null)}>
      ${block.blocks.filter(({ when }) => scope.holds(when)).map((part) => html`<div key=${part.name}>
        ${part.sign && html`<span class="sign" aria-hidden="true">${part.sign}</span>`}
        <${Matrix} block=${part} scope=${scope} page=${page} tell=${(...place) => say([part, ...place])} />
      </div>`)}
    </div>
    <output class="plot-readout" data-test=${`${block.name}-value`}>${said && read(scope, ...said)}</output>`;
}

function read(scope, { array, read: words }, row, column) {
  const [rows, columns] = scope.array(array).shape;
  return row < rows && column < columns ? scope.reading({ row, column, i: row * columns + column }).text(words) : "";
}

/** A small array in numbers; see Matrix in pyapp/experiment/formulas.py. tell(row, column): what is done when a cell is pointed at. */
export function Matrix({ block, scope, page, tell }) {
  const { array, format = "fixed:2", role = "", rows, columns, shade, both, framed, chosen = [], pick, corner, caption, name } = block;
  const found = scope.array(array);
  if (!found) return null;
  const [count, width] = found.shape;
  const [side, above] = [rows, columns].map((entry) => entry && scope.get(entry));
  const [shares, frames] = [shade, framed].map((entry) => entry && scope.array(entry).data);
  const at = chosen.map((entry) => entry && scope.get(entry)); // "" is anywhere
  const isChosen = (...place) => at.length > 0 && at.every((n, axis) => n === "" || n === place[axis]);
  const cell = (i, j) => {
    const n = i * width + j;
    const [lit, share] = [isChosen(i, j), shares?.[n] ?? 0];
    const [, words] = scope.inside(found.data[n]).value(`item:${format}`);
    return html`<td class=${`number ${role} ${lit ? "lit" : ""} ${frames?.[n] ? "framed" : ""} ${share < 0 ? "negative" : ""}`}
      style=${{ "--share": Math.abs(share) }} data-test=${name && `${name}-${i}-${j}`} aria-selected=${pick && lit}
      tabindex=${pick && (i === (at[0] || 0) && j === (at[1] || 0) ? 0 : -1)}>${Number.isNaN(share) ? "·" : words}</td>`;
  };
  const place = (td) => [td.parentElement.sectionRowIndex, td.cellIndex - (side ? 1 : 0)];
  const on = (act) => (event) => event.target.matches("td") && act(event.target, event);
  const press = (td) => {
    td.focus();
    const [row, column] = place(td);
    for (const [param, value] of pick) change(page, param, scope.reading({ row, column }).get(value));
  };
  const move = (td, event) => {
    const by = ARROWS[event.key];
    if (!by) return;
    event.preventDefault();
    const [row, column] = place(td);
    const next = td.closest("tbody").rows[row + by[0]]?.cells[td.cellIndex + by[1]];
    if (next?.matches("td")) press(next);
  };
  const acts = pick && { role: "grid", onClick: on(press), onKeyDown: on(move) };
  const tells = tell && { onPointerOver: on((td) => tell(...place(td))), onFocusCapture: on((td) => tell(...place(td))) };
  const words = scope.text(caption);
  return html`<figure class="wide">
    ${words && !above && html`<figcaption>${words}</figcaption>`}
    <table class=${`numbers shaded ${both ? "both" : ""}`} aria-label=${pick ? `${words}. Arrow keys go over the cells.` : words} data-test=${name} ...${acts} ...${tells}>
      ${above && html`<thead><tr>${side && html`<th scope="col">${corner}</th>`}${above.map((word) => html`<th scope="col">${word}</th>`)}</tr></thead>`}
      <tbody>${Array.from({ length: count }, (_, i) => html`<tr>
        ${side && html`<th scope="row" class=${i === at[0] ? "lit" : ""}>${side[i]}</th>`}${Array.from({ length: width }, (_, j) => cell(i, j))}
      </tr>`)}</tbody>
    </table>
  </figure>`;
}
