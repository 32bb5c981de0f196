import { html } from "preact";
import { FileButton, saveFile } from "./files.js";
import { count } from "./format.js";
import { RecordButton } from "./microphone.js";
import { Trouble } from "./trouble.js";

/** Play, step, reset and new seed of a Training, and the runs that can go on. */
export function Transport({ page, training }) {
  const { playing, state } = training;
  const { labels } = page.meta;
  const done = state === "done";
  const seeded = page.meta.params.some(({ name }) => name === "seed");
  const press = (act) => (event) => {
    if (event.detail > 0) event.currentTarget.blur(); // pressed by pointer: Space is to play and pause, not to press again
    act();
  };
  const button = (name, label, act, { disabled = false, ...extra }) =>
    html`<button type="button" data-test=${name} disabled=${!page.open || disabled} onClick=${press(act)} ...${extra}>${label}</button>`;
  return html`<div class="transport" role="group" aria-label="Run">
    ${button("play", playing ? labels.pause : labels.play, () => training.toggle(), { class: "primary", disabled: done, title: "Space", "aria-busy": !playing && !!training.busy })}
    ${button("step", labels.step, () => training.step(), { disabled: done, title: "S" })}
    ${button("reset", labels.reset, () => training.reset(), { title: "R: the same seed from the start" })}
    ${seeded && button("new-seed", "New seed", () => training.newSeed(), { title: "N: another random start" })}
  </div>`;
}

/** A run with these parameters that was interrupted by a reload or a reset. */
export function Offer({ page, training }) {
  const [record] = training.offers;
  if (!record || training.playing || page.step > 0) return null;
  return html`<p>
    <button type="button" data-test="resume" onClick=${() => training.resume(record)}>
      Resume at step ${count(record.step)}
    </button>
    <button type="button" class="quiet" data-test="discard" onClick=${() => training.discard(record)}>Discard</button>
    <span class="doc">Your last run with these settings was kept in this browser.</span>
  </p>`;
}

/** Save the run as a file, load one, or another file that the page takes; what is wrong with a file stands here. */
export function Files({ page, training }) {
  const { save, load } = page.troubles;
  const { labels, saves, accepts } = page.meta;
  return html`<div class="files">
    <div class="row">
      ${training && saves && labels.save && html`<button type="button" data-test="save" disabled=${!page.open} onClick=${() => saveFile(page, "snapshot")}>${labels.save}</button>`}
      <${FileButton} label=${labels.load} accept=${accepts} test="load" disabled=${!page.open} pick=${page.bring} />
      ${labels.record && html`<${RecordButton} label=${labels.record} disabled=${!page.open} pick=${page.bring} refuse=${(trouble) => page.fail("load", trouble)} />`}
    </div>
    ${[save, load].map((trouble) => html`<${Trouble} trouble=${trouble} test="load-error" />`)}
    ${page.keeper.kept !== null &&
    html`<p class="doc" data-test="kept">Kept in this browser at step ${count(page.keeper.kept)}, in case of a reload.</p>`}
    ${(page.notes.load ?? []).map((note) => html`<p class="note" role="status">${note}</p>`)}
  </div>`;
}
