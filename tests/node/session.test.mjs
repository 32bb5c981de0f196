// A page's run as its views see it, with an engine that answers at once.
import assert from "node:assert/strict";
import test from "node:test";
import { Session } from "../../web/ui/session.js";

const META = { name: "mixed", params: [{ name: "measure", default: "kl", choices: ["kl", "loss"] }, { name: "seed", default: 1 }] };

/** An engine that notes what it was asked, and knows only "kl". */
function engine(asked) {
  const answer = { run: 1, notes: ["measure is no choice"], params: { measure: "kl", seed: 1 }, restarted: false };
  return { booted: true, call: async (method, args) => (asked.push([method, args]), answer) };
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
  assert.equal(asked.at(-1)[1].params?.measure ?? asked.at(-2)[1].params.measure, "kl", "what was answered is not asked again");
});

test("what a link asks for before Python is there is asked when it is", async () => {
  const asked = [];
  const session = new Session(engine(asked), META, { measure: "kl", seed: 1 });
  session.set("measure", "toString");
  assert.equal(session.params.measure, "kl");
  await session.reset();
  assert.equal(asked[0][1].params.measure, "toString");
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
