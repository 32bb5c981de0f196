import { html } from "preact";

const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const TINT = 45; // % of the colour at the largest magnitude, so that the number stays readable

/**
 * A small matrix as a table of numbers. Arrow keys move over the cells; a click or a move chooses.
 *
 * array         {data, shape: [rows, columns]}
 * text          value -> string
 * kind          class of the numbers: float, quant or ""
 * shares        array of the same shape, in -1..1: colours the cells
 * marked        array of the same shape: cells that are not 0 are framed
 * lit           (row, column) -> whether the cell belongs to the chosen element
 * choose, tell  (row, column): what a choice does; which cell is pointed at or focused
 */
export function Matrix({ name, title, array, text, kind = "", shares, marked, lit, choose, tell }) {
  const [rows, columns] = array.shape;
  const range = (n) => Array.from({ length: n }, (_, i) => i);
  const first = range(rows * columns).find((i) => lit?.(Math.floor(i / columns), i % columns)) ?? 0; // Tab comes here
  const cell = (row, column) => {
    const i = row * columns + column;
    const on = lit?.(row, column);
    return html`<td
      key=${column}
      class=${`number ${kind} ${on ? "lit" : ""} ${marked?.data[i] ? "marked" : ""}`}
      style=${tint(shares?.data[i])}
      tabindex=${i === first ? 0 : -1}
      aria-selected=${choose ? Boolean(on) : undefined}
      data-test=${`${name}-${row}-${column}`}
      onClick=${(event) => choose?.(row, column, event.currentTarget.focus())}
      onFocus=${() => tell?.(row, column)}
      onPointerEnter=${() => tell?.(row, column)}
      onKeyDown=${(event) => move(event, row, column, choose)}
    >${text(array.data[i])}</td>`;
  };
  return html`<figure class="matrix">
    <figcaption>${title}</figcaption>
    <table role="grid" aria-label=${`${title}. Arrow keys move over the cells.`} data-test=${`matrix-${name}`}>
      <tbody>${range(rows).map((row) => html`<tr key=${row}>${range(columns).map((column) => cell(row, column))}</tr>`)}</tbody>
    </table>
  </figure>`;
}

/** Negative blue, positive orange, as everywhere. */
function tint(share) {
  if (!share) return undefined;
  const colour = share > 0 ? "var(--heat-positive)" : "var(--heat-negative)";
  return { background: `color-mix(in srgb, ${colour} ${TINT * Math.abs(share)}%, transparent)` };
}

function move(event, row, column, choose) {
  const by = MOVES[event.key];
  if (!by) return;
  event.preventDefault();
  const there = event.currentTarget.closest("table").rows[row + by[0]]?.cells[column + by[1]];
  if (!there) return;
  there.focus();
  choose?.(row + by[0], column + by[1]);
}
