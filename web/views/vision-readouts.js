import { html } from "preact";
import { bytes, count, fixed, NOTHING, percent } from "../ui/format.js";
import { Trouble } from "../ui/trouble.js";

/** Float and quantised side by side: the drawing, the held-out images so far, the size. */
export function Compare({ page, frame, answer, scores, playing }) {
  const on = Boolean(frame?.scalars.is_quantised);
  const read = answer?.scalars ?? {};
  const facts = frame?.scalars ?? {};
  const digit = (d, p) => (Number.isInteger(d) ? `${d}  ${percent(p)}` : NOTHING);
  const rows = [
    ["your digit", digit(read.digit, read.confidence), digit(read.quant_digit, read.quant_confidence), "digit"],
    ["accuracy", percent(scores?.float_accuracy, 2), percent(scores?.quant_accuracy, 2), "accuracy"],
    ["size", bytes(facts.bytes_float), bytes(facts.bytes_quant), "bytes"],
    ["largest difference", "", fixed(read.difference, 4), "difference"],
    ["changed predictions", "", scores?.counted && on ? count(scores.changed) : NOTHING, "changed"],
  ];
  return html`<h2>Float and quantised</h2>
    <p class="about">
      The same network, with its weights, its activations and the logits of its attention put on grids. Accuracy is counted
      on the ${count(facts.held_out ?? null)} held-out images, with both networks, in the background.
    </p>
    <table class="numbers versus">
      <caption class="unseen">Float and quantised network</caption>
      <thead><tr><td></td><th scope="col" class="float">float</th><th scope="col" class="quant">quantised</th></tr></thead>
      <tbody>
        ${rows.map(
          ([label, exact, rounded, test]) => html`<tr>
            <th scope="row">${label}</th>
            <td class="number float" data-test=${`float-${test}`}>${exact}</td>
            <td class="number quant" data-test=${`quant-${test}`}>${on ? rounded : NOTHING}</td>
          </tr>`,
        )}
      </tbody>
    </table>
    ${scores &&
    html`<progress aria-label="Held-out images counted" value=${scores.counted} max=${scores.count_of || 1}></progress>
      <p class="doc number" data-test="counted">
        ${progress(scores, playing)}
      </p>`}
    <${Trouble} trouble=${page.troubles.predict} />`;
}

const progress = ({ counted, count_of: all }, playing) =>
  playing ? "Counting goes on when the training rests." : counted === all ? `Counted on all ${count(all)}.` : `Of ${count(counted)} so far, of ${count(all)}.`;

/** The chosen softmax in words. */
export function Method({ frame, page }) {
  if (!frame || page.params.logit_bits === "off") return null;
  const { method } = frame.scalars;
  return html`<h2>Softmax: ${method.title}</h2>
    <p class="about" data-test="method-about">${method.about}</p>
    ${method.breaks && html`<p class="note">${method.breaks}</p>`}`;
}
