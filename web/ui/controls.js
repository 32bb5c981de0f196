import { html, useEffect, useState } from "preact";
import { LONGEST } from "../state.js";
import { count } from "./format.js";
import { pasting } from "./paste.js";
import { Trouble } from "./trouble.js";

/**
 * A form from Param declarations, in their order. `notes` and `troubles` are by parameter name and stand below the control
 * that caused them. A parameter that is not live restarts the run, so it is sent when it is let go, not while it is dragged.
 * When `drafts` counts on, what was typed and not taken is dropped.
 */
export function Controls({ params, values, notes = {}, troubles = {}, drafts = 0, change, prefix = "control" }) {
  return params.map(
    (param) => html`<${Control}
      key=${`${param.name} ${drafts}`}
      param=${param}
      value=${values[param.name]}
      notes=${notes[param.name] ?? []}
      trouble=${troubles[param.name]}
      idle=${idle(param, values)}
      id=${`${prefix}-${param.name}`}
      change=${(value) => change(param.name, value)}
    />`,
  );
}

/** Why a control changes nothing beside the other values, as the page declares it. */
const idle = ({ idle: [other, how, list, why] = [] }, values) => other && list.map(String).includes(String(values[other])) === (how === "is") && why;

function Control({ param, value, notes, trouble, idle, id, change }) {
  const Widget = widgets[param.widget];
  const about = `${id}-about`;
  return html`<fieldset role="presentation" disabled=${Boolean(idle)} class=${`control control-${param.widget}`} data-param=${param.name}>
    <label for=${id} title=${param.doc}>${param.label}</label>
    <${Widget} param=${param} value=${value} id=${id} about=${about} trouble=${trouble} change=${change} />
    <p class="doc" id=${about}>${idle && html`<strong data-test=${`${param.name}-why`}>No effect now: ${idle}.</strong> `}${param.doc}.${param.live ? "" : " Changing this restarts the run."}</p>
    ${notes.map((note) => html`<p class="note" role="status">${note}</p>`)}
    <${Trouble} trouble=${trouble} />
  </fieldset>`;
}

const widgets = { slider: Slider, select: Select, segments: Segments, number: Numeric, switch: Switch, text: Text, line: Line };

function Slider({ param, value, id, about, change }) {
  const [shown, draft, commit] = useDraft(value, change);
  const scale = scaleOf(param);
  const text = param.choices ? String(shown) : withUnit(shown, param.unit);
  const to = (act) => (event) => act(scale.value(Number(event.target.value)));
  return html`<output for=${id} aria-live="off">${text}</output>
    <input
      type="range"
      id=${id}
      data-test=${param.name}
      min=${scale.from}
      max=${scale.to}
      step=${scale.step}
      value=${scale.position(shown) || 0}
      aria-valuetext=${text}
      aria-describedby=${about}
      onInput=${to(param.live ? change : draft)}
      onChange=${param.live ? undefined : to(commit)}
    />`;
}

function Select({ param, value, id, about, change }) {
  const chosen = (event) => change(event.target.value);
  const option = (choice) =>
    html`<option value=${choice} selected=${choice === String(value)}>${withUnit(choice, param.unit)}</option>`;
  return html`<select id=${id} data-test=${param.name} aria-describedby=${about} onChange=${chosen}>
    ${param.choices.map(option)}
  </select>`;
}

/** All choices side by side, one click each. */
function Segments({ param: { name, choices }, value, id, about, change }) {
  return html`<div class="segments wide" role="radiogroup" id=${id} aria-describedby=${about}>
    ${choices.map((choice) => html`<label>
      <input type="radio" name=${id} value=${choice} data-test=${`${name}-${choice}`} checked=${String(value) === choice} onChange=${() => change(choice)} />
      <span>${choice}</span>
    </label>`)}
  </div>`;
}

const NUMBER = /^-?(\d+\.?|\d*\.\d+)(e[-+]?\d+)?$/i; // what a number field takes

/** An input that counts when Enter is pressed or the field is left. */
function Field({ param, value, id, about, change, shows = String, attributes }) {
  const [shown, draft, commit] = useDraft(value, change);
  return html`<input
    ...${attributes}
    id=${id}
    data-test=${param.name}
    value=${shows(shown)}
    aria-describedby=${about}
    onInput=${(event) => draft(event.target.value)}
    onChange=${(event) => commit(event.target.value)}
  />`;
}

function Numeric(control) {
  const { lo, hi, step = "any" } = control.param;
  return html`<${Field} ...${control} shows=${(text) => (NUMBER.test(text) ? text : "")} attributes=${{ type: "number", min: lo, max: hi, step }} />`;
}

function Line(control) {
  return html`<${Field} ...${control} attributes=${{ type: "text", maxlength: control.param.hi, spellcheck: false, autocomplete: "off" }} />`;
}

function Switch({ param, value, id, about, change }) {
  const on = String(value) === "true";
  return html`<input
    type="checkbox"
    role="switch"
    id=${id}
    data-test=${param.name}
    checked=${on}
    aria-describedby=${about}
    onChange=${(event) => change(event.target.checked)}
  />`;
}

/** A text counts when the field is left. One that Python refused stays in the field, to be mended. */
function Text({ param, value, id, about, trouble, change }) {
  const [text, setText] = useState(value);
  const [cut, setCut] = useState(null);
  useEffect(() => {
    if (!trouble) setText(value);
  }, [value]);
  return html`<textarea
      id=${id}
      data-test=${param.name}
      rows="3"
      spellcheck=${false}
      aria-describedby=${about}
      value=${text}
      onInput=${(event) => {
        setText(event.target.value);
        setCut(null);
      }}
      onChange=${(event) => change(event.target.value)}
      onPaste=${pasting(param.hi, setCut)}
    ></textarea>
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
function scaleOf(param) {
  if (param.choices) {
    const { choices } = param;
    return {
      from: 0,
      to: choices.length - 1,
      step: 1,
      position: (value) => choices.indexOf(String(value)),
      value: (position) => choices[position],
    };
  }
  if (param.log) {
    const perDecade = 20;
    return {
      from: 0,
      to: Math.round(perDecade * Math.log10(param.hi / param.lo)),
      step: 1,
      position: (value) => Math.round(perDecade * Math.log10(Number(value) / param.lo)),
      value: (position) => Number((param.lo * 10 ** (position / perDecade)).toPrecision(2)),
    };
  }
  return { from: param.lo, to: param.hi, step: param.step ?? "any", position: Number, value: (position) => position };
}

const withUnit = (value, unit) => (unit ? `${value} ${unit}` : String(value));
