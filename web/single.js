// The site in one file (pyapp/site/single.py): its archives stand in the document, and this gives the page and its workers what
// a server would. Browsers load neither modules nor workers from files, and both from Blobs; so each module becomes one, and
// fetch, Worker and import() know the addresses below BASE. No module itself: it runs in the page and in its workers.
(() => {
  const BASE = "https://bitladder.invalid/"; // no host, ever; pyapp/site/single.py writes it into the modules
  const TYPES = { js: "text/javascript", mjs: "text/javascript", json: "application/json", wasm: "application/wasm" };
  const [FIRST, BITS, ALL] = [0x3400, 15, 0x7fff]; // a character of an archive is a number of 15 bits
  const { fetch, document, Worker } = globalThis;
  const { XzReadableStream } = globalThis["xz-decompress"]; // stands above this script, in the same element
  const program = document?.currentScript.textContent; // of this element: a worker's program too
  const made = {}; // address of each module, by path (promises)
  const unpacked = {}; // files of the first archive and of the last that was needed, by number (promises)
  let archives; // Blobs of xz; the first has what the page needs, and says where all else is

  function bytes(text) {
    const all = new Uint8Array((text.length * BITS) >> 3);
    for (let [i, at, held, bits] = [0, 0, 0, 0]; i < text.length; i += 1) {
      bits = ((bits & ALL) << BITS) | (text.charCodeAt(i) - FIRST);
      for (held += BITS; held >= 8; at += 1) all[at] = bits >> (held -= 8);
    }
    return new Blob([all]);
  }

  /** The files of an archive, which is a pack as pyapp/site/packs.py describes it. */
  async function unpack(number) {
    try {
      const pack = await new Response(new XzReadableStream(archives[number].stream())).arrayBuffer();
      const length = new DataView(pack).getUint32(0, true);
      const index = JSON.parse(new TextDecoder().decode(new Uint8Array(pack, 4, length)));
      return new Map(Object.entries(index).map(([path, [start, size]]) => [path, new Uint8Array(pack, 4 + length + start, size)]));
    } catch {
      throw Object.assign(new Error("This copy of Bitladder is damaged"), { hint: "Copy the file again." });
    }
  }

  /** The bytes at a path, which begins with "/"; undefined if the site has no such file. */
  async function read(path) {
    const first = await (unpacked[0] ??= unpack(0));
    const { [path]: number } = JSON.parse(new TextDecoder().decode(first.get("/archives.json")));
    if (!number) return first.get(path);
    if (!unpacked[number]) for (const old of Object.keys(unpacked)) if (old !== "0") delete unpacked[old];
    return (await (unpacked[number] ??= unpack(number))).get(path);
  }

  async function make(path) {
    const content = await read(path);
    if (!content) throw new TypeError(`${path} is not in this file`);
    const pieces = new TextDecoder().decode(content).split(/"embedded:([^"]+)"/); // every second one is a path
    const texts = await Promise.all(pieces.map(async (piece, i) => (i % 2 ? JSON.stringify(await (made[piece] ??= make(piece))) : piece)));
    return URL.createObjectURL(new Blob(texts, { type: TYPES.js }));
  }

  /** import() of an address below BASE, or of one as seen from another. */
  async function load(from, name = from) {
    const path = new URL(name, from).pathname;
    return import(await (made[path] ??= make(path)));
  }

  async function answer(path) {
    const content = await read(path);
    const type = TYPES[path.split(".").at(-1)] ?? "application/octet-stream";
    return content ? new Response(content, { headers: { "Content-Type": type } }) : new Response("", { status: 404 });
  }

  globalThis.embedded = { load };
  globalThis.fetch = (address, options) => {
    const { origin, pathname } = new URL(address.url ?? address, BASE);
    return `${origin}/` === BASE ? answer(pathname) : fetch(address, options);
  };

  if (document) {
    globalThis.Worker = class extends Worker {
      constructor(address) {
        super(URL.createObjectURL(new Blob([program], { type: TYPES.js })));
        this.postMessage({ archives, address: String(address) });
      }
    };
    const elements = [...document.querySelectorAll("script[type='text/plain']")];
    archives = elements.map(({ textContent }) => bytes(textContent));
    elements.forEach((element) => element.remove());
    load(`${BASE}start.js`).catch(({ message, hint }) => (document.getElementById("unserved").textContent = `${message}. ${hint}`));
    return;
  }
  globalThis.importScripts = () => { throw new TypeError("this worker runs modules"); }; // by which Pyodide knows them
  const early = []; // what comes before the worker's module listens
  const keep = ({ data }) => early.push(data);
  addEventListener("message", async ({ data: { archives: all, address } }) => {
    archives = all;
    addEventListener("message", keep);
    await load(address).catch(reportError);
    removeEventListener("message", keep);
    for (const data of early) dispatchEvent(new MessageEvent("message", { data }));
  }, { once: true });
})();
