// The site's files over HTTP, with every byte counted and every failure named.

/**
 * While this is in use, every fetch of this thread goes through it: what Pyodide downloads is counted too, and is under
 * way before Pyodide asks for it. `failed` rejects when anything goes wrong; where a file is missing or broken, Pyodide
 * itself would only warn on the console and wait for ever.
 *
 * base     the site's address, ending in "/"
 * onBytes  gets the number of bytes that have just arrived
 */
export function download(base, onBytes) {
  const { fetch } = globalThis;
  const { instantiateStreaming } = WebAssembly;
  const early = new Map(); // address -> response (a promise) that nobody has asked for yet
  let fail;
  const failed = new Promise((_, reject) => { fail = reject; });
  failed.catch(() => {}); // whoever started this looks at it; alone it is no unhandled rejection

  // Reject with a sentence for the reader, here and for whoever waits for the whole.
  const stop = (message, hint) => {
    const error = Object.assign(new Error(message), { type: "DownloadError", hint });
    fail(error);
    throw error;
  };
  const unreachable = (path, why) => stop(`${path} could not be downloaded: ${why}`,
    "Check the connection and try again.");

  async function get(path) {
    const response = await fetch(base + path).catch((error) => unreachable(path, error.message));
    if (!response.ok) {
      stop(`${path} could not be downloaded: ${response.status} ${response.statusText}`.trim(),
        "The site may be incomplete or being updated: try again in a moment.");
    }
    return response;
  }

  // A clone is counted, so that the response itself stays as the browser made it and can be compiled as it arrives.
  async function count(path, response) {
    const reader = response.clone().body.getReader();
    for (;;) {
      const { done, value } = await reader.read().catch((error) => unreachable(path, error.message));
      if (done) return;
      onBytes(value.length);
    }
  }

  async function run(path) {
    try {
      return await import(base + path);
    } catch (error) {
      await get(path); // says so if it is the download that failed
      return stop(`${path} could not be run: ${error.message}`, "Try again, or use a newer browser.");
    }
  }

  globalThis.fetch = (address, options) => {
    const url = new URL(address.url ?? address, base).href;
    const response = early.get(url) ?? fetch(address, options);
    early.delete(url);
    return response;
  };
  WebAssembly.instantiateStreaming = async (source, imports) => {
    const response = await source;
    try {
      const known = response.headers.get("content-type") === "application/wasm"; // not every server knows the type
      return await (known ? instantiateStreaming(response, imports)
        : WebAssembly.instantiate(await response.arrayBuffer(), imports));
    } catch (error) {
      return stop(`${response.url.slice(base.length)} could not be compiled: ${error.message}`,
        "Try again; if that does not help, close other tabs or use a newer browser.");
    }
  };

  return {
    failed,

    /** Start the download of `files`, [path, { bytes }] each; resolves when all is here. */
    async begin(files) {
      await Promise.all(files.map(async ([path, { bytes }]) => {
        if (/\.m?js$/.test(path)) {
          await run(path); // by import, which tells no more than that it is done
          onBytes(bytes);
        } else {
          const response = get(path);
          early.set(base + path, response);
          await count(path, await response);
        }
      }));
    },

    /** The bytes of one file. */
    async read(path) {
      const response = await (early.get(base + path) ?? get(path));
      early.delete(base + path);
      return response.arrayBuffer().catch((error) => unreachable(path, error.message));
    },

    async loadPyodide(options) {
      const names = ["pyodide.mjs", "pyodide.asm.js"]; // Pyodide would import the second only when the first is here
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
