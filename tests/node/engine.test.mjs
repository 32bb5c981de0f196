// node --test tests/node/engine.test.mjs
// Which worker is asked, with workers that are played here.
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Engine } from "../../web/engine.js";

let workers;

class FakeWorker extends EventTarget {
  ended = false;
  messages = [];

  constructor() {
    super();
    workers.push(this);
  }

  postMessage(message) {
    this.messages.push(message);
  }

  terminate() {
    this.ended = true;
  }

  tell(event, data) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: { event, data } }));
  }

  answer(result) {
    const { id } = this.messages.at(-1);
    this.dispatchEvent(Object.assign(new Event("message"), { data: { id, result } }));
  }
}

function engine() {
  const told = [];
  const tell = (name) => (data) => told.push([name, data]);
  const made = new Engine({ progress: tell("progress"), ready: tell("ready"), failed: tell("failed"), strayed: tell("strayed") });
  made.start();
  return { engine: made, told };
}

/** A lock that a worker holds until the function that this returns is called. */
function lock() {
  let ends;
  const held = new Promise((end) => (ends = end));
  Object.defineProperty(globalThis, "navigator", { value: { locks: { request: (name, granted) => held.then(granted) } }, configurable: true });
  return ends;
}

const turn = () => new Promise(setImmediate);

beforeEach(() => {
  workers = [];
  globalThis.Worker = FakeWorker;
  mock.timers.reset();
  mock.timers.enable({ apis: ["setInterval"] });
});

test("calls wait for Python, and also for the one that replaces it", async () => {
  const { engine: made, told } = engine();
  const answer = made.call("open", {});
  assert.equal(made.renew(), false);
  workers[1].tell("ready", "versions");
  await turn();
  assert.deepEqual([workers[0].ended, workers[0].messages.length, workers[1].messages.length], [true, 0, 1]);
  workers[1].answer("opened");
  assert.equal(await answer, "opened");
  assert.deepEqual(told, [["ready", "versions"]]);
});

test("one worker is started ahead, says nothing meanwhile, and takes over at once", async () => {
  const { engine: made, told } = engine();
  workers[0].tell("ready", "first");
  made.prepare();
  made.prepare();
  assert.equal(workers.length, 2);
  workers[1].tell("progress", "half");
  workers[1].tell("ready", "second");
  assert.deepEqual(told, [["ready", "first"]]);
  assert.equal(made.renew(), true);
  assert.deepEqual([told.at(-1), workers[0].ended, workers.length], [["ready", "second"], true, 2]);
  made.call("open", {}).catch(() => {}); // ends with its worker
  await turn();
  assert.equal(workers[1].messages.length, 1);
  made.renew();
  assert.equal(workers.length, 3, "and then one is started when it is needed");
});

test("one that was started before the program is taken, and what it said is heard; what ends unasked is told", async () => {
  globalThis.first = Object.assign(new FakeWorker(), { said: [] });
  globalThis.first.onmessage = (event) => globalThis.first.said.push(event);
  for (const data of ["half", "whole"]) globalThis.first.said.push(Object.assign(new Event("message"), { data: { event: "progress", data } }));
  const ends = lock();
  const { told } = engine();
  assert.deepEqual([workers.length, globalThis.first, workers[0].messages[0].method], [1, undefined, "begin"]);
  await turn();
  workers[0].tell("ready", "versions");
  assert.deepEqual(told, [["progress", "half"], ["progress", "whole"], ["ready", "versions"]]);
  workers[0].tell("life", "its lock");
  await turn();
  assert.equal(told.length, 3);
  ends();
  await turn();
  assert.deepEqual([told[3][0], told[3][1].message], ["strayed", "Python stopped: its worker has ended"]);
});

test("a worker that was ended on purpose is no trouble", async () => {
  const { engine: made, told } = engine();
  const ends = lock();
  workers[0].tell("life", "its lock");
  made.renew();
  ends();
  await turn();
  assert.deepEqual(told, []);
});

test("one that could not be started ahead is tried again", () => {
  const { engine: made, told } = engine();
  workers[0].tell("ready", "first");
  made.prepare();
  workers[1].tell("error", { message: "no connection" });
  made.renew();
  assert.deepEqual([workers.length, workers[1].ended], [3, true]);
  workers[2].tell("error", { message: "no connection" });
  assert.deepEqual(told.at(-1), ["failed", { message: "no connection" }]);
});

/** Let so many seconds pass. */
async function pass(seconds) {
  for (let second = 0; second < seconds; second += 5) {
    await turn();
    mock.timers.tick(5000);
  }
  await turn();
}

test("a worker that never says a word is given up, unless another took its place", async () => {
  const { engine: made, told } = engine();
  await pass(40);
  assert.deepEqual(told, []);
  made.renew();
  await pass(40);
  assert.deepEqual(told, []);
  await pass(5);
  const [[name, { type, message }], ...more] = told;
  assert.deepEqual([name, type, message, more], ["failed", "WorkerError", "worker.js could not be loaded: nothing has arrived for 45 seconds", []]);
  assert.deepEqual(workers.map(({ ended }) => ended), [true, true]);
});

test("while Python's files arrive no worker is given up", async () => {
  const { told } = engine();
  workers[0].tell("progress", "half");
  await pass(600);
  assert.deepEqual(told, [["progress", "half"]]);
});

test("what only edited code can send after the start changes nothing; an error is told as a stray one", () => {
  const { told } = engine();
  workers[0].tell("ready", "versions");
  for (const event of ["ready", "progress", "beat"]) workers[0].tell(event, null);
  assert.deepEqual(told, [["ready", "versions"]]);
  workers[0].tell("error", null);
  workers[0].tell("error", { message: 3 });
  workers[0].dispatchEvent(Object.assign(new Event("error"), { message: "Uncaught late" }));
  assert.deepEqual(told.slice(1).map(([name, { message }]) => [name, message]),
    [["strayed", "undefined"], ["strayed", "3"], ["strayed", "Uncaught late"]]);
});

/** A call with limits, answered never; `seconds` pass, each with or without a sign of life. */
async function asked(seconds, beats) {
  const { engine: made } = engine();
  const worker = workers.at(-1);
  worker.tell("ready", "versions");
  let error = null;
  const answer = made.call("edit", {}, [2000, 8000]).catch((problem) => (error = problem));
  await turn();
  for (let second = 0; second < seconds; second += 1) {
    mock.timers.tick(1000);
    if (beats) worker.tell("beat", null);
  }
  await turn();
  if (!error) worker.answer("done");
  return error ?? answer;
}

test("two seconds without a sign of life end a call, and no sooner", async () => {
  assert.equal(await asked(1, false), "done");
  const { type, seconds } = await asked(2, false);
  assert.deepEqual([type, seconds], ["Timeout", 2]);
});

test("signs of life make it longer, and not for ever", async () => {
  assert.equal(await asked(7, true), "done");
  const { type, seconds } = await asked(8, true);
  assert.deepEqual([type, seconds], ["Timeout", 8]);
});
