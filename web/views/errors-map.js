import { html, render } from "preact";
import { count, fixed, NOTHING, scientific } from "../ui/format.js";
import { Heatmap } from "../ui/heatmap.js";
import { Trouble } from "../ui/trouble.js";

const BANDS = ["below the lower threshold", "between the thresholds", "above the upper threshold"];

/** A threshold or a small error as a person writes it. */
export const threshold = (x) => (x === undefined ? NOTHING : String(Number(x)));

/** The weights of a layer as cells in three colours. pick(index): a cell was clicked or taken by Enter. */
export class MapPanel {
  #root;
  #pick;
  #map = null;
  #shape = [];
  #arrays = null;

  constructor(root, pick) {
    this.#root = root;
    this.#pick = pick;
    render(html`<div class="error-map"><div data-slot="map"></div></div>`, root);
  }

  update({ arrays, scalars }) {
    this.#arrays = arrays;
    if (arrays.bands.shape.join() !== this.#shape.join()) this.#make(arrays.bands.shape, scalars.layer);
    this.#map.update(arrays.bands.data, 1);
  }

  keep(cell) {
    this.#map?.keep(cell);
  }

  destroy() {
    this.#map?.destroy();
  }

  #make(shape, layer) {
    const [tiles, rows, columns] = (this.#shape = shape);
    const at = (tile, row, column) => (tile * rows + row) * columns + column;
    const images = tiles > 1;
    this.#map?.destroy();
    this.#map = new Heatmap(this.#root.querySelector("[data-slot=map]"), {
      label: images ? `Errors of ${layer}, ${tiles} images of 28 by 28.` : `Errors of ${layer}, ${rows} neurons by ${columns} inputs.`,
      test: "error-map",
      map: "bands",
      shape,
      maxHeight: 600,
      loupe: images,
      describe: (tile, row, column) => {
        const place = images ? `neuron ${tile}, row ${row}, column ${column}` : `neuron ${row}, input ${column}`;
        return `${place}\n${this.#words(at(tile, row, column))}`;
      },
      picked: (...cell) => this.#pick(at(...cell)),
    });
  }

  #words(i) {
    const { weight, codes, restored, error, bands } = this.#arrays;
    return `float ${fixed(weight.data[i], 5)}, code ${fixed(codes.data[i], 0)}, after ${fixed(restored.data[i], 5)}
error ${fixed(error.data[i], 5)}, ${BANDS[bands.data[i]]}`;
  }
}

/** One weight in full: the float value, its code and grid, and what comes back. */
export function CellPanel({ cell, page }) {
  const empty = html`<p class="empty" data-test="cell-empty">
    Click a cell, or go to it with the arrow keys and press Enter: its numbers stay here while you change the settings.
  </p>`;
  return html`<h2>${cell ? place(cell) : "One weight"}</h2>
    ${cell ? html`<${Facts} ...${cell} />` : empty}
    <${Trouble} trouble=${page.troubles.predict ?? page.troubles.cell} />`;
}

const place = ({ neuron, input, image_row: row, image_column: column }) =>
  row === undefined ? `Neuron ${neuron}, input ${input}` : `Neuron ${neuron}, pixel in row ${row}, column ${column}`;

function Facts(cell) {
  const facts = [
    ["float value", fixed(cell.weight, 6), "float", "cell-weight"],
    ["code", `${fixed(cell.code, 0)}`, "quant", "cell-code"],
    ["value after", fixed(cell.restored, 6), "quant", "cell-restored"],
    ["error", fixed(cell.error, 6), "", "cell-error"],
    ["scale", fixed(cell.scale, 6), "", "cell-scale"],
    ["zero point", fixed(cell.zero_point, 0), "", "cell-zero-point"],
  ];
  return html`<dl class="facts" aria-live="polite">
      ${facts.map(
        ([label, value, colour, test]) => html`<div>
          <dt>${label}</dt>
          <dd class=${`number ${colour}`} data-test=${test}>${value}</dd>
        </div>`,
      )}
    </dl>
    <p class="doc">
      <span class=${`band band-${cell.band}`} aria-hidden="true"></span> The error is ${BANDS[cell.band]}; half a step is
      ${" "}${scientific(cell.half_step)}. Codes go from ${fixed(cell.low_code, 0)} to ${fixed(cell.high_code, 0)};
      ${" "}${count(cell.sharing)} weights share this scale.
    </p>`;
}
