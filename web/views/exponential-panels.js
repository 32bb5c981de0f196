import { html } from "preact";
import { Chart } from "../ui/chart.js";
import { count, fixed, scalar, scientific, signed } from "../ui/format.js";
import { Graph } from "../ui/graph.js";

const empty = (what) => html`<p class="empty">${what} when Python has started.</p>`;
const data = (arrays, name) => arrays[name].data;

/** The curve, the integers' steps beside it, and the point with its way into the first period. */
export function Curve({ page, scalars, arrays }) {
  const title = html`<h2>The exponential, and what integers make of it</h2>`;
  const why = html`<p class="about">
    Hardware that only knows integers adds, multiplies and shifts, but has nothing for e<sup>x</sup>: a table needs an entry for
    every code and another table for every scale, and a series needs many products, each wider than the last. So i-exp takes whole
    periods of ln 2 away from x, which a shift makes good, and only the shaded piece is left, where one parabola will do; drag the
    point and watch where it is computed.
  </p>`;
  if (!scalars) return html`${title}${why}${empty("The curves appear")}`;
  const { point, breaks } = scalars;
  const options = { label: "e to the x, and the integer exponential.", test: "curve", height: 260, gutter: 56, pick: (x) => page.change("x", x) };
  return html`${title}${why}
    <p class="plot-name">
      <span class="float">e<sup>x</sup></span> and <span class="quant">${scalars.title}</span> over x, at ${count(scalars.count)} codes
      from ${fixed(scalars.lowest, 0)} to 0; dashed: the parabola outside its valid range; lines at whole periods of ${scalar(scalars.period)}
    </p>
    <${Chart} kind=${Graph} options=${options} args=${[curvePicture(scalars, arrays)]} />
    ${breaks.map((sentence) => html`<p class="note" data-test="breaks">${sentence}</p>`)}
    <dl class="facts exp-point">
      ${fact("x", fixed(point.x, 4), "point-x")} ${fact("code q", fixed(point.q, 0), "point-q", "quant")}
      ${fact("periods z", count(point.z), "point-z", "quant")} ${fact("p, in the shade", fixed(point.p, 4), "point-p", "quant")}
      ${fact("e to the x", fixed(point.exact, 5), "point-exact", "float")} ${fact("i-exp", fixed(point.made, 5), "point-made", "quant")}
      ${fact("error", signed(point.error, 5), "point-error")}
    </dl>`;
}

function curvePicture({ lowest, at, few, period, periods, point }, arrays) {
  const [x, made] = [data(arrays, "x"), data(arrays, "made")];
  const words = (i) => {
    const [exact, error, code] = ["exact", "error", "codes"].map((name) => data(arrays, name)[i]);
    return `q = ${fixed(code, 0)}, x = ${fixed(x[i], 4)}: e^x ${fixed(exact, 5)}, i-exp ${fixed(made[i], 5)}, error ${signed(error, 5)}`;
  };
  return {
    x,
    at,
    words,
    view: { x: [lowest, 0], y: [0, 1.2] },
    bands: period < -lowest ? [[-period, 0]] : [],
    verticals: periods.map((place, i) => ({ x: place, text: i < 9 ? `z = ${i + 1}` : "" })),
    lines: [
      { x: data(arrays, "parabola_x"), y: data(arrays, "parabola"), colour: "quant", width: 1, dash: [3, 3] },
      { x: data(arrays, "curve_x"), y: data(arrays, "curve"), colour: "float", label: "e^x" },
      { x, y: made, colour: "quant", kind: "steps", label: "i-exp" },
      ...(few ? [{ x, y: made, colour: "quant", kind: "dots" }] : []),
    ],
    threads: [{ from: [point.p, point.parabola], to: [point.x, point.made], colour: "quant" }],
    points: [
      { x: point.p, y: point.parabola, colour: "quant", hollow: true },
      { x: point.x, y: point.made, colour: "quant" },
    ],
  };
}

const fact = (name, value, test, colour = "") =>
  html`<div><dt>${name}</dt><dd class=${`number ${colour}`} data-test=${test}>${value}</dd></div>`;

function curveWords(arrays, codes, i) {
  const at = (name) => data(arrays, name)[i];
  return `q = ${fixed(codes[i], 0)}, x = ${fixed(at("x"), 4)}: e^x ${fixed(at("exact"), 5)}, i-exp ${fixed(at("made"), 5)}, error ${signed(at("error"), 5)}`;
}

const STEPS = {
  q: ["code q", "x / S to the nearest"],
  period: ["period", "ln 2 / S, rounded"],
  z: ["periods z", "−q // period"],
  p: ["what is left, p", "q + z · period"],
  b: ["constant b", "b / S, rounded down"],
  c: ["constant c", "c / S², rounded down"],
  parabola: ["parabola", "(p + b) p + c"],
  shift: ["shift", "n − z bits, left or right"],
  result: ["result E", "parabola shifted"],
  sixteen: ["in 16 bits", "what softmax adds up"],
};
const PRINTED = { parabola: "(p + b)² + c", period: "ln 2 / S, rounded down" };
const REPAIRED = { shift: "n − z, less the parabola’s own bits", period: "2¹² ln 2 / S, rounded", z: "−2¹² q // period", p: "2¹² q + z · period" };
const FORMULAS = { "ibert-paper": PRINTED, "ibert-ln2": REPAIRED };

/** Every integer between the code and the result, what it stands for, and what it would be in real numbers. */
export function Integers({ scalars }) {
  const title = html`<h2>Every integer on the way</h2>`;
  if (!scalars) return html`${title}${empty("They appear")}`;
  const { steps, widest, method, exponent } = scalars;
  const row = ({ name, integer, real, exact }) => html`<tr>
    <th scope="row">${STEPS[name][0]} <span class="doc">${FORMULAS[method]?.[name] ?? STEPS[name][1]}</span></th>
    <td class="number quant" data-test=${`step-${name}`}>${count(integer)}</td>
    <td class="number" data-test=${`step-${name}-real`}>${scalar(real)}</td>
    <td class="number float" data-test=${`step-${name}-exact`}>${scalar(exact)}</td>
  </tr>`;
  return html`${title}
    <p class="about">
      Between the code and the result nothing is computed but these integers. Beside each of them the real number that it stands for, and what
      exact arithmetic has in its place: the first line whose last two numbers part is where the error comes from.
    </p>
    <div class="wide"><table class="numbers exp-steps" data-test="steps">
      <thead><tr>${["step", "integer", "stands for", "exact"].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
      <tbody>${steps.map(row)}</tbody>
    </table></div>
    <p class="about">
      With n = <span class="number" data-test="exponent-used">${fixed(exponent, 0)}</span> the largest result, at x = 0, takes${" "}
      <span class="number" data-test="widest">${count(widest)}</span> bits${widest > 31 ? ", more than an int32 has: the published code keeps it in a float" : ""}.
    </p>`;
}

/** The parabola's error over one period, with both sets of constants, and the published maximum. */
export function Gap({ scalars, arrays }) {
  const title = html`<h2>How good the parabola is</h2>`;
  if (!scalars) return html`${title}${empty("Its error appears")}`;
  const { gaps, published, constants, point } = scalars;
  const colours = (name) => (name === constants ? { colour: "quant", width: 2 } : { colour: "faint", width: 1 });
  const words = (i) => {
    const at = (name) => signed(data(arrays, name)[i], 6);
    return `p = ${fixed(data(arrays, "gap_p")[i], 4)}: code constants ${at("gap_code")}, paper constants ${at("gap_paper")}`;
  };
  return html`${title}
    <p class="about" data-test="gap-about">
      Its distance from e<sup>p</sup> between −ln 2 and 0, before anything is rounded to integers. The paper's text rounds the constants,
      the published code does not, and only the code's reach the published maximum, to the two digits that are printed; one output code
      of 8 bits is 3.9e−3.
    </p>
    <p class="plot-name">polynomial − e<sup>p</sup> over p; the vertical line is the point's p</p>
    <${Chart}
      kind=${Graph}
      options=${{ label: "Error of the polynomial over one period.", test: "gap", height: 200, gutter: 120 }}
      args=${[
        {
          x: data(arrays, "gap_p"),
          words,
          view: { x: [data(arrays, "gap_p")[0], 0], y: [-0.0026, 0.0026] },
          verticals: [{ x: point.p, colour: "quant" }],
          horizontals: [
            { y: published, text: `published maximum ${scientific(published)}`, colour: "error" },
            { y: -published, colour: "error" },
          ],
          lines: ["code", "paper"].map((name) => ({
            x: data(arrays, "gap_p"), y: data(arrays, `gap_${name}`), label: `${name}`, ...colours(name),
          })),
          points: [{ x: gaps[constants].at, y: gaps[constants].value, colour: "error", hollow: true }],
        },
      ]}
    />
    <div class="wide"><table class="numbers gaps">
      <thead><tr>${["constants", "a", "b", "c", "largest", "at p", "mean"].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
      <tbody>
        ${["code", "paper"].map(
          (name) => html`<tr class=${name === constants ? "chosen" : ""}>
            <th scope="row">${name}</th>
            ${["a", "b", "c"].map((key) => html`<td class="number">${String(gaps[name][key])}</td>`)}
            <td class="number" data-test=${`gap-${name}-max`}>${fixed(gaps[name].maximum, 6)}</td>
            <td class="number" data-test=${`gap-${name}-at`}>${fixed(gaps[name].at, 3)}</td>
            <td class="number" data-test=${`gap-${name}-mean`}>${fixed(gaps[name].mean, 6)}</td>
          </tr>`,
        )}
      </tbody>
    </table></div>`;
}

/** What the scale does: the period is a whole number of codes, unless it is repaired. */
export function Scale({ scalars, arrays }) {
  const title = html`<h2>What the scale does</h2>`;
  if (!scalars) return html`${title}${empty("The error at every scale appears")}`;
  const { scales, method, lowest, ln2, scale } = scalars;
  const heads = ["method", "ln 2 in codes", "taken for ln 2", "off by", "largest error"];
  return html`${title}
    <p class="about">
      ln 2 is <span class="number float" data-test="ln2-exact">${fixed(scales[0].exact, 4)}</span> codes at S = ${scale}, and the original wants a whole number. On a fine
      grid rounding it costs little; on a coarse one the periods drift away from ${fixed(ln2, 4)}, further with each of them. The repair keeps 12
      more bits of it and of p: wider integers, and no step more.
    </p>
    <div class="wide"><table class="numbers">
      <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
      <tbody>
        ${scales.map(
          (row) => html`<tr class=${row.name === method ? "chosen" : ""}>
            <th scope="row">${row.title}</th>
            <td class="number quant" data-test=${`${row.name}-codes`}>${scalar(row.codes)}</td>
            <td class="number quant" data-test=${`${row.name}-period`}>${fixed(row.period, 5)}</td>
            <td class="number" data-test=${`${row.name}-off`}>${signed(row.off_percent, 3)} %</td>
            <td class="number" data-test=${`${row.name}-worst`}>${fixed(row.worst, 5)}</td>
          </tr>`,
        )}
      </tbody>
    </table></div>
    <p class="plot-name">largest error of i-exp from ${fixed(lowest, 0)} to 0, over the scale S; both axes logarithmic</p>
    <${Chart} kind=${Graph} options=${{ label: "Largest error over the scale.", test: "scales", height: 220, gutter: 84 }} args=${[scalePicture(scalars, arrays)]} />`;
}

const LINES = {
  "ibert-paper": { label: "paper", colour: "faint" },
  ibert: { label: "code", colour: "float" },
  "ibert-ln2": { label: "12-bit ln 2", colour: "quant" },
};

function scalePicture({ scale, scales, worst_range: range, cliffs }, arrays) {
  const x = data(arrays, "all_scales");
  const names = Object.keys(LINES);
  const worst = (name) => data(arrays, `worst_${name}`);
  return {
    x,
    words: (i) => `S = ${scalar(x[i])}: ${names.map((name) => `${LINES[name].label} ${fixed(worst(name)[i], 5)}`).join(", ")}`,
    view: { x: [x[0], x[x.length - 1]], y: range, logX: true, logY: true },
    verticals: [
      { x: scale, text: "S", colour: "quant" },
      ...cliffs.map(({ scale: place, text }) => ({ x: place, text, colour: "error" })),
    ],
    lines: names.map((name) => ({ x, y: worst(name), ...LINES[name] })),
    points: scales.map(({ name, worst: y }) => ({ x: scale, y, colour: LINES[name].colour, hollow: name !== "ibert-ln2" })),
  };
}
