import { html } from "preact";
import { bytes, count, NOTHING, percent, scalar } from "../ui/format.js";
import { Trouble } from "../ui/trouble.js";

/** The float network, the same bits merely rounded, and the network that was trained with them. */
export function ComparePanel({ page, frame }) {
  const run = frame?.scalars ?? {};
  const full = run.bytes_before === run.bytes_float;
  const rows = [
    ["accuracy", "accuracy", percent(run.float_accuracy, 2), percent(run.rounded_accuracy, 2), percent(run.quant_accuracy, 2)],
    ["bytes", "size, bytes", count(run.bytes_float), full ? count(run.bytes_quant) : NOTHING, count(run.bytes_quant)],
  ];
  return html`<h2>Float, rounded and trained</h2>
    <p class="about">
      Accuracy on ${count(run.held_out ?? 3000)} held-out images: the shipped float network, the same weights just
      rounded to these bits, and the network that trains here.
    </p>
    <table class="numbers versus">
      <caption class="unseen">Float, rounded and trained network</caption>
      <thead>
        <tr><td></td><th scope="col" class="float">float</th><th scope="col">rounded</th><th scope="col" class="quant">trained</th></tr>
      </thead>
      <tbody>
        ${rows.map(
          ([test, label, exact, rounded, trained]) => html`<tr>
            <th scope="row">${label}</th>
            <td class="number float" data-test=${`float-${test}`}>${exact}</td>
            <td class="number" data-test=${`rounded-${test}`}>${rounded}</td>
            <td class="number quant" data-test=${`trained-${test}`}>${trained}</td>
          </tr>`,
        )}
      </tbody>
    </table>
    <p class="doc">
      ${full || !frame
        ? html`${page.params.bits} bits per weight, ${activations(page.params)}, scales and float biases counted.`
        : html`This student would have ${bytes(run.bytes_before)} in float. There is no float one to round: it starts from scratch.`}
    </p>`;
}

const activations = ({ activations: bits }) => (bits === "none" ? "float activations" : `${bits} bits an activation`);

/** What the network reads in integer arithmetic only, measured on request. */
export function IntegersPanel({ page, frame, reading, measure }) {
  const float = page.params.activations === "none";
  const busy = typeof reading?.progress === "number" && reading.progress < 1;
  const rows = [
    ["integer_accuracy", "integer arithmetic only", "integer-accuracy"],
    ["simulated_accuracy", "simulated in float", "simulated-accuracy"],
  ];
  return html`<h2>Integer arithmetic only</h2>
    <p class="about">
      ${float
        ? "Activations are float, so integer arithmetic is not possible: choose bits per activation."
        : "The trained codes, from pixels to scores without a float number; beside them the same grids simulated in float."}
    </p>
    <p class="row">
      <button type="button" data-test="integers" disabled=${!page.open || !frame || float || busy} onClick=${measure}>
        ${busy ? `Measuring … ${percent(reading.progress, 0)}` : "Measure as it is now"}
      </button>
    </p>
    ${reading?.progress === 1 &&
    html`<table class="numbers readings">
        <caption class="unseen">The trained network on integers and simulated</caption>
        <tbody>
          <tr><th scope="row">measured at step</th><td class="number" data-test="measured-step">${count(reading.measured_step)}</td></tr>
          ${rows.map(
            ([name, label, test]) =>
              html`<tr><th scope="row">${label}</th><td class="number quant" data-test=${test}>${percent(reading[name], 2)}</td></tr>`,
          )}
          <tr><th scope="row">read differently</th><td class="number" data-test="differ">${count(reading.differ)} of ${count(frame.scalars.held_out)}</td></tr>
        </tbody>
      </table>`}
    <${Trouble} trouble=${page.troubles.predict} />`;
}

/** What the shipped networks reached in a long run: known before Python is there. */
export function ShippedPanel({ float, trained }) {
  if (!float?.metrics?.test || trained.length === 0) return null;
  const [{ epochs, images, metrics }] = trained;
  return html`<h2>What a long run reached</h2>
    <p class="about">
      The shipped networks: ${epochs} epochs over ${count(images)} images, read in integer arithmetic only on MNIST’s
      ${" "}${count(metrics.test.n)} official test images. Float reads
      ${" "}<span class="number float">${percent(float.metrics.test.float, 2)}</span> of them.
    </p>
    <table class="numbers versus" data-test="shipped">
      <caption class="unseen">Accuracy of the shipped trained networks</caption>
      <thead>
        <tr><th scope="col">weight, activation</th><th scope="col">rounded</th><th scope="col" class="quant">trained</th><th scope="col">bytes</th></tr>
      </thead>
      <tbody>
        ${trained.map(
          (facts) => html`<tr>
            <th scope="row">${facts.bits} bits, ${facts.activations} bits</th>
            <td class="number">${percent(float.metrics.test[facts.bits], 2)}</td>
            <td class="number quant">${percent(facts.metrics.test.accuracy, 2)}</td>
            <td class="number">${count(facts.metrics.test.bytes)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
    <p class="doc">Rounded: the float network’s weights alone, its activations float.</p>`;
}

const range = ([low, high], scales) => (scales > 1 ? `${scalar(low)} to ${scalar(high)}` : scalar(low));

/** The scales of every layer, and how many codes have changed. */
export function ScalesPanel({ scalars, params }) {
  const about =
    params.estimator === "lsq"
      ? "LSQ learns each scale with the weights, by a gradient of its own."
      : "STE has no scale to learn: the largest weight sets it, and a moving maximum that of the activations.";
  const heads = ["layer", "weights", "scales", "scale at the start", "scale now", "activations’ at the start", "activations’ now", "codes changed"];
  return html`<h2>Scales, layer by layer</h2>
    <p class="about">
      ${about} A scale is the distance between two lines of the grid. The last column says how many of the codes are others
      than at the start; from pretrained weights few changes do much.
    </p>
    ${!scalars.layers && html`<p class="empty">The scales appear when Python runs.</p>`}
    <div class="wide" hidden=${!scalars.layers}>
      <table class="numbers" data-test="scales">
        <caption class="unseen">Scales of every layer</caption>
        <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
        <tbody>
          ${scalars.layers?.map(
            (row) => html`<tr class=${row.name === scalars.layer ? "chosen" : ""}>
              <th scope="row">${row.name}</th>
              <td class="number">${count(row.weights)}</td>
              <td class="number">${count(row.scales)}</td>
              <td class="number">${range(row.scale_start, row.scales)}</td>
              <td class="number quant" data-test=${`scale-${row.name}`}>${range(row.scale, row.scales)}</td>
              <td class="number">${scalar(row.activation_start)}</td>
              <td class="number quant">${scalar(row.activation)}</td>
              <td class="number" data-test=${`changed-${row.name}`}>${percent(row.changed, 2)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}
