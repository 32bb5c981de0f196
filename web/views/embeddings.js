import { html } from "preact";
import { fixed } from "../ui/format.js";

/** The table of words as sliders; each writes its cell into the parameter `table`. */
export default function Table({ block, scope, page }) {
  const [now, fitted] = ["table", "fitted"].map((name) => scope.array(name));
  if (!now) return null;
  const [words, limit, step] = ["vocabulary", "limit", "cell_step"].map((name) => scope.get(name));
  const wide = now.shape[1];
  const cell = (word, i, j) => {
    const [value, name] = [now.data[i * wide + j], `${word}-${j + 1}`];
    return html`<td class=${value === fitted.data[i * wide + j] ? "" : "moved"}>
      <output class="number" data-test=${`${block.name}-${name}-value`}>${fixed(value, 2)}</output>
      <input type="range" aria-label=${`${word}, number ${j + 1}`} aria-valuetext=${fixed(value, 2)} data-test=${`${block.name}-${name}`}
        min=${-limit} max=${limit} step=${step} value=${value}
        onInput=${({ target }) => page.change("table", moved(page.params.table, word, j + 1, target.value))} />
    </td>`;
  };
  const heads = ["word", ...Array.from({ length: wide }, (_, j) => `number ${j + 1}`)];
  return html`<table class="embedding-table">
    <thead class="unseen"><tr>${heads.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
    <tbody>${words.map((word, i) => html`<tr key=${word} class=${word === page.params.word ? "chosen" : ""}>
      <th scope="row"><button type="button" class="quiet" aria-pressed=${word === page.params.word} onClick=${() => page.change("word", word)}>${word}</button></th>
      ${Array.from({ length: wide }, (_, j) => cell(word, i, j))}
    </tr>`)}</tbody></table>`;
}

/** The text for a table in which one more cell is moved. */
function moved(text, word, number, value) {
  const others = text.split(", ").filter((entry) => entry && !entry.startsWith(`${word} ${number} `));
  return [...others, `${word} ${number} ${value}`].join(", ");
}
