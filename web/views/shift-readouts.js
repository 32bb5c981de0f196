import { html } from "preact";
import { count, fixed, NOTHING, percent, scalar, signed, small } from "../ui/format.js";

/** What each rule is worth on each kind of logits, in bits; a rule's name draws its curve in orange. */
export function Gains({ page, scalars }) {
  if (!scalars) return null;
  const { families, rules, batches, progress, guarded, clear_bits: clear } = scalars;
  return html`<h2>What a rule is worth, in bits</h2>
    <p class="about" data-test="gains-about">
      Without an exponential of its own, fixed point can only be exact about small ranges, and a shift makes the range smaller. Look at
      the control column: tensor-mean and row-mean only move the logits, and must be worth nothing there. Mid-range and maximum shorten the
      range of centred rows, too.
    </p>
    <table class="numbers gains" data-test="gains">
      <caption class="unseen">Gain of every rule in bits, by kind of logits</caption>
      <thead>
        <tr>
          <th scope="col">Rule</th>
          ${families.map(({ name, control }) => html`<th scope="col">${name}${control ? ", control" : ""}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rules.slice(1).map((rule) => html`<${Rule} key=${rule.name} ...${rule} families=${families} page=${page} />`)}
      </tbody>
    </table>
    <p class="doc">
      Mean of log2(L1 without / L1 with) over ${count(clear[0])} to ${count(clear.at(-1))} bits
      ${batches.length > 1 && html`, then over ${count(batches.length)} batches; in brackets the least and the most`}${guarded && ", where the original has an answer"}. One bit more
      halves the error.
    </p>
    ${progress < 1 && html`<progress max="1" value=${progress} aria-label="Measured so far"></progress>`}
    <p class="doc" role="status" data-test="progress">${percent(progress, 0)} measured, seeds ${batches.join(", ")}.</p>`;
}

function Rule({ name, about, families, page }) {
  const chosen = page.params.rule === name;
  return html`<tr class=${chosen ? "chosen" : ""} onClick=${() => page.change("rule", name)}>
    <th scope="row">
      <button type="button" class="quiet" aria-pressed=${chosen} data-test=${`rule-${name}`}>${name}</button>
      <span class="doc">${about}</span>
    </th>
    ${families.map(
      (family) => html`<td class="number" data-label=${family.name} data-test=${`gain-${family.name}-${name}`}>
        ${words(family.gains[name])}
      </td>`,
    )}
  </tr>`;
}

const words = (gain) => {
  if (!gain) return NOTHING;
  const range = gain.least < gain.most ? `\n(${signed(gain.least, 2)} to ${signed(gain.most, 2)})` : "";
  return signed(gain.mean, 2) + range;
};

/** What was found, in Python's words. */
export function Finding({ scalars }) {
  if (!scalars) return null;
  const { words: said, method } = scalars;
  return html`<h2>What this says</h2>
    <p class="about">
      Softmax itself does not notice a constant that is taken from a row; only the rounding before it does, because it decides
      which exponentials can be told apart. Read the finding with its control, and try another method: the worse the method, the less the
      shift can help.
    </p>
    ${said
      ? html`<p class="finding" data-test="finding">${said.finding}</p>
          <p class=${`note control-verdict ${said.holds ? "holds" : ""}`} data-test="control" data-holds=${String(said.holds)}>
            <span class=${said.holds ? "good" : "bad"}>${said.holds ? "✓ The control holds." : "✗ The control does not hold."}</span>
            ${" "}${said.control} ${said.unsigned}
          </p>`
      : html`<p class="empty" data-test="waiting">With ${method} there is nothing to say yet: it is being measured, or a row has no finite error.</p>`}`;
}

/** All numbers behind the curves. */
export function Numbers({ page, scalars }) {
  if (!scalars) return null;
  const { bits, families, method, measure } = scalars;
  return html`<h2 data-test="numbers-title">All numbers: ${measure}, ${method}</h2>
    <p class="about">
      L1 is the probability that lies in the wrong place, twice: once where it is missing, once where it is too much. Half a nat of
      rounding is a factor of 1.65 in the exponential, so read these from right to left: there every bit halves them, until the few
      codes at the left end cannot tell the large logits apart.
    </p>
    <div class="wide">
      <table class="numbers" data-test="numbers">
        <caption class="unseen">${measure} by logits, rule and bits</caption>
        <thead>
          <tr><th scope="col">Logits, rule</th>${bits.map((b) => html`<th scope="col">${count(b)}${b === bits[0] ? " bits" : ""}</th>`)}</tr>
        </thead>
        ${families.map((family) => html`<${Family} key=${family.name} ...${family} chosen=${page.params.rule} />`)}
      </table>
    </div>`;
}

function Family({ name, curves, guarded, clips, n, chosen }) {
  return html`<tbody>
    ${Object.entries(curves).map(
      ([rule, values]) => html`<tr class=${rule === chosen ? "chosen" : ""} key=${rule}>
        <th scope="row">${name}, ${rule}</th>
        ${values.map((value, i) => html`<td class="number" data-test=${`l1-${name}-${rule}-${i + 2}`}>${small(value)}${guarded[rule][i] ? " *" : ""}</td>`)}
      </tr>`,
    )}
    <tr>
      <th scope="row" class="muted">${n ? `N = ${scalar(n)}; ` : ""}nats kept by the best clip</th>
      ${clips.map((clip) => html`<td class="number muted">${fixed(clip, 1)}</td>`)}
    </tr>
  </tbody>`;
}
