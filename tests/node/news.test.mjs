// What of a frame is new, so that only panels that name it are drawn.
import assert from "node:assert/strict";
import test from "node:test";
import { mentions, news } from "../../web/ui/news.js";

const array = (...values) => ({ shape: [values.length], dtype: "float32", data: Float32Array.from(values) });
const frame = (scalars, arrays, step = 0) => ({ step, scalars, arrays, notes: [] });

test("an array that comes again stays the same object, and only what differs is new", () => {
  const before = frame({ loss: 1, classes: [{ name: "a" }], gone: 1 }, { weights: array(1, NaN), codes: array(1, 2) });
  const now = frame({ loss: 2, classes: [{ name: "a" }] }, { weights: array(1, NaN), codes: array(1, 3) });
  assert.deepEqual(news(now, before), new Set(["codes", "loss", "gone"]));
  assert.equal(now.arrays.weights, before.arrays.weights);
  assert.notEqual(now.arrays.codes, before.arrays.codes);
  assert.deepEqual(news(now, now), new Set());
});

test("the step, another shape and another type are new", () => {
  const before = frame({}, { row: array(1, 2), kind: array(0) }, 3);
  const now = frame({}, { row: { ...array(1, 2), shape: [1, 2] }, kind: { shape: [1], dtype: "int32", data: Int32Array.of(0) } }, 4);
  assert.deepEqual(news(now, before), new Set(["step", "row", "kind"]));
});

test("an entry that names a new one is new: templates, and lines by the names of their arrays", () => {
  const said = (y) => frame({ y, outer: "see {inner}", inner: "{y:fixed:2}", lines: [{ y: "seen", role: "quant" }], other: "{x}", x: 1 }, { seen: array(y) });
  assert.deepEqual(news(said(2), said(1)), new Set(["seen", "y", "inner", "outer", "lines"]));
});

test("a panel mentions every entry that its blocks name", () => {
  const panel = { blocks: [{ kind: "words", text: "{bits_head}: {mistakes.names.@wrong_label:text}" }, { array: "filters?" }] };
  const found = mentions(JSON.stringify(panel));
  for (const name of ["bits_head", "mistakes", "wrong_label", "filters"]) assert.ok(found.includes(name), name);
});

test("the words of a sentence are no names, but what it has in braces is, whatever is quoted beside it", () => {
  const panel = { empty: 'The digits that are "read" wrongly', blocks: [{ text: "**{params.bits}** \"bits\" of {bytes_quant:bytes}" }, { when: "!changed" }] };
  const found = mentions(JSON.stringify(panel));
  for (const name of ["params", "bits", "bytes_quant", "changed"]) assert.ok(found.includes(name), name);
  for (const word of ["digits", "read", "wrongly", "of"]) assert.ok(!found.includes(word), word);
});
