import { html, useEffect, useRef } from "preact";
import { Code } from "./code.js";
import { Trouble } from "./trouble.js";

/** A chapter of a page's story: words and formulas at the left, the Python that runs at the right. code: dotted names. */
export function Chapter({ title, code = [], sources, children }) {
  return html`<section class="chapter-body">
    <div class="prose"><h3>${title}</h3>${children}</div>
    ${code.length > 0 && html`<div class="codes">${code.map((name) => html`<${Code} name=${name} source=${sources?.[name]} />`)}</div>`}
  </section>`;
}

/** of: a function that makes the MathML nodes, so that each place has its own. */
export function Formula({ of }) {
  const target = useRef(null);
  useEffect(() => target.current.replaceChildren(...[of()].flat()), [of]);
  return html`<div class="formula" ref=${target}></div>`;
}

/** Chapters as data: [{title, body (what html`` gives), formulas: [function], code: [dotted name]}]. */
export function Story({ chapters, sources, trouble }) {
  return html`<h2 class="chapter">How it works</h2>
    <${Trouble} trouble=${trouble} />
    ${chapters.map(
      ({ title, body, formulas = [], code }) => html`<${Chapter} title=${title} code=${code} sources=${sources}>
        ${body} ${formulas.map((of) => html`<${Formula} of=${of} />`)}
      <//>`,
    )}`;
}
