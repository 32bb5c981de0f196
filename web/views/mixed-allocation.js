import { html } from "preact";
import { bytes, count, percent, scientific } from "../ui/format.js";

const MOST = [1, 2, 3, 4, 5, 6, 7, 8];
const NAMES = { rest: "biases, grids", free: "left over" };

/** What the search gives each layer within the budget, and what came of it. */
export function AllocationPanel({ frame, params }) {
  const { chosen, refusal, parts = [] } = frame?.scalars ?? {};
  if (refusal)
    return html`<h2>Bits for each layer</h2>
      <p class="note" role="status" data-test="refusal">Nothing fits: ${refusal}.</p>`;
  return html`<h2>Bits for each layer</h2>
    <p class="about">
      ${chosen
        ? html`The closest to the float network, as foretold, in ${bytes(params.budget)} for everything:${" "}
            <strong class="number quant" data-test="bits">${chosen.bits.join(", ")}</strong> bits,${" "}
            <span class="number" data-test="bytes">${count(chosen.bytes)}</span> bytes.`
        : "The choice appears when every sensitivity is known."}
    </p>
    <div class="budget-bar" role="img" aria-label=${parts.map((part) => `${name(part)} ${percent(part.share)}`).join(", ")}>
      ${parts.map(
        (part) => html`<span class=${`part part-${part.name}`} style=${{ flexGrow: part.share }} title=${words(part)}>
          ${part.share > 0.12 ? name(part) : ""}
        </span>`,
      )}
    </div>
    <table class="numbers allocation">
      <caption class="unseen">Bits and bytes of each layer, and its share of the budget</caption>
      <thead>
        <tr>
          <th scope="col">layer</th>
          <th scope="col" class="ladder-head">bits</th>
          <th scope="col">bytes</th>
          <th scope="col">share</th>
          <th scope="col">KL alone</th>
        </tr>
      </thead>
      <tbody>
        ${parts.map(
          (part) => html`<tr data-test=${`part-${part.name}`}>
            <th scope="row">${name(part)}</th>
            <td class="number">${part.bits && html`<${Ladder} bits=${part.bits} />`}</td>
            <td class="number" data-test=${`bytes-${part.name}`}>${count(part.bytes)}</td>
            <td class="number">${percent(part.share)}</td>
            <td class="number">${part.bits ? scientific(part.kl) : ""}</td>
          </tr>`,
        )}
      </tbody>
    </table>
    <${Outcome} run=${frame?.scalars ?? {}} />`;
}

const name = (part) => NAMES[part.name] ?? part.name;
const words = (part) => `${name(part)}: ${part.bits ? `${part.bits} bits, ` : ""}${bytes(part.bytes)}, ${percent(part.share)} of the budget`;

function Ladder({ bits }) {
  return html`<span class="ladder" aria-hidden="true">${MOST.map((b) => html`<i class=${b <= bits ? "on" : ""}></i>`)}</span> ${bits}`;
}

/** The whole network measured, beside what the sum of the layers foretold and the best uniform network that fits. */
function Outcome({ run }) {
  const { chosen, rival } = run;
  const columns = [
    ["float", "float", { bytes: run.bytes_float, kl: null, predicted: null, accuracy: run.float_accuracy }],
    ["mixed", "quant", chosen],
    [rival ? `all ${rival.uniform} bits` : "uniform", "", rival],
  ];
  const rows = [
    ["bytes", "bytes", (c) => count(c?.bytes), "outcome-bytes"],
    ["KL, sum of the layers", "predicted", (c) => scientific(c?.predicted), "predicted"],
    ["KL, measured whole", "kl", (c) => scientific(c?.kl), "kl"],
    ["held-out digits", "accuracy", (c) => percent(c?.accuracy, 2), "accuracy"],
  ];
  return html`<table class="numbers versus mixed-outcome">
      <caption class="unseen">The float, the mixed and the uniform network</caption>
      <thead>
        <tr><td></td>${columns.map(([title, kind]) => html`<th scope="col" class=${kind}>${title}</th>`)}</tr>
      </thead>
      <tbody>
        ${rows.map(
          ([label, , text, test]) => html`<tr>
            <th scope="row">${label}</th>
            ${columns.map(
              ([, kind, column], i) =>
                html`<td class=${`number ${kind}`} data-test=${`${["float", "mixed", "uniform"][i]}-${test}`}>${text(column)}</td>`,
            )}
          </tr>`,
        )}
      </tbody>
    </table>
    <p class="doc">
      Bits were chosen on ${count(run.calibration)} of the shipped training images, the calibration split; the
      ${" "}${count(run.held_out)} held-out digits only judge, and no choice has seen them. KL in nats on the calibration split.
    </p>`;
}
