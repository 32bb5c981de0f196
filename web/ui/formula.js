import { html, useEffect, useRef } from "preact";
import { line } from "../modules.js";

/** A formula on a line of its own; several equations, with \qquad between them, stand below each other where it is narrow. */
export const Formula = ({ tex }) => html`<div class="formula" ref=${useMath(tex.split(/\s*\\qquad\s*/), true)}></div>`;

/** A formula within a sentence. */
export const Term = ({ tex }) => html`<span class="term" ref=${useMath([tex], false)}></span>`;

/** Fills an element with MathML. The converter comes when first needed; without it the TeX itself is shown. */
function useMath(pieces, displayMode) {
  const target = useRef(null);
  useEffect(() => {
    const put = (nodes) => target.current?.replaceChildren(...nodes);
    line.wait(import("temml")).then(({ default: temml }) => put(pieces.map((tex) => mathml(temml, tex, displayMode))), () => put([pieces.join("  ")]));
  }, [pieces.join()]);
  return target;
}

function mathml(temml, tex, displayMode) {
  const box = document.createElement("span");
  temml.render(tex, box, { displayMode });
  return box.firstElementChild;
}
