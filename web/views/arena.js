import { html, render } from "preact";
import { bytes, count, fixed, NOTHING, signed } from "../ui/format.js";
import { workbench } from "../ui/workbench.js";

const SLICE_MS = 40; // of work between two drawings
const PANELS = { race: Race, wrap: Wrap, verdicts: Verdicts, more: More };
const RACES = { given: "from codes", quantised: "from float32, quantised first" };

/** Products of float32 numbers and of int8 codes, timed when the reader says so. */
export function mount(root, page) {
  const state = { frame: null, going: false, done: false };
  let lap = 0; // counts the starts, so that an old loop ends when a newer one has begun

  const bench = workbench(root, page, {
    stage: ["race", "wrap", "verdicts", "more"],
    draw,
    summary: ({ scalars: { size, times } }) => `${shape(size)}${times.length ? `, ${fixed(times[0].giga, 1)} GOP/s at best` : ""}`,
  });

  function draw(event, slot = bench.slot) {
    if (event) state.frame = event.frame;
    if (event?.cleared) [state.going, state.done, lap] = [false, false, lap + 1];
    const facts = { page, going: state.going, done: state.done, press, ...(state.frame ?? {}) };
    for (const [name, Panel] of Object.entries(PANELS)) render(html`<${Panel} ...${facts} />`, slot(name));
  }

  function press() {
    if (!state.going) return void measure();
    state.going = false; // what is under way is finished, then it stops
    draw(null);
  }

  async function measure() {
    if (state.done && !(await page.reset())) return;
    const mine = (lap += 1);
    state.going = true;
    draw(null);
    while (state.going && mine === lap) {
      const answer = await page.advance({ ms: SLICE_MS });
      if (mine !== lap) return;
      if (!answer || answer.done) [state.going, state.done] = [false, Boolean(answer)];
    }
    draw(null);
  }

  return {
    ...bench,
    unmount() {
      lap += 1;
      bench.unmount();
    },
  };
}

const shape = ({ m, k, n }) => `${m} × ${k} × ${n}`;

/** The button, how far the measuring has come, and what was measured: bars of the rate, fastest first. */
function Race({ page, going, done, press, scalars }) {
  const label = going ? "Stop" : done ? "Measure again" : scalars?.round || scalars?.progress ? "Go on" : "Measure";
  return html`<h2>How fast</h2>
    <p class="about">
      ${scalars
        ? html`Inputs of ${scalars.size.m} × ${scalars.size.k} times weights of ${scalars.size.k} × ${scalars.size.n}, which are
            ${" "}<span class="number">${count(scalars.size.operations)}</span> operations. Bars show operations a second, longest is
            fastest: <span class="float">float32 in ink</span>, <span class="quant">int8 codes in orange</span>,
            ${" "}<span class="bad">hatched red where the result is wrong</span>.`
        : "The contestants appear when Python has started."}
    </p>
    <p class="row">
      <button type="button" class=${going ? "" : "primary"} data-test="measure" disabled=${!page.open} onClick=${press}>${label}</button>
      ${scalars &&
      html`<span class="race-progress">
        <progress max="1" value=${scalars.progress} aria-label="Measured so far"></progress>
        <output data-test="progress">round ${scalars.round} of ${scalars.rounds}</output>
      </span>`}
    </p>
    ${scalars && (scalars.times.length ? html`<${Times} ...${scalars} />` : html`<p class="empty">Nothing is timed until you press Measure.</p>`)}`;
}

function Times({ times, contestants, rounds, words }) {
  const known = Object.fromEntries(contestants.map((each) => [each.name, each]));
  const head = (title) => html`<th scope="col">${title}</th>`;
  return html`<table class="numbers race" data-test="times">
      <caption class="unseen">What was timed, fastest first</caption>
      <thead><tr>${head("product")}<td></td>${["GOP/s", "ms", "× float32", "result"].map(head)}</tr></thead>
      <tbody>${times.map((row) => html`<${Time} key=${row.name + row.race} row=${row} of=${known[row.name]} />`)}</tbody>
    </table>
    ${words && html`<p class="finding" data-test="finding">${words}</p>`}
    <p class="doc">
      Medians of up to ${rounds} rounds, in which all take turns, and below each name the range of its times. “× float32” is how many
      times as fast as float32 it was in the same round. Repeated runs differ by 10 to 30 %: a ratio from 0.8 to 1.3 is no finding.
    </p>`;
}

function Time({ row, of }) {
  const kind = !of.integer ? "float" : of.verdict.right ? "quant" : "broken";
  const spread = `${fixed(row.least, 3)} to ${fixed(row.most, 3)} ms`;
  const number = (label, text) => html`<td class="number" data-label=${label}>${text}</td>`;
  return html`<tr data-test=${`time-${row.name}-${row.race}`} title=${`${count(row.calls)} calls a timing`}>
    <th scope="row">${row.title}<span class="doc">${of.integer ? RACES[row.race] : "the measure"}</span><span class="doc">${spread}</span></th>
    <td class="bar-cell" aria-hidden="true"><span class=${`bar ${kind}`} style=${{ transform: `scaleX(${row.share})` }}></span></td>
    ${number("GOP/s", fixed(row.giga, 2))} ${number("ms", fixed(row.ms, 3))} ${number("× float32", fixed(row.ratio, 2))}
    <td class=${`outcome ${of.verdict.right ? "good" : "bad"}`}>${of.verdict.right ? "right" : "wrong"}</td>
  </tr>`;
}

/** Who takes part, and whether the result is right: checked before any timing. */
function Verdicts({ scalars }) {
  if (!scalars) return html`<h2>Right or wrong</h2><p class="empty">The contestants appear when Python has started.</p>`;
  return html`<h2>Right or wrong</h2>
    <p class="about">
      Before anything is timed, all ${count(scalars.size.elements)} elements of each result are compared with the product in int64;
      float32 with one in float64, where it may be off by no more than rounding can explain.
    </p>
    <table class="numbers contestants">
      <caption class="unseen">The contestants and their results</caption>
      <thead><tr>${["product", "result", "wrong elements", "weights kept as"].map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
      <tbody>
        ${scalars.contestants.map(
          ({ name, title, doc, verdict, weight_bytes: kept }) => html`<tr data-test=${`verdict-${name}`}>
            <th scope="row">${title}<span class="doc">${doc}.</span></th>
            <td class="number" data-label="result">${verdict?.dtype ?? NOTHING}</td>
            <td class=${`number ${verdict ? (verdict.right ? "good" : "bad") : ""}`} data-label="wrong elements">
              ${verdict ? (verdict.right ? "none" : count(verdict.wrong)) : NOTHING}
            </td>
            <td class="number" data-label="weights">${bytes(kept)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
    <p class="about">
      Kernels of WebAssembly SIMD, which has instructions for int8, are still to be written; each becomes one more row here when it exists.
    </p>`;
}

/** One wrong element of NumPy's int8 product, explained. */
function Wrap({ scalars }) {
  const title = html`<h2>What NumPy does with int8</h2>`;
  const found = scalars?.contestants.find(({ verdict }) => verdict?.example && verdict.dtype === "int8");
  if (!found)
    return html`${title}<p class="empty">int8 @ int8 gives int8. One of its elements is looked at here when you have pressed Measure.</p>`;
  const { verdict: { wrong, example } } = found;
  return html`${title}
    <p class="about">
      The sum of ${scalars.size.k} products is kept in 8 bits, which end at 127. What is beyond is lost without a word: 256 at a time.
      Row ${example.row}, column ${example.column}:
    </p>
    <dl class="ledger">
      <div><dt>the right sum</dt><dd class="number" data-test="wrap-right">${signed(example.right, 0)}</dd></div>
      <div><dt>lost, ${signed(example.wraps, 0)} × 256</dt><dd class="number" data-test="wrap-lost">${signed(example.lost, 0)}</dd></div>
      <div><dt>what NumPy returns</dt><dd class="number bad" data-test="wrap-got">${signed(example.got, 0)}</dd></div>
    </dl>
    <p class="about">So ${count(wrong)} of ${count(scalars.size.elements)} elements are wrong. The others are right by chance: their sum happens to lie from −128 to 127.</p>`;
}

function More({ scalars }) {
  if (!scalars) return null;
  return html`<div class="columns"><div><${Bound} ...${scalars} /></div><div><${Traffic} ...${scalars} /></div></div>`;
}

/** Why float32 may carry integers. */
function Bound({ size, bound: { largest, limit, exact } }) {
  return html`<h2>Whole numbers in float32</h2>
    <p class="about">
      Every whole number up to 2²⁴ is a float32. The largest sum that codes can reach here is
      ${" "}<span class="number">${size.k} · 127² = ${count(largest)}</span>, and 2²⁴ is <span class="number">${count(limit)}</span>:
      ${" "}${exact
        ? html`<span class="good" data-test="bound">the float product of codes is exact, in any order of summing.</span>`
        : html`<span class="bad" data-test="bound">the float product of codes may round.</span>`}
    </p>`;
}

/** What int8 saves for certain: bytes. */
function Traffic({ traffic: [float, int8] }) {
  const row = (title, name) => html`<tr>
    <th scope="row">${title}</th><td class="number float">${count(float[name])}</td><td class="number quant">${count(int8[name])}</td>
  </tr>`;
  return html`<h2>What int8 saves</h2>
    <p class="about">Bytes that have to be read or written at least once. The sums need 32 bits either way.</p>
    <table class="numbers" data-test="traffic">
      <caption class="unseen">Bytes of memory traffic</caption>
      <thead><tr><td></td><th scope="col">float32</th><th scope="col">int8</th></tr></thead>
      <tbody>${row("inputs", "inputs")}${row("weights", "weights")}${row("result", "result")}${row("together", "all")}</tbody>
    </table>`;
}
