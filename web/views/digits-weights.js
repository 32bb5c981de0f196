import { html, render } from "preact";
import { signed } from "../ui/format.js";
import { Heatmap } from "../ui/heatmap.js";
import { Scale } from "../ui/scale.js";

const SHAPE = [128, 28, 28]; // of the shipped network; a file may bring another
const OWN = "Noise at first; with training, strokes stand out from it.";
const PRETRAINED = "These are the pretrained weights.";

/** The first layer's weights as images, one for each neuron, float and, when there is one, quantised, on one scale. */
export class WeightsPanel {
  #root;
  #float;
  #quant;
  #arrays = null;
  #shape = SHAPE;

  constructor(root) {
    this.#root = root;
    this.#draw();
    this.#frame();
  }

  #frame() {
    const slot = (name) => this.#root.querySelector(`[data-slot=${name}]`);
    const value = (name, at) => signed(this.#arrays?.[name]?.data[at], 4);
    const describe = (unit, row, column) => {
      const at = (unit * 28 + row) * 28 + column;
      const quantised = this.#arrays.filters_quant ? `, quantised ${value("filters_quant", at)}` : "";
      return `neuron ${unit}, row ${row}, column ${column}: ${value("filters", at)}${quantised}`;
    };
    const options = { shape: this.#shape, loupe: true, maxHeight: 600, describe };
    const label = `First-layer weights, ${this.#shape[0]} images of 28 by 28.`;
    this.#float = new Heatmap(slot("float"), { ...options, test: "filters", label });
    this.#quant = new Heatmap(slot("quant"), { ...options, test: "filters-quant", label: "The same weights, quantised." });
  }

  update({ arrays, scalars }) {
    this.#arrays = arrays;
    if (arrays.filters.shape[0] !== this.#shape[0]) {
      this.destroy();
      this.#shape = arrays.filters.shape;
      this.#frame();
    }
    this.#draw(arrays.range.data[0], scalars);
    this.#float.update(arrays.filters.data, arrays.range.data[0]);
    if (arrays.filters_quant) this.#quant.update(arrays.filters_quant.data, arrays.range.data[0]);
  }

  destroy() {
    this.#float.destroy();
    this.#quant.destroy();
  }

  #draw(limit = null, { weights, bits } = {}) {
    const quantised = Boolean(this.#arrays?.filters_quant);
    render(
      html`<h2>What the first layer looks for</h2>
        <p class="about">
          One image for each of the ${this.#shape[0]} neurons: orange pixels speak for it, blue ones against it.
          ${" "}${weights === "pretrained" ? PRETRAINED : OWN}
        </p>
        ${!this.#arrays && html`<p class="empty">The images appear when Python runs.</p>`}
        <div class=${`weights ${quantised ? "weights-two" : ""}`}>
          <figure>
            <figcaption class="float">float</figcaption>
            <div data-slot="float"></div>
          </figure>
          <figure hidden=${!quantised}>
            <figcaption class="quant">${quantised ? `${bits} bits` : "quantised"}</figcaption>
            <div data-slot="quant"></div>
          </figure>
        </div>
        <${Scale} limit=${limit} what="weight" />`,
      this.#root,
    );
  }
}
