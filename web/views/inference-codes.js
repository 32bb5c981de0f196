import { html, render } from "preact";
import { count, fixed, scientific } from "../ui/format.js";
import { Heatmap } from "../ui/heatmap.js";

const LAYERS = [
  { name: "input", title: "pixels", shape: [28, 28], maxHeight: 168, place: (row, column) => `row ${row}, column ${column}` },
  { name: "hidden1", title: "after layer 1", shape: [8, 16], maxHeight: 96, place: (row, column) => `neuron ${16 * row + column}` },
  { name: "hidden2", title: "after layer 2", shape: [4, 16], maxHeight: 48, place: (row, column) => `neuron ${16 * row + column}` },
  { name: "logits", title: "scores", shape: [1, 10], maxHeight: 24, place: (_, column) => `digit ${column}` },
];

/** The codes that stand between the layers for the digit on the pad. */
export class CodesPanel {
  #root;
  #maps;

  constructor(root) {
    this.#root = root;
    this.#draw(null);
    this.#maps = LAYERS.map(({ name, title, shape, maxHeight, place }) => {
      const host = root.querySelector(`[data-slot=${name}]`);
      return new Heatmap(host, {
        label: `Codes of the ${title}.`,
        test: `codes-${name}`,
        map: "grey",
        shape,
        maxHeight,
        describe: (_, row, column, code) => `${place(row, column)}: code ${fixed(code, 0)}`,
      });
    });
  }

  update(answer) {
    this.#draw(answer);
    LAYERS.forEach(({ name }, i) => {
      const grid = answer?.scalars.layers?.find((layer) => layer.name === name);
      this.#maps[i].update(answer?.arrays[`codes_${name}`]?.data ?? null, grid?.high ?? 1);
    });
  }

  destroy() {
    for (const map of this.#maps) map.destroy();
  }

  #draw(answer) {
    const { layers, kind } = answer?.scalars ?? {};
    const missing = answer && layers?.length === 0;
    const empty = missing ? "Activations are float, so there are no codes between the layers." : "Draw a digit, and its codes appear here.";
    render(
      html`<h2>Codes between the layers</h2>
        <p class="about">
          ${layers?.length
            ? `All that the quantised network knows of your digit, layer by layer${kind === "integers" ? "; from the pixels to the scores it saw nothing else" : ""}. Paper is the lowest code, ink the highest.`
            : empty}
        </p>
        <div class="codes-row" hidden=${!layers?.length}>
          ${LAYERS.map(({ name, title }) => {
            const grid = layers?.find((layer) => layer.name === name);
            return html`<figure>
              <figcaption>${title}</figcaption>
              <div data-slot=${name}></div>
              <p class="doc number" data-test=${`grid-${name}`}>${grid && about(grid)}</p>
            </figure>`;
          })}
        </div>`,
      this.#root,
    );
  }
}

const about = ({ bits, scale, zero_point: zero, low, high, difference }) =>
  `${bits} bits, ${low} to ${high}; scale ${scientific(scale)}, zero point ${fixed(zero, 0)}` +
  (difference === null ? "" : `; integers and simulation differ by ${count(difference)}`);
