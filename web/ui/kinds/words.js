import { html } from "preact";
import { Rich } from "../words.js";

const CLASSES = { caption: "plot-name", finding: "finding", summary: "summary", plain: "" };

/** Sentences; with `over` a paragraph for each item of a list. */
export function Words({ block, scope }) {
  if (!block.over) return html`<${Paragraph} block=${block} scope=${scope} />`;
  return (scope.get(block.over) ?? []).map((item, i) => html`<${Paragraph} key=${i} block=${block} scope=${scope.inside(item, i)} />`);
}

function Paragraph({ block: { text, role = "about", good, name }, scope }) {
  if (!scope.knows(text)) return null;
  const kind = CLASSES[role] ?? role;
  const verdict = good && scope.ready ? (scope.holds(good) ? "good" : "bad") : "";
  const content = html`<${Rich} text=${text} scope=${scope} />`;
  return html`<p class=${`${kind} ${role === "note" ? verdict && `judged ${verdict}` : verdict}`} data-test=${name && scope.text(name)}
    role=${["summary", "finding", "sentence"].includes(role) ? "status" : undefined}>${content}</p>`;
}

export const Heading = ({ block, scope }) => html`<h3 data-test=${block.name}><${Rich} text=${block.text} scope=${scope} /></h3>`;

export function Progress({ block, scope }) {
  const [done, of] = [scope.get(block.done) ?? 0, block.of ? scope.get(block.of) : 1];
  const words = scope.text(block.text);
  return html`<p class="measured" role="status">
    ${done < of && html`<progress max=${of || 1} value=${done} aria-label=${words || "Measured so far"}></progress>`}
    <output class="doc" data-test=${block.name} aria-live="off">${words}</output>
  </p>`;
}

export const Text = ({ block, scope }) => html`<pre class=${`letters ${block.wraps ? "wraps" : ""}`} tabindex="0" aria-label=${scope.text(block.label)}
  data-test=${block.name}>${scope.get(block.text)}</pre>`;

/** The button that drives a page's steps, or runs them again; see Work in pyapp/experiment/panels.py. */
export function Work({ block: { start, stop, on, again, begun, name }, scope, page }) {
  const { going, done, press } = page.run;
  const fresh = scope.ready && begun && !scope.holds(begun);
  const label = going ? stop ?? again : fresh ? start : done || !start ? again : scope.ready ? on : start;
  return html`<p class="row"><button type="button" class=${going || !start ? "" : "primary"} data-test=${name} disabled=${!page.open || (going && !stop)} onClick=${press}>${scope.text(label)}</button></p>`;
}
