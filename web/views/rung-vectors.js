import { html } from "preact";
import { fixed } from "../ui/format.js";
import { placeLabels } from "../ui/labels.js";
import { useWidth } from "../ui/width.js";
import { rows } from "./rung-descent.js";

const [HEIGHT, MARGIN] = [340, 40]; // of the picture, in CSS pixels

/**
 * Vectors of three numbers, of which two are plotted and the third is listed. arrows: [{name, from, to, kind, thin}], the more
 * important first, where kind is a class of the style sheet; a name without room is left out.
 */
export function Vectors({ arrows, drawn, said, label, test }) {
  const [target, width] = useWidth();
  return html`<figure class="vectors" ref=${target}>
    ${width > 0 && html`<${Picture} arrows=${arrows} drawn=${drawn} label=${label} test=${test} width=${width} />`}
    <figcaption>Numbers ${drawn[0] + 1} and ${drawn[1] + 1} are drawn; number ${said + 1} is only said, in the table and on hover.</figcaption>
  </figure>`;
}

function Picture({ arrows, drawn: [i, j], label, test, width }) {
  const place = fit(arrows.flatMap(({ from, to }) => [from, to]).map((v) => [v[i], v[j]]), [i, j], width);
  const [zeroX, zeroY] = place(ORIGIN);
  const ends = arrows.map(({ from, to }) => [...place(from), ...place(to)]);
  const [nameX, nameY] = [{ x: width - 4, y: zeroY + 14 }, { x: zeroX + 6, y: 10 }];
  const names = placeLabels({
    points: arrows.map(({ name }, n) => ({ text: name, x: ends[n][2], y: ends[n][3] })),
    lines: ends.filter((_, n) => !arrows[n].thin),
    boxes: [[nameX.x - 60, nameX.y - 10, width, nameX.y + 4], [nameY.x, 0, nameY.x + 60, nameY.y + 4]],
    width,
    height: HEIGHT,
  });
  return html`<svg width=${width} height=${HEIGHT} role="img" aria-label=${label} data-test=${test}>
    <line class="axis" x1="0" x2=${width} y1=${zeroY} y2=${zeroY} />
    <line class="axis" x1=${zeroX} x2=${zeroX} y1="0" y2=${HEIGHT} />
    <text ...${nameX} text-anchor="end">number ${i + 1}</text>
    <text ...${nameY}>number ${j + 1}</text>
    ${arrows.toReversed().map((arrow) => html`<${Arrow} arrow=${arrow} from=${place(arrow.from)} to=${place(arrow.to)} />`)}
    ${names.map((at, n) => at && html`<${Name} arrow=${arrows[n]} at=${at} tip=${ends[n].slice(2)} />`)}
  </svg>`;
}

/** A name, with a hairline to its point where that is not beside it. */
function Name({ arrow: { name, kind }, at, tip: [x, y] }) {
  return html`<g>
    ${at.far && html`<line class="leader" x1=${x} y1=${y} x2=${at.x} y2=${at.y < y ? at.y + 2 : at.y - 5} />`}
    <text class=${`name ${kind}`} x=${at.x} y=${at.y} text-anchor=${at.anchor}>${name}</text>
  </g>`;
}

/** Where a vector is drawn, so that all of these and the origin are seen, on one scale for both axes. */
function fit(points, [i, j], width) {
  const spans = [0, 1].map((k) => [Math.min(-0.3, ...points.map((p) => p[k])), Math.max(0.3, ...points.map((p) => p[k]))]);
  const room = [width - 2 * MARGIN, HEIGHT - 2 * MARGIN];
  const scale = Math.min(...spans.map(([low, high], k) => room[k] / (high - low)));
  const [midX, midY] = spans.map(([low, high]) => (low + high) / 2);
  return (v) => [width / 2 + (v[i] - midX) * scale, HEIGHT / 2 - (v[j] - midY) * scale];
}

function Arrow({ arrow, from: [x, y], to: [toX, toY] }) {
  const length = Math.hypot(toX - x, toY - y);
  const [ux, uy] = length ? [(toX - x) / length, (toY - y) / length] : [0, 0];
  const head = Math.min(9, length);
  const [baseX, baseY] = [toX - ux * head, toY - uy * head];
  const wing = (side) => `${baseX - side * uy * head * 0.4},${baseY + side * ux * head * 0.4}`;
  return html`<g class=${`arrow ${arrow.kind}`}>
    <title>${`${arrow.name}: ${vector(arrow.to)}`}</title>
    ${!arrow.thin && html`<line x1=${x} y1=${y} x2=${baseX} y2=${baseY} /><polygon points=${`${toX},${toY} ${wing(1)} ${wing(-1)}`} />`}
    ${arrow.thin && html`<circle cx=${toX} cy=${toY} r="3" />`}
    <circle class="hit" cx=${toX} cy=${toY} r="10" />
  </g>`;
}

export const vector = (v) => `(${Array.from(v, (x) => fixed(x, 2)).join(", ")})`;
export const ORIGIN = [0, 0, 0];

/** The row of an array [n, 3]. */
export const rowOf = (array, i) => rows(array).at(i);
