import { html } from "preact";
import { Chart } from "../ui/chart.js";
import { count, fixed, NOTHING, scalar, scientific, signed } from "../ui/format.js";
import { Graph } from "../ui/graph.js";

const empty = (what) => html`<p class="empty">${what} when Python has started.</p>`;
const data = (arrays, name) => arrays[name].data;
const NAMES = { input: "input only", output: "output only", both: "both" };

/** The staircase in full, and below it the two causes apart. */
export function Steps({ page, scalars, arrays }) {
  const title = html`<h2>The curve becomes a staircase</h2>
    <p class="about">
      In fixed point a number is one of few codes, and e<sup>x</sup> is expensive there because it spans many powers of two while the
      codes are evenly spaced. Rounding the input makes steps of equal width, whose height grows with the slope; rounding the output makes steps of
      equal height. Take bits away and look where the steps become coarse first.
    </p>`;
  if (!scalars) return html`${title}${empty("The staircase appears")}`;
  const { levels, l1, codes, method, curve, bits } = scalars;
  const own = curve === "softmax" && method.name !== "exact";
  return html`${title}
    <p class="plot-name">
      <span class="float">${curve}</span> and <span class="quant">${own ? `what ${method.title} makes of the codes` : "input and output rounded"}</span>, ${bits} bits:
      ${" "}<span class="number" data-test="codes">${count(codes)}</span> input codes,
      ${" "}<span class="number" data-test="levels-both">${count(levels.both)}</span> steps, L1 error${" "}
      <span class="number" data-test="l1-both">${scalar(l1.both)}</span>; drag the point
    </p>
    <${Staircase} page=${page} scalars=${scalars} arrays=${arrays} way="both" height=${260} />
    ${own && html`<p class="doc" data-test="about">${method.about} ${method.source}.</p>`}
    ${own && method.breaks && html`<p class="note" data-test="breaks">${method.breaks}</p>`}
    <div class="versus-two apart">
      ${["input", "output"].map(
        (way) => html`<figure>
          <figcaption>
            ${way === "input" ? "Only the input is rounded" : own ? `Only the output is rounded, to ${method.title}'s codes` : "Only the output is rounded"}:
            ${" "}<span class="number" data-test=${`levels-${way}`}>${count(levels[way])}</span> steps, L1 <span class="number" data-test=${`l1-${way}`}>${scalar(l1[way])}</span>
          </figcaption>
          <${Staircase} scalars=${scalars} arrays=${arrays} way=${way} height=${150} />
        </figure>`,
      )}
    </div>`;
}

function Staircase({ page, scalars, arrays, way, height }) {
  const [x, exact, steps, error] = ["x", "float", way, `error_${way}`].map((name) => data(arrays, name));
  const label = `${scalars.curve} and its staircase, ${NAMES[way]}.`;
  const pick = page ? (value) => page.change("point", value) : null;
  const options = { label, test: `stairs-${way}`, height, gutter: 16, pick };
  const { at, range } = scalars;
  const words = (i) => `${fixed(x[i], 2)}: float ${fixed(exact[i], 5)}, steps ${fixed(steps[i], 5)}, error ${signed(error[i], 5)}`;
  const args = {
    x,
    at,
    words,
    view: { x: [x[0], x[x.length - 1]], y: range },
    lines: [
      { x, y: exact, colour: "float" },
      { x, y: steps, colour: "quant", kind: "steps" },
    ],
    threads: page ? [{ from: [x[at], exact[at]], to: [x[at], steps[at]], colour: "error" }] : [],
    points: page ? [{ x: x[at], y: exact[at], colour: "float", hollow: true }, { x: x[at], y: steps[at], colour: "quant" }] : [],
  };
  return html`<${Chart} key=${label} kind=${Graph} options=${options} args=${[args]} />`;
}

/** The L1 error at every number of bits, the two causes apart, the chosen number marked. */
export function Bits({ scalars, arrays }) {
  const title = html`<h2>What a bit is worth</h2>`;
  if (!scalars) return html`${title}${empty("The error at 2 to 8 bits appears")}`;
  const bits = data(arrays, "bits");
  const ways = Object.keys(NAMES);
  const errors = (way) => data(arrays, `l1_${way}`);
  const words = (i) => `${bits[i]} bits: ${ways.map((way) => `${NAMES[way]} ${scientific(errors(way)[i])}`).join(", ")}`;
  return html`${title}
    <p class="about">
      The L1 error, mean |steps − curve| over the whole curve, for 2 to 8 bits, logarithmic. A bit more halves what rounding the input and rounding the output lose;
      a method with an output of its own stops getting better where that output is the coarser of the two.
    </p>
    <${Chart}
      kind=${Graph}
      options=${{ label: "L1 error at 2 to 8 bits.", test: "l1", height: 220, gutter: 96 }}
      args=${[
        {
          x: bits,
          words,
          view: { x: [2, 8], y: scalars.l1_range, logY: true },
          verticals: [{ x: scalars.bits, text: `${scalars.bits} bits`, colour: "quant" }],
          lines: ways.map((way) => ({
            x: bits, y: errors(way), label: NAMES[way], colour: way === "both" ? "quant" : "float", dash: way === "output" ? [4, 3] : [],
          })),
          points: ways.map((way) => ({
            x: scalars.bits, y: scalars.l1[way], colour: way === "both" ? "quant" : "float", hollow: way !== "both",
          })),
        },
      ]}
    />`;
}

/** The row of logits that belongs to the point: codes, probabilities in float and quantised. */
export function Row({ scalars }) {
  const title = html`<h2>The row at the point</h2>`;
  if (!scalars) return html`${title}${empty("Its probabilities appear")}`;
  const { row, method, bits } = scalars;
  const length = (p) => ({ transform: `scaleX(${p})` });
  return html`${title}
    <p class="about">
      Softmax of a few logits on a grid of ${bits} bits, S = <span class="number" data-test="row-scale">${scalar(row.scale)}</span>: <span class="float">in float</span>${" "}
      and <span class="quant">${method.name === "exact" ? "of the rounded logits, rounded" : `by ${method.title}`}</span>. Moving one logit moves all probabilities.
    </p>
    <table class="bars bars-two row-bars" data-test="row">
      <thead>
        <tr>${["logit", "code", "", "p", "p̂", "output"].map((head) => html`<th scope="col">${head}</th>`)}</tr>
      </thead>
      <tbody>
        ${row.columns.map(
          ({ z, q, p, p_hat, y }, i) => html`<tr class=${i === 0 ? "best" : ""}>
            <th scope="row" class="number">${fixed(z, 2)}</th>
            <td class="number quant">${fixed(q, 0)}</td>
            <td class="bar-cell" aria-hidden="true"><span class="bar float" style=${length(p)}></span><span class="bar quant" style=${length(p_hat)}></span></td>
            <td class="number float" data-test=${`p-${i}`}>${fixed(p, 4)}</td>
            <td class="number quant" data-test=${`p-hat-${i}`}>${fixed(p_hat, 4)}</td>
            <td class="number quant" data-test=${`y-${i}`}>${y === null ? NOTHING : count(y)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
    <dl class="facts apart">
      <div><dt>sum of p̂</dt><dd class="number quant" data-test="row-sum">${fixed(row.sum, 4)}</dd></div>
      <div><dt>L1 of the row</dt><dd class="number" data-test="row-l1">${fixed(row.l1, 4)}</dd></div>
      <div><dt>one output code</dt><dd class="number">${scalar(row.unit)}</dd></div>
    </dl>`;
}

/** The L1 error of the staircase that each method makes of this row, at the chosen number of bits; choose one by its name. */
export function Methods({ page, scalars }) {
  const title = html`<h2>Every method's staircase</h2>`;
  if (!scalars) return html`${title}${empty("Measured")}`;
  const { measured, method, waiting, bits } = scalars;
  return html`${title}
    <p class="about" data-test="methods-about">
      L1 error of the softmax curve of this row, with ${bits} and with 8 bits. Exact is rounded to the chosen bits again at its end; the
      others have 7 or 8 output bits whatever is chosen, so that with few bits some of them come nearer. Choose a method to see its steps.
      ${waiting > 0 ? ` ${waiting} methods are still being measured.` : ""}
    </p>
    <table class="numbers staircase-methods" data-test="methods">
      <thead><tr>${["method", `${bits} bits`, "8 bits"].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
      <tbody>
        ${measured.map(
          ({ name, title: words, now, last }) => html`<tr class=${name === method.name ? "chosen" : ""}>
            <th scope="row">
              <button type="button" class="quiet" aria-pressed=${name === method.name} data-test=${`choose-${name}`} onClick=${() => choose(page, name)}>${words}</button>
            </th>
            <td class="number quant" data-test=${`method-${name}`}>${fixed(now, 5)}</td>
            <td class="number quant">${fixed(last, 5)}</td>
          </tr>`,
        )}
      </tbody>
    </table>`;
}

/** A method is seen on the softmax curve only. */
function choose(page, name) {
  if (page.params.curve !== "softmax") page.change("curve", "softmax");
  page.change("method", name);
}
