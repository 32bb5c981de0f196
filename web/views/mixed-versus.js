import { html } from "preact";
import { count, fixed, NOTHING, percent, scientific, signed } from "../ui/format.js";

/** Does mixing beat the same bits everywhere? For each uniform network the search's choices of its size, measured. */
export function VersusPanel({ frame, params }) {
  const run = frame?.scalars ?? {};
  return html`<h2>Does mixing beat the same bits everywhere?</h2>
    <p class="about" data-test="verdict"><${Verdict} run=${run} /></p>
    <table class="numbers versus rivals">
      <caption class="unseen">Uniform networks, and mixtures of their size</caption>
      <thead>
        <tr>
          <th scope="col">same bits everywhere</th>
          <th scope="col">in no more bytes</th>
          <th scope="col">in up to ${fixed(run.near, 0)}\u00a0% more</th>
        </tr>
      </thead>
      <tbody>
        ${(run.rivals ?? []).map(
          ({ uniform, within, near }) => html`<tr data-test=${`rivals-${uniform.uniform}`}>
            <th scope="row"><${Network} title=${`${uniform.uniform} bits`} point=${uniform} /></th>
            <td data-label="in no more bytes"><${Mixture} point=${within} /></td>
            <td data-label=${`in up to ${fixed(run.near, 0)}\u00a0% more`}><${Mixture} point=${near} /></td>
          </tr>`,
        )}
      </tbody>
    </table>
    <p class="doc">
      Closer means less measured KL divergence on the calibration split. On ${count(run.held_out)} digits less than
      ${" "}${fixed(run.noticeable, 1)} points of accuracy may be chance.
    </p>
    <p class="about" data-test="ratios">
      Sensitivities do not add: measured divided by foretold divergence goes from${" "}
      <span class="number">${fixed(run.least_ratio, 2)}</span> to <span class="number">${fixed(run.largest_ratio, 2)}</span> over the
      networks measured so far. Layers meet each other’s errors, so a sum can only rank the choices${params.activations !== "none"
        ? "; it also knows nothing of the activations, whose error every network here has"
        : ""}.
    </p>`;
}

function Mixture({ point }) {
  if (!point) return NOTHING;
  if (point.same) return html`<span class="muted">the same network</span>`;
  const closer = point.closer === null ? "" : point.closer ? "closer" : "further off";
  return html`<${Network} title=${`${point.bits.join(", ")} bits`} point=${point}>
    ${closer && html`<span class="gain">${closer}, ${signed(point.points, 2)} points</span>`}
  <//>`;
}

function Network({ title, point, children }) {
  return html`<span class="network">
    <b class="number quant">${title}</b>
    <span class="number">${count(point.bytes)} bytes</span>
    <span class="number">KL ${scientific(point.kl)}</span>
    <span class="number">${percent(point.accuracy, 2)}</span>
    ${children}
  </span>`;
}

/** What was measured, in words. */
function Verdict({ run }) {
  const { same = [], closer = [], further = [], known = [], near_closer = [], near_better = [], near_worse = [] } = run.verdict ?? {};
  if (!known.length) return "Measured when the search has ended: the uniform networks come first.";
  const sentences = [
    closer.length
      ? `In no more bytes, mixing is closer to the float network than ${list(closer)} bits everywhere.`
      : "In no more bytes, mixing has beaten none of these uniform networks.",
    same.length ? `At the size of ${list(same)} bits everywhere the search finds that very network.` : "",
    further.length ? `At the size of ${list(further)} bits it chose a mixture that turned out further off: the sum misled it.` : "",
    near_closer.length
      ? `With up to ${fixed(run.near, 0)}\u00a0% more bytes it is closer than ${list(near_closer)} bits.`
      : `Up to ${fixed(run.near, 0)}\u00a0% more bytes do not help it either.`,
    near_better.length
      ? `In accuracy that is worth ${fixed(run.noticeable, 1)} points or more beside ${list(near_better)} bits; elsewhere all read about the same.`
      : "In accuracy no difference is larger than chance.",
    near_worse.length ? `Beside ${list(near_worse)} bits it reads noticeably fewer digits.` : "",
  ];
  return sentences.filter(Boolean).join(" ");
}

const list = (items) => (items.length > 1 ? `${items.slice(0, -1).join(", ")} and ${items.at(-1)}` : String(items[0]));
