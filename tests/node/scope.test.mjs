import assert from "node:assert/strict";
import test from "node:test";
import { WEB } from "./imports.mjs";

const { Scope } = await import(new URL("ui/scope.js", WEB));

test("a template has a plural for every count but a lone 1", () => {
  const read = (rows) => new Scope({ scalars: { rows }, arrays: {} }, {}).text("{rows:count} row{rows:s} of **N**");
  assert.deepEqual([0, 1, 2, 1024].map(read), ["0 rows of N", "1 row of N", "2 rows of N", "1,024 rows of N"]);
});

test("a position counts from 1, as a parameter does, and in a path it is an index", () => {
  const scope = new Scope({ scalars: { keys: ["a", "b", "c"] }, arrays: {} }, {}).reading({ i: 5, tile: 0, row: 1, column: 2 });
  assert.equal(scope.text("image {@tile}, row {@row}, column {@column} ({keys.@column}), number {@i}"), "image 1, row 2, column 3 (c), number 6");
  assert.equal(scope.get("@row"), 2);
  assert.equal(new Scope({ scalars: {}, arrays: {} }, {}).inside("x", 0).text("{@index}: {item}"), "1: x");
});

test("a ratio without errors is exact, and one that is not known yet is a dash in every format", () => {
  const written = (frame) => (spec) => new Scope(frame, {}).value(spec)[1];
  const exact = { scalars: { ratio: null }, arrays: {} }; // Python's infinity
  assert.deepEqual(["ratio:decibels:2", "ratio:fixed:2"].map(written(exact)), ["exact", "–"]);
  const formats = ["decibels", "fixed", "small", "percent", "count", "bytes", "scientific", "scalar", "signed", "text", "words"];
  assert.deepEqual(formats.map((format) => written(null)(`ratio:${format}`)), formats.map(() => "–"));
});
