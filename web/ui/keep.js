// What a reader leaves on the pages, kept in this browser (IndexedDB): a page opens as it was left, also after a reload or a crash.
// A record is a session, as Python saves it: {id, link, step, time, file, name, shipped, title}. Each run keeps its newest; of a page's
// runs the newest stays, which the page opens with, and the longest others. What has a title the reader keeps, until it is deleted.

import { filled, format, parse } from "../state.js";
import { latest } from "./latest.js";
import { recall, remember } from "./stored.js";

const OTHERS = 2; // longest runs of a page that stay beside its newest
const EVERY_MS = 5000; // the most that a crash costs a training run; saving takes about 20 ms
const FIRST_MS = EVERY_MS / 4; // of a run that has just begun; then twice as long, up to that
const SOON_MS = 400; // after the last of a drag's changes
const PATIENCE_MS = 10_000; // a browser whose storage does not answer does not keep the page from opening
let refused = false; // it was said
let silent = null; // why it is not asked any more
let mine = recall("run", "sessionStorage"); // the record that this tab saved last, also before a reload
const held = new Set(); // records that no other tab writes, until this document is gone
const leaving = new Map(); // by page: what is saved while the page is left

/** Keeps the session of one page. */
export class Keeper {
  kept = null; // the step that a reload can go on from
  #page;
  #id = newId(); // of the run
  #known = false; // whether there is a record of it
  #owed = false; // whether it took the place of a run that has one: without its own the page would open with that
  #next = 0; // not before, while it trains
  #gap = FIRST_MS; // until then
  #saving = null;
  #timer = 0;
  #changed;
  #newest = latest(() => this.#save());

  /** `changed` is called when `kept` is. */
  constructor(page, changed) {
    this.#page = page;
    this.#changed = changed;
    const hidden = () => document.visibilityState === "hidden" && this.save();
    document.addEventListener("visibilitychange", hidden, { signal: page.ended });
    addEventListener("pagehide", hidden, { signal: page.ended });
    page.ended.addEventListener("abort", () => this.#leave());
    page.listen(({ type, cleared, same, left }) => {
      if (type === "wish") this.soon();
      if (type === "frame" && cleared && !same) this.#begin(left);
    });
  }

  /** What other runs of the page have left, newest first. */
  async others() {
    await this.#saving;
    const there = await this.#try(() => leftOn(this.#page.meta.name));
    return (there ?? []).filter(({ id, step }) => id !== this.#id && step > 0);
  }

  /** During training: now and then. */
  tick = () => void (performance.now() > this.#next && this.save());

  /** Something was changed that is to be found again. */
  soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.save(), SOON_MS);
  }

  save() {
    clearTimeout(this.#timer);
    return (this.#saving = this.#newest());
  }

  /** Keep what is there under a title that no other has. */
  async saveAs(title) {
    const { file, name, step } = (await this.#page.ask("save", {}, "save")) ?? {};
    return file && this.#try(async () => {
      const taken = (await stored()).map((record) => record.title);
      let free = title;
      for (let i = 2; taken.includes(free); i += 1) free = `${title} (${i})`;
      await put({ id: newId(), link: this.#page.link(), step, time: Date.now(), file: file.data, name, title: free });
      return free;
    });
  }

  #leave() {
    clearTimeout(this.#timer);
    leaving.set(this.#page.meta.name, this.#save(true)); // asked at once: the page answers nothing that waits for what is under way
  }

  /** Another run, or one that was kept: what was kept of the last one stays. */
  #begin(left) {
    this.#owed ||= this.#known;
    [this.#id, this.#known, this.kept] = [left?.id ?? newId(), Boolean(left?.id), left?.step || null];
    [this.#next, this.#gap] = [0, FIRST_MS];
    if (this.#owed) this.save();
    const id = this.#id;
    hold(id).then((ours) => ours || id !== this.#id || this.#begin()); // of another tab's run this is a copy, with a record of its own
  }

  /** When the page is left only the `last` session counts. */
  async #save(last = false) {
    const page = this.#page;
    if (!page.open || page.alone) return;
    const [id, link] = [this.#id, page.link()];
    this.#next = Infinity; // it is asked for once, however long that waits for its turn
    const saved = await page.ask("save", {}, "save");
    this.#next = performance.now() + this.#gap;
    if (this.#gap < EVERY_MS) this.#gap *= 2;
    if (!saved || page.ended.aborted !== last || id !== this.#id || (saved.shipped && !this.#known && !this.#owed)) return; // or it is already another run's
    const { file, name, step, shipped } = saved;
    await this.#try(async () => {
      await put({ id, link, step, time: Date.now(), file: file.data, name, shipped });
      remember("run", (mine = id), "sessionStorage");
      if (!this.#known) await thin(page.meta.name, id);
      [this.#known, this.#owed] = [true, false];
      if (id === this.#id) this.kept = step || null;
      if (page.notes.keep?.length) page.say("keep"); // there is room again
    });
    this.#changed();
  }

  async #try(work) {
    try {
      return await work();
    } catch (error) {
      const full = error.name === "QuotaExceededError";
      const why = full ? "This browser has no room left to keep your work" : `This browser does not let the page keep your work (${error.message || error.name})`;
      if (!refused) this.#page.say("keep", `${why}. To keep it, choose Share, “Save session as a file”.`);
      refused = true;
      return null;
    }
  }
}

/** What the page of this name was left with: the run that this tab saved last, or else the newest of all tabs; or null. */
export async function lastOf(name) {
  const newest = Promise.resolve(leaving.get(name)).then(() => leftOn(name)).then((all) => all.find(({ id }) => id === mine) ?? all[0], () => null);
  return (await Promise.race([newest, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))])) ?? null;
}

/**
 * What the page of a link opens with: as it was left, in `left`, unless the link asks for other settings; then what was left is `other`.
 * A link within the site, `own`, has what tabs share: that is set `then`. brought: {page, file, name}, a file that was opened elsewhere.
 */
export async function opening(session, { params, shell }, own, brought) {
  const { meta } = session;
  const whole = (given) => format(meta, filled(meta, given));
  session.alone = shell.embed === "1";
  if (brought?.page === meta.name) return void (session.left = brought);
  const record = session.alone ? null : await lastOf(meta.name);
  if (!record || record.shipped) return;
  const asked = format(meta, params);
  const kept = parse(record.link).params;
  const inside = asked === own && !shell.tour;
  if (!inside && whole(params) !== whole(kept)) return void (session.other = record);
  Object.assign(session, { left: record, params: filled(meta, kept), then: inside ? params : null });
}

/** All that was kept under titles, newest first, also what cannot be read; nothing where the browser keeps nothing. */
export const titled = () => stored().then((records) => records.filter(({ title }) => title), () => []);

export const forget = (id) => transact("readwrite", (store) => store.delete(id)).catch(() => {});

/** The records of a page that its runs left, newest first. */
const leftOn = async (name) => (await all()).filter(({ link, title }) => !title && parse(link).page === name);

/** Have a record for this tab, until its document is gone; false if another tab has it. Without locks two tabs may share one. */
const hold = (id) => new Promise((have) => { // the lock keeps nothing but this in memory
  if (held.has(id) || !globalThis.navigator?.locks) return void have(true);
  navigator.locks.request(`run ${id}`, { ifAvailable: true }, (lock) => (have(Boolean(lock)), lock && held.add(id) && new Promise(() => {}))).catch(() => have(true));
});

const newId = () => `${Date.now()}-${Math.random().toString(36).slice(2)}`;
const put = (record) => transact("readwrite", (store) => store.put(record));

async function thin(page, id) {
  const others = (await leftOn(page)).filter((record) => record.id !== id);
  const longest = others.sort((a, b) => b.step - a.step || b.time - a.time);
  for (const record of longest.slice(OTHERS)) await transact("readwrite", (store) => store.delete(record.id));
}

function database() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("bitladder", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("runs", { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Work on what is kept. A browser that does not answer in time is not asked again before it does. */
async function transact(mode, work) {
  if (silent) throw silent;
  const answer = worked(mode, work);
  answer.then(() => (silent = null), () => {});
  let timer = 0;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject((silent = new Error("its storage does not answer"))), PATIENCE_MS);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

async function worked(mode, work) {
  const db = await database();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = db.transaction("runs", mode);
      const request = work(transaction.objectStore("runs"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    db.close();
  }
}

const stored = async () => (await transact("readonly", (store) => store.getAll())).sort((a, b) => b.time - a.time);
const all = async () => (await stored()).filter(readable);

/** Whether this page can read a record: another version, or another site of this address, may have left others. */
export const readable = ({ link, step, time, file, name }) =>
  typeof link === "string" && Number.isInteger(step) && Number.isFinite(time) && file instanceof Uint8Array && typeof name === "string";
