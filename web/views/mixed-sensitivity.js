import { html } from "preact";
import { bytes, count, percent, scientific } from "../ui/format.js";
import { apart, decades, Plot } from "./mixed-plot.js";

const BITS = [2, 3, 4, 5, 6, 8];
const DASHES = ["", "6 3", "2 3"];
const NAMES = { kl: "KL divergence from the float network (nats)", loss: "added to the loss (nats)" };

/** What each layer loses at each number of bits, all others float. */
export function SensitivityPanel({ frame, measure }) {
  const run = frame?.scalars ?? {};
  const layers = run.layers ?? [];
  const chosen = run.chosen?.bits ?? [];
  const marks = layers.flatMap((layer) =>
    layer.rows.map((row) => ({ layer: layer.name, row, value: row[measure], x: row.bits, words: words(layer, row) })),
  );
  const y = decades(marks.map(({ value }) => value), NAMES[measure]);
  for (const mark of marks) mark.y = Math.max(mark.value, y.from);
  const sunk = marks.some(({ value }) => value <= 0);
  return html`<h2>What each layer loses</h2>
    <p class="about">
      One layer has few bits, all others stay float: how far do the answers on ${count(run.calibration)} calibration images move?
      Lower is better, and the steeper a line, the more a bit is worth. The ring on each line is what the layer got.
    </p>
    <${Progress} done=${run.found} of=${run.findings} what="sensitivities" test="found" />
    <p class="plot-name">${NAMES[measure]}</p>
    <${Plot}
      label=${`Sensitivity of the three layers: ${NAMES[measure]} by bits.`}
      test="sensitivity"
      height=${280}
      right=${64}
      rows=${BITS.length}
      x=${{ from: 1.8, to: 8.2, ticks: BITS.map((at) => ({ at, text: at })), name: "bits per weight of the one layer" }}
      y=${y}
      marks=${marks}
      draw=${(place, at) => layers.map((layer, i) => line(layer, marks, i, place, chosen[i], marks[at]))}
    />
    <${Labels} layers=${layers} />
    ${sunk &&
    html`<p class="doc" data-test="sunk">
      A hollow mark at the lower edge is not above 0, which a logarithm cannot show: the loss fell by chance.
    </p>`}`;
}

const words = ({ name }, row) =>
  `${name} at ${row.bits} bits: KL ${scientific(row.kl)} nats, loss ${row.loss > 0 ? "+" : ""}${scientific(row.loss)}, ` +
  `${percent(row.accuracy, 2)} of the calibration images, ${bytes(row.bytes)}`;

function line(layer, marks, i, place, chosen, read) {
  const own = marks.filter((mark) => mark.layer === layer.name);
  const path = own.map((mark) => `${place.x(mark.x)},${place.y(mark.y)}`).join(" ");
  return html`<polyline class="line" points=${path} stroke-dasharray=${DASHES[i]} />
    ${own.map((mark) => {
      const kind = mark.value > 0 ? "dot" : "dot hollow";
      return html`<circle class=${kind} cx=${place.x(mark.x)} cy=${place.y(mark.y)} r=${mark === read ? 5 : 3.5} />
        ${mark.x === chosen && html`<circle class="ring" cx=${place.x(mark.x)} cy=${place.y(mark.y)} r="8" />`}`;
    })}
    ${own.length > 0 && i === 0 && names(marks, place)}`;
}

/** The layers' names at the lines' ends. */
function names(marks, place) {
  const last = new Map(marks.map((mark) => [mark.layer, mark]));
  const labels = [...last.values()].map((mark) => ({ x: place.x(mark.x) + 12, y: place.y(mark.y), text: mark.layer }));
  return apart(labels, 14).map(({ x, y, text }) => html`<text class="end" x=${x} y=${y} dy="4">${text}</text>`);
}

/** Which dashes are whose, where lines lie close together. */
function Labels({ layers }) {
  return html`<ul class="line-names">
    ${layers.map(
      ({ name, weights }, i) => html`<li>
        <svg width="28" height="8" aria-hidden="true"><line class="line" x2="28" y1="4" y2="4" stroke-dasharray=${DASHES[i]} /></svg>
        ${name} <span class="number muted">${count(weights)} weights</span>
      </li>`,
    )}
  </ul>`;
}

export function Progress({ done, of, what, test }) {
  return html`<p class="mixed-progress">
    <progress value=${done ?? 0} max=${of || 1} aria-label=${`${what} measured`}></progress>
    <output class="number" aria-live="off">
      <span data-test=${test}>${count(done ?? 0)}</span> of <span data-test=${`${test}-of`}>${count(of)}</span> ${what}
    </output>
  </p>`;
}
