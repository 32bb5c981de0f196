import { html, useEffect, useRef } from "preact";
import { bytes, count, fixed, NOTHING, percent, signed } from "../ui/format.js";
import { drawArray } from "../ui/picture.js";
import { onTheme } from "../ui/theme.js";

const CLASSES = [..."0123456789"];

/** The ten outputs of both networks for the digit on the pad. */
export function GapPanel({ answer }) {
  const { scalars = {}, arrays = {} } = answer ?? {};
  const at = (name, i) => arrays[name]?.data[i];
  return html`<h2>Difference of the outputs</h2>
    <p class="about">
      The scores before softmax, of the float network and of the quantised one, for the digit on the pad. Largest difference:
      ${" "}<span class="number" data-test="logit-difference">${fixed(scalars.logit_difference, 3)}</span> in a score,
      ${" "}<span class="number" data-test="difference">${percent(scalars.difference, 2)}</span> in a probability.
    </p>
    <table class="numbers versus outputs">
      <caption class="unseen">Scores of both networks</caption>
      <thead>
        <tr>
          <th scope="col">digit</th>
          <th scope="col" class="float">float</th>
          <th scope="col" class="quant">quantised</th>
          <th scope="col">score</th>
          <th scope="col">probability</th>
        </tr>
      </thead>
      <tbody>
        ${CLASSES.map(
          (name, i) => html`<tr>
            <th scope="row" class="number">${name}</th>
            <td class="number float">${fixed(at("logits", i), 3)}</td>
            <td class="number quant">${fixed(at("logits_quant", i), 3)}</td>
            <td class="number" data-test=${`gap-${name}`}>${signed(at("logits_difference", i), 3)}</td>
            <td class="number">${points(at("probabilities_difference", i))}</td>
          </tr>`,
        )}
      </tbody>
    </table>`;
}

const points = (x) => (x === undefined ? NOTHING : `${x > 0 ? "+" : x < 0 ? "−" : ""}${percent(Math.abs(x), 2)}`);

/** Both networks on all held-out images, as far as they have been compared. */
export function CountPanel({ frame, params }) {
  const run = frame?.scalars ?? {};
  const about = `${run.kind === "integers" ? "computed with" : "simulated with"} ${run.arithmetic}`;
  const rows = [
    ["accuracy", percent(run.float_accuracy, 2), percent(run.accuracy, 2), "accuracy"],
    ["size", bytes(run.bytes_float), bytes(run.bytes), "bytes"],
  ];
  const facts = [
    ["changed predictions", count(run.changed), "changed"],
    ["right before, wrong now", count(run.lost), "lost"],
    ["wrong before, right now", count(run.won), "won"],
    ["wrong both times, but differently", count(run.other), "other"],
    ["mean difference of a score", fixed(run.mean_gap, 4), "mean-gap"],
    ["largest difference of a score", fixed(run.largest_gap, 3), "largest-gap"],
  ];
  const line = ([label, value, test]) =>
    html`<tr><th scope="row" colspan="2">${label}</th><td class="number" data-test=${test}>${value}</td></tr>`;
  return html`<h2>On ${count(run.held_out ?? 3000)} held-out digits</h2>
    <p class="about">
      ${run.kind ? `The quantised network is ${about}.` : "Both networks read the same digits."} ${" "}
      <span class="number" data-test="done">${count(run.done ?? 0)}</span> compared so far.
    </p>
    <table class="numbers versus">
      <caption class="unseen">Float and quantised network on the held-out digits</caption>
      <thead><tr><td></td><th scope="col" class="float">float</th><th scope="col" class="quant">quantised</th></tr></thead>
      <tbody>
        ${rows.map(
          ([label, exact, ours, test]) => html`<tr>
            <th scope="row">${label}</th>
            <td class="number float" data-test=${`float-${test}`}>${exact}</td>
            <td class="number quant" data-test=${`quant-${test}`}>${ours}</td>
          </tr>`,
        )}
        ${facts.map(line)}
      </tbody>
    </table>
    <${Agreement} run=${run} params=${params} />`;
}

/** Whether integers and simulation agree, from what was counted. */
function Agreement({ run, params }) {
  if (run.refusal && params.activations !== "none")
    return html`<p class="note" data-test="refusal">Integer arithmetic is refused here: ${run.refusal}. The simulation is shown.</p>`;
  if (run.refusal)
    return html`<p class="note" data-test="refusal">Activations are float32, so integer arithmetic is not possible.</p>`;
  if (run.code_difference === undefined) return null;
  const agree = run.arithmetic_changed === 0;
  return html`<p class=${`note ${agree ? "agree" : ""}`} data-test="agreement">
    Integers against simulation: ${agree ? "every prediction is the same" : `${count(run.arithmetic_changed)} predictions differ`};
    the logits’ codes differ in ${count(run.logits_differ)} of ${count(run.done)} digits, by ${count(run.code_difference)}
    ${" "}at most.
  </p>`;
}

/** Digits whose prediction changed, as buttons that put them on the pad. show(index). */
export function ChangedPanel({ frame, show }) {
  const { scalars = {}, arrays = {} } = frame ?? {};
  const indices = [...(arrays.changed_index?.data ?? [])];
  const at = (name, i) => arrays[`changed_${name}`].data[i];
  const image = (i) => arrays.changed_images.data.subarray(i * 784, (i + 1) * 784);
  return html`<h2>Changed predictions</h2>
    <p class="about">
      ${indices.length
        ? `${indices.length < scalars.changed ? `${indices.length} of the ${count(scalars.changed)}` : `The ${indices.length}`} digits whose prediction changed: float → quantised. Click one to put it on the pad.`
        : scalars.done
          ? `No prediction has changed in ${count(scalars.done)} digits.`
          : "The digits whose prediction changes appear here."}
    </p>
    <ul class="changed-list" data-test="changed-list">
      ${indices.map(
        (index, i) => html`<li key=${index}>
          <button type="button" data-test="changed-digit" onClick=${() => show(index)}>
            <${Thumb} data=${image(i)} />
            <span class="number">
              <span class="float">${at("float", i)}</span> → <span class="quant">${at("quant", i)}</span>
            </span>
            <span class="doc">it is a ${at("label", i)}</span>
          </button>
        </li>`,
      )}
    </ul>`;
}

function Thumb({ data }) {
  const target = useRef(null);
  useEffect(() => {
    const draw = () => target.current?.replaceChildren(drawArray({ shape: [28, 28], data }));
    draw();
    return onTheme(draw);
  }, [data[0], data.byteOffset, data.buffer]);
  return html`<span class="thumb" aria-hidden="true" ref=${target}></span>`;
}
