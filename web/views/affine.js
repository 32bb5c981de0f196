import { html } from "preact";
import { Chart } from "../ui/chart.js";
import { count, fixed, percent, scalar } from "../ui/format.js";
import { Histogram } from "../ui/histogram.js";
import { workbench } from "../ui/workbench.js";
import { chapters } from "./affine-story.js";

const SCHEMES = ["symmetric", "affine"];
const KINDS = {
  relu: "normal numbers after ReLU",
  silu: "normal numbers after SiLU",
  activations: "the digits network's numbers after its first layer, for 32 digits",
  normal: "normal numbers",
  laplace: "Laplace numbers",
  weights: "weights of the digits network's first layer",
};
const PANELS = { verdict: Verdict, skewed: Skewed, centred: Centred, glance: Glance };

/** The same numbers on both grids, skewed ones and centred ones. */
export function mount(root, page) {
  return workbench(root, page, {
    stage: ["verdict", "skewed", "centred", "glance"],
    chapters,
    panels: PANELS,
    summary: ({ scalars }) => `${scalars.bits} bits`,
  });
}

function Skewed(frame) {
  return html`<${Comparison} name="skewed" title="Skewed numbers" ...${frame} />`;
}

function Centred(frame) {
  return html`<${Comparison} name="centred" title="Centred numbers" ...${frame} />`;
}

/** One set of numbers under both schemes: the grid over the histogram, then the facts side by side. */
function Comparison({ name, title, scalars, arrays }) {
  if (!scalars) return html`<h2>${title}</h2><p class="empty">Two histograms appear when Python has started.</p>`;
  const facts = scalars[name];
  return html`<h2>${title}</h2>
    <p class="about">
      ${count(facts.count)} ${KINDS[facts.kind]}, ${scalar(facts.lowest)} to ${scalar(facts.highest)}; ${percent(facts.zeros)} are
      exactly 0. Ink: the numbers; orange: where they land; heights have a square-root scale. Below them the grid: an orange tick is a code in use, a${" "}
      <span class="bad">red cross</span> one on which no number lands${scalars.bits > 6 ? " (up to 6 bits; here only how far the grid reaches)" : ""}.
    </p>
    <div class="versus-two">
      ${SCHEMES.map((scheme) => html`<${Picture} name=${name} scheme=${scheme} arrays=${arrays} bits=${scalars.bits} />`)}
    </div>
    <${Facts} name=${name} facts=${facts} codes=${scalars.codes_there} />`;
}

function Picture({ name, scheme, arrays, bits }) {
  const data = (key) => arrays[`${name}_${key}`]?.data;
  const grid = { lines: data(`${scheme}_lines`), used: data(`${scheme}_used`), ends: data(`${scheme}_ends`) };
  const options = { label: `Histogram of the ${name} numbers, ${scheme}, ${bits} bits.`, test: `${name}-${scheme}`, height: 180 };
  return html`<figure>
    <figcaption>${scheme}</figcaption>
    <${Chart} kind=${Histogram} options=${options} args=${[data("edges"), data("before"), data(`${scheme}_after`), grid]} />
  </figure>`;
}

/** SQNR in dB; Python's infinity arrives as null. */
const decibels = (x) => (x === null ? "exact" : fixed(x, 2));

function Facts({ name, facts, codes }) {
  const { unnudged } = facts;
  const rows = [
    ["SQNR, dB", ({ sqnr_db: x }) => decibels(x), decibels(unnudged.sqnr_db), "sqnr"],
    ["scale", ({ scale }) => scalar(scale), "", "scale"],
    ["zero point", ({ zero_point: z }) => fixed(z, 0), fixed(unnudged.zero_point, 3), "zero-point"],
    ["what 0 becomes", ({ zero_error: x }) => scalar(x), scalar(unnudged.zero), "zero"],
    [`codes in use, of ${count(codes)}`, ({ used }) => count(used), "", "used"],
    ["codes out of reach", ({ beyond }) => count(beyond), "", "beyond"],
    ["mean error", ({ mean }) => scalar(mean), "", "mean"],
    ["maximum error", ({ maximum }) => scalar(maximum), "", "maximum"],
  ];
  return html`<div class="wide"><table class="numbers scheme-facts">
    <caption class="unseen">The ${name} numbers on both grids</caption>
    <thead>
      <tr><td></td>${[...SCHEMES, "not nudged"].map((title) => html`<th scope="col">${title}</th>`)}</tr>
    </thead>
    <tbody>
      ${rows.map(
        ([title, of, other, test]) => html`<tr>
          <th scope="row">${title}</th>
          ${SCHEMES.map((scheme) => html`<td class="number" data-test=${`${name}-${scheme}-${test}`}>${of(facts[scheme])}</td>`)}
          <td class="number muted" data-test=${`${name}-unnudged-${test}`}>${other}</td>
        </tr>`,
      )}
    </tbody>
  </table></div>`;
}

/** What the zero point buys, from the measured numbers, and what it costs. */
function Verdict({ scalars }) {
  if (!scalars) return html`<h2>What the zero point buys</h2><p class="empty">Measured when Python has started.</p>`;
  const words = (name, title) =>
    html`<p class="verdict-words"><strong>${title}.</strong> <span data-test=${`verdict-${name}`}>${scalars[name].words}</span></p>`;
  const free = scalars.skewed.affine.zero_point === 0;
  return html`<h2>What the zero point buys</h2>
    <div class="versus-two">${words("skewed", "Skewed")} ${words("centred", "Centred")}</div>
    <p class="about">
      What it costs: in a matrix product each zero point that is not 0 brings a correction term: the row sums of the weights times the
      zero point of the activations, known in advance, and the sums of the activations times the zero point of the weights, which
      have to be added up anew for every input. <a href="#matmul">Integer matmul</a> shows them.
    </p>
    <p class="about" data-test="cost">
      ${free
        ? "The skewed numbers here have the zero point 0: their smallest number is 0 itself, so that they need no correction at all."
        : `The skewed numbers here have the zero point ${fixed(scalars.skewed.affine.zero_point, 0)}, and need the correction.`}
      ${" "}That is why activations are usually affine and weights symmetric.
    </p>`;
}

function Glance({ scalars }) {
  if (!scalars) return null;
  const table = (name, title) =>
    html`<table class="numbers">
      <caption>${title}</caption>
      <thead><tr><th scope="col">bits</th>${SCHEMES.map((scheme) => html`<th scope="col">${scheme}</th>`)}</tr></thead>
      <tbody>
        ${scalars[name].glance.map(
          (row) => html`<tr><th scope="row" class="number">${row.bits}</th>
            ${SCHEMES.map((scheme) => html`<td class="number">${decibels(row[scheme])}</td>`)}</tr>`,
        )}
      </tbody>
    </table>`;
  return html`<h2>With 2, 4, 8 and 16 bits</h2>
    <p class="about">SQNR of both schemes on the same numbers, in decibels.</p>
    <div class="versus-two">${table("skewed", "skewed")} ${table("centred", "centred")}</div>`;
}
