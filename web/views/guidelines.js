import { html, render } from "preact";
import { bytes, count, milliseconds, percent, signed } from "../ui/format.js";
import { frac, math, sqrt, sub, sup } from "../ui/math.js";
import { workbench } from "../ui/workbench.js";

const VERDICTS = { holds: "holds here", fails: "does not hold here", open: "cannot be decided here" };
const SIGNS = { holds: "✓", fails: "✗", open: "?" };

/** Guidelines: claims, what was measured beside them, and the verdict. */
export function mount(root, page) {
  let frame = null;

  const bench = workbench(root, page, {
    stage: ["tally", "claims"],
    auto: true,
    chapters,
    draw(event, slot) {
      frame = event?.frame ?? frame;
      render(html`<${Tally} run=${frame?.scalars} />`, slot("tally"));
      render(html`<${Claims} run=${frame?.scalars} show=${page.params.show} />`, slot("claims"));
    },
    summary: ({ scalars }) => `${count(scalars.measured)} of ${count(scalars.total)} measured`,
  });
  return bench;
}

function Tally({ run }) {
  const { measured = 0, total, held_out: images } = run ?? {};
  const working = run && measured < total;
  return html`<h2>Said, and measured</h2>
    <p class="about">
      Every number below comes from ${images ? count(images) : "the"} held-out digits, read by the pretrained network and by a
      quantised form of it, in your browser, while you watch.
    </p>
    <p class="summary" role="status" data-test="tally">
      ${run
        ? working
          ? `Measuring: ${count(measured)} of ${count(total)} claims.`
          : `${count(run.holds)} of ${count(total)} claims hold on this network; ${count(run.fails)} do not${run.open ? `; ${count(run.open)} cannot be decided` : ""}.`
        : "The measuring starts when Python runs."}
    </p>
    ${working && html`<progress max=${total} value=${measured} aria-label="Claims measured"></progress>`}`;
}

function Claims({ run, show }) {
  if (!run) return null;
  const rows = run.rows.filter(({ verdict }) => show === "all" || verdict === show);
  const uses = run.uses.filter(({ name }) => rows.some(({ use }) => use === name));
  if (rows.length === 0) return html`<p class="empty" data-test="no-claims">No claim of this kind so far.</p>`;
  return html`<table class="claims">
    <caption class="unseen">Claims about precision, what was measured, and whether they hold here</caption>
    <thead>
      <tr><th scope="col">What is said</th><th scope="col">Measured here</th><th scope="col">Verdict</th></tr>
    </thead>
    ${uses.map(
      ({ name, title }) => html`<tbody key=${name}>
        <tr><th scope="rowgroup" colspan="3" class="use">${title}</th></tr>
        ${rows.filter(({ use }) => use === name).map((row) => html`<${Row} key=${row.name} ...${row} />`)}
      </tbody>`,
    )}
  </table>`;
}

function Row({ name, text, said, rule, link, facts, verdict, because }) {
  return html`<tr data-test=${`claim-${name}`} data-verdict=${verdict ?? "waiting"}>
    <th scope="row">${text} <span class="doc">Said by ${said}.</span></th>
    <td>${facts.length ? facts.map((fact) => html`<${Fact} ...${fact} />`) : html`<span class="empty">not measured yet</span>`}</td>
    <td>
      ${verdict && html`<p class=${`verdict-word ${verdict === "holds" ? "good" : ""}`}><span aria-hidden="true">${SIGNS[verdict]}</span> ${VERDICTS[verdict]}</p>`}
      <p class="doc">The rule: ${rule}.</p>
      ${because && html`<p class="doc reason">${because}</p>`}
      ${link && html`<p class="doc"><a href=${link}>See it yourself</a></p>`}
    </td>
  </tr>`;
}

/** One measured number with its unit; the loss is what the float network reads rightly and this does not. */
function Fact({ label, there, accuracy, loss, changed, nbytes, saved, ms }) {
  if (!there) return html`<p class="fact"><span>${label}</span><span class="muted">not shipped with this page</span></p>`;
  const has = (x) => x !== null && x !== undefined;
  const words = [
    has(accuracy) && html`<b>${percent(accuracy, 2)}</b>`,
    has(loss) && `${signed(-loss || 0, 2)} points`,
    has(changed) && `${count(changed)} changed predictions`,
    has(nbytes) && bytes(nbytes),
    has(saved) && `saves ${percent(saved, 2)} of the bytes`,
    has(ms) && html`<b>${milliseconds(ms)}</b>`,
  ].filter(Boolean);
  return html`<p class="fact">
    <span>${label}</span>
    <span class="number">${words.map((word, i) => html`${i > 0 && " · "}<span>${word}</span>`)}</span>
  </p>`;
}

const chapters = [
  {
    title: "1. How a verdict is made",
    body: html`<p>Each claim has a rule, printed beside it, and a few trials. The rule is a function of what the trials measured;
        no verdict is written down anywhere. Move the two limits, and verdicts that hang on them change at once, without
        measuring again. What a claim calls needed is needed if one loses too much without it.</p>`,
    code: ["pyapp.pages.base.guidelines.needed", "pyapp.pages.base.guidelines.better", "pyapp.pages.base.guidelines.Claim"],
  },
  {
    title: "2. What a difference is worth",
    body: html`<p>Two networks read the same 3,000 digits, and only the <i>c</i> digits that they read differently decide which
        one is better. If quantising were a toss of a coin for each of these, the difference of the two accuracies would have
        a standard deviation σ. With 10 changed digits that is 0.1 points. So the page takes less than 0.2 points for
        nothing, and a quantised network that reads a digit or two more than the float network has been lucky, no more.</p>`,
    formulas: [() => [math("σ=", frac(sqrt("c"), "3000"))]],
    code: ["pyapp.pages.base.lab.Lab"],
  },
  {
    title: "3. Why some claims do not hold here",
    body: html`<p>Rules of thumb come from networks with millions to billions of weights, on tasks where one more percent is
        hard-won. This network has 109,386 parameters, its neurons have weights of similar size, its pixels are mostly exact
        zeros, and nine tenths of it are the first layer. A rule that rests on outliers, on many layers, or on hardware with
        8-bit arithmetic has nothing to rest on here. That is no reason to distrust it; it is a reason to measure.</p>
      <p>BF16 keeps the exponent of a float32 and 8 bits of its significand: cut off 16 bits, rounded to the nearest, half to
        even. FP16 has 11 bits and a small range. Parameters, pixels and every layer’s output are rounded; the sums stay
        float32.</p>`,
    formulas: [() => [math(sub("ε", "BF16"), "=", sup("2", "−8")), math(sub("ε", "FP16"), "=", sup("2", "−11"))]],
    code: ["pyapp.pages.base.lab.to_bfloat16"],
  },
];
