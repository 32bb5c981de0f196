import { html } from "preact";
import { fixed, scalar } from "../ui/format.js";
import { Reader } from "../ui/reader.js";

const [LEFT, RIGHT] = [48, 12]; // margins in CSS pixels, those of the chart of errors below
const [TOP, VALUES, LANDING, GRID, CODES, REALS, HEIGHT] = [4, 18, 78, 96, 112, 130, 136];
const LETTER = 6.8; // of the small monospaced letters
const CROWD = 200; // values whose threads are drawn fainter

/** Values above, a grid below, and a thread from each value to the line where it lands; “zoom-line” is a piece of it, enlarged. */
export default function NumberLine({ block: { name, label, read }, scope }) {
  if (!scope.ready) return null;
  const data = (entry) => scope.array(entry).data;
  const [values, after, clipped, zoom, codes, reals] = ["cell_values", "cell_after", "cell_clipped", "zoom", "line_codes", "line_values"].map(data);
  const { lowest, highest, fine } = scope.get("cell");
  const zoomed = name === "zoom-line";
  const [from, to] = zoomed ? zoom : data("window");
  const inside = Array.from(values.keys()).filter((i) => values[i] >= from && values[i] <= to);
  const scale = (width) => (value) => LEFT + ((value - from) / (to - from || 1)) * (width - LEFT - RIGHT);
  const places = (width) => Array.from(values, (value) => (value >= from && value <= to ? scale(width)(value) : null));
  const draw = (width, at) => {
    const x = scale(width);
    const threads = (list) => list.map((i) => `M${x(values[i]).toFixed(1)} ${TOP}V${VALUES}L${x(after[i]).toFixed(1)} ${LANDING}`).join("");
    const ends = (list) => list.map((i) => `M${x(after[i]).toFixed(1)} ${LANDING}h0`).join("");
    const thread = (list, role, chosen) => html`<path class="line" stroke=${`var(--${role})`} d=${threads(list)}
      style=${{ strokeWidth: chosen ? 2 : 0.75, opacity: chosen ? 1 : values.length > CROWD ? 0.35 : 0.7 }} />`;
    const beyond = (left, right) => html`<rect fill="var(--wash)" x=${left} y=${TOP} width=${right - left} height=${GRID - TOP} />`;
    return html`${lowest > from && beyond(0, x(lowest))}${highest < to && beyond(x(highest), width)}
      <rect fill="var(--faint)" y=${GRID} width=${width} height="1" />
      ${thread(inside.filter((i) => !clipped[i]), "float")}${thread(inside.filter((i) => clipped[i]), "error")}
      <path class="dots" stroke="var(--quant)" d=${ends(inside)} />
      ${at !== null && html`${thread([at], clipped[at] ? "error" : "float", true)}<circle fill="var(--quant)" cx=${x(after[at])} cy=${LANDING} r="4" />`}
      ${zoomed || !fine ? html`<${Lines} codes=${codes} reals=${reals} x=${x}/>` : html`<${Reach} ends=${[lowest, highest]} zoom=${zoom} x=${x} />`}`;
  };
  return html`<${Reader} label=${scope.text(label)} test=${name} height=${HEIGHT} items=${values} places=${places} words=${(i) => scope.reading({ i }).text(read)} draw=${draw} />`;
}

/** Every grid line, with as many codes and below them real numbers as there is room for, from 0 on both ways. */
function Lines({ codes, reals, x }) {
  const zero = Math.max(0, reals.indexOf(0));
  const row = (texts, role, y) => {
    const [shown, room] = [new Set(), Math.max(...texts.map((text) => text.length)) * LETTER + 10];
    for (const way of [-1, 1]) for (let i = zero, last = Infinity; i in texts; i += way) if (Math.abs(x(reals[i]) - last) >= room) [last] = [x(reals[i]), shown.add(i)];
    return [...shown].map((i) => html`<text x=${x(reals[i])} y=${y} text-anchor="middle" style=${{ fill: `var(--${role})` }}>${texts[i]}</text>`);
  };
  return html`${row(Array.from(codes, (code) => fixed(code, 0)), "quant", CODES)}${row(Array.from(reals, scalar), "muted", REALS)}
    ${Array.from(reals, (value) => html`<rect fill="var(--quant)" x=${x(value) - 0.5} y=${LANDING + 4} width=${value === 0 ? 2 : 1} height=${GRID - LANDING + 1} />`)}`;
}

/** A grid too fine for lines: a band, its ends, and the enlarged piece. */
function Reach({ ends: [low, high], zoom, x }) {
  return html`<rect fill="var(--quant)" x=${x(low)} y=${GRID - 3} width=${x(high) - x(low)} height="4" />
    <text x=${x(low)} y=${CODES} text-anchor="start">${scalar(low)}</text><text x=${x(high)} y=${CODES} text-anchor="end">${scalar(high)}</text>
    <rect fill="none" stroke="var(--ink)" x=${x(zoom[0])} y=${TOP} width=${Math.max(3, x(zoom[1]) - x(zoom[0]))} height=${GRID - TOP + 4} />`;
}
