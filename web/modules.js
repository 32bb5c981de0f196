// Which module could not be loaded: a browser says only that something below the one that was asked for failed.
import { difference, sound } from "./integrity.js";
import { Patience } from "./patience.js";

const BASE = new URL("./", import.meta.url).href;
const SOON = 3; // ticks of patience with a file that was waited for before

/** The page's own connection: files that arrive are a sign of life, and so is what the worker reports. */
export const line = new Patience();
new PerformanceObserver(() => line.heard()).observe({ type: "resource" });

const HINT = "Check the connection and try again. If that does not help, the site is incomplete or being updated.";
const IMPORT = /(?:\bfrom|\bimport)\s*["']([^"'\n]+)["']/g; // not import(...), which fails alone

const coming = new Set(); // modules that were asked for and are not here yet

/**
 * A module of the site; an error says which file is at fault. `again` is for another try: sound copies take the place of
 * damaged ones in the browser's cache, and if the module still does not run, or come, the document is reloaded, because a
 * browser remembers modules that failed and goes on waiting for those that never came.
 */
export async function load(entry, again = false) {
  if (again && !(await faults(entry, { cache: "reload" })).length && coming.has(entry)) location.reload();
  try {
    coming.add(entry);
    const module = import(`./${entry}`);
    module.finally(() => coming.delete(entry)).catch(() => {}); // told below
    return await line.wait(module);
  } catch (error) {
    const found = await faults(entry);
    if (again && !found.length) location.reload();
    const message = found.length ? words(found) : `${entry} could not be loaded: ${error.message}`;
    const hint = found.length ? HINT : "Try again, or use a newer browser.";
    throw Object.assign(new Error(message), { type: "LoadError", hint, found });
  }
}

/** A text of the site, as the manifest has it. */
export async function text(path, again = false) {
  const entry = manifest().then((files) => files[path]); // on its way at the same time
  let why;
  try {
    const { bytes, damage } = await sound((cache) => whole(path, again ? "reload" : cache), entry);
    if (!damage) return new TextDecoder().decode(bytes);
    why = `it ${damage}`;
  } catch (error) {
    why = error.message;
  }
  throw Object.assign(new Error(words([{ path, why }])), { type: "LoadError", hint: HINT });
}

/** The bytes of a file of the site, if the answer is a success. */
async function whole(path, cache) {
  const { bytes, failure } = await fetched(BASE + path, cache);
  if (failure) throw new Error(failure);
  return bytes;
}

/** A file of the site as JSON. */
export async function json(path, again) {
  const found = await text(path, again);
  try {
    return JSON.parse(found);
  } catch ({ message }) {
    throw new Error(`${path}: ${message}`);
  }
}

/** The whole of an answer: { bytes, type, failure }, the last a status that is no success; rejects when the connection fails or hangs. */
async function fetched(url, cache = "default", patience = undefined) {
  const end = new AbortController();
  try {
    const response = await line.wait(fetch(url, { cache, signal: end.signal }), patience);
    const failure = response.ok ? "" : `${response.status} ${response.statusText}`.trim();
    const bytes = new Uint8Array(await line.wait(response.arrayBuffer(), patience));
    return { bytes, type: response.headers.get("content-type") ?? "", failure };
  } catch (error) {
    end.abort(); // or the next try would wait for this one
    throw error;
  }
}

/**
 * A module of the site and all that it imports: the files that cannot be loaded, or differ from the manifest: [{path, why}].
 * cache: as fetch has it; "reload" also puts a sound copy in the place of a damaged one in the browser's cache.
 */
export async function faults(entry, { cache = "default" } = {}) {
  const [found, seen] = [[], new Set()];
  const names = JSON.parse(document.querySelector("script[type=importmap]").textContent).imports;
  const listed = await manifest();

  async function visit(url) {
    if (seen.has(url)) return;
    seen.add(url);
    const path = url.slice(BASE.length);
    try {
      const { bytes, type, failure } = await fetched(url, cache, SOON);
      if (failure) return blame(path, failure);
      if (!/javascript/.test(type)) return blame(path, `the server sends it ${type ? `as ${type}` : "without a type"}, not as JavaScript`);
      const damage = await difference(bytes, listed[path]);
      if (damage) return blame(path, `it ${damage}`);
      const targets = [...new TextDecoder().decode(bytes).matchAll(IMPORT)].map(([, name]) => resolve(name, url));
      await Promise.all(targets.filter((target) => target?.startsWith(BASE)).map(visit));
    } catch (error) {
      blame(path, error.message);
    }
  }

  const blame = (path, why) => void found.push({ path, why });
  const resolve = (name, from) =>
    /^\.{0,2}\//.test(name) ? new URL(name, from).href : Object.hasOwn(names, name) ? new URL(names[name], BASE).href : null;
  await visit(new URL(entry, BASE).href);
  return found;
}

/**
 * Modules and style sheets that came and are not as the manifest has them, as a browser runs also what was cut off: [{path, why}].
 * The sound one takes the place of each in the browser's cache.
 */
export async function damaged() {
  const [found, listed] = [[], await manifest()];
  const names = new Set(performance.getEntriesByType("resource").map(({ name }) => name.slice(BASE.length)));
  for (const path of [...names].filter((name) => /\.(m?js|css)$/.test(name) && listed[name])) {
    const why = await fetched(BASE + path).then(({ bytes }) => difference(bytes, listed[path]), () => null); // gone is not damaged
    if (why) found.push({ path, why: `it ${why}` });
    if (why) await fetched(BASE + path, "reload").catch(() => {});
  }
  return found;
}

/** Faults as a sentence without its full stop. */
export function words(found) {
  const [{ path, why }] = found;
  const others = found.length > 1 ? `; neither could ${found.length - 1} more` : "";
  return `${path} could not be loaded: ${why}${others}`;
}

let asked = null; // the manifest while it is on its way: a page that opens reads several files at once

/** What the site should have, path -> {bytes, sha256}; empty without a manifest, for then no hash is known. */
const manifest = () => (asked ??= fetched(`${BASE}app/manifest.json`, "no-cache", SOON)
  .then(({ bytes }) => JSON.parse(new TextDecoder().decode(bytes)).files)
  .catch(() => ({}))
  .finally(() => (asked = null)));

/** What is known about shipped weights (weights/<name>.json), or null without any. Starting Python says so if files lack. */
export async function shipped(name) {
  const path = `app/weights/${name}.json`;
  return (await manifest())[path] ? json(path).catch(() => null) : null;
}
