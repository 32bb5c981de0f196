import { html, useEffect, useState } from "preact";
import { byteArray, FileButton } from "./files.js";
import { count } from "./format.js";
import { forget, readable, titled } from "./keep.js";
import { Trouble } from "./trouble.js";

/** What was found when the page was opened, until something is done: it is as it was left, or the link asked for something else. */
export function Left({ page }) {
  const { was, meta } = page;
  const at = (step) => (step ? `, step ${count(step)}` : "");
  const failed = !meta.files && page.troubles.load;
  const offer = (test, words, button, label, act) => html`<p role="status" data-test=${test}><span class="doc">${words}</span>
    <button type="button" class="quiet" data-test=${button} disabled=${!page.open} onClick=${act}>${label}</button></p>`;
  return html`${was?.left && offer("restored", `${was.left.id ? "Restored as you left it" : `Opened from ${was.left.name}`}${at(was.step)}.`, "shipped-state", "Start from the shipped state", () => page.fresh())}
    ${was?.other && offer("left-other", `This link has settings of its own. You left this page with different ones${at(was.other.step)}.`, "as-left", "Go back to how you left it", () => page.goTo(was.other))}
    ${page.notes.keep?.length > 0 && html`<p class="doc" role="status" data-test="unkept">${page.notes.keep}</p>`}
    ${!meta.files && (page.notes.load ?? []).map((note) => html`<p class="doc" role="status">${note}</p>`)}
    ${failed && html`<${Trouble} trouble=${failed} test="load-error" />`}`;
}

/** Runs that are kept beside this one under names: the one that panels show instead of it, and the one that they compare with. */
export function Pins({ page }) {
  const { pins, compared } = page;
  const rename = ({ target }) => change("rename", { name: compared.name, to: target.value }).then(() => (target.value = compared.name)); // another name has another field
  const change = async (method, facts) => {
    const answer = await page.ask(method, facts, "page");
    if (!answer) return;
    page.pins = answer.pins;
    if (answer.pinned) page.readings[answer.pinned] = facts.name ? page.readings[facts.name] : page.reading();
    page.compare(facts.to !== undefined && page.viewed?.name === facts.name ? answer.pinned : page.viewed?.name, "viewed");
    page.compare(answer.pinned);
    page.keeper.soon();
  };
  const choice = (as, words, none) => html`<label>${words} <select data-test=${as} onChange=${({ target }) => page.compare(target.value, as)}>
    <option value="" selected=${!page[as]}>${none}</option>
    ${pins.map(({ name }) => html`<option key=${name} value=${name} selected=${page[as]?.name === name}>${name}</option>`)}
  </select></label>`;
  return html`<button type="button" class="quiet" data-test="pin" disabled=${!page.open} title="Keep this run to compare others with it" onClick=${() => change("pin", {})}>Pin</button>
    ${pins.length > 0 && html`${choice("viewed", "Show", "this run")} ${choice("compared", "Compare with", "nothing")}
      ${compared && html`<input key=${compared.name} defaultValue=${compared.name} maxlength="80" aria-label="Name of the pinned run" data-test="pin-name" onChange=${rename} />
        <button type="button" class="quiet" data-test="unpin" onClick=${() => change("unpin", { name: compared.name })}>Unpin</button>`}`}`;
}

/** Back to a step that was recorded, and on from there. */
export function Back({ page, training }) {
  const { recorded, step } = page;
  const [at, move] = useState(null);
  if (recorded.length < 2) return null;
  const now = recorded.findLastIndex((each) => each <= step);
  return html`<label>Back <input type="range" min="0" max=${recorded.length - 1} value=${at ?? now} data-test="back" disabled=${!page.open}
    aria-valuetext=${`step ${count(recorded[at ?? now])}`} onInput=${({ target }) => move(Number(target.value))} onChange=${({ target }) => training.back(recorded[target.value]).then(() => move(null))} />
    ${at !== null && html`<output class="number">step ${count(recorded[at])}</output>`}</label>`;
}

/** The session as a file, and what is kept in this browser under names. */
export function Saves({ page, say }) {
  const [list, show] = useState([]);
  const refresh = () => titled().then(show);
  useEffect(() => void refresh(), []);
  const keep = async (event) => {
    event.preventDefault();
    const title = new FormData(event.target).get("title").trim() || page.meta.title;
    const free = await page.keeper.saveAs(title);
    say(free ? `Kept in this browser as “${free}”.` : "This browser could not keep it; save it as a file instead.");
    refresh();
  };
  return html`<form class="row" onSubmit=${keep}>
      <input name="title" maxlength="80" size="14" placeholder=${page.meta.title} aria-label="Name of the session" data-test="session-title" />
      <button type="submit" class="quiet" data-test="session-keep" disabled=${!page.open}>Keep in this browser</button>
    </form>
    <${FileButton} label="Open a session" accept=".bitladder,.npz" test="session-open" disabled=${!page.open} pick=${page.bring} />
    ${list.map((record) => html`<p class="row" key=${record.id} data-test="session-kept">
      ${readable(record) ? html`<button type="button" class="quiet" onClick=${() => page.restore(byteArray(record.file), record.title)}>${record.title}</button>`
        : html`<span class="doc">“${record.title}” cannot be read: it is damaged, or another version of Bitladder kept it. Open it there, or delete it.</span>`}
      <button type="button" class="quiet" aria-label=${`Delete ${record.title}`} onClick=${() => forget(record.id).then(refresh)}>×</button>
    </p>`)}`;
}
