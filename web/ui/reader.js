import { html, useRef, useState } from "preact";
import { ending } from "./keys.js";
import { useWidth } from "./width.js";

const FAR = 10; // items that Shift with an arrow key moves by

/**
 * A drawing whose items along x the pointer and the arrow keys read; with `pick` they move a point along them.
 *
 * places(width)      x of every item in CSS pixels, ascending; null for one that is out of sight
 * draw(width, at)    its SVG; at: the item that is read, or null
 * words(i)           the exact values of item i, in `rows` lines; summary: a sentence that stands there until one is read
 * items, at, pick    with a point: what each item stands for, the item where it is, and pick(value), which resolves when answered
 */
export function Reader({ label, summary = "", test, height, rows = 1, places, draw, words, items, at = null, pick = null }) {
  const [target, width] = useWidth();
  const [read, setRead] = useState(null);
  const [moved, setMoved] = useState(null); // where the point was moved to while Python has not answered that yet
  const moves = useRef(0);
  const seen = width > 0 ? places(width) : [];
  const inSight = seen.flatMap((place, i) => (place === null ? [] : [i]));
  const here = moved ?? at;
  const shown = inSight.includes(read) ? read : null;

  const nearest = (event) => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
    const far = (i) => Math.abs(seen[i] - x);
    return inSight.length ? inSight.reduce((best, i) => (far(i) < far(best) ? i : best)) : null;
  };
  async function move(to) {
    setRead(to);
    if (to === here || to === null) return;
    const mine = (moves.current += 1);
    setMoved(to);
    await pick(items[to]);
    if (moves.current === mine) setMoved(null);
  }
  const point = (event) => setRead(nearest(event));
  const key = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity, ...(pick && { ArrowDown: -1, ArrowUp: 1 }) }[event.key];
    if (by === undefined || !inSight.length) return;
    event.preventDefault();
    event.stopPropagation();
    const now = Math.max(0, inSight.indexOf(pick ? here : shown));
    (pick ? move : setRead)(inSight[Math.max(0, Math.min(inSight.length - 1, now + by * (event.shiftKey ? FAR : 1)))]);
  };
  const focus = (event) => event.currentTarget.matches(":focus-visible") && setRead(pick ? here : (shown ?? inSight[0] ?? null));
  const told = pick && here !== null && items.length > 0
    ? { role: "slider", "aria-valuemin": items[0], "aria-valuemax": items[items.length - 1], "aria-valuenow": items[here], "aria-valuetext": words(here) }
    : { role: "application", "aria-roledescription": "plot" };
  return html`<div class="figure" ref=${target}>
    <svg width=${width} height=${height} tabindex="0" data-test=${test} ...${told}
      aria-label=${`${label} ${summary} Left and right arrow keys ${pick ? "move the point" : "read the values"}.`}
      onPointerMove=${point} onPointerDown=${point} ...${pick && dragging((event) => move(nearest(event)), point)}
      onFocus=${focus} ...${ending(() => setRead(null))} onKeyDown=${key}
    >${width > 0 && draw(width, shown)}</svg>
    <output class="plot-readout" style=${{ minHeight: `${18 * rows}px` }} data-test=${`${test}-value`}>${shown === null ? "" : words(shown)}</output>
    ${shown === null && !(items?.length < 2) && html`<p class="plot-summary" aria-hidden="true" data-test=${`${test}-summary`}><span>${summary}</span></p>`}
  </div>`;
}

let down = null; // where a finger is that may be about to scroll the page

/** The pointer moves a point, or is `over` it. A finger that scrolls the page moves none: it has to tap, or to go across. */
export const dragging = (go, over = () => {}) => ({
  onPointerDown: (event) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    down = event.pointerType === "touch" ? event : null;
    if (!down) go(event);
  },
  onPointerMove: (event) => {
    if (down && Math.abs(event.clientX - down.clientX) > Math.abs(event.clientY - down.clientY)) down = null;
    (!event.buttons ? over : down ? () => {} : go)(event);
  },
  onPointerUp: (event) => event.pointerType === "touch" && go(event),
});
