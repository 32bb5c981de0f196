// Which module could not be loaded: a browser says only that something below the one that was asked for failed.
import { difference } from "./integrity.js";

const HINT = "Check the connection and try again. If that does not help, the site is incomplete or being updated.";
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*["']([^"'\n]+)["']/g;

/**
 * A module of the site; an error says which file is at fault. `again` is for another try: sound copies take the place of
 * damaged ones in the browser's cache, and if the module still does not run, the document is reloaded, because a
 * browser remembers modules that failed.
 */
export async function load(entry, again = false) {
  if (again) await faults(entry, { cache: "reload" });
  try {
    return await import(`./${entry}`);
  } catch (error) {
    const found = await faults(entry);
    if (again && !found.length) location.reload();
    const message = found.length ? words(found) : `${entry} could not be loaded: ${error.message}`;
    throw Object.assign(new Error(message), { type: "LoadError", hint: HINT });
  }
}

/** A text of the site, as the manifest has it: a damaged copy is fetched once more, past the browser's cache. */
export async function text(path, again = false, base = new URL("./", import.meta.url).href) {
  const listed = await manifest(base);
  let why;
  for (const cache of again ? ["reload"] : ["default", "reload"]) {
    const response = await fetch(base + path, { cache }).catch(({ message }) => ({ statusText: message }));
    why = `${response.status ?? ""} ${response.statusText}`.trim();
    if (!response.ok) break;
    const bytes = new Uint8Array(await response.arrayBuffer());
    const damage = await difference(bytes, listed[path]);
    if (!damage) return new TextDecoder().decode(bytes);
    why = `it ${damage}`;
  }
  throw Object.assign(new Error(words([{ path, why }])), { type: "LoadError", hint: HINT });
}

/**
 * A module of the site and all that it imports: the files that cannot be loaded, or differ from the manifest: [{path, why}].
 * cache: as fetch has it; "reload" also puts a sound copy in the place of a damaged one in the browser's cache.
 */
export async function faults(entry, { cache = "default", base = new URL("./", import.meta.url).href, names = importMap() } = {}) {
  const [found, seen] = [[], new Set()];
  const listed = await manifest(base);

  async function visit(url) {
    if (seen.has(url)) return;
    seen.add(url);
    const path = url.slice(base.length);
    try {
      const response = await fetch(url, { cache });
      const type = response.headers.get("content-type") ?? "";
      if (!response.ok) return blame(path, `${response.status} ${response.statusText}`.trim());
      if (!/javascript/.test(type)) return blame(path, `the server sends it as ${type || "nothing in particular"}, not as JavaScript`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      const damage = await difference(bytes, listed[path]);
      if (damage) return blame(path, `it ${damage}`);
      const targets = [...new TextDecoder().decode(bytes).matchAll(IMPORT)].map(([, name]) => resolve(name, url));
      await Promise.all(targets.filter((target) => target?.startsWith(base)).map(visit));
    } catch (error) {
      blame(path, error.message);
    }
  }

  const blame = (path, why) => void found.push({ path, why });
  const resolve = (name, from) =>
    /^\.{0,2}\//.test(name) ? new URL(name, from).href : Object.hasOwn(names, name) ? new URL(names[name], base).href : null;
  await visit(new URL(entry, base).href);
  return found;
}

/** Faults as a sentence without its full stop. */
export function words(found) {
  const [{ path, why }] = found;
  const others = found.length > 1 ? `; neither could ${found.length - 1} more` : "";
  return `${path} could not be loaded: ${why}${others}`;
}

function importMap() {
  return JSON.parse(document.querySelector("script[type=importmap]").textContent).imports;
}

async function manifest(base) {
  try {
    return (await (await fetch(`${base}app/manifest.json`, { cache: "no-cache" })).json()).files;
  } catch {
    return {}; // without a manifest no hash is known
  }
}
