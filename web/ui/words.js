import { html, useRef } from "preact";
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
    if (spec) content.push(spec.endsWith(":s") ? scope.value(spec)[1] : value(scope, spec));
    else if (tex) content.push(html`<${Term} tex=${tex} />`);
    else if (code) content.push(html`<code>${filled(code, scope)}</code>`);
    else if (bold) content.push(html`<strong><${Rich} text=${bold} scope=${scope} /></strong>`);
    else content.push(html`<${Pointed} target=${filled(target, scope)} glossary=${scope.glossary}><${Rich} text=${words} scope=${scope} /><//>`);
  }
  content.push(text.slice(end));
  return content;
}

/** [words](#page) is a link, [words](?term) are in the page's glossary, [words](.quant) have the colour of a role. */
export function Pointed({ target, glossary, children }) {
  if (target.startsWith("?")) return html`<${Word} meaning=${glossary[target.slice(1)]}>${children}<//>`;
  return target.startsWith(".") ? html`<span class=${target.slice(1)}>${children}</span>` : html`<a href=${target}>${children}</a>`;
}

/** A word whose meaning is shown while one points at it or it has the focus, and when it is touched; Escape hides it. */
function Word({ meaning: [text, page, title], children }) {
  const [mark, about] = [useRef(null), useRef(null)];
  const show = () => about.current.togglePopover({ force: true, source: mark.current }); // beside it, by the style sheet
  const hide = () => about.current?.togglePopover(false);
  const mouse = (act) => ({ pointerType }) => pointerType === "mouse" && act();
  const within = ({ currentTarget, relatedTarget }) => currentTarget.contains(relatedTarget); // focus comes from the link, or goes there
  return html`<span class="word" onPointerEnter=${mouse(show)} onPointerLeave=${mouse(hide)}
    onfocusin=${(event) => within(event) || show()} onfocusout=${(event) => within(event) || hide()}>
    <button type="button" ref=${mark} aria-description=${text} onClick=${show}>${children}</button>
    <span popover="auto" class="meaning" ref=${about}>${text} ${page && html`<a href=${`#${page}`}>${title}</a>`}</span>
  </span>`;
}

const filled = (text, scope) => text.replace(SLOT, (_, spec) => scope.value(spec)[1]);

/** A number stands in the letters of numbers; words that Python says stay words, with their own marks. */
function value(scope, spec) {
  const [found, written] = scope.value(spec);
  if (typeof found === "string" && !spec.includes(":")) return html`<${Rich} text=${found} scope=${scope} />`;
  return html`<span class=${/:words(:|$)/.test(spec) ? "number" : "number together"} data-entry=${spec.split(":")[0]}>${written}</span>`;
}
