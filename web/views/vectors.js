import { html } from "preact";
import { useReading } from "../ui/keys.js";
import { placeLabels } from "../ui/labels.js";
import { useWidth } from "../ui/width.js";

const [HEIGHT, MARGIN] = [340, 40]; // of the picture, in CSS pixels

/** Vectors as arrows, on one scale for both axes; see ToyPage.vectors in pyapp/pages/base/toy_page.py. A name without room is left out. */
export default (facts) => facts.scope.ready && html`<${Vectors} ...${facts} />`;

function Vectors({ block, scope }) {
  const [target, width] = useWidth();
  const told = scope.get("vectors");
  const [at, read, reading] = useReading(told.arrows.length);
  return html`<figure class="vectors" ref=${target}>
    ${width > 0 && html`<${Picture} ...${told} test=${block.name} width=${width} at=${at} read=${read} reading=${reading} />`}
    <output class="plot-readout" data-test=${`${block.name}-value`}>${told.arrows[at]?.title}</output>
    <figcaption>${told.caption}</figcaption>
  </figure>`;
}

function Picture({ arrows, axes: [across, up], spans, label, test, width, at, read, reading }) {
  const room = [width - 2 * MARGIN, HEIGHT - 2 * MARGIN];
  const scale = Math.min(...spans.map(([low, high], k) => room[k] / (high - low)));
  const [midX, midY] = spans.map(([low, high]) => (low + high) / 2);
  const place = ([x, y]) => [width / 2 + (x - midX) * scale, HEIGHT / 2 - (y - midY) * scale];
  const [zeroX, zeroY] = place([0, 0]);
  const ends = arrows.map(({ from, to }) => [...place(from), ...place(to)]);
  const [nameX, nameY] = [{ x: width - 4, y: zeroY + 14 }, { x: zeroX + 6, y: 10 }];
  const names = placeLabels({
    points: arrows.map(({ name }, n) => ({ text: name, x: ends[n][2], y: ends[n][3] })),
    lines: ends.filter((_, n) => !arrows[n].thin),
    boxes: [[nameX.x - 60, nameX.y - 10, width, nameX.y + 4], [nameY.x, 0, nameY.x + 60, nameY.y + 4]],
    width,
    height: HEIGHT,
  });
  return html`<svg width=${width} height=${HEIGHT} ...${reading} aria-label=${`${label} Arrow keys read the vectors.`} data-test=${test}>
    <line class="axis" x1="0" x2=${width} y1=${zeroY} y2=${zeroY} />
    <line class="axis" x1=${zeroX} x2=${zeroX} y1="0" y2=${HEIGHT} />
    <text ...${nameX} text-anchor="end">${across}</text>
    <text ...${nameY}>${up}</text>
    ${arrows.map((arrow, n) => html`<${Arrow} arrow=${arrow} from=${place(arrow.from)} to=${place(arrow.to)} lit=${n === at} read=${() => read(n)} />`).toReversed()}
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

function Arrow({ arrow: { kind, thin }, from: [x, y], to: [toX, toY], lit, read }) {
  const length = Math.hypot(toX - x, toY - y);
  const [ux, uy] = length ? [(toX - x) / length, (toY - y) / length] : [0, 0];
  const head = Math.min(9, length);
  const [baseX, baseY] = [toX - ux * head, toY - uy * head];
  const wing = (side) => `${baseX - side * uy * head * 0.4},${baseY + side * ux * head * 0.4}`;
  return html`<g class=${`arrow ${kind} ${lit ? "lit" : ""}`} onPointerEnter=${read}>
    ${!thin && html`<line x1=${x} y1=${y} x2=${baseX} y2=${baseY} /><polygon points=${`${toX},${toY} ${wing(1)} ${wing(-1)}`} />`}
    ${thin && html`<circle cx=${toX} cy=${toY} r="3" />`}
    <circle class="hit" cx=${toX} cy=${toY} r="10" />
  </g>`;
}
