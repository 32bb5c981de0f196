import { html } from "preact";
import { bytes, count, fixed, NOTHING, percent } from "../ui/format.js";
import { accuracyPlot, lossPlot, RunPanel } from "../ui/run-panel.js";

/** Curves and numbers of the training. */
export const trainingPanel = (root, page) =>
  new RunPanel(root, page, {
    about: "Loss on each batch, and on 3,000 held-out images after each pass over the 2,000 training images.",
    plots: [
      lossPlot([
        { name: "loss", label: "batch", colour: "faint", thin: true },
        { name: "test_loss", label: "held-out", colour: "float" },
      ]),
      accuracyPlot([
        { name: "train_accuracy", label: "training", colour: "faint", thin: true },
        { name: "test_accuracy", label: "held-out", colour: "float" },
        { name: "quant_accuracy", label: "quantised", colour: "quant" },
      ]),
    ],
    rows: [
      ["step", "step", count, "step-count"],
      ["epoch", "epoch", (x) => fixed(x, 2), "epoch"],
      ["loss", "batch loss", (x) => fixed(x, 4), "loss"],
      ["train_accuracy", "training accuracy", percent, "train-accuracy"],
      ["test_loss", "held-out loss", (x) => fixed(x, 4), "held-out-loss"],
      ["test_accuracy", "held-out accuracy", percent, "held-out-accuracy"],
    ],
    words: ({ weights }) =>
      weights === "pretrained" ? "Test results are for the pretrained weights." : null,
  });

/** The head of a table that sets float beside quantised; bits: null while quantising is off. */
export function VersusHead({ bits }) {
  return html`<thead>
    <tr>
      <td></td>
      <th scope="col" class="float">float</th>
      <th scope="col" class="quant">${bits === null ? "quantised" : `${bits} bits`}</th>
    </tr>
  </thead>`;
}

/** Float and quantised side by side. */
export function QuantisePanel({ run, read }) {
  const on = Boolean(run.bits) && run.bits !== "off";
  const about = on ? "The same network with its weight matrices rounded." : "Choose the bits per weight to see what rounding costs.";
  const digit = (d, confidence) => (Number.isInteger(d) ? `${d}  ${percent(confidence)}` : NOTHING);
  const rows = [
    ["accuracy", percent(run.test_accuracy, 2), percent(run.quant_accuracy, 2), "quant-accuracy"],
    ["size", bytes(run.bytes_float), bytes(run.bytes_quant), "quant-bytes"],
    ["your digit", digit(read.digit, read.confidence), digit(read.quant_digit, read.quant_confidence), "quant-digit"],
    ["largest weight error", NOTHING, fixed(run.weight_error, 4), "weight-error"],
    ["changed predictions", NOTHING, on ? `${count(run.changed)} of 3,000` : NOTHING, "changed"],
  ];
  return html`<h2>Float and quantised</h2>
    <p class="about">${about} Accuracy is on the 3,000 held-out images.</p>
    <table class="numbers versus">
      <caption class="unseen">Float and quantised network</caption>
      <${VersusHead} bits=${on ? run.bits : null} />
      <tbody>
        ${rows.map(
          ([label, exact, rounded, test]) => html`<tr>
            <th scope="row">${label}</th><td class="number float" data-test=${test.replace("quant", "float")}>${exact}</td>
            <td class="number quant" data-test=${test}>${on ? rounded : NOTHING}</td>
          </tr>`,
        )}
      </tbody>
    </table>`;
}

/** What the shipped weights reached on the official test images: known before Python is there. */
export function ShippedPanel({ metrics }) {
  if (!metrics?.test) return null;
  const { n, float, ...bits } = metrics.test;
  const widths = Object.keys(bits).sort((a, b) => b - a);
  return html`<h2>Shipped results</h2>
    <p class="about">Accuracy of the pretrained weights on MNIST’s ${count(n)} official test images.</p>
    <table class="numbers shipped" data-test="shipped">
      <caption class="unseen">Accuracy of the shipped weights</caption>
      <thead>
        <tr>
          <th scope="col" class="float">float</th>
          ${widths.map((b) => html`<th scope="col" class="quant">${b} bits</th>`)}
        </tr>
      </thead>
      <tbody>
        <tr>
          <td class="number float">${percent(float, 2)}</td>
          ${widths.map((b) => html`<td class="number quant">${percent(bits[b], 2)}</td>`)}
        </tr>
      </tbody>
    </table>`;
}
