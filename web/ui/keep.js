// Training kept in this browser (IndexedDB), so that a reload loses nothing: one record a run; of more than a few the longest are kept.

import { latest } from "./latest.js";

const KEPT = 8;
const EVERY_MS = 5000;
const SOON_MS = 400; // after the last of a drag's changes

/** Keeps the snapshots of one page's runs. A record: {id, link, step, time, file, name}. */
export class Keeper {
  kept = null; // the step that a reload can go on from
  #page;
  #id = newId(); // of the run; each keeps its newest snapshot
  #last = 0;
  #saving = null;
  #timer = 0;
  #changed;
  #newest = latest(() => this.#save());

  /** `changed` is called when `kept` is. */
  constructor(page, changed) {
    this.#page = page;
    this.#changed = changed;
  }

  /** A new run: what was kept of the last one stays. */
  another() {
    this.kept = null;
    this.#id = newId();
  }

  /** What other runs have left, newest first. */
  async others() {
    await this.#saving;
    const records = (await this.#try(all)) ?? [];
    return records.filter(({ id }) => id !== this.#id).sort((a, b) => b.time - a.time);
  }

  /** During training: now and then. */
  tick() {
    if (performance.now() - this.#last > EVERY_MS) this.save();
  }

  /** A parameter was changed, and with it the link under which the run is to be found again. */
  soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.save(), SOON_MS);
  }

  save() {
    this.#last = performance.now();
    this.#saving = this.#newest();
    return this.#saving;
  }

  drop(id) {
    return this.#try(() => transact("readwrite", (store) => store.delete(id)));
  }

  async #save() {
    if (!this.#page.step || !this.#page.meta.saves) return;
    const [id, link] = [this.#id, this.#page.link()];
    const snapshot = await this.#page.snapshot();
    if (!snapshot || id !== this.#id) return; // or it is already another run's
    const { file, name } = snapshot;
    const { step } = this.#page; // calls are in order: still the step of the snapshot
    await this.#try(async () => {
      await transact("readwrite", (store) => store.put({ id, link, step, time: Date.now(), file: file.data, name }));
      const others = (await all()).filter((record) => record.id !== id).sort((a, b) => b.step - a.step || b.time - a.time);
      for (const record of others.slice(KEPT - 1)) await transact("readwrite", (store) => store.delete(record.id));
      if (id === this.#id) this.kept = step;
      if (this.#page.notes.keep?.length) this.#page.say("keep"); // there is room again
    });
    this.#changed();
  }

  async #try(work) {
    try {
      return await work();
    } catch (error) {
      const why = `This browser does not let the page keep your training (${error.message})`;
      this.#page.say("keep", `${why}; use “Save weights”.`);
      return null;
    }
  }
}

const newId = () => `${Date.now()}-${Math.random().toString(36).slice(2)}`;

function database() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("bitladder", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("runs", { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function transact(mode, work) {
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

/** The records that this page can read: another version, or another site of this address, may have left others. */
const all = async () => (await transact("readonly", (store) => store.getAll())).filter(readable);

const readable = ({ link, step, time, file, name }) =>
  typeof link === "string" && Number.isInteger(step) && Number.isFinite(time) && file instanceof Uint8Array && typeof name === "string";
