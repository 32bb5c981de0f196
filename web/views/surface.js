import { html, useEffect, useState } from "preact";
import { painted } from "../ui/colormap.js";
import { fixed } from "../ui/format.js";
import { dragging } from "../ui/reader.js";
import { onTheme } from "../ui/theme.js";
import { useWidth } from "../ui/width.js";

const [TOP, RIGHT, BOTTOM, LEFT, HEIGHT] = [8, 8, 22, 36, 300]; // margins and height in CSS pixels
const INK = 2; // the height that would have the full colour: what is drawn on lower ones stays legible
const ARROW = 70; // pixels of the longest gradient arrow
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
const READ = "w {w:fixed:2}, b {b:fixed:2}: MSE {loss}; ∂w {dw}, ∂b {db}";

/**
 * A loss over two parameters, seen from above: the greyer the higher. A point that pointer and arrow keys move, its two
 * gradients as arrows uphill, the step that comes next, and the way so far.
 */
export default (facts) => facts.scope.ready && html`<${Surface} ...${facts} />`;

function Surface({ block, scope, page }) {
  const [target, width] = useWidth();
  const [, redraw] = useState(null);
  useEffect(() => onTheme(() => redraw({})), []);
  const values = (name) => Array.from(scope.array(name).data);
  const shades = scope.array("shades"); // the first row is the least b, which is at the bottom
  const [ws, bs, here, next, trail] = ["surface_w", "surface_b", "here", "next", "trail"].map(values);
  const [right, bottom] = [width - RIGHT, HEIGHT - BOTTOM];
  const along = (value, list, from, to) => from + ((value - list[0]) / (list.at(-1) - list[0])) * (to - from);
  const place = ([w, b]) => [along(w, ws, LEFT, right), along(b, bs, bottom, TOP)];

  /** On the steps of the sliders, and within the picture. */
  const go = (w, b) => [["w", w, ws], ["b", b, bs]].forEach(([name, value, list]) => {
    const { step } = page.meta.params.find((param) => param.name === name);
    const near = Number((Math.round(value / step) * step).toFixed(6));
    page.change(name, Math.max(list[0], Math.min(list.at(-1), near)));
  });
  const point = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const at = (share, list) => list[0] + Math.max(0, Math.min(1, share)) * (list.at(-1) - list[0]);
    go(at((x - LEFT) / (right - LEFT), ws), at((bottom - y) / (bottom - TOP), bs));
  };
  const key = (event) => {
    const by = KEYS[event.key];
    if (!by) return;
    event.preventDefault();
    const far = page.meta.params.find(({ name }) => name === "w").step * (event.shiftKey ? 10 : 1);
    go(here[0] + by[0] * far, here[1] + by[1] * far);
  };
  return html`<figure class="surface">
    <figcaption>MSE over w and b, the greyer the higher; gradients point uphill, the arrow without a label is the next step</figcaption>
    <div ref=${target}>${width > 0 && html`<svg width=${width} height=${HEIGHT} tabindex="0" data-test=${block.name} role="application"
      aria-roledescription="loss surface" onKeyDown=${key} ...${dragging(point)}
      aria-label=${`The loss over w and b, the greyer the higher. ${scope.text(READ)}. Arrow keys move the point, with Shift ten times as far.`}>
      <image href=${painted({ data: shades.data, rows: shades.shape[0], columns: shades.shape[1], map: "grey", limit: INK }).toDataURL()}
        x=${LEFT} y=${-bottom} width=${right - LEFT} height=${bottom - TOP} preserveAspectRatio="none" transform="scale(1 -1)" />
      <${Axes} ws=${ws} bs=${bs} place=${place} />
      <svg x=${LEFT} y=${TOP} width=${right - LEFT} height=${bottom - TOP} viewBox=${`${LEFT} ${TOP} ${right - LEFT} ${bottom - TOP}`}>
        ${here.every(Number.isFinite) && html`<${Way} here=${place(here)} next=${place(next)} trail=${trail} best=${scope.get("best?")}
          slopes=${[scope.get("dw"), scope.get("db")]} place=${place} />`}
      </svg>
    </svg>`}</div>
    <output class="plot-readout" data-test=${`${block.name}-value`}>${scope.text(READ)}</output>
  </figure>`;
}

function Axes({ ws, bs, place }) {
  const anchor = (value) => (value === 0 ? "middle" : value < 0 ? "start" : "end");
  const text = (name, value) => (value === 0 ? `${name} 0` : fixed(value, 0));
  return html`<g class="axes" aria-hidden="true">
    ${[ws[0], 0, ws.at(-1)].map((w) => html`<text x=${place([w, 0])[0]} y=${HEIGHT - 6} text-anchor=${anchor(w)}>${text("w", w)}</text>`)}
    ${[bs[0], 0, bs.at(-1)].map((b) => html`<text x=${LEFT - 6} y=${Math.max(TOP + 10, place([0, b])[1] + 4)} text-anchor="end">${text("b", b)}</text>`)}
  </g>`;
}

function Way({ here: [x, y], next, trail, best, slopes: [dw, db], place }) {
  const way = Array.from({ length: trail.length / 3 }, (_, i) => place(trail.slice(3 * i)));
  return html`<polyline class="line thin" stroke="var(--float)" points=${[...way, [x, y]].filter((at) => at.every(Number.isFinite)).join(" ")} />
    ${best && html`<path class="line thin" stroke="var(--ink)" d=${`M${place(best)}m-5 -5l10 10m-10 0l10 -10`} />`}
    ${dw !== null && html`<${Arrow} from=${[x, y]} to=${[x + reach(dw), y]} colour="heat-positive" text="∂w" />`}
    ${db !== null && html`<${Arrow} from=${[x, y]} to=${[x, y - reach(db)]} colour="heat-positive" text="∂b" />`}
    ${next.every(Number.isFinite) && html`<${Arrow} from=${[x, y]} to=${next} colour="ink" />`}
    <circle fill="var(--float)" cx=${x} cy=${y} r="6" />`;
}

function Arrow({ from: [x, y], to: [toX, toY], colour, text }) {
  const length = Math.hypot(toX - x, toY - y);
  if (length < 1) return null;
  const [ux, uy] = [(toX - x) / length, (toY - y) / length];
  const head = Math.min(7, length);
  const [baseX, baseY] = [toX - ux * head, toY - uy * head];
  const wing = (side) => `${baseX - side * uy * head * 0.6},${baseY + side * ux * head * 0.6}`;
  return html`<g style=${{ color: `var(--${colour})` }}>
    <line stroke="currentColor" stroke-width="2" x1=${x} y1=${y} x2=${baseX} y2=${baseY} />
    <polygon fill="currentColor" points=${`${toX},${toY} ${wing(1)} ${wing(-1)}`} />
    ${text && length > 10 && html`<text x=${toX + ux * 12} y=${toY + uy * 10 + 4} text-anchor="middle" style=${{ fill: "currentColor" }}>${text}</text>`}
  </g>`;
}

/** A gradient as pixels: longer the steeper, and never out of the picture. */
const reach = (slope) => (ARROW * slope) / (Math.abs(slope) + 0.2);
