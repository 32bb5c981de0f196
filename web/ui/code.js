import { html, useEffect, useRef } from "preact";
import hljs from "highlight/core";
import python from "highlight/python";

hljs.registerLanguage("python", python);

const WIDE = matchMedia("(min-width: 1100px)");
const SHORT = 20; // lines that may stand open beside the text

/** Source as `source` of the engine gives it, {code, file, line}, coloured; while it is not there, a sentence. */
export function Code({ name, source }) {
  const target = useRef(null);
  useEffect(() => {
    if (!source) return;
    const code = document.createElement("code");
    code.className = "language-python";
    code.textContent = source.code;
    hljs.highlightElement(code);
    target.current.replaceChildren(code);
  }, [source?.code]);
  if (!source) return html`<p class="waiting">The Python of <code>${name}</code> appears here when Python has started.</p>`;
  const lines = source.code.trimEnd().split("\n").length;
  return html`<details class="code" open=${WIDE.matches && lines <= SHORT}>
    <summary>
      <span class="number">${name.split(".").at(-1)}</span> <span class="where">${source.file}, line ${source.line}, ${lines} lines</span>
    </summary>
    <pre ref=${target} tabindex="0" aria-label=${`Source of ${name}`}></pre>
  </details>`;
}
