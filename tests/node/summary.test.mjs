import assert from "node:assert/strict";
import { test } from "node:test";
import { WEB } from "./imports.mjs";

const { span } = await import(new URL("ui/summary.js", WEB));

test("the least and the largest, of any kind of array, leave out what is no finite number", () => {
  for (const values of [[2, null, -1, 5], [2, NaN, -1, Infinity, 5, -Infinity], Float32Array.of(NaN, 5, -1), Int32Array.of(5, -1)]) assert.deepEqual(span(values), [-1, 5]);
  assert.deepEqual(span([3, null]), [3, 3]);
  assert.deepEqual(span(Uint8Array.of(7)), [7, 7]);
  assert.deepEqual(span([null, NaN]), [Infinity, -Infinity]);
});
