// The site's files over HTTP: every byte counted, every file checked against the manifest, every failure named.
import { sound } from "./integrity.js";
import { Patience } from "./patience.js";

/**
 * While this is in use, every fetch of this thread goes through it: what Pyodide downloads is counted and checked too, and
 * is under way before Pyodide asks for it. `failed` rejects when anything goes wrong; where a file is missing or broken,
 * Pyodide itself would only warn on the console and wait forever.
 *
 * base     the site's address, ending in "/"
 * onBytes  gets the number of bytes that have just arrived; a negative one if they were damaged and come again
 * log      gets lines about what was mended or could not be checked
 * patience when a connection counts as lost
 *
 * An `entry` is what the manifest says of a file, { bytes, sha256 }.
 */
export function download(base, onBytes, log = () => {}, patience = new Patience()) {
  const { fetch } = globalThis;
  const { instantiateStreaming } = WebAssembly;
  const held = new Map(); // path -> { bytes, again }, a promise; what was asked for early and is not used yet
  const compiling = new Map(); // path -> module, or null if its bytes could not be compiled as they came (promises)
  let fail;
  const failed = new Promise((_, reject) => { fail = reject; });
  failed.catch(() => {}); // whoever started this looks at it; alone it is no unhandled rejection

  // Reject with a sentence for the reader, here and for whoever waits for the whole.
  const stop = (message, hint) => {
    const error = Object.assign(new Error(message), { type: "DownloadError", hint });
    fail(error);
    throw error;
  };
  const unreachable = (path, { message, hint }) => stop(hint ? message : `${path} could not be downloaded: ${message}`,
    hint ?? "Check the connection and try again."); // the single file has a hint of its own

  async function get(path, cache = "default") {
    const response = await patience.wait(fetch(base + path, { cache })).catch((error) => unreachable(path, error));
    patience.heard();
    if (!response.ok) {
      stop(`${path} could not be downloaded: ${response.status} ${response.statusText}`.trim(),
        "The site may be incomplete or being updated: try again in a moment.");
    }
    return response;
  }

  async function collect(path, response) {
    const [chunks, reader] = [[], response.body.getReader()];
    for (;;) {
      const { done, value } = await patience.wait(reader.read()).catch((error) => unreachable(path, error));
      if (done) return new Uint8Array(await new Blob(chunks).arrayBuffer());
      chunks.push(value);
      patience.heard();
      onBytes(value.length);
    }
  }

  // The bytes of a file as the manifest has it; `again` if they had to be fetched twice.
  async function check(path, entry, response) {
    const found = await sound(async (cache) => collect(path, cache === "reload" ? await get(path, cache) : response), entry, (damage, bytes) => {
      log(`${path} ${damage}; it is fetched again.`);
      onBytes(-bytes.length);
    });
    if (found.damage) {
      stop(`${path} is not the file that this site should have: it ${found.damage}`,
        "It was damaged in transit, or the site is being updated: try again in a moment.");
    }
    return found;
  }

  async function take(path, entry) {
    const early = held.get(path) ?? get(path).then((response) => check(path, entry, response));
    held.delete(path);
    return (await early).bytes;
  }

  // A script is fetched and checked first; the import then finds the sound copy in the browser's cache.
  async function run(path) {
    await held.get(path);
    try {
      return await import(base + path);
    } catch (error) {
      await get(path); // says so if it is the download that failed
      return stop(`${path} could not be run: ${error.message}`, "Try again, or use a newer browser.");
    }
  }

  globalThis.fetch = async (address, options) => {
    const path = new URL(address.url ?? address, base).href.slice(base.length);
    if (compiling.has(path)) return Object.assign(new Response(), { compiled: path });
    return held.has(path) ? new Response(await take(path)) : fetch(address, options);
  };

  // Compiled from its first byte on, and run only when the whole has proved sound: checking first would cost the time that
  // streaming saves, and the browser's cache of compiled code. A server that does not know the type: compiled at the end.
  WebAssembly.instantiateStreaming = async (source, imports) => {
    const response = await source;
    const path = response.compiled;
    if (!path) return instantiateStreaming(response, imports);
    const { bytes, again } = await held.get(path);
    held.delete(path);
    try {
      const module = (!again && (await compiling.get(path))) || (await WebAssembly.compile(bytes));
      return { module, instance: await WebAssembly.instantiate(module, imports) };
    } catch (error) {
      return stop(`${path} could not be compiled: ${error.message}`,
        "Try again; if that does not help, close other tabs or use a newer browser.");
    }
  };

  return {
    failed,

    /** Start the download of `files`, [path, entry] each (the entry may be a promise); resolves when all is here, and sound. */
    async begin(files) {
      if (!globalThis.crypto?.subtle) log("Browsers compute hashes only on https and localhost, so files are checked only by size here.");
      const scripts = [];
      for (const [path, entry] of files) {
        const response = get(path);
        if (path.endsWith(".wasm")) {
          const copy = response.then((whole) => whole.clone());
          compiling.set(path, response.then((whole) => WebAssembly.compileStreaming(whole)).catch(() => null));
          held.set(path, copy.then((whole) => check(path, entry, whole)));
        } else held.set(path, response.then((whole) => check(path, entry, whole)));
        held.get(path).catch(() => {}); // `failed` tells
        if (/\.m?js$/.test(path)) scripts.push(path);
      }
      const all = [...held.values()];
      await Promise.all([...all, ...scripts.map(run)]);
      for (const path of scripts) held.delete(path);
    },

    /** The bytes of one file, as the manifest has it. */
    async read(path, entry) {
      return (await take(path, entry)).buffer;
    },

    /** A file that is never taken from the browser's cache unasked, as JSON text. */
    async fresh(path) {
      return new TextDecoder().decode(await collect(path, await get(path, "no-cache")));
    },

    async loadPyodide(options) {
      const names = ["pyodide.mjs", "pyodide.asm.mjs"]; // Pyodide would import the second only when the first is here
      const [pyodide] = await Promise.all(names.map((name) => run(`vendor/pyodide/${name}`)));
      return pyodide.loadPyodide(options);
    },

    /** Give the browser its own functions back. */
    end() {
      globalThis.fetch = fetch;
      WebAssembly.instantiateStreaming = instantiateStreaming;
    },
  };
}
