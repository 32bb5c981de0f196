import { html, useRef } from "preact";

// Files out of the page and into it.

/** Hand bytes to the reader as a download. */
export function download(data, name, type = "application/octet-stream") {
  const url = URL.createObjectURL(new Blob([data], { type }));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000); // some browsers read it after the click returns
}

/** A button that lets the reader choose a file; `pick(file)` gets it. */
export function FileButton({ label, accept, test, disabled = false, pick }) {
  const input = useRef(null);
  const chosen = () => {
    const [file] = input.current.files;
    input.current.value = ""; // the same file may be chosen again
    if (file) pick(file);
  };
  const ask = () => input.current.click();
  return html`<button type="button" data-test=${test} disabled=${disabled} onClick=${ask}>${label}</button>
    <input
      type="file"
      hidden
      ref=${input}
      accept=${accept}
      aria-label=${label}
      data-test=${`${test}-file`}
      onChange=${chosen}
    />`;
}

/** A file's bytes as an array for the engine. */
export async function bytesOf(file) {
  return byteArray(new Uint8Array(await file.arrayBuffer()));
}

export const byteArray = (data) => ({ shape: [data.length], dtype: "uint8", data });
