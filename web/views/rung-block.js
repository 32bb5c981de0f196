import { html, render } from "preact";
import { fixed, percent, signed } from "../ui/format.js";
import { rows } from "./rung-descent.js";
import { ORIGIN, rowOf, vector, Vectors } from "./rung-vectors.js";

export const panels = ["neurons", "vectors", "words", "ranking"];
export const controls = [["Words", ["prompt"]], ["Block", ["mlp"]], ["Attention", ["own", "scaled"]], ["Picture", ["dims"]], ["Table of rung 4", ["table"]]];

/** Rung 6: six neurons on each refined vector. */
export function create() {
  return {
    draw(_, slot, frame) {
      const drawn = [["neurons", Neurons], ["vectors", Moved], ["words", Words], ["ranking", Ranking]];
      for (const [name, Panel] of drawn) render(html`<${Panel} frame=${frame} />`, slot(name));
    },
    summary: ({ scalars }) => `${scalars.neurons.filter(({ fired }) => fired).length} of ${scalars.neurons.length} fired`,
  };
}

function Neurons({ frame }) {
  const head = html`<h2>Six neurons</h2>`;
  if (!frame) return html`${head}<p class="waiting">The neurons appear when Python has started.</p>`;
  const { neurons, words } = frame.scalars;
  const most = Math.max(...neurons.map(({ sum }) => Math.abs(sum)));
  return html`${head}
    <p class="about">
      Each neuron asks the refined vector of <b>${words.at(-1)}</b> one question. A sum above zero fires and sends its value on;
      a sum below zero is silent and sends nothing.
    </p>
    <div class="wide"><table class="numbers neurons">
      <thead><tr>${["neuron", "", "sum", "sends"].map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
      <tbody>${neurons.map(({ sum, value, fired }, i) => html`<tr class=${fired ? "fired" : "silent"}>
        <th scope="row">${i + 1} <span class="doc" data-test=${`neuron-${i + 1}`}>${fired ? "fired" : "silent"}</span></th>
        <td class="bar-cell" aria-hidden="true"><span class=${`signed-bar ${sum < 0 ? "negative" : "positive"}`} style=${{ transform: `scaleX(${Math.abs(sum) / (most || 1)})` }}></span></td>
        <td class="number">${signed(sum, 3)}</td>
        <td class="number">${fixed(value, 3)}</td>
      </tr>`)}</tbody>
    </table></div>`;
}

function Moved({ frame }) {
  if (!frame) return null;
  const { words, drawn, said, neurons, mlp } = frame.scalars;
  const [before, after] = [rowOf(frame.arrays.refined, -1), rowOf(frame.arrays.output, -1)];
  const word = words.at(-1);
  const parts = rows(frame.arrays.parts).flatMap((to, i) => (neurons[i].fired ? [{ name: `neuron ${i + 1}`, from: ORIGIN, to, kind: "other" }] : []));
  const arrows = [
    { name: "output", from: ORIGIN, to: after, kind: "chosen" },
    { name: `${word}, refined`, from: ORIGIN, to: before, kind: "float" },
    { name: "", from: before, to: after, kind: "positive" },
    ...(mlp ? parts : []),
  ];
  return html`<h2>Where it moves ${word}</h2>
    <p class="about">
      ${mlp
        ? "What fired is added up, with the bias b₂, onto the refined vector; the thin arrows are the parts."
        : "The block is off: the refined vector is the output."}
    </p>
    <div class="pair">
      <${Vectors} arrows=${arrows} drawn=${drawn} said=${said} test="block-picture" label=${`${word} moves from ${vector(before)} to ${vector(after)}.`} />
      <table class="numbers sum"><tbody>
        <tr><th scope="row">refined</th>${before.map((x) => html`<td class="number">${signed(x, 3)}</td>`)}</tr>
        ${mlp && parts.map(({ name, to }) => html`<tr class="part-row"><th scope="row">+ ${name}</th>${to.map((x) => html`<td class="number">${signed(x, 3)}</td>`)}</tr>`)}
        ${mlp && html`<tr class="part-row"><th scope="row">+ bias b₂</th>${Array.from(frame.arrays.b2.data, (x) => html`<td class="number">${signed(x, 3)}</td>`)}</tr>`}
        <tr class="chosen"><th scope="row">output</th>${after.map((x, i) => html`<td class="number" data-test=${`output-${i + 1}`}>${signed(x, 3)}</td>`)}</tr>
      </tbody></table>
    </div>`;
}

/** Which neurons fire at which word. */
function Words({ frame }) {
  if (!frame) return null;
  const [fired, hidden] = [rows(frame.arrays.fired), rows(frame.arrays.hidden)];
  const most = Math.max(...hidden.flat());
  return html`<h2>At every word</h2>
    <p class="about">The same six neurons, a column each, stand at every word and see only that word's refined vector.</p>
    <div class="wide"><table class="numbers attention-rows">
      <thead><tr><th scope="col">word</th>${hidden[0].map((_, i) => html`<th scope="col" aria-label=${`neuron ${i + 1}`}>${i + 1}</th>`)}</tr></thead>
      <tbody>${frame.scalars.words.map((word, i) => html`<tr>
        <th scope="row">${word}</th>
        ${hidden[i].map((x, j) => html`<td class="number" style=${fired[i][j] ? { "--share": x / most } : null}>${fired[i][j] ? fixed(x, 2) : "·"}</td>`)}
      </tr>`)}</tbody>
    </table></div>`;
}

function Ranking({ frame }) {
  if (!frame) return null;
  const list = (name, title) => html`<figure><figcaption>${title}</figcaption>
    <table class="numbers"><tbody>${frame.scalars[name].map(({ word, probability }, i) => html`<tr>
      <th scope="row" data-test=${`${name}-word-${i}`}>${word}</th><td class="number" data-test=${`${name}-probability-${i}`}>${percent(probability, 2)}</td>
    </tr>`)}</tbody></table></figure>`;
  return html`<h2>What it is good for</h2>
    <p class="about">The five most likely next words with the block and without it.</p>
    <div class="pair">${list("on", "with the block")} ${list("off", "without")}</div>`;
}
