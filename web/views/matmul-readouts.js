import { html } from "preact";
import { count, decibels, fixed, scalar, scientific, signed } from "../ui/format.js";
import { zA, zW } from "./matmul-steps.js";

const whole = (x) => fixed(x, 0);
const factor = (x) => (x < 0 ? `(${whole(x)})` : whole(x));
const RULES = ["single", "double", "float"];

/** The chosen output element, spelled out as far as the walk has come. */
export function Element(facts) {
  const { step, row, column, inner, cell } = facts;
  const head = (title) => html`<th scope="col">${title}</th>`;
  return html`<h2>Element <span data-test="element">${row}, ${column}</span></h2>
    <p class="about">Row ${row} of A and column ${column} of Wᵀ, ${inner} products, and what becomes of their sum up to step ${step}.</p>
    <div class="wide"><table class="numbers element">
      <caption class="unseen">The products of this element</caption>
      <thead><tr>${["k", "a", "w", "a·w", ...(step > 1 ? ["code a", "code w"] : []), ...(step > 2 ? ["product"] : [])].map(head)}</tr></thead>
      <tbody>
        ${cell.inputs.map(
          (each, k) => html`<tr>
            <th scope="row" class="number">${k}</th>
            ${["a", "w", "product"].map((name) => html`<td class="number float">${fixed(each[name], 4)}</td>`)}
            ${step > 1 && ["a_code", "w_code"].map((name) => html`<td class="number quant">${whole(each[name])}</td>`)}
            ${step > 2 && html`<td class="number quant">${whole(each.code_product)}</td>`}
          </tr>`,
        )}
      </tbody>
    </table></div>
    <dl class="ledger">${ledger(facts).map((line) => html`<${Line} ...${line} step=${step} />`)}</dl>`;
}

function Line({ of, label, value, kind, name, step }) {
  return html`<div class=${of === step ? "now" : ""}><dt>${label}</dt><dd class=${`number ${kind}`} data-test=${name}>${value}</dd></div>`;
}

/** The lines of the sum; each belongs to a step, and later ones are not there yet. */
function ledger({ step, rounding, inner, y, cell }) {
  const { terms, a_zero: za, w_zero: zw } = cell;
  const line = (of, label, value, kind, name) => ({ of, label, value, kind, name });
  return [
    line(1, "Σ a·w, the float product", fixed(cell.y, 6), "float", "cell-y"),
    line(3, "Σ of code products", whole(terms.product), "quant", "cell-product"),
    line(4, html`−${zA()} Σ w = −${za} · ${factor(cell.w_sum)}`, signed(terms.a_correction, 0), "quant", "cell-a-correction"),
    line(5, html`−${zW()} Σ a = −${zw} · ${factor(cell.a_sum)}`, signed(terms.w_correction, 0), "quant", "cell-w-correction"),
    line(6, html`+I ${zA()} ${zW()} = ${inner} · ${za} · ${zw}`, signed(terms.constant, 0), "quant", "cell-constant"),
    line(6, "accumulator", whole(cell.after.constant), "quant", "cell-acc"),
    line(7, `times both scales, ${scientific(cell.unit)}`, fixed(cell.real, 6), "quant", "cell-real"),
    line(7, "error", signed(cell.error, 6), "", "cell-error"),
    ...requantised({ rounding, y, cell }, line),
  ].filter(({ of }) => of <= step);
}

/** From the accumulator to the output code, by the rule that was chosen. */
function requantised({ rounding, y, cell }, line) {
  const fixedPoint = [line(8, html`m<sub>0</sub>, where e = ${whole(cell.exponent)}`, count(cell.m0), "", "cell-m0")];
  const rule = {
    float: [line(8, "rounded in float32, half to even", whole(cell.whole), "quant", "cell-whole")],
    single: [...fixedPoint, line(8, html`(accumulator · m<sub>0</sub> + half) >> ${cell.shift}`, whole(cell.whole), "quant", "cell-whole")],
    double: [
      ...fixedPoint,
      line(8, html`first rounding: upper half of 2 · accumulator · m<sub>0</sub>`, whole(cell.high), "quant", "cell-high"),
      line(8, `second rounding: over 2^${cell.right}`, whole(cell.halved), "quant", "cell-whole"),
    ],
  }[rounding];
  return [
    line(8, `accumulator · M, M = ${scientific(cell.ratio)}`, fixed(cell.exact, 4), "", "cell-exact"),
    ...rule,
    line(8, `+z = +${whole(cell.y_zero)}${cell.clamped ? `, clamped to ${y.low}..${y.high}` : ""}: output code`, whole(cell.code), "quant", "cell-code"),
    line(8, `stands for (code − z) · ${scalar(y.scale)}`, fixed(cell.final, 6), "quant", "cell-final"),
    line(8, "error", signed(cell.final_error, 6), "", "cell-final-error"),
  ];
}

/** What the whole product has lost. */
export function Errors({ errors: { real, final }, check, rounding, step }) {
  const row = (title, each, test) => html`<tr data-test=${test}>
    <th scope="row">${title}</th><td class="number">${scalar(each.mean)}</td><td class="number">${scalar(each.maximum)}</td>
    <td class="number">${decibels(each)}</td>
  </tr>`;
  return html`<h2>Against the float product</h2>
    <p class="about">Errors over all elements. The integers in between lose nothing: their sums are exact.</p>
    <table class="numbers">
      <caption class="unseen">Errors against the float product</caption>
      <thead><tr><td></td>${["mean", "maximum", "SQNR"].map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
      <tbody>${row("step 7, real numbers", real, "errors-real")}${row("step 8, output codes", final, "errors-final")}</tbody>
    </table>
    ${step === 8 && rounding === "float" &&
    html`<p class=${check.onnx ? "good doc" : "bad doc"} data-test="onnx">
      ${check.onnx ? "These codes are those of ONNX QLinearMatMul." : "These codes differ from those of ONNX QLinearMatMul."}
    </p>`}`;
}

/** Whether int32 is wide enough, whatever codes come. */
export function Bound({ bound }) {
  const { inner, raw, centred, int32, share, a_reach: a, w_reach: w, safe_inner: safe } = bound;
  return html`<h2 class="apart">Room in int32</h2>
    <p class="about" data-test="bound">
      The largest sum that any codes of these grids can reach here is
      ${" "}<span class="number">${inner} · ${a} · ${w} = ${count(raw)}</span> before correction and <span class="number">${count(centred)}</span> after.
      Int32 ends at <span class="number">${count(int32)}</span>; that is <span class="number">${scientific(100 * share)} %</span> of it.
      Sums of up to <span class="number">${count(safe)}</span> products are safe.
    </p>
    <p class="good doc">Proven for these weights and any input codes, in any order of adding.</p>`;
}

/** Where the three rules of rounding go apart. */
export function Rounding({ w, cell, differ, near, rows, columns, row, column }) {
  const pair = (one, other, n) => html`<tr><th scope="row">${one} and ${other}</th><td class="number" data-test=${`differ-${one}-${other}`}>${n}</td></tr>`;
  return html`<div class="rounding"><h2>Three ways to round</h2>
    <p class="about">
      M ${w.grids > 1 ? `of column ${column} ` : ""}is <span class="number">${scientific(cell.ratio)}</span>, in fixed point
      ${" "}<span class="number" data-test="m0">${count(cell.m0)}</span> · 2^(<span class="number" data-test="exponent">${whole(cell.exponent)}</span> − 31).
      “Single” keeps the whole product in 64 bits and rounds once; “double” stays in 32 bits and rounds twice; “float” is what ONNX Runtime does. Outputs on
      which they differ are framed above.
    </p>
    <div class="columns">
      <table class="numbers">
        <caption>Different output codes, of ${rows * columns}</caption>
        <tbody>
          ${pair("single", "double", differ.single_double)} ${pair("single", "float", differ.single_float)} ${pair("double", "float", differ.double_float)}
        </tbody>
      </table>
      ${near && html`<${Near} ...${near} row=${row} column=${column} />`}
    </div></div>`;
}

function Near({ looked, examples, single_double: two, single_float: real }) {
  return html`<div>
    <p class="doc" data-test="near">
      Of the ${count(looked)} accumulators around this one, single and double differ on ${count(two)}, single and float on ${count(real)}.
      ${examples.length > 0 ? " The nearest:" : ""}
    </p>
    ${examples.length > 0 &&
    html`<table class="numbers near">
      <caption class="unseen">Accumulators that the rules round differently</caption>
      <thead><tr>${["accumulator", "times M", ...RULES].map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
      <tbody>
        ${examples.map(
          (each) => html`<tr>
            <td class="number">${whole(each.acc)}</td><td class="number">${fixed(each.exact, 5)}</td>
            ${RULES.map((rule) => html`<td class="number quant">${whole(each[rule])}</td>`)}
          </tr>`,
        )}
      </tbody>
    </table>`}
  </div>`;
}
