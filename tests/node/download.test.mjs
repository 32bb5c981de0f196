// node --test tests/node/download.test.mjs
// A site whose server, line and cache do what real ones do: lose, damage and mix up files.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { boot } from "../../web/boot.js";
import { download } from "../../web/download.js";
import { Patience } from "../../web/patience.js";

const BASE = "https://site.invalid/";
const bytes = (text) => new TextEncoder().encode(text);
const entry = (content) => ({ bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") });
const WASM = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0); // the smallest module
const browser = { fetch: globalThis.fetch, instantiateStreaming: WebAssembly.instantiateStreaming };

/** Answers with what `files` says for a path: bytes or a status, or a list of them, one for each time. */
function serving(files, type = "application/octet-stream") {
  const asked = [];
  globalThis.fetch = async (address, { cache } = {}) => {
    const path = address.slice(BASE.length);
    asked.push(`${path} ${cache}`);
    const content = Array.isArray(files[path]) ? files[path].shift() : files[path];
    if (content instanceof Error) throw content;
    const response = typeof content === "number" ? new Response("", { status: content }) : new Response(content, { headers: { "content-type": type } });
    return Object.defineProperty(response, "url", { value: address });
  };
  return asked;
}

/** A download of `wanted`, {path: content as the manifest has it}; resolves to what arrived and what was said. */
async function fetched(wanted) {
  const said = [];
  let count = 0;
  const site = download(BASE, (n) => { count += n; }, (line) => said.push(line));
  const files = Object.entries(wanted).map(([path, content]) => [path, entry(content)]);
  try {
    await site.begin(files);
    const got = {};
    for (const [path, facts] of files) got[path] = Buffer.from(await site.read(path, facts)).toString();
    return { got, said, count };
  } finally {
    site.end();
  }
}

test("a sound file is taken as it comes, asked for once and counted", async () => {
  const asked = serving({ "a.zip": bytes("hello"), "b.whl": bytes("") });
  const { got, said, count } = await fetched({ "a.zip": bytes("hello"), "b.whl": bytes("") });
  assert.deepEqual([got, said, count], [{ "a.zip": "hello", "b.whl": "" }, [], 5]);
  assert.deepEqual(asked, ["a.zip default", "b.whl default"]);
});

for (const [kind, damaged] of [["changed", "hellO"], ["cut off", "hel"], ["empty", ""], ["a web page", "<!doctype html>"]]) {
  test(`a file that is ${kind} is fetched again, past the cache`, async () => {
    const asked = serving({ "a.zip": [bytes(damaged), bytes("hello")] });
    const { got, said, count } = await fetched({ "a.zip": bytes("hello") });
    assert.deepEqual([got["a.zip"], count], ["hello", 5]);
    assert.deepEqual(asked, ["a.zip default", "a.zip reload"]);
    assert.match(said[0], /^a\.zip has .* instead of .*; it is fetched again\.$/);
  });

  test(`a file that stays ${kind} is named`, async () => {
    serving({ "a.zip": bytes(damaged), "b.zip": bytes("fine") });
    await assert.rejects(fetched({ "b.zip": bytes("fine"), "a.zip": bytes("hello") }), (error) => {
      assert.match(error.message, /^a\.zip is not the file that this site should have: it has /);
      assert.match(error.hint, /damaged in transit, or the site is being updated/);
      return error.type === "DownloadError";
    });
  });
}

test("a file that is missing or out of reach is named", async () => {
  for (const [answer, words] of [[404, "a.zip could not be downloaded: 404"], [new Error("no line"), "a.zip could not be downloaded: no line"]]) {
    serving({ "a.zip": answer });
    await assert.rejects(fetched({ "a.zip": bytes("hello") }), { message: words });
  }
});

test("a file that comes on demand is checked too; one that the manifest does not know cannot be", async () => {
  const asked = serving({ "gpt.npz": [bytes("wrong"), bytes("right")], other: bytes("other") });
  const site = download(BASE, () => {});
  site.end();
  assert.equal(Buffer.from(await site.read("gpt.npz", entry(bytes("right")))).toString(), "right");
  assert.equal(Buffer.from(await site.read("other")).toString(), "other");
  assert.deepEqual(asked, ["gpt.npz default", "gpt.npz reload", "other default"]);
});

test("without a secure address the size is checked, and that is said", async () => {
  const { crypto } = globalThis;
  Object.defineProperty(globalThis, "crypto", { value: undefined, configurable: true });
  try {
    serving({ "a.zip": [bytes("hell"), bytes("hello")] });
    const { got, said } = await fetched({ "a.zip": bytes("hello") });
    assert.equal(got["a.zip"], "hello");
    assert.match(said[0], /checked only by size/);
    assert.match(said[1], /^a\.zip has 4 bytes instead of 5/);
  } finally {
    Object.defineProperty(globalThis, "crypto", { value: crypto, configurable: true });
  }
});

test("what Pyodide fetches is what was checked", async () => {
  serving({ "a.zip": [bytes("wrong"), bytes("right")], "c.whl": bytes("not early") });
  const site = download(BASE, () => {});
  const begun = site.begin([["a.zip", entry(bytes("right"))]]);
  assert.equal(await (await fetch(`${BASE}a.zip`)).text(), "right");
  assert.equal(await (await fetch(`${BASE}c.whl`)).text(), "not early");
  await begun;
  site.end();
});

for (const type of ["application/wasm", "application/octet-stream"]) {
  for (const [kind, first] of [["sound", WASM], ["damaged", Uint8Array.of(...WASM.subarray(0, 7), 9)], ["cut off", WASM.subarray(0, 5)]]) {
    test(`WebAssembly that comes ${kind} as ${type} runs when its bytes are right`, async () => {
      serving({ "p.wasm": [first, WASM] }, type);
      const site = download(BASE, () => {});
      const begun = site.begin([["p.wasm", entry(WASM)]]);
      const { module, instance } = await WebAssembly.instantiateStreaming(fetch(`${BASE}p.wasm`), {});
      assert.ok(module instanceof WebAssembly.Module && instance instanceof WebAssembly.Instance);
      await begun;
      site.end();
    });
  }
}

test("WebAssembly that compiles and is another is not run", async () => {
  const other = Uint8Array.of(...WASM, 0, 1, 0); // with a section of its own
  serving({ "p.wasm": other }, "application/wasm");
  const site = download(BASE, () => {});
  const begun = site.begin([["p.wasm", entry(WASM)]]);
  await assert.rejects(WebAssembly.instantiateStreaming(fetch(`${BASE}p.wasm`), {}), /p\.wasm is not the file/);
  await assert.rejects(begun, /p\.wasm is not the file/);
  await assert.rejects(site.failed, /p\.wasm is not the file/);
  site.end();
});

test("the browser's own functions come back", () => {
  globalThis.fetch = browser.fetch;
  const site = download(BASE, () => {});
  assert.notEqual(globalThis.fetch, browser.fetch);
  site.end();
  assert.deepEqual({ fetch: globalThis.fetch, instantiateStreaming: WebAssembly.instantiateStreaming }, browser);
});

for (const [kind, answer] of [
  ["that is never answered", () => new Promise(() => {})],
  ["whose bytes stop coming", async () => new Response(new ReadableStream({ start: (stream) => stream.enqueue(bytes("hel")) }))],
]) {
  test(`a request ${kind} is given up with a sentence`, async () => {
    globalThis.fetch = answer;
    const site = download(BASE, () => {}, () => {}, new Patience(1));
    await assert.rejects(site.begin([["a.zip", entry(bytes("hello"))]]), /a\.zip could not be downloaded: nothing has arrived for/);
    await assert.rejects(site.failed, { type: "DownloadError", hint: "Check the connection and try again." });
    site.end();
  });
}

test("while any file arrives no other counts as lost", async () => {
  const slow = new ReadableStream({
    async start(stream) {
      for (const letter of "hello") {
        await new Promise((done) => setTimeout(done, 30));
        stream.enqueue(bytes(letter));
      }
      stream.close();
    },
  });
  let release;
  const waits = new Promise((done) => { release = done; });
  globalThis.fetch = async (address) => {
    if (address.endsWith("slow.zip")) return new Response(slow);
    await waits;
    return new Response(bytes("late"));
  };
  const site = download(BASE, () => {}, () => {}, new Patience(10)); // lost after 90 ms of silence, and the file comes after 150
  const all = site.begin([["slow.zip", entry(bytes("hello"))], ["late.zip", entry(bytes("late"))]]);
  await site.read("slow.zip", entry(bytes("hello")));
  release();
  await all;
  site.end();
});

test("a list of files that is a portal's page is told once, and no other promise is left to fail unheard", async () => {
  const site = { failed: new Promise(() => {}), end() {}, fresh: async () => "<!doctype html>", begin: () => new Promise(() => {}) };
  await assert.rejects(boot({ base: "https://here/", open: () => site }), /app\/manifest.json is not the list of files/);
  await new Promise((resolve) => setTimeout(resolve)); // what is unheard fails the test
});
