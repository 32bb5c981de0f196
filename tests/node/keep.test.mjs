// What is kept of a run that trains, with a clock, a queue and a storage that do what the test says.
import assert from "node:assert/strict";
import test from "node:test";

let clock = 0; // milliseconds
let full = false; // the storage has no room
const rows = new Map();
const aborted = Object.assign(new Error(""), { name: "QuotaExceededError" }); // as Chromium has it: without a word
const store = { put: (row) => (full || rows.set(row.id, row), {}), delete: (id) => (rows.delete(id), {}), getAll: () => ({ result: [...rows.values()] }) };

function transaction() {
  const made = { objectStore: () => store, error: aborted };
  queueMicrotask(() => (full ? made.onabort() : made.oncomplete()));
  return made;
}

function open() {
  const request = { result: { transaction, close() {} } };
  queueMicrotask(() => request.onsuccess());
  return request;
}

Object.assign(globalThis, { indexedDB: { open }, addEventListener() {} });
globalThis.document = { addEventListener() {}, visibilityState: "visible" };
Object.defineProperty(globalThis, "performance", { value: { now: () => clock } });
const { Keeper, readable, titled } = await import("../../web/ui/keep.js");

/** A page whose calls wait for their turn: an answer has the step of the moment when it comes. */
function training(wait) {
  const page = { meta: { name: "digits", params: [] }, open: true, notes: {}, step: 0, asked: 0, waiting: [], link: () => "#digits" };
  page.ended = new AbortController().signal;
  page.say = (place, ...words) => (page.notes[place] = words);
  page.listen = (hear) => ((page.hear = hear), () => {});
  page.ask = () => new Promise((done) => {
    page.asked += 1;
    page.waiting.push({ due: clock + wait, done });
  });
  page.answer = async () => {
    for (const one of page.waiting.filter(({ due }) => due <= clock)) {
      page.waiting.splice(page.waiting.indexOf(one), 1);
      one.done({ file: { data: new Uint8Array(1) }, name: "it", step: page.step, shipped: false });
    }
    await new Promise(setImmediate);
  };
  page.train = async (keeper, ms, look = () => {}) => {
    for (const end = clock + ms; clock < end; clock += 50) {
      page.step += 1;
      keeper.tick();
      await page.answer();
      look();
    }
  };
  return page;
}

test("a run that is killed has lost no more than the last seconds, however long its calls wait for their turn", async () => {
  const [wait, every, turn] = [400, 5000, 50];
  const page = training(wait);
  const keeper = new Keeper(page, () => {});
  let most = 0;
  const lost = () => (page.step - Math.max(0, ...[...rows.values()].map(({ step }) => step))) * turn;
  await page.train(keeper, 4000, () => (most = Math.max(most, lost())));
  assert.ok(most <= 2600, `${most} ms were lost of the first 4 s`);
  await page.train(keeper, 60_000, () => (most = Math.max(most, lost())));
  assert.ok(most <= every + wait + 2 * turn, `${most} ms were lost`);
  assert.ok(page.asked <= 64_000 / every + 3, `it was saved ${page.asked} times`);
  page.hear({ type: "frame", cleared: true }); // another run
  [page.step, most] = [0, 0];
  rows.clear();
  await page.train(keeper, 4000, () => (most = Math.max(most, lost())));
  assert.ok(most <= 2600, `${most} ms were lost of a run that followed another`);
});

test("without room the page says so once, and takes it back when there is room", async () => {
  const page = training(0);
  const keeper = new Keeper(page, () => {});
  full = true;
  for (const round of [1, 2]) {
    const saving = keeper.save();
    await page.answer();
    await saving;
    assert.match(page.notes.keep.join(), /^This browser has no room left to keep your work\. To keep it, choose Share/, round);
  }
  full = false;
  const saving = keeper.save();
  await page.answer();
  await saving;
  assert.deepEqual(page.notes.keep, []);
});

test("two tabs that edit different functions of a page keep both, and each takes back only its own", async () => {
  const kept = new Map();
  globalThis.localStorage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, text) => kept.set(key, text), removeItem: (key) => kept.delete(key) };
  let tabs = 0;
  const tab = () => import(`../../web/ui/kept-code.js?tab=${(tabs += 1)}`); // each a module of its own, as in a tab
  const now = async () => Object.keys((await tab()).read("rung1").offered).sort();
  const [one, other] = [await tab(), await tab()];
  for (const each of [one, other]) assert.deepEqual(each.read("rung1").offered, {});
  const text = { text: "def f(): pass", running: null };
  one.write("rung1", { predict: text }, {});
  other.write("rung1", { gradients: text }, {});
  assert.deepEqual(await now(), ["gradients", "predict"]);
  one.write("rung1", {}, {}); // reset
  assert.deepEqual(await now(), ["gradients"]);
  const later = await tab();
  later.write("rung1", {}, later.read("rung1").offered);
  assert.deepEqual(await now(), ["gradients"]);
  later.write("rung1", {}, {}); // discarded
  assert.equal(kept.size, 0);
});

test("what is kept under a title and cannot be read is listed all the same, and its title stays taken", async () => {
  rows.clear();
  rows.set("a", { id: "a", link: "#digits", step: 3, time: 2, file: "no bytes", name: "it", title: "mine" });
  rows.set("b", { id: "b", link: "#digits", step: 3, time: 1, file: new Uint8Array(1), name: "it" }); // of a run, without a title
  const page = training(0);
  const keeping = new Keeper(page, () => {}).saveAs("mine");
  await page.answer();
  assert.equal(await keeping, "mine (2)");
  assert.deepEqual((await titled()).map((record) => [record.title, readable(record)]), [["mine (2)", true], ["mine", false]]);
});

test("two tabs that open the same run keep one each, and a reload goes on with the tab's own", async () => {
  rows.clear();
  const left = { id: "a", link: "#digits", step: 3, time: 1, file: new Uint8Array(1), name: "it" };
  rows.set("a", left);
  const held = new Set();
  const request = async (name, { ifAvailable }, use) => use(ifAvailable && held.has(name) ? null : held.add(name));
  Object.defineProperty(globalThis, "navigator", { value: { locks: { request } }, configurable: true });
  let loads = 0;
  const load = (tab) => { // a document of a tab: what it keeps for itself stays after a reload
    globalThis.sessionStorage = { getItem: (key) => tab.get(key) ?? null, setItem: (key, text) => tab.set(key, text) };
    return import(`../../web/ui/keep.js?load=${(loads += 1)}`);
  };
  const [one, other] = [new Map(), new Map()];
  for (const [tab, step] of [[one, 7], [other, 5]]) {
    const page = training(0);
    const keeper = new (await load(tab)).Keeper(page, () => {});
    page.hear({ type: "frame", cleared: true, left });
    await page.answer();
    page.step = step;
    await new Promise(setImmediate);
    const saving = keeper.save();
    for (let i = 0; i < 3; i += 1) await page.answer();
    await saving;
  }
  assert.deepEqual([...rows.values()].map(({ step }) => step).sort(), [5, 7]);
  rows.set("b", { ...left, id: "b", step: 9, time: Date.now() + 9 });
  for (const [tab, step] of [[one, 7], [other, 5], [new Map(), 9]]) {
    assert.equal((await (await load(tab)).lastOf("digits")).step, step);
  }
});
