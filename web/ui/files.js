import { html, useRef } from "preact";
import { count } from "./format.js";

// Files out of the page and into it.

const [WHOLE, ADDRESSABLE] = [2 ** 24, 2 ** 31 - 1]; // bytes: up to which a file is read whole, and up to which Python counts here

/** Hand bytes to the reader as a download. */
export function download(data, name, type = "application/octet-stream") {
  const url = URL.createObjectURL(new Blob([data], { type }));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000); // some browsers read it after the click returns
}

/** Hand the reader what Python saves of a page: "save" the session, "snapshot" the run alone. */
export async function saveFile(page, method) {
  const saved = await page.ask(method, {}, "save");
  if (saved) download(saved.file.data, saved.name);
}

/** A button that lets the reader choose a file; `pick(file)` gets it. */
export function FileButton({ label, accept, test, disabled = false, pick }) {
  const input = useRef(null);
  const chosen = ({ target: { files: [file] } }) => file && pick(file);
  const ask = () => ((input.current.value = ""), input.current.click()); // the same file may be chosen again, when it has been read
  return html`<button type="button" data-test=${test} disabled=${disabled} onClick=${ask}>${label}</button>
    <input type="file" hidden ref=${input} accept=${accept} aria-label=${label} data-test=${`${test}-file`} onChange=${chosen} />`;
}

/**
 * A file's bytes as an array for the engine, or `inParts` a large file itself, of which Python reads what it needs; rejects
 * with {message, hint}. Larger ones are not read: they fill the memory.
 */
export async function bytesOf(file, largest, inParts = false) {
  const most = inParts ? ADDRESSABLE : largest;
  if (inParts && file.size > WHOLE && file.size <= most) return file;
  if (file.size > most) throw trouble(`${file.name} has ${count(file.size)} bytes`, `use a file of at most ${count(most)} bytes`);
  try {
    return byteArray(new Uint8Array(await file.arrayBuffer()));
  } catch {
    throw trouble(`${file.name} cannot be read`, "if it is a file and no folder, choose it again: it may have changed meanwhile");
  }
}

/** The drag handlers of an element that takes one file: `pick(file)` gets it, or `refuse(trouble)` hears why not. */
export function dropping({ pick, refuse }) {
  const taking = (act) => (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    act(event.dataTransfer.files);
  };
  return { onDragOver: taking(() => {}), onDrop: taking((files) => one(files, pick, refuse)) };
}

/** What is dropped beside a place for it (a file, a link) would take the place of this document: a file is for the page, `pick` and `refuse` as above. */
export function takeStrayDrops(pick, refuse) {
  const stray = (event) => {
    const field = event.target.closest?.("textarea, input, [contenteditable]");
    if (event.defaultPrevented || (field && (field.isContentEditable || !holdsFiles(event)))) return;
    event.preventDefault();
    if (event.type === "drop" && holdsFiles(event)) one(event.dataTransfer.files, pick, refuse);
    else event.dataTransfer.dropEffect = holdsFiles(event) ? "copy" : "none";
  };
  for (const type of ["dragover", "drop"]) addEventListener(type, stray);
}

const one = (files, pick, refuse) => (files.length === 1 ? pick(files[0]) : refuse(trouble(`${count(files.length)} files were dropped`, "drop one at a time")));

const holdsFiles = (event) => event.dataTransfer.types.includes("Files");

const trouble = (message, hint) => Object.assign(new Error(message), { hint });

export const byteArray = (data) => ({ shape: [data.length], dtype: "uint8", data });
