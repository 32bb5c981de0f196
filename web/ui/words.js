import { html } from "preact";
import { Term } from "./formula.js";
import { SLOT } from "./scope.js";

const PIECE = /\*\*(.+?)\*\*|`([^`]+)`|\[([^\]]+)\]\(([^)\s]+)\)|\{([^{}]+)\}|\$([^${}]+)\$/g;

/** A template in its small Markdown as content; values are set as numbers. */
export function Rich({ text = "", scope }) {
  const content = [];
  let end = 0;
  for (const { 0: whole, 1: bold, 2: code, 3: words, 4: target, 5: spec, 6: tex, index } of text.matchAll(PIECE)) {
    content.push(text.slice(end, index));
    end = index + whole.length;
    if (spec) content.push(value(scope, spec));
    else if (tex) content.push(html`<${Term} tex=${tex} />`);
    else if (code) content.push(html`<code>${filled(code, scope)}</code>`);
    else if (bold) content.push(html`<strong><${Rich} text=${bold} scope=${scope} /></strong>`);
    else content.push(html`<${Pointed} target=${filled(target, scope)}><${Rich} text=${words} scope=${scope} /><//>`);
  }
  content.push(text.slice(end));
  return content;
}

/** [words](#page) is a link, [words](.quant) has the colour of a role. */
export const Pointed = ({ target, children }) =>
  target.startsWith(".") ? html`<span class=${target.slice(1)}>${children}</span>` : html`<a href=${target}>${children}</a>`;

const filled = (text, scope) => text.replace(SLOT, (_, spec) => scope.value(spec)[1]);

/** A number stands in the letters of numbers; words that Python says stay words, with their own marks. */
function value(scope, spec) {
  const [found, written] = scope.value(spec);
  if (typeof found === "string" && !spec.includes(":")) return html`<${Rich} text=${found} scope=${scope} />`;
  return html`<span class=${/:words(:|$)/.test(spec) ? "number" : "number together"} data-entry=${spec.split(":")[0]}>${written}</span>`;
}
