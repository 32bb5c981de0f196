import { html } from "preact";
import { percent, signed } from "../ui/format.js";
import { useReading } from "../ui/keys.js";
import { useWidth } from "../ui/width.js";

const WORD = 80; // CSS pixels that a word needs
const [TALL, LOWEST, HIGHEST] = [220, 56, 184]; // of the picture, of the arc between neighbours and of that from the first word

/** Arcs from the words that a word looks at; each word is a button to look from there, which sets the parameter `look`. */
export default (facts) => facts.scope.ready && html`<${Arcs} ...${facts} />`;

function Arcs({ block, scope, page }) {
  const [target, room] = useWidth();
  const [words, to, arrows] = ["words", "at", "into"].map((name) => scope.get(name));
  const [read, tell, reading] = useReading(arrows.length);
  const width = Math.max(room, words.length * WORD);
  const gap = width / words.length;
  return html`<div class="arcs wide" ref=${target}><div style=${{ width: `${width}px` }}>
    <svg width=${width} height=${TALL} ...${reading} data-test=${`${block.name}-arcs`} aria-label=${`${scope.text(block.label)} Arrow keys read the arrows.`}>
      ${arrows.map((arrow) => html`<${Arc} key=${arrow.from} arrow=${arrow} to=${to} gap=${gap} lit=${arrow === arrows[read]} tell=${() => tell(arrows.indexOf(arrow))} />`)}
    </svg>
    <div class="arc-words" style=${{ gridTemplateColumns: `repeat(${words.length}, 1fr)` }}>
      ${words.map((word, i) => html`<button type="button" key=${i} data-test=${`${block.name}-${i + 1}`} aria-pressed=${i === to} onClick=${() => page.change("look", i + 1)}>${word}</button>`)}
    </div></div>
    <output class="plot-readout" data-test=${`${block.name}-arcs-value`}>${read !== null && `${arrows[read].name}: dot product ${signed(arrows[read].product, 4)}, weight ${percent(arrows[read].weight, 2)}`}</output>
  </div>`;
}

/** An arc from a word to the one that looks; its width is the weight. A word looks at itself beside the other arrows. */
function Arc({ arrow: { from, product, weight }, to, gap, lit, tell }) {
  const self = from === to;
  const [low, centre] = [TALL - 6, (i) => (i + 0.5) * gap];
  const [left, right] = self ? [centre(to) + 34, centre(to) + 14] : [centre(from), centre(to)];
  const height = self ? 40 : LOWEST + ((HIGHEST - LOWEST) * (Math.abs(to - from) - 1)) / Math.max(Math.max(from, to) - 1, 1);
  const path = `M ${left} ${low} C ${left} ${low - height * 1.33}, ${right} ${low - height * 1.33}, ${right} ${low}`;
  const [x, top] = [self ? centre(to) + Math.min(gap / 2, 50) : (left + right) / 2, low - height - 8];
  const anchor = self ? "end" : "middle";
  return html`<g class=${`arc ${product < 0 ? "negative" : "positive"} ${lit ? "lit" : ""}`} onPointerEnter=${tell}>
    <path d=${path} style=${{ strokeWidth: 1 + 11 * weight }} />
    <polygon points=${`${right},${low + 6} ${right - 5},${low - 6} ${right + 5},${low - 6}`} />
    <text x=${x} y=${self ? top - 18 : top} text-anchor=${anchor}>${signed(product, 2)}</text>
    <text class="share-text" x=${x} y=${self ? top - 2 : top + 28} text-anchor=${anchor}>${percent(weight, 0)}</text>
  </g>`;
}
