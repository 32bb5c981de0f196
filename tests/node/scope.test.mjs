import assert from "node:assert/strict";
import test from "node:test";
import { WEB } from "./imports.mjs";

const { Scope } = await import(new URL("ui/scope.js", WEB));

test("a template has a plural for every count but a lone 1", () => {
  const read = (rows) => new Scope({ scalars: { rows }, arrays: {} }, {}).text("{rows:count} row{rows:s} of **N**");
  assert.deepEqual([0, 1, 2, 1024].map(read), ["0 rows of N", "1 row of N", "2 rows of N", "1,024 rows of N"]);
});
