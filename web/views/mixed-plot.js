import { html, useState } from "preact";
import { useWidth } from "../ui/width.js";

/** Around what is plotted, in CSS pixels: room for ticks, names and labels at the lines' ends. */
const MARGIN = { left: 56, right: 12, top: 16, bottom: 38 };

const HINT = "Point at a mark, or focus the plot and use the arrow keys, to read its values.";

/** Positions of values between two ends, linearly or by the logarithm. */
const linear = ({ from, to }, [a, b]) => (v) => a + ((v - from) / (to - from)) * (b - a);
const logarithmic = ({ from, to }, [a, b]) => (v) => a + (Math.log(v / from) / Math.log(to / from)) * (b - a);

/**
 * A plot as SVG whose points the pointer and the arrow keys read.
 *
 * x, y       {from, to, log, ticks: [{at, text}], name}
 * marks      [{x, y, words}] in the order of the keys; `words` are the exact values, read out below
 * rows       how many marks the up and down keys move by; absent: they do nothing
 * start      the mark that is read first
 * act        called with the index of a mark that was clicked or reached by a key
 * draw       (place, at, size) => SVG; place.x, place.y: positions of values; at: the mark that is read, or null
 */
export function Plot({ label, test, height, x, y, marks, rows = 0, start = 0, right = MARGIN.right, act, draw }) {
  const [target, width] = useWidth();
  const [at, setAt] = useState(null);
  const size = { left: MARGIN.left, right: width - right, top: MARGIN.top, bottom: height - MARGIN.bottom };
  const place = {
    x: (x.log ? logarithmic : linear)(x, [size.left, size.right]),
    y: (y.log ? logarithmic : linear)(y, [size.bottom, size.top]),
  };
  const reading = at !== null && at < marks.length ? at : null;
  const keys = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -rows, ArrowDown: rows, Home: -Infinity, End: Infinity };

  function nearest(event) {
    const box = event.currentTarget.getBoundingClientRect();
    const distance = (mark) => Math.hypot(place.x(mark.x) - event.clientX + box.left, place.y(mark.y) - event.clientY + box.top);
    return marks.length ? marks.reduce((best, mark, i) => (distance(mark) < distance(marks[best]) ? i : best), 0) : null;
  }

  function key(event) {
    const by = keys[event.key];
    if (!by || !marks.length) return;
    event.preventDefault();
    const to = Math.max(0, Math.min(marks.length - 1, (reading ?? start) + by));
    setAt(to);
    act?.(to);
  }

  return html`<div class="mixed-plot" ref=${target}>
    <svg
      width=${width}
      height=${height}
      tabindex="0"
      role="application"
      aria-roledescription="plot"
      aria-label=${`${label} Arrow keys read the values.`}
      data-test=${test}
      onPointerMove=${(event) => setAt(nearest(event))}
      onPointerLeave=${() => setAt(null)}
      onClick=${(event) => marks.length && act?.(nearest(event))}
      onFocus=${(event) => event.currentTarget.matches(":focus-visible") && marks.length && setAt(start)}
      onBlur=${() => setAt(null)}
      onKeyDown=${key}
    >
      ${width > 0 && html`<${Axes} x=${x} y=${y} place=${place} size=${size} height=${height} />${draw(place, reading, size)}`}
    </svg>
    <output class="plot-readout" data-test=${`${test}-value`}>${reading === null ? HINT : marks[reading].words}</output>
  </div>`;
}

function Axes({ x, y, place, size, height }) {
  return html`<g class="axes" aria-hidden="true">
    ${y.ticks.map(
      ({ at, text }) => html`<line x1=${size.left} x2=${size.right} y1=${place.y(at)} y2=${place.y(at)} />
        <text x=${size.left - 8} y=${place.y(at)} dy="4" text-anchor="end">${text}</text>`,
    )}
    ${x.ticks.map(
      ({ at, text }) => html`<line x1=${place.x(at)} x2=${place.x(at)} y1=${size.bottom} y2=${size.bottom + 4} />
        <text x=${place.x(at)} y=${size.bottom + 16} text-anchor="middle">${text}</text>`,
    )}
    <text class="axis-name" x=${(size.left + size.right) / 2} y=${height - 6} text-anchor="middle">${x.name}</text>
  </g>`;
}

/** An axis by the logarithm over whole decades around the values; only those above 0 count. */
export function decades(values, name) {
  const powers = values.filter((value) => value > 0).map((value) => Math.log10(value));
  const from = Math.floor(Math.min(...powers, 0));
  const to = Math.max(from + 1, Math.ceil(Math.max(...powers, from)));
  const ticks = Array.from({ length: to - from + 1 }, (_, i) => from + i).map((power) => ({
    at: 10 ** power,
    text: power < -2 ? `1e−${-power}` : String(10 ** power),
  }));
  return { from: 10 ** from, to: 10 ** to, log: true, ticks, name };
}

/** Move labels {y, ...} apart that would overlap, from the topmost down. */
export function apart(labels, gap) {
  const sorted = [...labels].sort((a, b) => a.y - b.y);
  sorted.forEach((label, i) => {
    if (i) label.y = Math.max(label.y, sorted[i - 1].y + gap);
  });
  return sorted;
}
