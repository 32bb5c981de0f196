import { html } from "preact";
import { bytes, count, NOTHING, percent, scientific } from "../ui/format.js";
import { decades, Plot } from "./mixed-plot.js";
import { Progress } from "./mixed-sensitivity.js";

const ERRORS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];
const KILO = 1000;

/** The best that can be had for each size: as foretold and measured, and how many digits it reads. set(budget). */
export function FrontPanel({ frame, params, set }) {
  const run = frame?.scalars ?? {};
  const points = run.points ?? [];
  const at = points.findIndex(({ bits }) => String(bits) === String(run.chosen?.bits));
  const shared = { points, at, x: sizes(points, params.budget), run, params, set };
  return html`<h2>The front: bytes against what is lost</h2>
    <p class="about">
      No other choice of bits is both smaller and foretold to be closer. Click a point, or walk along the front with the arrow
      keys, and its size becomes the budget. Squares have the
      same number of bits in every layer, the number beside them.
    </p>
    <${Progress} done=${run.verified} of=${points.length} what="networks measured" test="verified" />
    ${points.length > 0 && html`<${Costs} ...${shared} />`} ${run.verified > 0 && html`<${Accuracies} ...${shared} />`}`;
}

function sizes(points, budget) {
  const all = [...points.map((point) => point.bytes), Number(budget)];
  const from = Math.floor(Math.min(...all) / 10_000) * 10_000;
  const to = Math.ceil((Math.max(...all) + 1) / 10_000) * 10_000;
  const step = to - from > 100_000 ? 40_000 : 20_000;
  const first = Math.ceil(from / step) * step;
  const ticks = Array.from({ length: Math.floor((to - first) / step) + 1 }, (_, i) => first + i * step);
  return { from, to, ticks: ticks.map((at) => ({ at, text: count(at / KILO) })), name: "bytes in all, thousands" };
}

const words = (point) =>
  `${point.bits.join(", ")} bits${point.front ? "" : " (not on the front)"}: ${bytes(point.bytes)}, KL ${scientific(point.predicted)} foretold, ` +
  `${point.kl === null ? NOTHING : scientific(point.kl)} measured, ${percent(point.accuracy, 2)}`;

/** Foretold KL as a dot, measured KL as a ring, joined by a hairline. */
function Costs({ points, at, x, params, set }) {
  const marks = points.map((point) => ({ point, x: point.bytes, y: point.predicted, words: words(point) }));
  const y = decades(points.flatMap((point) => [point.predicted, point.kl ?? point.predicted]), "KL");
  const draw = (place, read, size) => html`<${Budget} place=${place} size=${size} budget=${params.budget} />
    ${marks.map(({ point }, i) => {
      const [px, top, low] = [place.x(point.bytes), place.y(point.kl ?? point.predicted), place.y(point.predicted)];
      return html`<line class="gap" x1=${px} x2=${px} y1=${top} y2=${low} />
        ${point.kl !== null && html`<circle class="measured" cx=${px} cy=${top} r="4" />`}
        <${Spot} point=${point} x=${px} y=${low} big=${i === read} chosen=${i === at} />`;
    })}`;
  return html`<p class="plot-name">
      KL divergence from the float network (nats): <span class="quant">●</span> foretold, the sum of the layers’;${" "}
      <span class="quant">○</span> measured, the whole network
    </p>
    <${Plot}
      label="Bytes against divergence."
      test="front"
      height=${300}
      x=${x}
      y=${y}
      marks=${marks}
      start=${Math.max(0, at)}
      act=${(i) => set(points[i].bytes)}
      draw=${draw}
    />`;
}

/** Held-out digits read rightly, spaced by the logarithm of the share read wrongly. */
function Accuracies({ points, at, x, run, params, set }) {
  const known = points.filter(({ accuracy }) => accuracy !== null);
  const wrong = (accuracy) => Math.max(1 - accuracy, ERRORS[1]);
  const marks = known.map((point) => ({ point, x: point.bytes, y: wrong(point.accuracy), words: words(point) }));
  const errors = [...marks.map((mark) => mark.y), wrong(run.float_accuracy ?? 1)];
  const worst = ERRORS.find((error) => error >= Math.max(...errors)) ?? 1;
  const best = ERRORS.findLast((error) => error < Math.min(...errors)) ?? ERRORS[0];
  const ticks = ERRORS.filter((error) => error >= best && error <= worst);
  const y = { from: worst, to: best, log: true, ticks: ticks.map((error) => ({ at: error, text: percent(1 - error) })) };
  const current = known.indexOf(points[at]);
  const draw = (place, read, size) => html`<${Budget} place=${place} size=${size} budget=${params.budget} />
    ${run.float_accuracy !== null && html`<${Float} y=${place.y(wrong(run.float_accuracy))} size=${size} accuracy=${run.float_accuracy} />`}
    ${marks.map(
      ({ point, ...mark }, i) =>
        html`<${Spot} point=${point} x=${place.x(mark.x)} y=${place.y(mark.y)} big=${i === read} chosen=${i === current} />`,
    )}`;
  return html`<p class="plot-name">accuracy on ${count(run.held_out)} test digits</p>
    <${Plot}
      label="Bytes against accuracy on held-out digits."
      test="accuracy-front"
      height=${260}
      x=${x}
      y=${y}
      marks=${marks}
      start=${Math.max(0, current)}
      act=${(i) => set(known[i].bytes)}
      draw=${draw}
    />`;
}

/** A network: on the front a dot, with the same bits everywhere a square with their number. */
function Spot({ point, x, y, big, chosen }) {
  const r = big || chosen ? 5 : 3;
  return html`${point.uniform !== null &&
    html`<rect class="uniform" x=${x - 6} y=${y - 6} width="12" height="12" />
      <text class="end" x=${x + 10} y=${y - 8}>${point.uniform}</text>`}
    ${point.front && html`<circle class="dot" cx=${x} cy=${y} r=${r} />`}
    ${chosen && html`<circle class="ring" cx=${x} cy=${y} r="10" data-test="chosen-mark" />`}`;
}

function Budget({ place, size, budget }) {
  const x = place.x(Number(budget));
  return html`<line class="budget-line" x1=${x} x2=${x} y1=${size.top} y2=${size.bottom} />
    <text class="end" x=${x + 4} y=${size.top + 4}>budget</text>`;
}

function Float({ y, size, accuracy }) {
  return html`<line class="float-line" x1=${size.left} x2=${size.right} y1=${y} y2=${y} />
    <text class="float-name" x=${size.left + 4} y=${y - 6}>float ${percent(accuracy, 2)}</text>`;
}
