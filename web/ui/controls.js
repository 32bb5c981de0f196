import { html, useEffect, useRef, useState } from "preact";
import { LONGEST } from "../state.js";
import { count } from "./format.js";
import { Trouble } from "./trouble.js";

/**
 * The controls of some parameters of a page, in the order of their names; what is said about a parameter stands below its control. A
 * parameter that is not live restarts the run, so it is sent when it is let go, not while it is dragged. When page.drafts counts on,
 * what was typed and not taken is dropped.
 */
export function Controls({ page, names }) {
  const { params, notes, troubles, drafts, meta } = page;
  return names.map((name) => {
    const param = meta.params.find((each) => each.name === name);
    return html`<${Control} key=${`${name} ${drafts}`} param=${param} value=${params[name]} notes=${notes[name] ?? []} trouble=${troubles[name]} idle=${idle(param, params)} change=${(value) => page.change(name, value)} />`;
  });
}

/** Why a control changes nothing beside the other values, as the page declares it. */
const idle = ({ idle: when }, values) => when && when.values.map(String).includes(String(values[when.other])) === (when.how === "is") && when.why;

function Control({ param, value, notes, trouble, idle, change }) {
  const Widget = widgets[param.widget];
  const id = `control-${param.name}`;
  const about = `${id}-about`;
  const own = { id, "aria-describedby": about };
  const why = idle && `No effect now: ${idle}.`;
  return html`<fieldset role="presentation" disabled=${Boolean(idle)} title=${why || undefined} onPointerEnter=${returned} onfocusin=${returned} class=${`control control-${param.widget}`} data-param=${param.name}>
    <legend><span class="named"><label for=${id}>${param.label}</label>
      <button type="button" class="help" aria-label=${`About ${param.label}`} aria-describedby=${about}>i</button></span></legend>
    <${Widget} param=${param} value=${value} own=${own} trouble=${trouble} change=${change} />
    <p class="doc" id=${about}>${idle && html`<strong data-test=${`${param.name}-why`}>${why}</strong> `}${param.doc}.${param.live ? "" : " Changing this restarts the run."}</p>
    <div class="said">${notes.map((note) => html`<p class="note" role="status">${note}</p>`)}<${Trouble} trouble=${trouble} /></div>
  </fieldset>`;
}

/** Escape puts help away, which is shown while its button has the pointer or the focus; it comes back when they do. */
addEventListener("keydown", ({ key }) => {
  if (key !== "Escape") return;
  for (const control of document.querySelectorAll(".control:is(:hover, :has(.help:focus))")) control.classList.add("put-away");
});
const returned = ({ currentTarget }) => currentTarget.classList.remove("put-away");

const widgets = { slider: Slider, select: Select, segments: Segments, number: Field, switch: Switch, text: Text, line: Field };

function Slider({ param, value, own, change }) {
  const [shown, draft, commit] = useDraft(value, change);
  const { from, to, step, position, value: meant } = scaleOf(param);
  const text = named(param, shown);
  const held = useRef(value);
  const cancel = ({ target }) => { // the finger scrolls the page, but the browser has moved the slider to it before
    if (Number(target.value) === position(held.current)) return;
    target.value = position(held.current);
    (param.live ? change : draft)(held.current);
  };
  const moved = ({ target }) => commit(Number(target.value) === position(value) ? "" : meant(Number(target.value)));
  return html`<output for=${own.id} aria-live="off">${text}</output>
    <input type="range" ...${own} data-test=${param.name} min=${from} max=${to} step=${step} value=${position(shown) || 0} aria-valuetext=${text}
      onPointerDown=${() => (held.current = value)} onPointerCancel=${cancel}
      onInput=${({ target }) => (param.live ? change : draft)(meant(Number(target.value)))} onChange=${param.live ? undefined : moved} />`;
}

function Select({ param, value, own, change }) {
  const option = (choice) => html`<option value=${choice} selected=${choice === String(value)}>${named(param, choice)}</option>`;
  return html`<select ...${own} data-test=${param.name} onChange=${(event) => change(event.target.value)}>${param.choices.map(option)}</select>`;
}

/** All choices side by side, one click each. */
function Segments({ param, param: { name, choices }, value, own, change }) {
  return html`<div class="segments wide" role="radiogroup" ...${own}>
    ${choices.map((choice) => html`<label>
      <input type="radio" name=${own.id} value=${choice} data-test=${`${name}-${choice}`} checked=${String(value) === choice} onChange=${() => change(choice)} />
      <span>${named(param, choice)}</span>
    </label>`)}
  </div>`;
}

/** A number or a line of text, which counts when Enter is pressed or the field is left. */
function Field({ param, value, own, change }) {
  const [shown, draft, commit] = useDraft(value, change);
  const { widget, lo, hi, step = "any" } = param;
  const attributes = widget === "number" ? { type: "number", min: lo, max: hi, step }
    : { type: "text", maxlength: hi, spellcheck: false, autocomplete: "off" };
  return html`<input ...${attributes} ...${own} data-test=${param.name} value=${shown}
    onInput=${(event) => draft(event.target.value)} onChange=${(event) => commit(event.target.value)} />`;
}

function Switch({ param, value, own, change }) {
  return html`<input type="checkbox" role="switch" ...${own} data-test=${param.name} checked=${String(value) === "true"}
    onChange=${(event) => change(event.target.checked)} />`;
}

/** A text counts when the field is left. One that Python refused stays in the field, to be mended. */
function Text({ param, value, own, trouble, change }) {
  const [text, setText] = useState(value);
  const [cut, setCut] = useState(null);
  useEffect(() => {
    if (!trouble) setText(value);
  }, [value]);
  const typed = (event) => {
    setText(event.target.value);
    if (event.inputType !== "insertFromPaste") setCut(null);
  };
  /** The field takes no more than its maxlength, for one with millions of characters stops the tab; what is left out is said. */
  const pasted = ({ clipboardData, target: { value: old, selectionStart, selectionEnd } }) => {
    const [all, room] = [clipboardData.getData("text/plain").length, Math.max(0, param.hi - old.length + selectionEnd - selectionStart)];
    setCut(all > room ? `Only the first ${count(room)} of ${count(all)} pasted characters are in the field.` : null);
  };
  return html`<textarea ...${own} data-test=${param.name} rows="3" maxlength=${param.hi} spellcheck=${false} value=${text}
      onInput=${typed} onChange=${(event) => change(event.target.value)} onPaste=${pasted}></textarea>
    ${cut && html`<p class="note" role="status" data-test=${`${param.name}-cut`}>${cut}</p>`}
    ${value.length > LONGEST && html`<p class="note" data-test=${`${param.name}-long`}>Too long for a link (at most ${count(LONGEST)} characters): a link to this page, and a reload, come without it.</p>`}
    ${text !== value && html`<p class="note" role="status">This text is not in use yet.</p>`}`;
}

/** What is being typed or dragged, kept apart from the value so that a page which is drawn again does not undo it. */
function useDraft(value, change) {
  const [draft, setDraft] = useState(null);
  const commit = (wish) => {
    setDraft(null);
    if (wish !== "") change(wish);
  };
  return [draft ?? value, setDraft, commit];
}

/** A range input's positions and what they mean: numbers, indices into the choices, or steps of 1/20 decade. */
function scaleOf({ choices, log, lo, hi, step = "any" }) {
  if (choices) return { from: 0, to: choices.length - 1, step: 1, position: (value) => choices.indexOf(String(value)), value: (position) => choices[position] };
  if (!log) return { from: lo, to: hi, step, position: Number, value: (position) => position };
  const perDecade = 20;
  const position = (value) => Math.round(perDecade * Math.log10(Number(value) / lo));
  return { from: 0, to: position(hi), step: 1, position, value: (at) => Number((lo * 10 ** (at / perDecade)).toPrecision(2)) };
}

export const named = ({ kind, titles, unit }, value) => titles?.[value] ?? (unit ? `${kind === "int" ? count(value) : value} ${value === 1 ? unit.replace(/s$/, "") : unit}` : String(value));
