import { html } from "preact";
import { scalar } from "./format.js";
import { Reader } from "./reader.js";

const [TOP, LEFT, BOTTOM, BARE] = [16, 48, 22, 8]; // margins in CSS pixels: for the words of verticals, the numbers of y and of x; without these, as in bins.js
const LABEL_GAP = 13;
const LETTER = 6.8; // of the small monospaced letters
const colour = (role) => `var(--${role})`;

/**
 * Lines over numbers as SVG: read by pointer and arrow keys or, with `pick`, with a point that both move.
 *
 * view        {x: [from, to], y: [from, to], logX, logY, ticksX, ticksY: [{at, text}], titleX, writeY}
 * lines       [{x, y, role, label, shape: "line" | "steps" | "dots", thin, dash, hollow}]
 * marks       [{kind: "vertical" | "horizontal" | "band" | "point" | "ring" | "square" | "thread", x, y, to, text, role, hollow}]
 * items       x of what is read, ascending; words(i): its exact values; at: the item where the point is
 * pick(x)     the point was moved there; resolves when that is answered
 */
export function Figure({ view, lines, marks = [], items, empty = "", height, ...reading }) {
  const room = (words, beside) => (words ? words.length * LETTER + beside : 0);
  const longest = Math.max(room(view.titleX, 28), ...lines.map(({ label }) => room(label, 12))); // the title stands beside half the last number
  const [left, beside] = view.ticksY?.length === 0 ? [BARE, BARE] : [Math.max(LEFT, ...(view.ticksY ?? []).map(({ text }) => room(text, 8))), Math.max(12, longest)]; // words may be longer than numbers
  const geometry = (width) => {
    const right = width - Math.min(beside, Math.max(12, width * 0.36));
    return {
      right,
      x: (value) => left + share(value, view.x, view.logX) * (right - left),
      y: (value) => height - BOTTOM - share(value, view.y, view.logY) * (height - BOTTOM - TOP),
    };
  };
  const places = (width) => Array.from(items, (x) => (x >= view.x[0] && x <= view.x[1] ? geometry(width).x(x) : null));
  const of = (kind) => marks.filter((mark) => mark.kind === kind);
  const draw = (width, shown) => {
    const { right, ...place } = geometry(width);
    const inside = [left - 6, TOP - 6, Math.max(1, right - left + 12), height - BOTTOM - TOP + 12];
    return html`<${Axes} view=${view} place=${place} left=${left} right=${right} height=${height} narrow=${width < 480} />
      ${shown !== null && !reading.pick && html`<${Rule} x=${place.x(items[shown])} height=${height} role="faint" />`}
      ${of("horizontal").map((mark) => html`<${Horizontal} mark=${mark} y=${place.y(mark.y)} left=${left} right=${right} />`)}
      <${Verticals} marks=${of("vertical")} place=${place} left=${left} right=${right} height=${height} />
      <svg x=${inside[0]} y=${inside[1]} width=${inside[2]} height=${inside[3]} viewBox=${inside.join(" ")}>
        ${of("band").map(({ x, to }) => html`<rect fill=${colour("wash")} x=${place.x(x)} y=${TOP} width=${place.x(to) - place.x(x)} height=${height - BOTTOM - TOP} />`)}
        ${lines.map((line) => html`<${Path} line=${line} place=${place} />`)}
        ${of("thread").map(({ x, y, to, role = "faint" }) => html`<line class="dashed" stroke=${colour(role)} x1=${place.x(x)} y1=${place.y(y)} x2=${place.x(to[0])} y2=${place.y(to[1])} />`)}
        ${of("ring").map((mark) => html`<circle class="ring" stroke=${colour(mark.role ?? "ink")} cx=${place.x(mark.x)} cy=${place.y(mark.y)} r="9" />`)}
        ${[...of("square"), ...of("point")].map((mark) => html`<${Point} mark=${mark} x=${place.x(mark.x)} y=${place.y(mark.y)} />`)}
      </svg>
      <${Labels} lines=${lines} place=${place} right=${right} height=${height} />
      ${wrapped(empty, (right - left) / LETTER).map((line, i) => html`<text data-test="nothing-yet" x=${(left + right) / 2} y=${height / 2 + i * LABEL_GAP} text-anchor="middle" style=${{ fill: colour("muted") }}>${line}</text>`)}`;
  };
  return html`<${Reader} ...${reading} height=${height} items=${items} places=${places} draw=${draw} />`;
}

function Axes({ view, place, left, right, height, narrow }) {
  const { x, y, logX, logY } = view;
  const apart = ({ at, text }, i, { [i + 1]: next }) => !next || Math.abs(place.x(next.at) - place.x(at)) > ((text.length + next.text.length) / 2) * LETTER; // 8 and float32, on a phone
  const [across, up] = [(view.ticksX ?? ticks(x, logX, narrow ? 4 : 8)).filter(apart), view.ticksY ?? ticks(y, logY, 5).map(({ at, text }) => ({ at, text: view.writeY ? view.writeY(at) : text }))];
  return html`<g class="axes" aria-hidden="true">
    ${up.map(({ at, text }) => html`<line x1=${left} x2=${right} y1=${Math.round(place.y(at)) + 0.5} y2=${Math.round(place.y(at)) + 0.5} />
      <text x=${left - 6} y=${place.y(at) + 4} text-anchor="end">${text}</text>`)}
    ${across.map(({ at, text }) => html`<text x=${place.x(at)} y=${height - 6} text-anchor="middle">${text}</text>`)}
    ${view.titleX && html`<text x=${Math.max(right + 8, ...across.map(({ at, text }) => place.x(at) + (text.length * LETTER) / 2 + 8))} y=${height - 6}>${view.titleX}</text>`}
  </g>`;
}

const wrapped = (text, most) => text.match(new RegExp(`\\S.{0,${Math.max(9, Math.floor(most) - 1)}}(?= |$)`, "g")) ?? [];
const Rule = ({ x, height, role }) => html`<line stroke=${colour(role)} x1=${Math.round(x) + 0.5} x2=${Math.round(x) + 0.5} y1=${TOP} y2=${height - BOTTOM} />`;

/** Lines with their words above them; words that would overlap earlier ones are left out. */
function Verticals({ marks, place, left, right, height }) {
  const taken = [];
  return marks.map(({ x, text = "", role = "hair" }) => {
    const at = place.x(x);
    if (at < left - 1 || at > right + 1) return null;
    const reach = (text.length * LETTER) / 2 + 3;
    const middle = Math.max(reach, at);
    const free = !taken.some(([from, to]) => middle + reach > from && middle - reach < to);
    if (free) taken.push([middle - reach, middle + reach]);
    return html`<${Rule} x=${at} height=${height} role=${role} />
      ${free && html`<text x=${middle} y=${TOP - 4} text-anchor="middle" style=${{ fill: colour(role === "hair" ? "muted" : role) }}>${text}</text>`}`;
  });
}

function Horizontal({ mark: { text = "", role = "faint" }, y, left, right }) {
  return html`<line class="dashed" stroke=${colour(role)} x1=${left} x2=${right} y1=${y} y2=${y} />
    <text x=${left + 4} y=${y - 3} style=${{ fill: colour(role) }}>${text}</text>`;
}

function Path({ line: { x, y, role = "float", shape = "line", thin, dash, hollow }, place }) {
  const known = Array.from(y, (value, i) => (Number.isFinite(value) ? [place.x(x[i]), place.y(value), i] : null));
  const dots = (list, kind) => list.length > 0 && html`<path class=${kind} stroke=${colour(role)} d=${list.map(([px, py]) => `M${px.toFixed(1)} ${py.toFixed(1)}h0`).join("")} />`;
  const points = [
    dots(known.filter((at) => at && !hollow?.[at[2]]), "dots"),
    known.filter((at) => at && hollow?.[at[2]]).map(([px, py]) => html`<circle class="hollow" stroke=${colour(role)} cx=${px} cy=${py} r="3" />`),
  ];
  if (shape === "dots") return points;
  const alone = known.filter((at, i) => at && !known[i - 1] && !known[i + 1]); // between gaps, where no line leads to it
  let [path, before] = ["", null];
  for (const at of known) {
    if (at && before && shape === "steps") path += `H${((before[0] + at[0]) / 2).toFixed(1)}V${at[1].toFixed(1)}H${at[0].toFixed(1)}`;
    else if (at) path += `${before ? "L" : "M"}${at[0].toFixed(1)} ${at[1].toFixed(1)}`;
    before = at;
  }
  return html`<path class=${`line ${thin ? "thin" : ""} ${dash ? "dashed" : ""}`} style=${typeof dash === "string" ? { strokeDasharray: dash } : null} stroke=${colour(role)} d=${path} />
    ${hollow ? points : dots(alone, "dots")}`;
}

function Point({ mark: { kind, role = "quant", hollow, text }, x, y }) {
  return html`${kind === "square" ? html`<rect class="ring" stroke=${colour(role)} x=${x - 6} y=${y - 6} width="12" height="12" />`
    : html`<circle class=${hollow ? "hollow" : ""} fill=${colour(role)} stroke=${colour(role)} cx=${x} cy=${y} r="5" />`}
    ${text && html`<text x=${x + 9} y=${y - 6}>${text}</text>`}`;
}

/** Each line's name at its right end, moved apart where names would overlap. */
function Labels({ lines, place, right, height }) {
  const named = lines.filter(({ label, y }) => label && Array.from(y).some(Number.isFinite));
  const labels = named.map(({ label, y, role = "float" }) => ({ label, role, y: place.y(Array.from(y).findLast(Number.isFinite)) }));
  spread(labels, TOP, height - BOTTOM, LABEL_GAP);
  return labels.map(({ label, role, y }) => html`<text x=${right + 8} y=${y + 4} style=${{ fill: colour(role) }}>${label}</text>`);
}

/** Move labels {y} apart by `gap`, between two heights as far as they have room. */
function spread(labels, top, bottom, gap) {
  const sorted = [...labels].sort((a, b) => a.y - b.y);
  sorted.forEach((item, i) => (item.y = Math.max(item.y, i ? sorted[i - 1].y + gap : top)));
  let floor = bottom + gap;
  for (const item of sorted.toReversed()) floor = item.y = Math.min(item.y, floor - gap);
}

const share = (value, [from, to], log) => (log ? Math.log(Math.max(value, Math.min(from, to)) / from) / Math.log(to / from) : (value - from) / (to - from || 1));

/** Round numbers between the ends, about `most` of them; on a logarithmic axis the powers of ten. */
function ticks([from, to], log, most) {
  const within = [];
  if (log) {
    for (let power = Math.ceil(Math.log10(from) - 1e-9); power <= Math.log10(to) + 1e-9; power += 1) within.push(10 ** power);
    return within.map((at) => ({ at, text: at < 1e-3 ? `1e−${Math.round(-Math.log10(at))}` : scalar(at) }));
  }
  const rough = (to - from) / most || 1;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * [1, 2, 5, 10].find((factor) => factor * unit >= rough);
  for (let n = Math.ceil(from / step - 1e-9); n * step <= to + step * 1e-9; n += 1) within.push(Number((n * step).toPrecision(12)));
  return within.map((at) => ({ at, text: scalar(at) }));
}
