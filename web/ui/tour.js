import { html, render } from "preact";
import { Rich } from "./words.js";
import { Scope } from "./scope.js";

/** The bar of a guided path. stops: [[link, title, words]]; at: which of them the reader is at, from 1, or nothing. */
export function drawTour(root, stops, at) {
  const stop = stops[at - 1];
  const go = (to, words, name) => html`<a class="button" href=${`${to[0]}${to[0].includes("?") ? "&" : "?"}tour=${stops.indexOf(to) + 1}`} data-test=${name}>${words}</a>`;
  const [before, after] = [stops[at - 2], stops[at]];
  render(stop && html`<section class="tour" aria-label="Guided path" data-test="tour">
    <p class="row"><strong>${stop[1]}</strong><span class="doc">${at} of ${stops.length}</span></p>
    <p><${Rich} text=${stop[2]} scope=${new Scope(null, {})} /></p>
    <p class="row">
      ${before && go(before, "Back", "tour-back")} ${after && go(after, `Next: ${after[1]}`, "tour-next")}
      <a href=${stop[0]} data-test="tour-end">${after ? "Leave the path" : "The end: stay here"}</a>
    </p>
  </section>`, root);
}
