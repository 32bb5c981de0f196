import { html } from "preact";
import { SLOT } from "./scope.js";

const PIECE = /\*\*(.+?)\*\*|`([^`]+)`|\[([^\]]+)\]\(([^)\s]+)\)|\{([^{}]+)\}/g;

/** A template in its small Markdown as content: values are set as numbers, [words](.quant) have the colour of a role. */
export function Rich({ text = "", scope }) {
  const content = [];
  let end = 0;
  for (const { 0: whole, 1: bold, 2: code, 3: words, 4: target, 5: spec, index } of text.matchAll(PIECE)) {
    content.push(text.slice(end, index));
    end = index + whole.length;
    if (spec) content.push(value(scope, spec));
    else if (code) content.push(html`<code>${filled(code, scope)}</code>`);
    else if (bold) content.push(html`<strong><${Rich} text=${bold} scope=${scope} /></strong>`);
    else if (target.startsWith(".")) content.push(html`<span class=${filled(target.slice(1), scope)}><${Rich} text=${words} scope=${scope} /></span>`);
    else content.push(html`<a href=${filled(target, scope)}><${Rich} text=${words} scope=${scope} /></a>`);
  }
  content.push(text.slice(end));
  return content;
}

const filled = (text, scope) => text.replace(SLOT, (_, spec) => scope.value(spec)[1]);

/** A number stands in the letters of numbers; words that Python says stay words, with their own marks. */
function value(scope, spec) {
  const [found, written] = scope.value(spec);
  if (typeof found === "string" && !spec.includes(":")) return html`<${Rich} text=${found} scope=${scope} />`;
  return html`<span class=${/:words(:|$)/.test(spec) ? "number" : "number together"} data-entry=${spec.split(":")[0]}>${written}</span>`;
}
