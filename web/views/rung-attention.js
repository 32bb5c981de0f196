import { html, render } from "preact";
import { fixed, percent, signed } from "../ui/format.js";
import { useWidth } from "../ui/width.js";
import { rows } from "./rung-descent.js";
import { ORIGIN, rowOf, vector, Vectors } from "./rung-vectors.js";

export const panels = ["arcs", "vectors", "weights"];
export const controls = [["Words", ["prompt"]], ["Attention", ["own", "scaled"]], ["Picture", ["dims"]], ["Table of rung 4", ["table"]]];

const WORD = 80; // CSS pixels that a word needs
const [TALL, LOWEST, HIGHEST] = [220, 56, 184]; // of the picture, of the arc between neighbours and of that from the first word

/** Rung 5: what the words take from one another. */
export function create(page) {
  let at = null; // the word that looks back; by default the last
  let last = null;
  const draw = (slot, frame) => {
    const words = frame?.scalars.words ?? [];
    const to = at !== null && at < words.length ? at : words.length - 1;
    const pick = (i) => {
      at = i;
      draw(slot, last);
    };
    render(html`<${Arcs} frame=${frame} to=${to} pick=${pick} />`, slot("arcs"));
    render(html`<${Moved} frame=${frame} to=${to} />`, slot("vectors"));
    render(html`<${Weights} page=${page} frame=${frame} to=${to} />`, slot("weights"));
  };
  return {
    draw(_, slot, frame) {
      last = frame;
      draw(slot, frame);
    },
    summary: ({ scalars }) => `${scalars.words.length} words`,
  };
}

const into = (frame, to) => frame.scalars.arrows.filter((arrow) => arrow.to === to);

function Arcs({ frame, to, pick }) {
  const head = html`<h2>Who looks at whom</h2>`;
  if (!frame) return html`${head}<p class="waiting">The arrows appear when Python has started.</p>`;
  const { words } = frame.scalars;
  const arrows = into(frame, to);
  return html`${head}
    <p class="about">
      <b>${words[to]}</b> looks at itself and at the words before it. Each arrow carries the dot product of the two words and,
      below it, the share that the softmax makes of it. Choose another word to look from there.
    </p>
    <${Picture} words=${words} arrows=${arrows} to=${to} pick=${pick} />
    <table class="numbers" data-test="arrows">
      <thead><tr>${["from", "dot product", "score", "weight"].map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
      <tbody>${arrows.map(({ from, product, score, weight }) => html`<tr key=${from}>
        <th scope="row">${words[from]}</th>
        <td class="number" data-test=${`product-${from}`}>${signed(product, 4)}</td>
        <td class="number" data-test=${`score-${from}`}>${signed(score, 4)}</td>
        <td class="number" data-test=${`weight-${from}`}>${percent(weight, 2)}</td>
      </tr>`)}</tbody>
    </table>`;
}

function Picture({ words, arrows, to, pick }) {
  const [target, room] = useWidth();
  const width = Math.max(room, words.length * WORD);
  const gap = width / words.length;
  return html`<div class="arcs wide" ref=${target}><div style=${{ width: `${width}px` }}>
    <svg width=${width} height=${TALL} role="img" aria-label=${`Arrows to ${words[to]}; the table below has their numbers.`}>
      ${arrows.map((arrow) => html`<${Arc} key=${arrow.from} arrow=${arrow} gap=${gap} />`)}
    </svg>
    <div class="arc-words" style=${{ gridTemplateColumns: `repeat(${words.length}, 1fr)` }}>
      ${words.map((word, i) => html`<button type="button" key=${i} data-test=${`look-${i}`} aria-pressed=${i === to} onClick=${() => pick(i)}>${word}</button>`)}
    </div>
  </div></div>`;
}

/** An arc from a word to the one that looks; its width is the weight. A word looks at itself beside the other arrows. */
function Arc({ arrow: { from, to, product, weight }, gap }) {
  const self = from === to;
  const [low, centre] = [TALL - 6, (i) => (i + 0.5) * gap];
  const [left, right] = self ? [centre(to) + 34, centre(to) + 14] : [centre(from), centre(to)];
  const height = self ? 40 : LOWEST + ((HIGHEST - LOWEST) * (Math.abs(to - from) - 1)) / Math.max(Math.max(from, to) - 1, 1);
  const path = `M ${left} ${low} C ${left} ${low - height * 1.33}, ${right} ${low - height * 1.33}, ${right} ${low}`;
  const [x, top] = [self ? centre(to) + Math.min(gap / 2, 50) : (left + right) / 2, low - height - 8];
  const anchor = self ? "end" : "middle";
  return html`<g class=${`arc ${product < 0 ? "negative" : "positive"}`}>
    <path d=${path} style=${{ strokeWidth: 1 + 11 * weight }} />
    <polygon points=${`${right},${low + 6} ${right - 5},${low - 6} ${right + 5},${low - 6}`} />
    <text x=${x} y=${self ? top - 18 : top} text-anchor=${anchor}>${signed(product, 2)}</text>
    <text class="share-text" x=${x} y=${self ? top - 2 : top + 28} text-anchor=${anchor}>${percent(weight, 0)}</text>
  </g>`;
}

function Moved({ frame, to }) {
  if (!frame) return null;
  const { words, drawn, said } = frame.scalars;
  const { embeddings, mixed, nudge, refined } = frame.arrays;
  const [word, delta, after] = [embeddings, nudge, refined].map((array) => rowOf(array, to));
  const n = words.length;
  const part = (from) => Array.from(mixed.data.subarray((to * n + from) * 3, (to * n + from) * 3 + 3));
  const seen = into(frame, to).map(({ from }) => from);
  const arrows = [
    { name: `${words[to]}, refined`, from: ORIGIN, to: after, kind: "chosen" },
    { name: words[to], from: ORIGIN, to: word, kind: "float" },
    { name: "nudge", from: word, to: after, kind: "positive" },
    ...seen.filter((from) => words[from] !== words[to] && words.indexOf(words[from]) === from).map((from) => ({ name: words[from], from: ORIGIN, to: rowOf(embeddings, from), kind: "other" })),
  ];
  return html`<h2>The nudge</h2>
    <p class="about">Every word gives its value times its weight; the sum is the nudge, and it is added to what ${words[to]} was.</p>
    <div class="pair">
      <${Vectors} arrows=${arrows} drawn=${drawn} said=${said} test="nudge-picture" label=${`${words[to]} moves from ${vector(word)} to ${vector(after)}.`} />
      <table class="numbers sum"><tbody>
        <tr><th scope="row">${words[to]}, before</th>${cells(word, "before")}</tr>
        ${seen.map((from) => html`<tr key=${from} class="part-row"><th scope="row">+ share of ${words[from]}</th>${cells(part(from), `mixed-${from}`)}</tr>`)}
        <tr><th scope="row">the nudge</th>${cells(delta, "nudge")}</tr>
        <tr class="chosen"><th scope="row">${words[to]}, refined</th>${cells(after, "refined")}</tr>
      </tbody></table>
    </div>`;
}

const cells = (v, test) => v.map((x, i) => html`<td class="number" data-test=${`${test}-${i + 1}`}>${signed(x, 3)}</td>`);

function Weights({ page, frame, to }) {
  if (!frame) return null;
  const { words } = frame.scalars;
  const [weights, seen] = [rows(frame.arrays.weights), rows(frame.arrays.seen)];
  return html`<h2>All weights, and what they are made with</h2>
    <p class="about">A row for each word that looks; nobody sees what comes later.</p>
    <div class="wide"><table class="numbers attention-rows">
      <thead><tr><th scope="col">looks</th>${words.map((word) => html`<th scope="col">${word}</th>`)}</tr></thead>
      <tbody>${words.map((word, i) => html`<tr class=${i === to ? "chosen" : ""}>
        <th scope="row">${word}</th>
        ${words.map((_, j) => html`<td class="number" style=${seen[i][j] ? { "--share": weights[i][j] } : null}>${seen[i][j] ? percent(weights[i][j], 1) : "·"}</td>`)}
      </tr>`)}</tbody>
    </table></div>
    <p class="note" data-test="disclosed">
      ${page.params.own ? "Queries, keys and values come from the fitted matrices below." : "W_Q, W_K and W_V are identity matrices here: a word's vector is its own query, key and value."}
      ${page.params.scaled ? " The scores are divided by √3." : " The scores are not divided by √d."} Switches at the side turn each.
    </p>
    <div class="matrices-row">${["W_Q", "W_K", "W_V"].map((name) => html`<figure><figcaption>${name}</figcaption>
      <table class="numbers"><tbody>${rows(frame.arrays[name]).map((row) => html`<tr>${row.map((x) => html`<td class="number">${fixed(x, 2)}</td>`)}</tr>`)}</tbody></table>
    </figure>`)}</div>`;
}
