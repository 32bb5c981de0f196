// A page's run as its views see it, with an engine that answers at once.
import assert from "node:assert/strict";
import test from "node:test";
import { Session } from "../../web/ui/session.js";

const META = { name: "mixed", params: [{ name: "measure", default: "kl", choices: ["kl", "loss"] }, { name: "seed", default: 1 }] };

/** An engine that notes what it was asked, and knows only "kl". */
function engine(asked) {
  const answer = { run: 1, notes: ["measure is no choice"], params: { measure: "kl", seed: 1 }, restarted: false };
  return { booted: true, call: async (method, args) => (asked.push([method, args]), { ...answer, ...(method === "change" && { frame: { step: 0, notes: [] } }) }) };
}

test("a value that is no choice goes to Python and never to the views", async () => {
  const asked = [];
  const session = new Session(engine(asked), META, { measure: "__proto__", seed: "7" });
  assert.deepEqual(session.params, { measure: "kl", seed: "7" });
  await session.reset();
  assert.deepEqual(asked[0], ["open", { page: "mixed", params: { measure: "__proto__", seed: "7" } }]);
  assert.deepEqual(session.notes.page, ["measure is no choice"]);
  const changed = session.set("measure", "constructor");
  assert.equal(session.params.measure, "kl");
  await changed;
  assert.deepEqual(asked.at(-1), ["change", { run: 1, name: "measure", value: "constructor" }]);
  await session.reset();
  assert.deepEqual(asked.at(-1), ["reset", { run: 1 }], "what was answered is not asked again");
});

test("what a link asks for before Python is there is asked when it is", async () => {
  const asked = [];
  const session = new Session(engine(asked), META, { measure: "kl", seed: 1 });
  session.set("measure", "toString");
  assert.equal(session.params.measure, "kl");
  await session.reset();
  assert.equal(asked[0][1].params.measure, "toString");
});

test("a control that is moved before Python is there takes the place of what no control can hold", async () => {
  const asked = [];
  const rate = { name: "rate", kind: "float", default: 0.1 };
  const session = new Session(engine(asked), { name: "digits", params: [rate] }, { rate: "1e400" });
  assert.equal(session.params.rate, 0.1);
  session.set("rate", 3);
  await session.reset();
  assert.equal(asked[0][1].params.rate, 3);
});

test("a file or a drawing that is there before Python waits for it", async () => {
  const asked = [];
  const session = new Session(engine(asked), META, { measure: "kl", seed: 1 });
  const loaded = session.restore("file", "weights.npz");
  await session.reset();
  await loaded;
  assert.deepEqual(asked.map(([method, { run }]) => [method, run]), [["open", undefined], ["restore", 1]]);
  assert.deepEqual(session.troubles, {});
});

test("a control that is moved while Python opens the page is not set back", async () => {
  const asked = [];
  const python = { measure: "kl", seed: 1 };
  const slow = { booted: true, call: async (method, args) => {
    asked.push([method, args.params ?? args]);
    if (method === "open") Object.assign(python, args.params);
    if (method === "change") python[args.name] = args.value;
    await new Promise((resolve) => setTimeout(resolve));
    return { run: 1, notes: [], params: { ...python }, restarted: false };
  } };
  const session = new Session(slow, META, { measure: "kl", seed: 1 });
  const opened = session.reset();
  await new Promise((resolve) => setTimeout(resolve)); // Python has been asked
  const changed = [session.set("seed", 2), session.set("seed", 3)];
  await opened;
  assert.equal(session.params.seed, 3);
  await Promise.all(changed);
  assert.equal(session.params.seed, 3);
  assert.deepEqual(asked.map(([method, { seed, value }]) => [method, seed ?? value]), [["open", 1], ["change", 2], ["change", 3]]);
});

test("a change asks for what a view reads, as it is when its turn comes, and its frame brings that", async () => {
  const [asked, read] = [[], []];
  const session = new Session({ call: async (method, args) => (asked.push(args), { run: 1, notes: [], params: {}, frame: { step: 0, notes: [] }, read: args.reads ?? null }) }, META, {});
  await session.reset();
  session.listen((event) => event.type === "frame" && read.push(event.read));
  let drawn = null;
  session.asks = () => drawn;
  const changed = session.set("seed", 2);
  drawn = { index: 7 };
  await changed;
  drawn = null; // there is nothing to read
  await session.set("seed", 3);
  assert.deepEqual([asked.map(({ reads }) => reads), read], [[undefined, { index: 7 }, null], [{ index: 7 }, null]]);
});

test("what is measured in the background comes after all that is asked for, and what that leads to", async () => {
  const asked = [];
  const session = new Session(engine(asked), META, { measure: "kl", seed: 1 });
  await session.reset();
  let drawn = false;
  session.listen(({ type, resting }) => {
    if (type !== "frame" || resting || drawn) return;
    drawn = true;
    session.background({ ms: 1 });
    queueMicrotask(() => session.predict({ index: 1 }).then(() => session.predict({ index: 2 })));
  });
  await session.set("seed", 2);
  await session.background({ ms: 2 });
  assert.deepEqual(asked.map(([method]) => method), ["open", "change", "predict", "predict", "background", "background"]);
});
