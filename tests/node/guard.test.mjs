// node --test tests/node/guard.test.mjs
// Which worker a page has, with an engine that is played here: each worker of it remembers what was asked of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Guard } from "../../web/ui/guard.js";
import { Session } from "../../web/ui/session.js";

const META = { name: "rung1", params: [{ name: "rate" }], live: ["predict"] };

const array = (...numbers) => ({ shape: [numbers.length], dtype: "float64", data: Float64Array.from(numbers) });

class Engine {
  booted = Promise.resolve();
  workers = [new Set()]; // of each worker the runs that are open in it
  prepared = 0;
  limits = [];
  asked = [];
  broken = {}; // by method: an error to throw once
  answers = {}; // by method: what a Python that edited code has changed answers once
  restored = []; // files
  step = 0;

  async call(method, args, limits) {
    this.asked.push(method);
    this.limits.push([method, limits]);
    const runs = this.workers.at(-1);
    const problem = this.broken[method];
    delete this.broken[method];
    if (problem) throw Object.assign(new Error("broken"), problem);
    if (Object.hasOwn(this.answers, method)) {
      const answer = this.answers[method];
      delete this.answers[method];
      return answer;
    }
    if (method === "restore") this.restored.push(args.file);
    if (method === "open") {
      const run = this.asked.length;
      runs.delete(args.instead);
      runs.add(run);
      this.step = 0;
      return { run, params: { rate: 1 }, notes: [], frame: { step: 0, notes: [] } };
    }
    if (args.run !== undefined) assert.ok(runs.has(args.run), `${method}: run ${args.run} is open in this worker`);
    if (method === "close") return runs.delete(args.run), null;
    if (method === "save") return { file: `file of worker ${this.workers.length}` };
    if (method !== "edit") this.step = 7;
    const frame = { step: this.step, scalars: { loss: 1 }, arrays: { x: array(1, 2) }, notes: [] };
    return { notes: [], frame, ...(method === "edit" && { error: null, edited: [] }) };
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

test("a page that begins anew leaves its run for the new one, in whichever worker that is", async () => {
  const { engine, session } = await visit();
  await session.begin({}, {});
  assert.equal(engine.workers[0].size, 1);
  await session.edit("predict", "text");
  await session.begin({}, {});
  assert.equal(engine.workers[0].size, 1);
  engine.broken.advance = { type: "Timeout", seconds: 2 };
  await session.advance({ ms: 1 });
  await session.begin({}, {});
  assert.deepEqual(engine.workers.map((runs) => runs.size), [1, 1]);
  await session.advance({ ms: 1 });
  await session.close();
  assert.equal(engine.workers[1].size, 0);
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
  assert.deepEqual(engine.asked, ["save", "open", "restore", "install", "edit"]);
  assert.equal(engine.workers.length, 2);
  assert.deepEqual(told, [["ready", undefined]]);
  await session.edit("loss", null);
  assert.equal(engine.workers.length, 3);
  await session.advance({ ms: 1 });
  await session.reset();
  await session.close();
  assert.deepEqual([engine.workers.length, engine.workers[2].size], [3, 0], "as shipped: another page may have it");
});

/** Let the file that the current worker saves next, and the one after, be of a name. */
function saving(engine, ...names) {
  const { call } = engine;
  engine.call = async (method, args, limits) => {
    const answer = await call.call(engine, method, args, limits);
    return method === "save" && names.length ? { file: names.shift() } : answer;
  };
}

test("where a patched Python no longer saves, the run goes on from where it was saved last", async () => {
  const { engine, session, told } = await visit();
  await session.advance({ ms: 1 });
  saving(engine, "before the edit");
  await session.edit("predict", "text");
  engine.broken.save = { type: "KeyError" };
  const answer = await session.edit("predict", null);
  assert.deepEqual([answer.frame.step, engine.restored], [7, ["before the edit"]]);
  assert.deepEqual(told.filter(([name]) => name === "said"), []);
});

test("where it ends as it saves, too, and the other edits stay in force", async () => {
  const { engine, session } = await visit();
  await session.edit("loss", "other");
  saving(engine, "before the edit");
  await session.edit("predict", "text");
  engine.broken.save = { type: "EngineError" };
  const answer = await session.edit("predict", null);
  assert.deepEqual([answer.error, answer.edited, engine.restored], [null, ["loss"], ["before the edit"]]);
});

test("a file that a patched Python has spoilt gives way to the one from before the edit, and the page says so", async () => {
  const { engine, session, told } = await visit();
  saving(engine, "first", "second", "spoilt");
  await session.edit("predict", "text");
  await session.edit("predict", "worse");
  await session.advance({ ms: 1 });
  const { call } = engine;
  engine.call = (method, args, limits) => {
    if (method === "restore" && args.file.startsWith("file")) throw Object.assign(new Error("damaged"), { type: "ValueError" });
    return call.call(engine, method, args, limits);
  };
  const answer = await session.edit("predict", null);
  assert.deepEqual([answer.frame.step, engine.restored], [7, ["second"]]);
  assert.match(told.find(([name]) => name === "said")[1], /goes on from step 7, where it was saved before the edit/);
});

test("a run of which no file can be used starts again, and says so", async () => {
  const { engine, session, told } = await visit();
  await session.edit("predict", "text");
  engine.broken.restore = { type: "ValueError" };
  const answer = await session.edit("predict", null);
  assert.equal(answer.frame.step, 0);
  assert.match(told.find(([name]) => name === "said")[1], /starts again: broken/);
});

test("a run that could not be started anew is not lost", async () => {
  const { engine, session } = await visit();
  saving(engine, "before the edit", "before the reset");
  await session.edit("predict", "text");
  engine.broken.reset = { type: "KeyError" };
  assert.equal(await session.reset(), null);
  assert.match(session.troubles.code.hint, /Reset code/);
  engine.broken.save = { type: "KeyError" };
  await session.edit("predict", null);
  assert.deepEqual(engine.restored, ["before the reset"]);
});

const FRAME = { step: 1, scalars: { loss: 1 }, arrays: { x: array(1, 2) }, notes: [] };
const wrong = (facts) => ({ notes: [], frame: { ...FRAME, ...facts } });

for (const [name, answer] of Object.entries({
  nothing: null, "no frame": { notes: [] }, "a frame that is none": { frame: 3 }, "no step": wrong({ step: null }),
  "no scalars": wrong({ scalars: {} }), "a word for a number": wrong({ scalars: { loss: "low" } }),
  "no arrays": wrong({ arrays: {} }), "an array of another kind": wrong({ arrays: { x: { ...array(1), dtype: "int8" } } }),
  "an array that is none": wrong({ arrays: { x: [1, 2] } }), "a size that is none": wrong({ arrays: { x: { ...array(1), shape: [9] } } }),
  "notes that are none": wrong({ notes: [1] }), "a huge frame": wrong({ arrays: { x: array(1), y: { ...array(), shape: [600_000], data: new Float64Array(600_000) } } }),
  "no parameters": { ...wrong({}), params: {} }, "no history": { ...wrong({}), history: { loss: null } }, "prints that are none": { ...wrong({}), printed: 3 },
})) {
  test(`a changed Python that answers with ${name} is replaced, and the run goes on`, async () => {
    const { engine, session } = await visit();
    await session.edit("predict", "text");
    engine.answers.advance = answer;
    assert.equal(await session.advance({ ms: 1 }), null);
    assert.match(session.troubles.code.message, /brought Python down/);
    assert.deepEqual([engine.workers.length, engine.restored.length], [2, 1]);
    assert.equal((await session.advance({ ms: 1 })).frame.step, 7);
  });
}

test("what fails in a changed Python is shown at the code, and what a reader chose where it was chosen", async () => {
  const { engine, session } = await visit();
  engine.broken.advance = { type: "KeyError" };
  await session.advance({ ms: 1 });
  assert.ok(session.troubles.page && !session.troubles.code, "as shipped it is the page's");
  await session.edit("predict", "text");
  engine.broken.advance = { type: "KeyError" };
  await session.advance({ ms: 1 });
  assert.match(session.troubles.code.hint, /Reset code starts another/);
  engine.broken.restore = { type: "StoreError" };
  await session.restore("file", "name");
  assert.equal(session.troubles.load.message, "broken");
});

test("an error outside of every call belongs to the code, where there is any", async () => {
  const { guard, session, told } = await visit();
  const message = 'Uncaught PythonError: Traceback (most recent call last):\n  File "/lib/x.py", line 9, in run\n'
    + '  File "<edited predict>", line 4, in late\nValueError: too late\n';
  assert.equal(guard.strayed({ message }), false);
  await session.edit("predict", "text");
  assert.equal(guard.strayed({ message }), true);
  const [, { message: said, line, function: name }] = told.find(([kind]) => kind === "stopped");
  assert.deepEqual([said, line, name], ["ValueError: too late", 4, "predict"]);
  assert.equal(guard.strayed({ message: `Uncaught ${"x".repeat(1e7)}` }), true);
  assert.deepEqual([told.at(-1)[1].message.length, told.at(-1)[1].line], [1000, null]);
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
    const { prepared } = engine;
    assert.equal(await session.advance({ ms: 1 }), null);
    assert.equal(engine.prepared, prepared + 1, "the next text may be no better");
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
  engine.broken.save = { type: "Timeout", seconds: 2 }; // as of a text that has left a loop for later
  assert.equal(await session.advance({ ms: 1 }), null);
  assert.deepEqual(files, ["file of worker 1"]);
  await session.edit("predict", "text");
  await session.reset();
  engine.broken.save = { type: "Timeout", seconds: 2 };
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
  const { now } = performance;
  let clock = 0;
  const slowly = () => (clock += 1500); // so long does each call take
  const slow = await visit();
  try {
    performance.now = slowly;
    const opened = await visit();
    performance.now = now;
    await opened.session.edit("predict", "text");
    assert.deepEqual(opened.engine.limits.at(-1), ["edit", [2000, 8000]], "opening imports the page");
    performance.now = slowly;
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
