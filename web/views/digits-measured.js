import { html, render } from "preact";
import { bytes, milliseconds, percent } from "../ui/format.js";
import { Trouble } from "../ui/trouble.js";
import { VersusHead } from "./digits-readouts.js";

/** What the network that is shown is worth, and how long it takes in this browser. */
export class MeasuredPanel {
  #root;
  #page;
  #run = {};
  #times = null;
  #busy = false;

  constructor(root, page) {
    this.#root = root;
    this.#page = page;
    this.draw();
  }

  update(run) {
    this.#run = run;
    this.draw();
  }

  draw() {
    const facts = { run: this.#run, times: this.#times, busy: this.#busy, page: this.#page, measure: () => this.#measure() };
    render(html`<${Measured} ...${facts} />`, this.#root);
  }

  async #measure() {
    this.#busy = true;
    this.draw();
    const answer = await this.#page.measure();
    this.#busy = false;
    if (answer) this.#times = answer.scalars;
    this.draw();
  }
}

function Measured({ run, times, busy, page, measure }) {
  const quantised = run.quant_accuracy !== null && run.quant_accuracy !== undefined;
  const rows = [
    ["accuracy on 3,000 held-out images", percent(run.test_accuracy, 2), percent(run.quant_accuracy, 2)],
    ["size of the parameters", bytes(run.bytes_float), bytes(run.bytes_quant)],
    ["one image", milliseconds(times?.image_ms), milliseconds(times?.image_quant_ms)],
    [`${times?.batch ?? 500} images at once`, milliseconds(times?.batch_ms), milliseconds(times?.batch_quant_ms)],
  ];
  return html`<h2 class="chapter">Measured here</h2>
    <p class="about">
      Accuracy and size are those of the network that is shown now. The times are means over many predictions in this browser,
      on this machine; nothing is printed before it was measured. Here the rounded weights are still multiplied as floats: they
      save memory, not time.
    </p>
    <table class="numbers versus" data-test="measured">
      <caption class="unseen">Measured in this browser</caption>
      <${VersusHead} bits=${quantised ? run.bits : null} />
      <tbody>
        ${rows.map(
          ([label, exact, rounded]) =>
            html`<tr><th scope="row">${label}</th><td class="number float">${exact}</td><td class="number quant">${rounded}</td></tr>`,
        )}
      </tbody>
    </table>
    <p class="row measure">
      <button type="button" data-test="measure" disabled=${!page.open || busy} onClick=${measure}>
        ${busy ? "Measuring …" : "Measure in this browser"}
      </button>
    </p>
    <${Trouble} trouble=${page.troubles.measure} />`;
}
