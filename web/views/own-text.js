import { html, useRef, useState } from "preact";
import { bytesOf, dropping, FileButton } from "../ui/files.js";
import { count } from "../ui/format.js";
import { newest } from "../ui/latest.js";
import { pasting } from "../ui/paste.js";
import { Trouble } from "../ui/trouble.js";

const LARGEST = 20_000_000; // bytes of a file; Python says what it takes of a smaller one

/** Paste, choose or drop a text. */
export default function OwnText({ page }) {
  const [draft, setDraft] = useState(null); // what is being written, until it is learned
  const [over, setOver] = useState(false);
  const [cut, setCut] = useState(null);
  const choose = useRef(newest()); // of files
  const most = page.meta.params.find(({ name }) => name === "text").hi;
  const text = draft ?? page.params.text;
  const adopt = async (inputs) => {
    if (await learn(page, inputs)) setDraft(null);
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
      spellcheck=${false}
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

/** Python reads a text or a file; what it makes of it becomes the corpus. */
async function learn(page, inputs) {
  const found = await page.ask("predict", { inputs }, "predict");
  page.fail("text", page.troubles.predict ?? null);
  page.fail("predict", null);
  if (!found) return false;
  await page.change("text", found.scalars.text);
  if (page.params.corpus !== "own") await page.change("corpus", "own");
  page.say("text", ...found.notes);
  return true;
}
