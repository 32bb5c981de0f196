import { html, useState } from "preact";
import { fixed, scalar, signed } from "../ui/format.js";
import { Formula } from "../ui/formula.js";
import { workbench } from "../ui/workbench.js";
import { Bound, Element, Errors, Rounding } from "./matmul-readouts.js";
import { Matrix } from "./matmul-matrix.js";
import { STEPS, zA, zW } from "./matmul-steps.js";

const CONTROLS = [
  ["Shape", ["rows", "inner", "columns", "seed"]],
  ["Grids", ["a_bits", "a_scheme", "w_bits", "w_scheme", "per"]],
  ["Output", ["out_bits", "rounding"]],
];
const PANELS = { walk: Walk, details: Details };

/** A quantised product of two small matrices, step by step. */
export function mount(root, page) {
  return workbench(root, page, {
    stage: ["walk", "details"],
    controls: CONTROLS,
    panels: PANELS,
    summary: ({ scalars: { step, steps } }) => `step ${step} of ${steps}: ${STEPS[step - 1].label}`,
  });
}

/** Which step, what happens in it, and its matrices. */
function Walk({ page, scalars, arrays }) {
  if (!scalars) return html`<h2>Step by step</h2><p class="empty">The matrices appear when Python has started.</p>`;
  const { step } = scalars;
  const { title, words, formula, shows } = STEPS[step - 1];
  return html`<${Stepper} page=${page} step=${step} />
    <h2 data-test="step-title">${step}. ${title}</h2>
    <p class="about step-words">${words(scalars)}</p>
    <${Formula} tex=${formula} />
    <${Equation} key=${step} page=${page} parts=${shows(scalars)} scalars=${scalars} arrays=${arrays} />
    ${step === 6 && html`<${Proof} ...${scalars} />`}`;
}

function Stepper({ page, step }) {
  const go = (to, focus) => {
    if (to < 1 || to > STEPS.length) return;
    page.change("step", to);
    focus?.(to);
  };
  const key = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const buttons = event.currentTarget.querySelectorAll("[data-step]");
    go(step + by, (to) => buttons[to - 1].focus());
  };
  const button = (label, to) =>
    html`<button type="button" data-test=${label.toLowerCase()} disabled=${to < 1 || to > STEPS.length} onClick=${() => go(to)}>${label}</button>`;
  return html`<div class="walk-bar">
    <div class="walk-steps" role="group" aria-label="Steps; arrow keys go back and on" onKeyDown=${key}>
      ${STEPS.map(
        ({ label }, i) => html`<button type="button" data-step=${i + 1} data-test=${`step-${i + 1}`} tabindex=${i + 1 === step ? 0 : -1}
          aria-current=${i + 1 === step ? "step" : undefined} onClick=${() => go(i + 1)}><b>${i + 1}</b> ${label}</button>`,
      )}
    </div>
    <p class="row">${button("Back", step - 1)} ${button("Next", step + 1)}</p>
  </div>`;
}

/** Matrices with signs between them; whoever is pointed at is put into words below. */
function Equation({ page, parts, scalars, arrays }) {
  const [said, say] = useState(null);
  const show = ({ name, across, follows, shares, marked, ...rest }) => {
    const { data, shape } = arrays[name];
    const array = { data, shape: shape.length === 2 ? shape : across ? [1, shape[0]] : [shape[0], 1] };
    const facts = { ...rest, name, array, shares: arrays[shares], marked: arrays[marked] };
    return html`<${Matrix} key=${name} ...${facts} lit=${lit(follows, scalars)} choose=${choose(follows, page)}
      tell=${(row, column) => say([name, row, column])} />`;
  };
  const joined = parts.flatMap((part, i) => (typeof part === "string" ? [] : [[parts[i - 1], part]])); // a sign stays with what follows
  return html`<div class="equation" onPointerLeave=${() => say(null)}>
      ${joined.map(
        ([before, matrix]) => html`<div class="term" key=${matrix.name}>
          ${typeof before === "string" && html`<span class="sign" aria-hidden="true">${before}</span>`} ${show(matrix)}
        </div>`,
      )}
    </div>
    <output class="plot-readout" data-test="said">${said && read(arrays, parts, ...said)}</output>`;
}

const lit = (follows, { row, column }) => ({
  row: (i) => i === row,
  column: (_, j) => j === column,
  element: (i, j) => i === row && j === column,
})[follows];

const choose = (follows, page) => (row, column) => {
  if (follows !== "column" && String(page.params.row) !== String(row)) page.change("row", row);
  if (follows !== "row" && String(page.params.column) !== String(column)) page.change("column", column);
};

/** The exact number of a cell, and for codes where it comes from. */
function read(arrays, parts, name, row, column) {
  const part = parts.find((it) => it.name === name);
  const array = arrays[name];
  if (!part || !array) return "";
  const i = array.shape.length === 2 ? row * array.shape[1] + column : Math.max(row, column);
  if (i >= array.data.length) return "";
  const at = (other) => arrays[other].data[i];
  const place = array.shape.length === 2 ? `row ${row}, column ${column}` : `${part.across ? "column" : "row"} ${i}`;
  const source = name.match(/^([aw])_codes$/)?.[1];
  if (source) return `${part.title}, ${place}: ${scalar(at(source))} → code ${at(name)} → ${scalar(at(`${source}_after`))}`;
  return `${part.title}, ${place}: ${Number.isInteger(at(name)) ? fixed(at(name), 0) : signed(at(name), 7)}`;
}

/** The accumulator, computed another way. */
function Proof({ check }) {
  return html`<p class=${`proof ${check.exact ? "good" : "bad"}`} data-test="proof">
    ${check.equal} of ${check.elements} accumulators equal Σ (a − ${zA()})(w − ${zW()}), computed another way: zero points taken off first, then multiplied
    in int64.
  </p>`;
}

function Details({ scalars }) {
  if (!scalars) return null;
  return html`${scalars.step === 8 && html`<${Rounding} ...${scalars} />`}
    <div class="columns walk-details">
      <div><${Element} ...${scalars} /></div>
      <div><${Errors} ...${scalars} /><${Bound} ...${scalars} /></div>
    </div>`;
}
