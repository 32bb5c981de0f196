// The offline copy of the site: a line that says what works without a connection now, and the ways to keep all of it or
// nothing; and the offer of a new release, which is never used unasked. sw.js does the work.
import { html, render } from "preact";
import { json } from "../modules.js";
import { megabytes } from "./format.js";
import { recall, remember } from "./stored.js";

const KEY = "bitladder-offline"; // "no": the reader has removed the copy
const ONLINE = "Works only while connected";

/** badge, news: where the two are drawn; tell({ offline }) is called with what the status line may say. */
export async function keepOffline(badge, news, tell) {
  const workers = navigator.serviceWorker;
  let registration = null;
  let facts = {}; // what is shown: { why, loaded, total, state, persisted }
  let reloading = false;

  function show(change) {
    facts = { ...facts, ...change };
    render(html`<${Badge} ...${facts} keep=${keep} remove=${remove} retry=${() => attempt(open)} />`, badge);
    const { why, state } = facts;
    const works = !why && state?.kept && state.enough;
    tell({ offline: works ? (state.missing.length ? "partly offline" : "works offline") : "" });
  }

  const fail = ({ name, message }) => show({ loaded: undefined, why: name === "QuotaExceededError" ? "this browser's storage is full" : message });

  if (globalThis.embedded) { // the single file, see single.js
    tell({ offline: "works offline" });
    return render(html`<span role="status" data-test="offline">Works without a connection: all of Bitladder is in this file.</span>`, badge);
  }
  if (!isSecureContext) return show({ why: "browsers keep offline copies only of pages served over https or from localhost" });
  if (!workers) return show({ why: "this browser, or this private window, has no service workers" });
  const { version } = await json("app/manifest.json"); // of this page

  /** What is true now: asked of the worker, not remembered. */
  async function look() {
    const { active, waiting } = registration ?? {};
    if (!active) return;
    const state = await ask(active, { ask: "state" });
    show({ state, persisted: await navigator.storage?.persisted?.(), loaded: undefined });
    const newer = waiting || (state.kept && state.version !== version);
    render(newer && html`<p class="row" role="status" data-test="release">A new version of Bitladder is ready.
      <button type="button" class="quiet" data-test="release-use" onClick=${use}>Reload to use the new version</button></p>`, news);
  }

  /** Only this tab: others keep the release that they have until they are reloaded. */
  function use() {
    reloading = true;
    if (registration.waiting) ask(registration.waiting, { ask: "take" });
    else location.reload();
  }

  /** Resolves when a worker is there to ask. */
  async function open() {
    registration = await workers.register(new URL("../sw.js", import.meta.url), { updateViaCache: "none" }).catch(() => null);
    if (!registration) throw new Error("service workers are blocked here, or sw.js cannot be loaded; allow them in the browser's settings");
    registration.addEventListener("updatefound", () => follow(registration.installing));
    if (registration.installing) follow(registration.installing);
    if (!registration.active) await began(registration.installing ?? registration.waiting);
    await ask(registration.active, { ask: "mine", version });
    await look();
  }

  function follow(worker) {
    worker.addEventListener("statechange", () => worker.state !== "activating" && look());
  }

  async function attempt(work) {
    try {
      show({ why: undefined });
      await work();
    } catch (error) {
      if (!facts.why) fail(error); // else the worker has said more
    }
    show({ loaded: undefined });
  }

  function keep() {
    return attempt(async () => {
      remember(KEY, null);
      navigator.storage?.persist?.().then(look, () => {}); // not awaited: Firefox asks the reader
      if (!registration) await open();
      await ask(registration.active, { ask: "keep" });
      await look();
    });
  }

  function remove() {
    return attempt(async () => {
      remember(KEY, "no");
      await ask(registration.active, { ask: "forget" });
      await registration.unregister();
      registration = null;
      show({ state: null });
    });
  }

  workers.addEventListener("message", ({ data: { version: theirs, trouble, loaded, total } }) => {
    if (theirs !== version) return; // a new release comes unseen
    if (trouble) fail(trouble);
    else if (loaded < total) show({ loaded, total });
    else look();
  });
  workers.addEventListener("controllerchange", () => (reloading ? location.reload() : keepCode()));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible" || !registration) return;
    registration.update().catch(() => {}); // without a connection there is none
    look();
  });
  addEventListener("hashchange", () => look()); // a page may have fetched more, and what was kept may have been deleted from outside
  if (recall(KEY) === "no") show({ state: null });
  else await attempt(open);
}

/**
 * Chromium keeps compiled code with the copy of the file that it was compiled from. This page's Python came from the network,
 * so it is compiled once more from the offline copy, which finds the code in memory: the next visit starts with it.
 */
function keepCode() {
  const python = new URL("../vendor/pyodide/pyodide.asm.wasm", import.meta.url);
  if (navigator.userAgentData) WebAssembly.compileStreaming(fetch(python)).catch(() => {}); // it is only speed
}

/** Resolves when a worker has become active; rejects when it could not be installed. */
function began(worker) {
  return new Promise((resolve, reject) => {
    worker.addEventListener("statechange", () => {
      if (worker.state === "activated") resolve();
      if (worker.state === "redundant") reject(new Error("some of its files could not be downloaded"));
    });
  });
}

function ask(worker, message) {
  return new Promise((resolve, reject) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => [port1.close(), data.trouble ? reject(data.trouble) : resolve(data)]; // an open port stays in memory
    worker.postMessage(message, [port2]);
  });
}

function Badge({ why, loaded, total, state, persisted, keep, remove, retry }) {
  const button = (name, words, act) => html`<button type="button" class="quiet" data-test=${`offline-${name}`} onClick=${act}>${words}</button>`;
  const text = (words) => html`<span role="status" data-test="offline">${words}</span>`;
  if (loaded !== undefined) return text(`Saving an offline copy: ${megabytes(loaded)} of ${megabytes(total)} MB.`);
  if (why) return html`${text(`${ONLINE}: ${why}.`)} ${isSecureContext && navigator.serviceWorker && button("retry", "Try again", retry)}`;
  if (state === undefined) return null;
  if (!state?.kept) return html`${text(`${ONLINE}: there is no offline copy.`)} ${button("keep", "Make available offline", keep)}`;
  const { bytes, enough, missing, lacking } = state;
  const all = `All of it works offline (${megabytes(bytes)} MB).${persisted ? "" : " The browser may delete it when the disk is nearly full."}`;
  const some = enough
    ? `Works offline, except for large files: ${missing.map((path) => path.split("/").at(-1)).join(", ")}.`
    : `Works only partly offline: ${missing.length} files are missing.`;
  return html`${text(missing.length ? some : all)}
    ${missing.length > 0 && button("keep", `Make available offline (${megabytes(lacking)} MB)`, keep)}
    ${button("remove", "Remove the offline copy", remove)}`;
}
