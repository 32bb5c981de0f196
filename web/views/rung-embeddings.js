import { html, render } from "preact";
import { fixed, signed } from "../ui/format.js";
import { rows } from "./rung-descent.js";
import { ORIGIN, vector, Vectors } from "./rung-vectors.js";

export const panels = ["picture", "table", "sentences"];
export const controls = [["Word", ["word", "dims"]]];

/** Rung 4: words as rows of a table that the reader may move. */
export function create(page) {
  return {
    draw(_, slot, frame) {
      render(html`<${Picture} frame=${frame} />`, slot("picture"));
      render(html`<${Table} page=${page} frame=${frame} />`, slot("table"));
      render(html`<${Sentences} frame=${frame} />`, slot("sentences"));
    },
    summary: ({ scalars, arrays }) => `${scalars.word} ${vector(arrays.vector.data)}`,
  };
}

function Picture({ frame }) {
  const head = html`<h2>Where the words are</h2>
    <p class="about">
      Words are arrows from the middle; only the chosen one is drawn with its shaft. The larger the dot product with
      another word, the more the two point the same way.
    </p>`;
  if (!frame) return html`${head}<p class="waiting">The table appears when Python has started.</p>`;
  const { vocabulary, row, drawn, said, word, nearest } = frame.scalars;
  const table = rows(frame.arrays.table);
  const order = [row, ...vocabulary.keys().filter((i) => i !== row)];
  const arrows = order.map((i) => ({ name: vocabulary[i], from: ORIGIN, to: table[i], kind: i === row ? "chosen" : "other", thin: i !== row }));
  const products = Array.from(frame.arrays.products.data);
  const most = Math.max(...products.map(Math.abs));
  return html`${head}
    <div class="pair">
      <${Vectors} arrows=${arrows} drawn=${drawn} said=${said} test="words" label=${`The words of the table; ${word} is ${vector(table[row])}.`} />
      <div>
        <p class="doc">Dot products of <b>${word}</b> with every word; the largest is with <b data-test="nearest">${nearest}</b>.</p>
        <table class="numbers products"><tbody>${vocabulary.map((other, i) => html`<tr>
          <th scope="row">${other}</th><td class="bar-cell" aria-hidden="true"><${Signed} value=${products[i]} most=${most} /></td>
          <td class="number" data-test=${`product-${other}`}>${signed(products[i], 2)}</td>
        </tr>`)}</tbody></table>
      </div>
    </div>`;
}

/** A bar to the right for positive, to the left for negative. */
export function Signed({ value, most }) {
  const kind = value < 0 ? "negative" : "positive";
  return html`<span class=${`signed-bar ${kind}`} style=${{ transform: `scaleX(${Math.abs(value) / (most || 1)})` }}></span>`;
}

function Table({ page, frame }) {
  if (!frame) return html`<h2>The table E</h2>`;
  const { vocabulary, limit, cell_step: step, row } = frame.scalars;
  const [now, fitted] = [rows(frame.arrays.table), rows(frame.arrays.fitted)];
  const set = (word, dimension, value) => page.change("table", moved(page.params.table, word, dimension, value));
  const cell = (word, i, j) => {
    const name = `${word}, number ${j + 1}`;
    return html`<td class=${now[i][j] === fitted[i][j] ? "" : "moved"}>
      <output class="number" data-test=${`value-${word}-${j + 1}`}>${fixed(now[i][j], 2)}</output>
      <input type="range" aria-label=${name} aria-valuetext=${fixed(now[i][j], 2)} data-test=${`cell-${word}-${j + 1}`}
        min=${-limit} max=${limit} step=${step} value=${now[i][j]} onInput=${(event) => set(word, j + 1, event.target.value)} />
    </td>`;
  };
  return html`<h2>The table E</h2>
    <p class="about">
      Eighteen words of three numbers each, as fitted. Move any of them: all rungs above compute with what you leave here,
      and the link in the address bar keeps it. Moved cells are orange.
    </p>
    <table class="embedding-table"><thead class="unseen"><tr>
      ${["word", "number 1", "number 2", "number 3"].map((name) => html`<th scope="col">${name}</th>`)}
    </tr></thead>
    <tbody>${vocabulary.map((word, i) => html`<tr key=${word} class=${i === row ? "chosen" : ""}>
      <th scope="row"><button type="button" class="quiet" aria-pressed=${i === row} onClick=${() => page.change("word", word)}>${word}</button></th>
      ${now[i].map((_, j) => cell(word, i, j))}
    </tr>`)}</tbody></table>
    <p><button type="button" data-test="table-reset" disabled=${!frame.scalars.table} onClick=${() => page.change("table", "")}>
      Reset the table
    </button></p>`;
}

/** The text for a table in which one more cell is moved. */
function moved(text, word, dimension, value) {
  const others = text.split(", ").filter((entry) => entry && !entry.startsWith(`${word} ${dimension} `));
  return [...others, `${word} ${dimension} ${value}`].join(", ");
}

function Sentences({ frame }) {
  if (!frame) return null;
  return html`<h2>The same word in three sentences</h2>
    <p class="about">An animal, a number of molecules, a spot of skin: the table has one row for all of them.</p>
    <dl class="sentences">${frame.scalars.sentences.map(({ words, at, vector: v }) => html`<div>
      <dt>${words.map((word, i) => html`<span class=${i === at ? "chosen-word" : ""}>${word}</span> `)}</dt>
      <dd class="number" data-test="sentence-vector">${vector(v)}</dd>
    </div>`)}</dl>`;
}
