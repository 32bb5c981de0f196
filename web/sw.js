// The service worker: keeps the files of a release for use without the server, each checked by its sha256, and gives a page
// all its files from the release that the page itself came from.
//
// A release is what app/manifest.json lists, and has a cache of its own. A new one is fetched beside the old, and used when
// no page of the old is open, or a reader asks for it; pages of the old one that stay open still get theirs. What pages
// fetch when they first need it is kept then, or when a reader asks for all.
//
// Messages from a page, each answered through its port: { ask: "mine", version } which release it is of; "state";
// "keep" all; "take" this release now; "forget" everything. To pages, while files of `version` come: { loaded, total } or { trouble }.
importScripts("app/release.js"); // const release, its version: where that differs, browsers install this script anew

const BASE = new URL("./", self.location).href;
const OURS = `bitladder ${BASE} `; // other sites may share the host
const NOTES = `${OURS}notes`; // which page or worker is of which release
const MANIFEST = "app/manifest.json";
const LARGE = /^app\/(rest\.pack|weights\/(check|encoder|generator|gpt|vit)\.npz)$/; // what a page fetches when it needs it
const AT_ONCE = 6; // downloads

const known = new Map(); // client id -> version
const lists = new Map(); // version -> files of its manifest

/** Versions whose cache is there, whole or not. */
async function versions() {
  return (await caches.keys()).filter((key) => key.startsWith(OURS) && key !== NOTES).map((key) => key.slice(OURS.length));
}

/** The files of a release, path -> { bytes, sha256 }; null if it is not kept. */
async function listed(version) {
  if (!(await caches.has(OURS + version))) return null;
  if (!lists.has(version)) {
    const manifest = await (await caches.open(OURS + version)).match(BASE + MANIFEST);
    if (!manifest) return null;
    lists.set(version, (await manifest.json()).files);
  }
  return lists.get(version);
}

/** A file from the network as the manifest has it; an error if it is another. */
async function fetched(path, entry) {
  let why;
  for (const cache of ["no-cache", "reload"]) { // a copy in the browser's cache may be damaged
    const response = await fetch(BASE + path, { cache });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${response.statusText}`.trim());
    const bytes = await response.arrayBuffer();
    why = await difference(bytes, entry);
    if (!why) return plain(bytes, response);
  }
  throw new Error(`${path} ${why}`);
}

/** An answer that is no redirect and has no coding. */
function plain(bytes, { headers }) {
  const said = ["content-type", "content-security-policy"].filter((name) => headers.has(name));
  return new Response(bytes, { headers: said.map((name) => [name, headers.get(name)]) });
}

async function difference(bytes, entry) {
  if (bytes.byteLength !== entry.bytes) return `has ${bytes.byteLength} bytes instead of ${entry.bytes}`;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const hash = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hash === entry.sha256 ? null : "is not the file that this release should have";
}

/** Copies of files that other releases have too: sha256 -> where. */
async function others() {
  const found = new Map();
  for (const version of (await versions()).filter((each) => each !== release)) {
    for (const [path, { sha256 }] of Object.entries((await listed(version)) ?? {})) found.set(sha256, { version, path });
  }
  return found;
}

/** See that this release's cache holds these files; what is there from an earlier try is not fetched again. */
async function fill(paths) {
  const [cache, files, copies] = [await caches.open(OURS + release), await listed(release), await others()];
  const there = await kept(release);
  const wanted = paths.filter((path) => !there.has(path));
  const progress = { loaded: 0, total: sum(files, wanted) };
  const one = async (path) => {
    const copy = copies.get(files[path].sha256);
    const old = copy && (await (await caches.open(OURS + copy.version)).match(BASE + copy.path));
    await cache.put(BASE + path, old ?? (await fetched(path, files[path])));
    progress.loaded += files[path].bytes;
    await tell(progress);
  };
  const queue = wanted.values(); // shared: each line takes the next
  const lines = Array.from({ length: AT_ONCE }, async () => {
    for (const path of queue) await one(path);
  });
  const failed = (await Promise.allSettled(lines)).find(({ status }) => status === "rejected");
  if (failed) throw failed.reason;
}

async function tell(news) {
  for (const client of await clients.matchAll({ includeUncontrolled: true })) client.postMessage({ version: release, ...news });
}

async function kept(version) {
  if (!(await caches.has(OURS + version))) return new Set(); // open() would make it
  const requests = await (await caches.open(OURS + version)).keys();
  return new Set(requests.map(({ url }) => url.slice(BASE.length)));
}

const sum = (files, paths) => paths.reduce((total, path) => total + files[path].bytes, 0);

async function install() {
  const response = await fetch(BASE + MANIFEST, { cache: "no-store" });
  const { version } = await response.clone().json();
  if (version !== release) throw new Error("the site is being updated");
  const all = (await Promise.all((await versions()).map(whole))).some(Boolean); // a reader has asked for it
  await (await caches.open(OURS + release)).put(BASE + MANIFEST, response);
  await fill(Object.keys(await listed(release)).filter((path) => all || !LARGE.test(path)));
}

async function whole(version) {
  const [files, there] = [await listed(version), await kept(version)];
  return files !== null && Object.keys(files).every((path) => there.has(path));
}

/** Remember of which release a client is, also for the worker that follows this one. */
async function note(id, version) {
  known.set(id, version);
  await (await caches.open(NOTES)).put(`${BASE}${id}`, new Response(version)).catch(() => {}); // a full disk keeps no one out
}

async function releaseOf(id) {
  if (!known.has(id)) known.set(id, (await (await (await caches.open(NOTES)).match(`${BASE}${id}`))?.text()) ?? release);
  return known.get(id);
}

/** Delete what no client needs: other releases, and notes. Not while one is coming that will be needed. */
async function tidy() {
  if (self.registration.installing || self.registration.waiting) return;
  const [notes, needed] = [await caches.open(NOTES), new Set([release])];
  const live = new Set((await clients.matchAll({ includeUncontrolled: true, type: "all" })).map(({ id }) => id));
  for (const request of await notes.keys()) {
    const id = request.url.slice(BASE.length);
    if (live.has(id)) needed.add(await releaseOf(id));
    else await notes.delete(request);
  }
  for (const version of await versions()) if (!needed.has(version)) await caches.delete(OURS + version);
}

async function answer(event, path) {
  const { request, clientId, resultingClientId } = event;
  const version = request.mode === "navigate" ? release : await releaseOf(clientId);
  const files = await listed(version);
  const entry = files?.[path];
  if (!entry && !(files && path === MANIFEST)) return fetch(request);
  if (resultingClientId) await note(resultingClientId, version); // a page, or a worker of one
  const cache = await caches.open(OURS + version);
  const copy = await cache.match(BASE + path); // the whole also for who asks for a part, as HTTP allows
  if (!entry && !copy) return lists.delete(version), fetch(request); // what was kept has been deleted from outside
  if (copy && (request.cache !== "reload" || !entry)) return copy;
  if (request.cache !== "reload" && LARGE.test(path)) { // goes on to the page as it comes, which checks it too
    const response = await fetch(request);
    event.waitUntil(keepCopy(cache, path, entry, response.clone()));
    return response;
  }
  try {
    const fresh = await fetched(path, entry);
    await cache.put(BASE + path, fresh.clone()).catch(() => {}); // the page gets it, room or not
    return fresh;
  } catch (error) {
    if (copy) return copy;
    console.warn(error.message);
    return Response.error();
  }
}

async function keepCopy(cache, path, entry, response) {
  const bytes = await response.arrayBuffer();
  if (response.ok && !(await difference(bytes, entry))) await cache.put(BASE + path, plain(bytes, response)).catch(() => {});
}

const answers = {
  async mine({ version }, { id }) {
    await note(id, version);
    const controlled = new Set((await clients.matchAll()).map((client) => client.id));
    const loose = (await clients.matchAll({ includeUncontrolled: true })).filter((client) => !controlled.has(client.id));
    const ours = await Promise.all(loose.map(async (client) => known.get(client.id) === release));
    if (self.registration.active && loose.length && ours.every(Boolean)) await clients.claim();
    await tidy();
  },
  async state() {
    const files = (await listed(release)) ?? {};
    const there = await kept(release);
    const missing = Object.keys(files).filter((path) => !there.has(path));
    return { version: release, kept: there.size > 0, enough: missing.every((path) => LARGE.test(path)), bytes: sum(files, Object.keys(files)), missing, lacking: sum(files, missing) };
  },
  async keep() {
    if (!(await listed(release))) return install().then(answers.keep);
    await fill(Object.keys(await listed(release)));
    return answers.state();
  },
  take: () => self.skipWaiting(),
  async forget() {
    for (const version of await versions()) await caches.delete(OURS + version);
    await caches.delete(NOTES);
  },
};

self.addEventListener("install", (event) => event.waitUntil(install().catch(async ({ name, message }) => {
  await tell({ trouble: { name, message } });
  throw new Error(message);
})));
self.addEventListener("activate", (event) => event.waitUntil(tidy()));
self.addEventListener("message", (event) => {
  const { data, source, ports: [port] } = event;
  const work = Promise.resolve(answers[data.ask](data, source));
  event.waitUntil(work.then((result) => port.postMessage(result ?? {}), ({ name, message }) => port.postMessage({ trouble: { name, message } })));
});
self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method !== "GET" || !url.startsWith(BASE)) return;
  const path = new URL(url).href.split(/[?#]/)[0].slice(BASE.length);
  event.respondWith(answer(event, path || "index.html"));
});
