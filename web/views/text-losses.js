import { html } from "preact";
import { Chart } from "../ui/chart.js";
import { count, fixed, signed } from "../ui/format.js";
import { Graph } from "../ui/graph.js";

/** Losses of both networks, and the loss for each number of logit bits without and with the shift. */
export function Losses({ page, frame, losses, measuring, act }) {
  if (!frame) return null;
  const { validation } = frame.scalars;
  const { scalars } = losses ?? {};
  const whole = scalars?.verdict;
  const line = (label, float, quant, difference, test) => html`<tr>
    <th scope="row">${label}</th>
    <td class="number float" data-test=${`${test}-float`}>${fixed(float, 3)}</td>
    <td class="number quant" data-test=${`${test}-quant`}>${fixed(quant, 3)}</td>
    <td class="number" data-test=${`${test}-cost`}>${signed(difference, 3)}</td>
  </tr>`;
  return html`<h2>What quantising costs</h2>
    <p class="about">
      The validation text is not included; its losses were measured beforehand with CPython, the quantised ones for 8-bit weights, one
      scale a tensor, and 8-bit activations. Measured here, now, are both networks on ${count(scalars?.n)} characters that the float
      network wrote itself from a fixed seed: there the difference estimates the Kullback–Leibler divergence from float to
      quantised, whatever the text is about.
    </p>
    <table class="numbers text-losses">
      <caption class="unseen">Losses in nats per character</caption>
      <thead><tr><th scope="col">nats per character</th><th scope="col" class="float">float</th><th scope="col" class="quant">quantised</th><th scope="col">difference</th></tr></thead>
      <tbody>
        ${line(validation ? `validation, ${count(validation.n)} characters, as recorded` : "validation: nothing was recorded for these weights", validation?.float, validation?.quant, validation?.cost, "validation")}
        ${line("own text, measured here", scalars?.float, scalars?.quant, scalars?.cost, "own")}
      </tbody>
    </table>
    <div class="row text-measure">
      <button type="button" data-test="measure" disabled=${!page.open || (whole && !measuring && scalars.quant !== null)} onClick=${act.measure}>
        ${measuring ? "Stop" : "Measure 8 to 2 logit bits"}
      </button>
      ${measuring && html`<progress max="1" value=${scalars?.progress ?? 0} aria-label="Measuring"></progress>`}
    </div>
    ${losses && html`<${Ladder} page=${page} losses=${losses} />`}
    ${whole && html`<p class="note" aria-live="polite" data-test="verdict">${whole}</p>`}`;
}

function Ladder({ page, losses }) {
  const { scalars, arrays } = losses;
  const [bits, plain, shifted] = ["bits", "plain", "shifted"].map((name) => Array.from(arrays[name].data).reverse());
  const known = [...plain, ...shifted, scalars.float].filter(Number.isFinite);
  if (known.length < 2) return null;
  const words = (i) => `${bits[i]} logit bits: no shift ${fixed(plain[i], 3)}, ${scalars.rule} ${fixed(shifted[i], 3)} nats`;
  const chosen = Number(page.params.logit_bits);
  return html`<h3>Loss by logit bits, without a shift and with ${scalars.rule}</h3>
    <${Chart} kind=${Graph} name="text-ladder" options=${{ label: "Loss in nats per character for 2 to 8 logit bits.", test: "ladder", height: 200, gutter: 112 }}
      args=${[{
        x: bits,
        words,
        view: { x: [bits[0], bits.at(-1)], y: [Math.min(...known) - 0.1, Math.max(...known)] },
        lines: [
          { x: bits, y: plain, colour: "quant", dash: [4, 3], label: "no shift" },
          { x: bits, y: plain, colour: "quant", kind: "dots" },
          { x: bits, y: shifted, colour: "quant", label: scalars.rule },
          { x: bits, y: shifted, colour: "quant", kind: "dots" },
        ],
        horizontals: [{ y: scalars.float, text: `float ${fixed(scalars.float, 3)}`, colour: "float" }],
        verticals: Number.isFinite(chosen) ? [{ x: chosen, text: "chosen" }] : [],
      }]} />`;
}
