import { html, render } from "preact";
import { count, fixed, percent, signed } from "../ui/format.js";

export const panels = ["sentence", "table", "attention"];
export const training = true;
export const controls = [
  ["Words", ["prompt"]], ["Choice", ["choice", "temperature", "seed"]], ["Bits", ["bits"]],
  ["Block", ["mlp", "own", "scaled"]], ["Table of rung 4", ["table"]],
];

/** Rung 7: a probability for every word, one is chosen, and again. */
export function create(page) {
  return {
    draw(_, slot, frame) {
      render(html`<${Sentence} page=${page} frame=${frame} />`, slot("sentence"));
      render(html`<${Words} page=${page} frame=${frame} />`, slot("table"));
      render(html`<${Attention} frame=${frame} />`, slot("attention"));
    },
    summary: ({ scalars }) => (scalars.ended ? "ended" : `next: ${scalars.next}`),
  };
}

function Sentence({ page, frame }) {
  const head = html`<h2>The sentence</h2>
    <p class="about">Step appends one word, Play goes on to the full stop. Below each new word is the probability that it had.</p>`;
  if (!frame) return html`${head}<p class="waiting">The prompt appears when Python has started.</p>`;
  const { prompt, appended, ended, next, probability, top, top_float: float } = frame.scalars;
  const off = page.params.bits === "off";
  return html`${head}
    <p class="sentence" data-test="sentence" aria-live="polite">
      ${prompt.map((word) => html`<span class="given">${word}</span> `)}
      ${appended.map(({ word, probability: p }) => html`<span class="appended"><b>${word}</b><small class="number">${percent(p, 0)}</small></span> `)}
      ${!ended && html`<span class="next" aria-hidden="true">…</span>`}
    </p>
    <p>${ended
      ? html`<span data-test="next">The sentence has ended.</span>`
      : html`Next: <b data-test="next">${next}</b>, with <span class="number" data-test="next-probability">${percent(probability, 2)}</span>.`}</p>
    ${!off && html`<p class="quant" data-test="rounded-words">
      With ${page.params.bits} bits the most likely word is ${top[0].word} (${percent(top[0].probability, 2)}); in float it is
      ${" "}${float[0].word} (${percent(float[0].probability, 2)}).
    </p>`}
    <p class="doc">Words appended: <span class="number" data-test="step-count">${count(frame.step)}</span></p>`;
}

function Words({ page, frame }) {
  const head = html`<h2>Every word gets a probability</h2>`;
  if (!frame) return head;
  const { vocabulary, temperature } = frame.scalars;
  const { order, logits, probabilities, plain, float_probabilities: float } = Object.fromEntries(
    Object.entries(frame.arrays).map(([name, { data }]) => [name, data]),
  );
  const off = page.params.bits === "off";
  const heads = ["word", "", "logit", `probability, T = ${temperature}`, "probability, T = 1", ...(off ? [] : ["in float"])];
  return html`${head}
    <p class="about">
      The logit of a word is the dot product of its row of the table with the output of the last word. T is the
      temperature; the bars are drawn with it.
    </p>
    <div class="wide"><table class="numbers next-words" data-test="words">
      <thead><tr>${heads.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
      <tbody>${Array.from(order, (i, rank) => html`<tr key=${i} class=${rank === 0 ? "chosen" : ""}>
        <th scope="row" data-test=${`rank-${rank}`}>${vocabulary[i]}</th>
        <td class="bar-cell" aria-hidden="true"><span class=${`signed-bar ${off ? "float" : "quant"}`} style=${{ transform: `scaleX(${probabilities[i]})` }}></span></td>
        <td class="number">${signed(logits[i], 3)}</td>
        <td class="number" data-test=${`probability-${vocabulary[i]}`}>${percent(probabilities[i], 2)}</td>
        <td class="number">${percent(plain[i], 2)}</td>
        ${!off && html`<td class="number float">${percent(float[i], 2)}</td>`}
      </tr>`)}</tbody>
    </table></div>`;
}

function Attention({ frame }) {
  if (!frame) return null;
  const { words } = frame.scalars;
  const weights = Array.from(frame.arrays.attention.data);
  return html`<h2>Where the last word looked</h2>
    <div class="wide"><table class="numbers attention-rows">
      <thead><tr>${words.map((word) => html`<th scope="col">${word}</th>`)}</tr></thead>
      <tbody><tr>${weights.map((weight) => html`<td class="number" style=${{ "--share": weight }}>${fixed(weight, 3)}</td>`)}</tr></tbody>
    </table></div>
    <p class="doc">Output of the last word: <span class="number">${Array.from(frame.arrays.output.data, (x) => signed(x, 3)).join("  ")}</span></p>`;
}
