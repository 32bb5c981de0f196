import { html, render } from "preact";
import { bytes, count, fixed, percent } from "../ui/format.js";
import { workbench } from "../ui/workbench.js";
import { CellPanel, MapPanel, threshold } from "./errors-map.js";

/** Error map: a layer's weights in three bands of rounding error, and any one of them in full. */
export function mount(root, page) {
  let frame = null;
  let cell = null;
  let map = null;

  async function pick(index) {
    const { layer } = frame.scalars;
    const answer = await page.predict({ index });
    if (!answer || frame.scalars.layer !== layer) return; // the cell was one of a layer that is shown no more
    cell = answer.scalars;
    drawCell();
  }

  function drawCell() {
    render(html`<${CellPanel} cell=${cell} page=${page} />`, bench.slot("cell"));
  }

  function draw(event, slot) {
    map ??= new MapPanel(slot("map"), pick);
    if (event) {
      const other = frame && frame.scalars.layer !== event.frame.scalars.layer;
      frame = event.frame;
      map.update(frame, page.params);
      if (other) {
        cell = null;
        map.keep(null);
        if (bench) drawCell();
      } else if (cell) pick(cell.index);
    }
    render(html`<${Legend} frame=${frame} params=${page.params} />`, slot("bands"));
    render(html`<${Layers} frame=${frame} params=${page.params} />`, slot("layers"));
  }

  const bench = workbench(root, page, {
    stage: ["bands", "cell", "map"],
    wide: ["layers"],
    controls: [
      ["Layer", ["layer", "layout"]],
      ["Quantise", ["bits", "scheme", "per"]],
      ["Bands", ["low", "high"]],
    ],
    auto: true,
    draw,
    summary: ({ scalars }) => `${page.params.bits} bits, ${percent(scalars.shares[2])} strong`,
  });
  drawCell();

  return {
    unmount() {
      map?.destroy();
      bench.unmount();
    },
  };
}

/** What the three colours mean, with how many weights have them. */
function Legend({ frame, params }) {
  const names = bandNames(params);
  const { counts, shares, weights, layer } = frame?.scalars ?? {};
  return html`<h2>How far each weight moved</h2>
    <p class="about">
      One cell is one weight; its colour says how far rounding moved it. ${" "}
      ${frame ? html`${layer} has ${count(weights)} weights.` : "The picture appears when Python runs."}
    </p>
    <ul class="bands" aria-label="Bands of error" data-test="bands">
      ${names.map(
        (name, band) => html`<li>
          <span class=${`band band-${band}`} aria-hidden="true"></span>
          <span>${name}</span>
          <span class="number" data-test=${`band-count-${band}`}>${count(counts?.[band])}</span>
          <span class="number muted" data-test=${`band-share-${band}`}>${percent(shares?.[band])}</span>
        </li>`,
      )}
    </ul>
    <div class="band-bar" aria-hidden="true">
      ${names.map((_, band) => html`<span class=${`band-${band}`} style=${{ flexGrow: shares?.[band] ?? 0 }}></span>`)}
    </div>`;
}

const bandNames = ({ low, high }) => [
  `below ${threshold(low)}`,
  `${threshold(low)} to ${threshold(high)}`,
  `${threshold(high)} and more`,
];

/** The same settings on every layer, and what rounding the shown one alone costs. */
function Layers({ frame, params }) {
  const { layers = [], layer, accuracy, float_accuracy: exact, held_out: images } = frame?.scalars ?? {};
  const [low, , high] = bandNames(params);
  const heads = ["layer", "weights", "scales", "packed", low, high, "mean error", "largest error", "largest weight"];
  return html`<h2>Every layer at these settings</h2>
    <p class="about" data-test="accuracy">
      With ${layer ?? "one layer"} rounded and the other two left as they are,
      ${" "}<span class="number quant">${percent(accuracy, 2)}</span> of ${count(images)} held-out images are read
      rightly; the float network reads <span class="number float">${percent(exact, 2)}</span>.
    </p>
    <div class="wide">
      <table class="numbers" data-test="layers">
        <caption class="unseen">Errors of every layer</caption>
        <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
        <tbody>
          ${layers.map(
            (row) => html`<tr class=${row.name === layer ? "chosen" : ""}>
              <th scope="row">${row.name}</th>
              <td class="number">${count(row.weights)}</td>
              <td class="number">${count(row.scales)}</td>
              <td class="number">${bytes(row.nbytes)}</td>
              <td class="number">${percent(row.shares[0])}</td>
              <td class="number">${percent(row.shares[2])}</td>
              <td class="number">${fixed(row.mean, 5)}</td>
              <td class="number">${fixed(row.maximum, 5)}</td>
              <td class="number">${fixed(row.largest, 4)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}
