import { html, useState } from "preact";
import { Offer, Transport } from "./transport.js";

/** The controls of a page: beside the stage, or on a phone a bar at the bottom (with `summary`) whose form opens above it. training: null on a page that only answers. */
export function Sheet({ page, training, summary, children }) {
  const [open, setOpen] = useState(false);
  return html`
    <div class="bar">
      <button
        type="button"
        class="quiet handle"
        data-test="controls-toggle"
        aria-expanded=${open}
        aria-controls="settings"
        onClick=${() => setOpen(!open)}
      >
        <span>${open ? "Hide controls" : "Controls"}</span>
        <span class="number">${summary}</span>
      </button>
      ${training && html`<${Transport} page=${page} training=${training} /><${Offer} page=${page} training=${training} />`}
    </div>
    <div id="settings" class=${`settings ${open ? "open" : ""}`}>${children}</div>`;
}
