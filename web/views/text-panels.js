import { html } from "preact";
import { Chart } from "../ui/chart.js";
import { count, fixed, megabytes, percent } from "../ui/format.js";
import { LookBars, NextBars } from "./text-bars.js";
import { TextBlock, visible } from "./text-block.js";

const SIDES = ["float", "quant"];
const BEFORE = 12; // characters of the text that a title quotes

const rounded = (bits, what) => (bits === "float" ? `float ${what}` : `${bits}-bit ${what}`);

/** What the quantised network is, in words. */
const settings = ({ bits, per, activations, logit_bits: logits, softmax, shift }) =>
  [
    rounded(bits, "weights") + (bits === "float" || per === "tensor" ? "" : ` per ${per}`),
    rounded(activations, "activations"),
    rounded(logits, "logits") + (logits === "float" ? "" : `, ${softmax} softmax, ${shift === "none" ? "no shift" : `shift ${shift}`}`),
  ].join(", ");

/** Buttons, both texts, and where they part. act: {toggle, step, again, seed, keys, pick} */
export function Writing({ page, frame, player, reading, speed, act }) {
  const { scalars } = frame ?? {};
  const playing = player.state === "playing";
  const done = scalars && frame.step >= scalars.tokens;
  const button = (test, label, run, facts = {}) =>
    html`<button type="button" data-test=${test} disabled=${!page.open || facts.disabled} class=${facts.class ?? ""} title=${facts.title}
      onClick=${(event) => {
        if (event.detail > 0) event.currentTarget.blur(); // pressed by pointer: Space is to generate and stop
        run();
      }}>${label}</button>`;
  return html`<div class="row text-buttons" role="group" aria-label="Writing">
      ${button("generate", playing ? "Stop" : "Generate", act.toggle, { class: "primary", disabled: done, title: "Space" })}
      ${button("one", "One character", act.step, { disabled: done, title: "S" })}
      ${button("again", "Start again", act.again, { title: "R: the same seed" })}
      ${button("new-seed", "New seed", act.seed, { title: "N" })}
      ${button("keys", "Keys", act.keys, { class: "quiet" })}
      <span class="doc text-count" data-test="count">
        <span class="number" data-test="step">${count(frame?.step)}</span> of ${count(scalars?.tokens)} characters
      </span>
    </div>
    ${scalars
      ? html`<${Texts} page=${page} scalars=${scalars} reading=${reading} pick=${act.pick} />
          <p class="text-words" aria-live="polite" data-test="words">${scalars.words}</p>
          ${speed && html`<p class="doc" data-test="speed">Speed of computing:
            ${" "}float <span class="number float" data-test="speed-float">${count(Math.round(speed.float))}</span>, quantised
            ${" "}<span class="number quant" data-test="speed-quant">${count(Math.round(speed.quant))}</span> characters a second.</p>`}`
      : !page.troubles.page && html`<p class="empty" data-test="loading">The network’s weights, 1.7 MB, are being loaded.</p>`}`;
}

const Texts = ({ page, scalars, reading, pick }) => html`<div class="text-sides">
  ${SIDES.map((side) => html`<figure class=${side}>
    <figcaption><b>${side === "float" ? "Float" : "Quantised"}</b> ${" "}<span data-test=${`bytes-${side}`}>${megabytes(scalars.bytes[side])} MB</span>${side === "quant" && html`<span data-test="settings">${`: ${settings(page.params)}`}</span>`}</figcaption>
    <${Chart}
      kind=${TextBlock}
      name="text-block"
      options=${{ label: `${side === "float" ? "Float" : "Quantised"} text`, test: `text-${side}`, pick: (at) => pick(side, at) }}
      args=${[scalars.texts[side], scalars.prompt, scalars.difference, shade(side, reading)]}
    />
  </figure>`)}
  ${scalars.empty && html`<p class="doc" data-test="empty">The prompt is empty, so both go on from the start of a line, ↵.</p>`}
</div>`;

/** What belongs to a text of the reading of a character. */
function shade(side, reading) {
  if (reading?.scalars.side !== side) return null;
  const { at, start, limits } = reading.scalars;
  return { at, start, limit: limits.attention, weights: reading.arrays[`attention_${side}`].data };
}

/** What could follow: bars of both networks. */
export function Next({ page, frame, player, reading }) {
  if (!frame) return null;
  const { characters } = frame.scalars;
  const live = player.state === "playing" && frame.arrays.next_float && frame.arrays.next_quant;
  const source = live ? frame : reading;
  if (!source) return html`<h2>What follows</h2><p class="empty">The networks have not read anything yet.</p>`;
  const [float, quant] = SIDES.map((side) => source.arrays[`next_${side}`].data);
  const limit = live ? 1 : reading.scalars.limits.next;
  const { window, follows, likeliest } = reading?.scalars ?? {};
  return html`<h2 data-test="next-title">${live ? "What the newest characters were drawn from" : `What follows “…${tail(window)}”`}</h2>
    <p class="about">
      How likely each of the ${count(characters.length)} characters is, after temperature and top-k.
      ${live ? " Once the texts have parted, each network reads a text of its own." : html`${" "}Both networks read the same text here.
        Float finds <b class="float" data-test="likeliest-float">${visible(characters[likeliest[0]])}</b> likeliest
        (<span class="number float">${percent(float[likeliest[0]], 1)}</span>), quantised
        ${" "}<b class="quant" data-test="likeliest-quant">${visible(characters[likeliest[1]])}</b>
        ${" "}(<span class="number quant">${percent(quant[likeliest[1]], 1)}</span>).
        ${follows !== null && html`${" "}In the text <b data-test="follows">${visible(characters[follows])}</b> follows.`}`}
    </p>
    <${Chart} kind=${NextBars} args=${[characters, float, quant, limit, live ? null : follows]} />`;
}

const tail = (window) => Array.from(window.slice(-BEFORE), (c) => (c === "\n" ? visible(c) : c)).join("");

/** What the picked character looked at. */
export function Look({ reading }) {
  if (!reading) return html`<h2>Attention</h2><p class="empty">Read as soon as the writing rests, or at the character that you point at.</p>`;
  const { window, start, at, most, layer, head, limits, side } = reading.scalars;
  const [float, quant] = SIDES.map((name) => reading.arrays[`attention_${name}`].data);
  return html`<h2 data-test="look-title">What “${visible(window.at(-1))}” looked at: block ${layer}, head ${head}</h2>
    <p class="about">
      Character number ${count(at + 1)} of the ${side === "float" ? "float" : "quantised"} text saw
      ${" "}${count(window.length)} characters, itself included. They are shaded in the text above and drawn here, full at
      ${" "}<span class="number">${fixed(limits.attention, 3)}</span>. Point at another character, or move there with the arrow keys.
    </p>
    <${Chart} kind=${LookBars} args=${[window, start, float, quant, limits.attention]} />
    <table class="numbers text-most" data-test="most">
      <caption class="unseen">The characters with the most attention</caption>
      <thead><tr><th scope="col">looked at most</th><th scope="col">number</th><th scope="col" class="float">float</th><th scope="col" class="quant">quantised</th></tr></thead>
      <tbody>
        ${most.map((i) => html`<tr>
          <th scope="row"><span class="muted">${window.slice(Math.max(0, i - 5), i).replaceAll("\n", visible("\n"))}</span><b>${visible(window[i])}</b></th>
          <td class="number">${count(start + i + 1)}</td>
          <td class="number float">${fixed(float[i], 4)}</td>
          <td class="number quant">${fixed(quant[i], 4)}</td>
        </tr>`)}
      </tbody>
    </table>`;
}
