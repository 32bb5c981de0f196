// Markdown as Preact's content, for the stories. HTML in it is only text. Beside the usual marks:
//   $x$ and $$x$$                 TeX, shown as MathML; in a $$ block, \qquad stands between equations that share a line if they fit
//   {{frame.errors.mean:fixed:4}} a number that was measured; `show` knows it
//   [words](.quant), (?term)      words in the colour of a role, or of the glossary, as in the words of panels
//   ```python source              dotted names of Python, one per line, whose source is shown
import { Marked } from "marked";
import { html } from "preact";
import { Formula, Term } from "./formula.js";
import { Pointed } from "./words.js";

const SAFE = /^([.#?]|https:)/; // roles, words of the glossary, links within the site, and to others
const SOURCE = "python source";

const extension = (level, name, start, pattern, facts) => ({
  level, name,
  start: (text) => text.match(start)?.index,
  tokenizer(text) {
    const match = pattern.exec(text);
    return match ? { type: name, raw: match[0], ...facts(match) } : undefined;
  },
});
const marked = new Marked({
  extensions: [
    extension("block", "formula", /^\$\$/m, /^\$\$\s*([^$]+?)\s*\$\$[ \t]*(?:\n|$)/, ([, tex]) => ({ tex })),
    extension("inline", "term", /\$/, /^\$([^$\n]+)\$/, ([, tex]) => ({ tex })),
    extension("inline", "measured", /\{\{/, /^\{\{([\w.-]+)((?::\w+)*)\}\}/, ([, path, format]) => ({ path, format: format.slice(1) })),
  ],
});

/** The tokens of a text: marked's own, and those of the marks above. */
export const parse = (text) => marked.lexer(text);

/** show: {value(path, format), source(name), glossary}, what stands for a measured number, a dotted name and a word. */
export const drawn = (tokens, show) => tokens.map((token) => (DRAW[token.type] ?? DRAW.html)(token, show));

/** The dotted names of a block of sources; of anything else none. */
export const sources = ({ type, lang, text }) => (type === "code" && lang === SOURCE ? text.split("\n").filter(Boolean) : []);

const cell = ({ tokens, align }, show) => html`<td class=${align === "right" ? "number" : null}>${drawn(tokens, show)}</td>`;

const DRAW = {
  html: ({ raw }) => raw,
  space: () => null,
  def: () => null,
  br: () => html`<br />`,
  escape: ({ text }) => text,
  text: ({ tokens, text }, show) => (tokens ? drawn(tokens, show) : text),
  paragraph: ({ tokens }, show) => html`<p>${drawn(tokens, show)}</p>`,
  heading: ({ depth, tokens }, show) => html`<${`h${depth + 1}`}>${drawn(tokens, show)}<//>`, // the page's title is h1
  strong: ({ tokens }, show) => html`<strong>${drawn(tokens, show)}</strong>`,
  em: ({ tokens }, show) => html`<em>${drawn(tokens, show)}</em>`,
  codespan: ({ text }) => html`<code>${text}</code>`,
  code: (token, show) => (token.lang === SOURCE ? sources(token).map(show.source) : html`<pre tabindex="0"><code>${token.text}</code></pre>`),
  link: ({ href, tokens, raw }, show) => (SAFE.test(href) ? html`<${Pointed} target=${href} glossary=${show.glossary}>${drawn(tokens, show)}<//>` : raw),
  list: ({ ordered, items }, show) => html`<${ordered ? "ol" : "ul"}>${items.map(({ tokens }) => html`<li>${drawn(tokens, show)}</li>`)}<//>`,
  table: ({ header, rows }, show) => html`<div class="wide"><table class="numbers">
    <thead><tr>${header.map((one) => html`<th scope="col">${drawn(one.tokens, show)}</th>`)}</tr></thead>
    <tbody>${rows.map(([first, ...rest]) => html`<tr>
      <th scope="row">${drawn(first.tokens, show)}</th>${rest.map((one) => cell(one, show))}
    </tr>`)}</tbody>
  </table></div>`,
  formula: ({ tex }) => html`<${Formula} tex=${tex} />`,
  term: ({ tex }) => html`<${Term} tex=${tex} />`,
  measured: ({ path, format }, show) => show.value(path, format),
};
