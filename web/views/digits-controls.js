import { html } from "preact";
import { Controls } from "../ui/controls.js";
import { count, percent } from "../ui/format.js";
import { Sheet } from "../ui/sheet.js";
import { Files } from "../ui/transport.js";
import { Trouble } from "../ui/trouble.js";

/** Everything one can set on the digits page. */
export function DigitsControls({ page, training, run, keys }) {
  const declared = page.meta.params;
  const named = (name) => declared.filter((param) => param.name === name);
  const { params, notes, troubles } = page;
  const change = (name, value) => page.change(name, value);
  const form = (list) =>
    html`<${Controls} params=${list} values=${params} notes=${notes} troubles=${troubles} drafts=${page.drafts} change=${change} />`;
  const link = (test, label, act, disabled = false) =>
    html`<button type="button" class="quiet" data-test=${test} disabled=${disabled} onClick=${act}>${label}</button>`;
  const summary = `step ${count(run.step)}, held-out ${percent(run.test_accuracy)}`;
  return html`<${Sheet} page=${page} training=${training} summary=${summary}>
    <section>
      <h2>Weights</h2>
      <${WeightsChoice} page=${page} param=${named("weights")[0]} />
      <${Files} page=${page} training=${training} />
    </section>
    <section>
      <h2>Quantise</h2>
      ${form(named("bits"))}
    </section>
    <section>
      <h2>Train</h2>
      ${form(declared.filter(({ name }) => name !== "weights" && name !== "bits"))}
    </section>
    <p class="row">
      ${link("undo-change", "Undo change", () => page.undo(), !page.canUndo())}
      ${link("defaults", "Defaults", () => page.toDefaults())} ${link("keys", "Keys", keys)}
    </p>
  <//>`;
}

/** The network trained here or the shipped one: one click each. */
function WeightsChoice({ page, param }) {
  const labels = { own: "Own", pretrained: "Pretrained" };
  return html`<fieldset class="segments wide" aria-describedby="weights-about">
      <legend class="unseen">${param.label}</legend>
      ${param.choices.map(
        (choice) => html`<label>
          <input
            type="radio"
            name="weights"
            value=${choice}
            data-test=${`weights-${choice}`}
            checked=${page.params.weights === choice}
            onChange=${() => page.change("weights", choice)}
          />
          <span>${labels[choice] ?? choice}</span>
        </label>`,
      )}
    </fieldset>
    <p class="doc" id="weights-about">${param.doc}.</p>
    ${(page.notes.weights ?? []).map((note) => html`<p class="note" role="status">${note}</p>`)}
    <${Trouble} trouble=${page.troubles.weights} />`;
}
