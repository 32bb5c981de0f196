import { html } from "preact";
import { count, scalar } from "../format.js";
import { Reader } from "../reader.js";
import { ofHistogram } from "../summary.js";
import { Caption } from "./charts.js";

const MARGIN = 8; // beside the first and the last bin
const AXIS = 16; // below the bars, for the numbers
const TICK = 10; // of a grid line that is drawn below the bars

/**
 * How many numbers lie in each bin: before in ink upwards, after in orange downwards, each to its own height and by the
 * square root, so that a lone outlier is still seen beside the crowd at 0; see Histogram in pyapp/experiment/pictures.py.
 */
export function Histogram({ block, scope }) {
  if (!scope.ready) return null;
  const { height = 160, bare } = block;
  const [edges, before, after, lines, used, ends] = ["edges", "before", "after", "lines", "used", "ends"].map((name) => block[name] && scope.array(block[name])?.data);
  const last = edges[edges.length - 1];
  const scale = (width) => (value) => MARGIN + ((value - edges[0]) / (last - edges[0])) * (width - 2 * MARGIN);
  const places = (width) => Array.from(before, (_, i) => scale(width)((edges[i] + edges[i + 1]) / 2));
  const words = (i) => `${scalar(edges[i])} to ${scalar(edges[i + 1])}: ${count(before[i])} before, ${count(after[i])} after`;
  const draw = (width, at) => {
    const x = scale(width);
    const bottom = bare ? height : height - AXIS;
    const middle = Math.round(bottom / 2);
    const side = (counts, sign) => {
      const most = counts.reduce((a, b) => Math.max(a, b), 1);
      const tall = (n) => Math.max(1, Math.sqrt(n / most) * (middle - TICK - 2));
      return Array.from(counts, (n, i) => (n ? bar(x(edges[i]), x(edges[i + 1]), middle, sign * tall(n)) : "")).join("");
    };
    return html`${at !== null && html`<path fill="var(--hair)" d=${bar(x(edges[at]), x(edges[at + 1]), 0, bottom)} />`}
      <path fill="var(--float)" d=${side(before, -1)} /><path fill="var(--quant)" d=${side(after, 1)} />
      <rect fill="var(--faint)" x=${x(edges[0])} y=${middle} width=${x(last) - x(edges[0])} height="1" />
      ${(lines || ends) && html`<${Grid} ...${{ lines, used, ends, x, bottom }} />`}
      ${!bare && labels(edges[0], last, x, width).map(([text, place, anchor]) => html`<text x=${place} y=${height - 3} text-anchor=${anchor}>${text}</text>`)}`;
  };
  return html`<figure><${Caption} block=${block} scope=${scope} />
    <${Reader} label=${scope.text(block.label)} summary=${ofHistogram({ edges, before, after })} test=${scope.text(block.name)} height=${height} places=${places} words=${words} draw=${draw} /></figure>`;
}

function bar(left, right, from, length) {
  const width = Math.max(1, right - left - (right - left > 4 ? 1 : 0));
  return `M${left.toFixed(1)} ${from}h${width.toFixed(1)}v${length.toFixed(1)}h${(-width).toFixed(1)}z`;
}

/** Lines where a number landed in orange, the others as red crosses; on a fine grid only how far it reaches. */
function Grid({ lines, used, ends, x, bottom }) {
  if (!lines) return html`<rect fill="var(--quant)" x=${x(ends[0])} y=${bottom - TICK / 2} width=${Math.max(1, x(ends[1]) - x(ends[0]))} height="3" />`;
  const cross = (at) => `M${at} ${bottom - TICK}v${TICK}M${at - 2.5} ${bottom - TICK / 2}h5`;
  const ticks = (kind) => Array.from(lines, (value, i) => (Boolean(used[i]) === kind ? x(value).toFixed(1) : null)).filter((at) => at !== null);
  return html`<path stroke="var(--quant)" stroke-width="1.5" d=${ticks(true).map((at) => `M${at} ${bottom - TICK}v${TICK}`).join("")} />
    <path stroke="var(--error)" d=${ticks(false).map((at) => cross(Number(at))).join("")} />`;
}

/** The ends of the axis, and 0 where there is room for it. */
function labels(from, to, x, width) {
  const middle = from < 0 && to > 0 && x(0) > 80 && x(0) < width - 80 ? [[scalar(0), x(0), "middle"]] : [];
  return [[scalar(from), MARGIN, "start"], [scalar(to), width - MARGIN, "end"], ...middle];
}
