import { html } from "preact";
import { fixed } from "../ui/format.js";
import { rows } from "./rung-descent.js";

const [WIDTH, HEIGHT, MARGIN] = [460, 340, 40]; // of the picture
const [LETTER, LINE] = [7, 13]; // of a label, in the picture's units

/**
 * Vectors of three numbers, of which two are drawn and the third is said. arrows: [{name, from, to, kind, thin}], the more
 * important first, where kind is a class of the style sheet; a label that would lie on another is left out.
 */
export function Vectors({ arrows, drawn, said, label, test }) {
  const [i, j] = drawn;
  const place = fit(arrows.flatMap(({ from, to }) => [from, to]).map((v) => [v[i], v[j]]), drawn);
  const [zeroX, zeroY] = place(ORIGIN);
  const texts = labels(arrows.map(({ name, to, from }) => ({ name, at: place(to), left: to[i] < from[i] })));
  return html`<figure class="vectors">
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${label} data-test=${test}>
      <line class="axis" x1="0" x2=${WIDTH} y1=${zeroY} y2=${zeroY} />
      <line class="axis" x1=${zeroX} x2=${zeroX} y1="0" y2=${HEIGHT} />
      <text x=${WIDTH - 4} y=${zeroY + 14} text-anchor="end">number ${i + 1}</text>
      <text x=${zeroX + 6} y="10">number ${j + 1}</text>
      ${arrows.toReversed().map((arrow) => html`<${Arrow} arrow=${arrow} from=${place(arrow.from)} to=${place(arrow.to)} />`)}
      ${texts.map((text, n) => text && html`<text class=${`name ${arrows[n].kind}`} x=${text.x} y=${text.y} text-anchor=${text.anchor}>${arrows[n].name}</text>`)}
    </svg>
    <figcaption>Numbers ${i + 1} and ${j + 1} are drawn; number ${said + 1} is only said, below and on hover.</figcaption>
  </figure>`;
}

/** Where a vector is drawn, so that all of these and the origin are seen, on one scale for both axes. */
function fit(points, [i, j]) {
  const spans = [0, 1].map((k) => [Math.min(-0.3, ...points.map((p) => p[k])), Math.max(0.3, ...points.map((p) => p[k]))]);
  const room = [WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN];
  const scale = Math.min(...spans.map(([low, high], k) => room[k] / (high - low)));
  const [midX, midY] = spans.map(([low, high]) => (low + high) / 2);
  return (v) => [WIDTH / 2 + (v[i] - midX) * scale, HEIGHT / 2 - (v[j] - midY) * scale];
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

/** Where each label has room: beside its tip, above, below; null for one without. */
function labels(tips) {
  const taken = [];
  return tips.map(({ name, at: [x, y], left }) => {
    const width = name.length * LETTER;
    const side = (anchor) => ({ anchor, x: x + (anchor === "end" ? -7 : 7), y: y + 4 });
    const options = [side(left ? "end" : "start"), side(left ? "start" : "end"), { anchor: "middle", x, y: y - 8 }, { anchor: "middle", x, y: y + 16 }];
    for (const text of options) {
      const from = text.x - (text.anchor === "end" ? width : text.anchor === "middle" ? width / 2 : 0);
      const inside = from > 0 && from + width < WIDTH && text.y > LINE && text.y < HEIGHT;
      if (!inside || taken.some((box) => from < box.to && from + width > box.from && Math.abs(box.y - text.y) < LINE)) continue;
      taken.push({ from, to: from + width, y: text.y });
      return text;
    }
    return null;
  });
}

export const vector = (v) => `(${Array.from(v, (x) => fixed(x, 2)).join(", ")})`;
export const ORIGIN = [0, 0, 0];

/** The row of an array [n, 3]. */
export const rowOf = (array, i) => rows(array).at(i);
