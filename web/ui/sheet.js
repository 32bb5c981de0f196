import { html, useEffect, useRef } from "preact";
import { Back, Left, Pins } from "./left.js";
import { Offer, Transport } from "./transport.js";

const PICTURES = "figure, canvas, svg, table";

/**
 * What stays in view: a page's main controls (the children), the buttons of its run and, as `headline`, what came of it. On a phone
 * it is at the bottom, and the other controls, `sheet`, open above it. training: null on a page that only answers.
 */
export function Strip({ page, training, run, headline, links, sheet, open, toggle, children }) {
  const host = useRef(null);
  useEffect(() => {
    const style = document.documentElement.style;
    const sized = new ResizeObserver(() => style.setProperty("--strip", `${host.current?.offsetHeight ?? 0}px`)); // of what must not hide
    sized.observe(host.current);
    return () => sized.disconnect();
  }, []);
  useEffect(() => {
    if (open) reveal(document.elementFromPoint(innerWidth / 2, innerHeight / 4)?.closest(".bench section") ?? undefined); // the one that is looked at
  }, [open]);
  return html`<div class="strip-row" ref=${host}>
    ${training && html`<${Transport} page=${page} training=${training} />`} ${run}
    ${children}
    ${page.meta.bar && html`<div class="headline"><p data-test="headline">${headline}</p>
      <p class="runs"><${Pins} page=${page} />${training && html`<${Back} page=${page} training=${training} />`}</p></div>`} ${links}
    ${sheet && html`<button type="button" class="quiet handle" data-test="controls-toggle" aria-expanded=${open} aria-controls="settings" onClick=${toggle}>
      ${open ? "Hide controls" : "More controls"}
    </button>`}
    <div class="offers">${training && html`<${Offer} page=${page} training=${training} />`}<${Left} page=${page} /></div>
  </div>`;
}

/** Bring the picture of a panel into sight, by default the main one, if it is not. */
export function reveal(panel = document.querySelector(".stage section")) {
  (panel.querySelector(PICTURES) ?? panel).scrollIntoView({ block: "nearest" });
}
