// node --test tests/node/guard.test.mjs
// Which worker a page has, with an engine that is played here: each worker of it remembers what was asked of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Guard } from "../../web/ui/guard.js";
import { Session } from "../../web/ui/session.js";

const META = { name: "rung1", params: [], live: ["predict"] };

class Engine {
  booted = Promise.resolve();
  workers = [new Set()]; // of each worker the runs that are open in it
  prepared = 0;
  limits = [];
  asked = [];
  broken = {}; // by method: an error to throw once

  async call(method, args, limits) {
    this.asked.push(method);
    this.limits.push([method, limits]);
    const runs = this.workers.at(-1);
    const problem = this.broken[method];
    delete this.broken[method];
    if (problem) throw Object.assign(new Error("broken"), problem);
    if (method === "open") {
      const run = runs.size + 1;
      runs.add(run);
      return { run, params: {}, notes: [], frame: { step: 0, notes: [] } };
    }
    if (args.run !== undefined) assert.ok(runs.has(args.run), `${method}: run ${args.run} is open in this worker`);
    if (method === "close") return runs.delete(args.run), null;
    if (method === "snapshot") return { file: `file of worker ${this.workers.length}` };
    if (method === "edit") return { error: null, notes: [], frame: { step: 0, notes: [] }, edited: [] };
    return { notes: [], frame: { step: 7, notes: [] } };
  }

  prepare() {
    this.prepared += 1;
  }
}

async function visit() {
  const engine = new Engine();
  const told = [];
  const tell = (name) => (what) => told.push([name, what]);
  const guard = new Guard(engine, {
    renew: () => engine.workers.push(new Set()), stopped: tell("stopped"), revived: tell("revived"), ready: tell("ready"), said: tell("said"),
  });
  const session = new Session(guard, META, {});
  await session.reset();
  return { engine, guard, session, told };
}

test("a page that is only looked at leaves its worker to the next one, and no run in it", async () => {
  const { engine, session } = await visit();
  await session.advance({ ms: 1 });
  await session.edit("predict", null);
  await session.close();
  assert.deepEqual([engine.workers.length, engine.workers[0].size, engine.prepared], [1, 0, 0]);
  assert.ok(engine.limits.every(([, limits]) => limits === null));
});

test("after an edit the next page has another worker, which was started ahead", async () => {
  const { engine, session } = await visit();
  await session.edit("predict", "text");
  assert.equal(engine.prepared, 1);
  await session.close();
  assert.equal(engine.workers.length, 2);
});

test("a text that was refused has run as well", async () => {
  const { engine, session } = await visit();
  engine.broken.edit = { type: "ValueError" };
  assert.equal(await session.edit("predict", "text"), null);
  await session.close();
  assert.equal(engine.workers.length, 2);
});

test("a function is reset in a new worker, where the run goes on and the other edits are in force", async () => {
  const { engine, session, told } = await visit();
  await session.edit("predict", "one");
  await session.edit("loss", "two");
  engine.asked = [];
  const answer = await session.edit("predict", null);
  assert.deepEqual([answer.edited, answer.error, answer.frame.step], [["loss"], null, 7]);
  assert.deepEqual(engine.asked, ["snapshot", "open", "install", "edit", "restore"]);
  assert.equal(engine.workers.length, 2);
  assert.deepEqual(told, [["ready", undefined]]);
  await session.edit("loss", null);
  assert.equal(engine.workers.length, 3);
  await session.advance({ ms: 1 });
  await session.reset();
  await session.close();
  assert.deepEqual([engine.workers.length, engine.workers[2].size], [3, 0], "as shipped: another page may have it");
});

test("a run that a patched Python has spoilt starts again, and says so", async () => {
  const { engine, session, told } = await visit();
  await session.edit("predict", "text");
  engine.broken.restore = { type: "ValueError" };
  const answer = await session.edit("predict", null);
  assert.equal(answer.frame.step, 0);
  assert.match(told.find(([name]) => name === "said")[1], /starts again: broken/);
});

for (const type of ["Timeout", "EngineError"]) {
  test(`a call that ends in ${type} is made good in a new worker, with the texts that had worked`, async () => {
    const { engine, session, told } = await visit();
    await session.edit("predict", "good");
    engine.broken.edit = { type, seconds: 2 };
    assert.equal(await session.edit("predict", "endless"), null);
    assert.match(session.troubles.code.message, /^Stopped: the edited code/);
    assert.match(session.troubles.code.hint, /with the edits that had worked/);
    assert.deepEqual(told.map(([name]) => name), ["stopped", "ready", "revived"]);
    assert.deepEqual(told[2][1].edited, ["predict"]);
    engine.broken.advance = { type, seconds: 2 };
    assert.equal(await session.advance({ ms: 1 }), null);
    assert.match(session.troubles.code.hint, /with the shipped functions/);
    assert.equal((await session.advance({ ms: 1 })).frame.step, 7);
  });
}

test("a run whose Python stopped between two calls is as it was before the last one", async () => {
  const { engine, session } = await visit();
  await session.edit("predict", "text");
  await session.advance({ ms: 1 });
  const files = [];
  const { call } = engine;
  engine.call = (method, args, limits) => {
    if (method === "restore") files.push(args.file);
    return call.call(engine, method, args, limits);
  };
  engine.broken.snapshot = { type: "Timeout", seconds: 2 }; // as of a text that has left a loop for later
  assert.equal(await session.advance({ ms: 1 }), null);
  assert.deepEqual(files, ["file of worker 1"]);
  await session.edit("predict", "text");
  await session.reset();
  engine.broken.snapshot = { type: "Timeout", seconds: 2 };
  await session.advance({ ms: 1 });
  assert.equal(files.length, 1, "a run that was started anew has no past");
});

test("another Python starts as soon as somebody writes", async () => {
  const { engine, session } = await visit();
  session.prepare();
  assert.deepEqual([engine.prepared, engine.workers.length], [1, 1]);
});

test("the limit is two seconds, and more where the page itself is slow", async () => {
  const { engine, session } = await visit();
  await session.edit("predict", "text");
  assert.deepEqual(engine.limits.at(-1), ["edit", [2000, 8000]]);
  const slow = await visit();
  const { now } = performance;
  let clock = 0;
  performance.now = () => (clock += 1500); // so long does each call take
  try {
    await slow.session.advance({ ms: 1 });
    await slow.session.edit("predict", "text");
  } finally {
    performance.now = now;
  }
  assert.deepEqual(slow.engine.limits.at(-1), ["edit", [4500, 18000]]);
});

test("a page left while its run is being opened closes it", async () => {
  const engine = new Engine();
  const session = new Session(engine, META, {});
  session.reset();
  session.close();
  await session.close();
  await new Promise(setImmediate);
  assert.deepEqual([engine.asked, engine.workers[0].size], [["open", "close"], 0]);
});

test("nobody who has left a page hears an answer", async () => {
  const session = new Session(new Engine(), META, {});
  let heard = false;
  session.reset().then(() => (heard = true));
  session.advance({ ms: 1 }).then(() => (heard = true));
  session.close();
  session.advance({ ms: 1 }).then(() => (heard = true));
  await new Promise(setImmediate);
  assert.equal(heard, false);
});
