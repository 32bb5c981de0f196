import { html, useRef, useState } from "preact";
import { bytesOf, dropping, FileButton } from "../ui/files.js";
import { count, fixed, NOTHING, percent } from "../ui/format.js";
import { newest } from "../ui/latest.js";
import { pasting } from "../ui/paste.js";
import { Trouble } from "../ui/trouble.js";

const LARGEST = 20_000_000; // bytes of a file; Python says what it takes of a smaller one

/** What the network writes now, float and quantised from the same random numbers. */
export function WritingPanel({ frame, scalars }) {
  if (!frame) return html`<h2>What it writes</h2><p class="empty">The first samples appear when Python has started.</p>`;
  const { readings, bits, samples, corpus, pending } = scalars;
  const rounded = readings.find((reading) => bits && reading.bits === bits);
  return html`<h2>What it writes</h2>
    <p class="about">
      The first of ${count(samples)} samples, written with the same random numbers by both.
      ${corpus.own
        ? " The percentage is the share of its words that occur in your text."
        : html` <span class="good">✓</span> the grammar accepts the sentence, <span class="bad">✗</span> it does not.`}
      ${pending ? " Reading …" : ""}
    </p>
    <div class="writing">
      <${Samples} title="float" colour="float" reading=${readings[0]} corpus=${corpus} test="samples-float" />
      ${rounded && html`<${Samples} title=${`${bits} bits`} colour="quant" reading=${rounded} corpus=${corpus} test="samples-quant" />`}
    </div>`;
}

function Samples({ title, colour, reading, corpus, test }) {
  return html`<section aria-label=${`Samples, ${title}`} data-test=${test}>
    <h3 class=${colour}>${title} <span class="number">${percent(reading.score, 0)}</span></h3>
    <p class="doc">${reading.step === null ? "Not read yet." : `At step ${count(reading.step)}. Score: ${corpus.scored}.`}</p>
    <ol class="samples">
      ${reading.samples.map(
        ({ text, mark }) => html`<li><${Mark} mark=${mark} own=${corpus.own} /><span class="sample">${text || "(nothing)"}</span></li>`,
      )}
    </ol>
  </section>`;
}

function Mark({ mark, own }) {
  if (own) return html`<span class="number mark">${percent(mark, 0)}</span>`;
  return mark
    ? html`<span class="mark good" role="img" aria-label="accepted">✓</span>`
    : html`<span class="mark bad" role="img" aria-label="not accepted">✗</span>`;
}

/** How score and loss fall with the bits. */
export function WidthsPanel({ page, frame, scalars, widths }) {
  const readings = scalars?.readings ?? [];
  const pending = scalars?.pending ?? 0;
  const name = (bits) => (bits === null ? "float" : `${bits} bits`);
  const test = (bits) => (bits === null ? "float" : bits);
  return html`<h2>While bits fall</h2>
    <p class="about">
      The same network with its dense layers rounded, a scale for each output channel; the tables of characters and places stay float.
    </p>
    <p class="row">
      <button type="button" data-test="widths" disabled=${!page.open || !frame || pending > 0} onClick=${widths}>Read at all widths</button>
      <span class="doc" role="status" data-test="pending">${pending ? `${count(pending)} still to read` : ""}</span>
    </p>
    <table class="numbers by-width">
      <caption class="unseen">Score, loss and size by bits per weight</caption>
      <thead>
        <tr><td></td><th scope="col"><span class="unseen">score as a bar</span></th>${["score", "loss", "bytes", "step"].map((word) => html`<th scope="col">${word}</th>`)}</tr>
      </thead>
      <tbody>
        ${readings.map(
          ({ bits, step, score, loss, bytes }) => html`<tr class=${bits === null ? "float" : "quant"}>
            <th scope="row">${name(bits)}</th>
            <td class="bar-cell" aria-hidden="true"><span class="bar" style=${{ transform: `scaleX(${score ?? 0})` }}></span></td>
            <td class="number" data-test=${`score-${test(bits)}`}>${percent(score, 0)}</td>
            <td class="number" data-test=${`loss-${test(bits)}`}>${fixed(loss, 3)}</td>
            <td class="number">${count(bytes)}</td>
            <td class="number muted">${step === undefined || step === null ? NOTHING : count(step)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
    <${Trouble} trouble=${page.troubles.predict} />
    ${scalars &&
    html`<p class="doc">Score: ${scalars.corpus.scored}, of ${count(scalars.samples)} samples. Loss: nats per character on ${count(scalars.held_out)} held-out characters.</p>`}`;
}

/** The text that is learned, and the way to another one. */
export function CorpusPanel({ page, scalars, learn }) {
  const corpus = scalars?.corpus;
  return html`<h2>The text</h2>
    <div class="corpus">
      <div>
        <p class="about" data-test="corpus-facts">
          ${corpus
            ? `${corpus.own ? "Your own text" : "Stories from a grammar"}: ${count(corpus.characters)} characters, ${count(corpus.different)} different ones. The last tenth is held out.`
            : "It is written when Python has started."}
        </p>
        ${corpus && html`<pre class="excerpt" data-test="excerpt" tabindex="0" aria-label="Beginning of the text">${corpus.beginning}…</pre>`}
      </div>
      <${OwnText} page=${page} learn=${learn} />
    </div>`;
}

/** Paste, choose or drop a text. */
function OwnText({ page, learn }) {
  const [draft, setDraft] = useState(null); // what is being written, until it is learned
  const [over, setOver] = useState(false);
  const [cut, setCut] = useState(null);
  const choose = useRef(newest()); // of files
  const most = page.meta.params.find(({ name }) => name === "text").hi;
  const text = draft ?? page.params.text;
  const adopt = async (inputs) => {
    if (await learn(inputs)) setDraft(null);
  };
  const refuse = (trouble) => page.fail("text", trouble);
  const open = async (file) => {
    const wanted = choose.current();
    try {
      const bytes = await bytesOf(file, LARGEST);
      if (wanted()) await adopt({ file: bytes, name: file.name });
    } catch (error) {
      if (wanted()) refuse(error);
    }
  };
  return html`<div class=${`own-text ${over ? "over" : ""}`} data-test="drop" ...${dropping({ pick: open, refuse, over: setOver })}>
    <label for="own-text">Your text</label>
    <textarea
      id="own-text"
      data-test="own-text"
      rows="6"
      spellcheck="false"
      placeholder="Paste some pages, or drop a text file here."
      value=${text}
      onInput=${(event) => {
        setDraft(event.target.value);
        setCut(null);
        if (page.troubles.text) page.fail("text", null);
      }}
      onPaste=${pasting(most, setCut)}
    ></textarea>
    ${cut && html`<p class="note" role="status" data-test="own-text-cut">${cut}</p>`}
    <p class="row">
      <button type="button" data-test="learn-text" disabled=${!page.open || !text} onClick=${() => adopt({ text })}>Learn this text</button>
      <${FileButton} label="Open a text file" accept=".txt,.md,.csv,text/*" test="text-file" disabled=${!page.open} pick=${open} />
    </p>
    <p class="doc">Up to ${count(most)} characters in UTF-8. It stays in this browser. Learning another text restarts the run.</p>
    ${(page.notes.text ?? []).map((note) => html`<p class="note" role="status">${note}</p>`)}
    <${Trouble} trouble=${page.troubles.text} test="text-error" />
  </div>`;
}
