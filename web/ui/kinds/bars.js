import { html } from "preact";
import { Reader } from "../reader.js";
import { ofBars } from "../summary.js";
import { Caption } from "./charts.js";

const [TITLE, AXIS] = [20, 16]; // pixels above each row of bars, and below the last one, for the labels
const NARROW = 9; // in narrower columns only the picked label is written

/** Rows of bars below each other; see Bars in pyapp/experiment/pictures.py. */
export function Bars({ block, scope }) {
  if (!scope.ready) return null;
  const { lanes, height = 256, read } = block;
  const labels = Array.from(scope.get(block.labels));
  const [limit, picked] = [scope.get(block.limit) || 1, scope.get(block.picked)];
  const tall = (height - AXIS) / lanes.length;
  const draw = (width, at) => {
    const step = width / labels.length;
    const bar = (i, from, length) => `M${(i * step).toFixed(1)} ${from}h${Math.max(1, step - (step > 4 ? 1 : 0)).toFixed(1)}v${length.toFixed(1)}H${(i * step).toFixed(1)}z`;
    return html`${at !== null && html`<path fill="var(--hair)" d=${bar(at, 0, height - AXIS)} />`}
      ${lanes.map(({ y, role = "float", label }, k) => {
        const bottom = Math.round((k + 1) * tall) - 1;
        const bars = Array.from(scope.array(y).data, (value, i) => (value > 0 ? bar(i, bottom, -Math.max(1, (value / limit) * (tall - TITLE))) : ""));
        return html`<path fill=${`var(--${role})`} d=${bars.join("")} /><rect fill="var(--faint)" y=${bottom} width=${width} height="1" />
          <text y=${k * tall + 14} style=${{ fill: `var(--${role})` }}>${scope.text(label)}</text>`;
      })}
      ${labels.map((label, i) => (step >= NARROW || i === picked) && html`<text class=${i === picked ? "picked" : ""} x=${(i + 0.5) * step} y=${height - 3} text-anchor="middle">${label}</text>`)}`;
  };
  const summary = ofBars({ labels, lanes: lanes.map(({ y, label }) => ({ label: scope.text(label), y: scope.array(y).data })) });
  const places = (width) => labels.map((_, i) => ((i + 0.5) * width) / labels.length);
  return html`<figure><${Caption} block=${block} scope=${scope} />
    <${Reader} label=${scope.text(block.label)} summary=${summary} test=${scope.text(block.name)} height=${height} items=${labels} places=${places} words=${(i) => scope.reading({ i }).text(read)} draw=${draw} /></figure>`;
}
