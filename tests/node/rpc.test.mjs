// node --test tests/node/rpc.test.mjs
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { connect, serve } from "../../web/rpc.js";

const open = [];

// A connected pair: the client, and the server's { emit }.
function pair(handler) {
  const { port1, port2 } = new MessageChannel();
  const client = connect(port1);
  open.push(client, port1, port2);
  return { client, server: serve(port2, handler) };
}

afterEach(() => open.splice(0).forEach((thing) => thing.close()));

test("a call returns what the handler returns", async () => {
  const { client } = pair((method, args) => ({ method, args }));
  assert.deepEqual(await client.call("open", { page: "digits" }), { method: "open", args: { page: "digits" } });
});

test("arguments may be left out", async () => {
  const { client } = pair((method, args) => args);
  assert.deepEqual(await client.call("runtime"), {});
});

test("replies find their calls in whatever order they come", async () => {
  const waiting = [];
  const { client } = pair((method) => new Promise((resolve) => {
    waiting.push(() => resolve(method));
    if (waiting.length === 2) waiting.reverse().forEach((reply) => reply());
  }));
  assert.deepEqual(await Promise.all([client.call("first"), client.call("second")]), ["first", "second"]);
});

test("an error is raised again with all that it said", async () => {
  const facts = { type: "EditError", hint: "use a number", param: "rate", page: "qat", line: 3, function: "step" };
  const { client } = pair(() => { throw Object.assign(new Error("rate is fast"), facts); });
  await assert.rejects(client.call("change"), (error) => {
    assert.ok(error instanceof Error);
    assert.deepEqual({ ...error }, facts);
    assert.equal(error.message, "rate is fast");
    return true;
  });
});

test("an ordinary error and a thrown string have a type and a message too", async () => {
  const { client } = pair((method) => { throw method === "a" ? new RangeError("too far") : "plain"; });
  await assert.rejects(client.call("a"), { type: "RangeError", message: "too far", hint: "", param: null, line: null, function: null });
  await assert.rejects(client.call("b"), { type: "Error", message: "plain" });
});

test("a rejected promise of the handler is an error as well", async () => {
  const { client } = pair(async () => { throw new Error("late"); });
  await assert.rejects(client.call("a"), { message: "late" });
});

test("a result that cannot be sent is an error, not silence", async () => {
  const { client } = pair(() => ({ fn: () => {} }));
  await assert.rejects(client.call("a"), { type: "DataCloneError" });
});

test("arguments that cannot be sent reject the call and leave nothing pending", async () => {
  const { client } = pair(() => 1);
  await assert.rejects(client.call("a", { fn: () => {} }), { name: "DataCloneError" });
  assert.equal(await client.call("b"), 1);
});

test("arrays in a result are moved, wherever they are, and a shared buffer only once", async () => {
  const data = new Float32Array([1, 2, 3]);
  const made = { deep: [{ shape: [3], data }], again: data };
  const { client } = pair(() => made);
  const result = await client.call("a");
  assert.deepEqual(result.deep[0].data, new Float32Array([1, 2, 3]));
  assert.equal(result.again.buffer, result.deep[0].data.buffer);
  assert.equal(data.length, 0, "the sender no longer has it");
});

test("arguments are copied", async () => {
  const { client } = pair((method, { data }) => data.length);
  const kept = new Uint8Array(4);
  assert.equal(await client.call("a", { data: kept }), 4);
  assert.equal(kept.length, 4);
});

test("events reach every listener until it stops", async () => {
  const { client, server } = pair(() => "done");
  const heard = [];
  const stop = client.on("progress", (data) => heard.push(["one", data.loaded]));
  client.on("progress", (data) => heard.push(["two", data.loaded]));
  client.on("log", () => heard.push("log"));
  server.emit("progress", { loaded: 1 });
  await client.call("wait"); // messages keep their order, so the event has been delivered
  stop();
  server.emit("progress", { loaded: 2 });
  server.emit("nobody listens", {});
  await client.call("wait");
  assert.deepEqual(heard, [["one", 1], ["two", 1], ["two", 2]]);
});

test("close rejects what is pending, what comes later, and silences events", async () => {
  const { client, server } = pair(() => new Promise(() => {}));
  client.on("log", () => assert.fail("heard after close"));
  const pending = client.call("advance");
  client.close();
  server.emit("log", "x");
  await assert.rejects(pending, { type: "Closed", message: /"advance"/ });
  await assert.rejects(client.call("later"), { type: "Closed" });
});

test("a worker that cannot be loaded is an error event", () => {
  const worker = new EventTarget();
  const client = connect(worker);
  let error;
  client.on("error", (facts) => { error = facts; });
  worker.dispatchEvent(new Event("error"));
  assert.equal(error.message, "worker.js could not be loaded");
  assert.ok(error.hint);
  client.close();
});

test("messages that nobody asked for are ignored", async () => {
  const worker = Object.assign(new EventTarget(), { postMessage: (message) => (worker.asked = message) });
  const client = connect(worker);
  const tell = (data) => worker.dispatchEvent(Object.assign(new Event("message"), { data }));
  client.on("ready", () => assert.fail("this is no event"));
  const answer = client.call("open");
  for (const junk of [undefined, null, 3, "ready", [], {}, new Map([["event", "ready"]]), { event: 3 }, { id: worker.asked.id + 1, result: 1 },
    { id: String(worker.asked.id), result: 1 }, { result: 1 }, { event: null, id: null }, { event: "unheard of" }]) tell(junk);
  tell({ id: worker.asked.id, result: "the answer" });
  tell({ id: worker.asked.id, result: "another" });
  assert.equal(await answer, "the answer");
  client.close();
});

test("edited code that replaces a worker's postMessage does not get between it and the page", async () => {
  const { port1, port2 } = new MessageChannel();
  const client = connect(port1);
  serve(port2, () => 1);
  port2.postMessage = () => assert.fail("called");
  assert.equal(await client.call("a"), 1);
  client.close();
  port1.close();
});

test("an error that a worker throws is told once, and is no uncaught error of the page", () => {
  const worker = new EventTarget();
  const client = connect(worker);
  const error = new Event("error", { cancelable: true });
  worker.dispatchEvent(error);
  assert.equal(error.defaultPrevented, true);
  client.close();
});
