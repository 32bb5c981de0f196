import { html } from "preact";
import { format } from "../state.js";

const TRAVELS = ["prompt", "own", "scaled", "mlp", "dims", "table"]; // parameters that go along to another rung

/** Links to the other rungs: "rungs" is the whole ladder, else those below and above. */
export default function Ladder({ block, page }) {
  const rungs = page.pages.filter(({ group }) => group === page.meta.group);
  const at = rungs.findIndex(({ name }) => name === page.meta.name);
  const link = (meta) => format(meta, Object.fromEntries(TRAVELS.map((name) => [name, page.params[name]])));
  if (block.name === "rungs")
    return html`<nav class="rungs" aria-label="Ladder"><ol>
      ${rungs.map((meta, i) => html`<li key=${meta.name}><a href=${link(meta)} aria-current=${i === at ? "page" : null}>${meta.title}</a></li>`)}
    </ol></nav>`;
  const [below, above] = [rungs[at - 1], rungs[at + 1]];
  return html`<p class="row rung-links">
    ${below && html`<a href=${link(below)} data-test="rung-down">Down to ${below.title}</a>`}
    ${above && html`<a href=${link(above)} data-test="rung-up">Up to ${above.title}</a>`}
  </p>`;
}
