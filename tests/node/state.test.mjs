// node --test tests/node/state.test.mjs
import assert from "node:assert/strict";
import { test } from "node:test";
import { difference, filled, format, parse } from "../../web/state.js";

const how = { name: "how", default: "slow" };
const rate = { name: "rate", default: 0.1, usual: ["how", { slow: 0.1, fast: 3 }] };
const meta = { name: "page", params: [how, rate] };

test("a default may follow another parameter", () => {
  assert.deepEqual(filled(meta, {}), { how: "slow", rate: 0.1 });
  assert.deepEqual(filled(meta, { how: "fast" }), { how: "fast", rate: 3 });
  assert.deepEqual(filled(meta, { how: "fast", rate: "1" }), { how: "fast", rate: "1" });
  assert.deepEqual(filled(meta, { how: "wings" }), { how: "wings", rate: 0.1 });
});

test("a link leaves out what is at its default, and opens as it was", () => {
  for (const [params, link] of [
    [{ how: "slow", rate: 0.1 }, "#page"],
    [{ how: "fast", rate: 3 }, "#page?how=fast"],
    [{ how: "fast", rate: 0.1 }, "#page?how=fast&rate=0.1"],
    [{ how: "slow", rate: 3 }, "#page?rate=3"],
  ]) {
    assert.equal(format(meta, params), link);
    const opened = filled(meta, parse(link).params);
    assert.deepEqual({ ...opened, rate: Number(opened.rate) }, params);
  }
});

test("what differs from the wish, defaults included", () => {
  assert.deepEqual(difference(meta, { how: "fast", rate: 3 }, {}), [["how", "slow"], ["rate", 0.1]]);
  assert.deepEqual(difference(meta, { how: "slow", rate: 0.1 }, { how: "fast" }), [["how", "fast"], ["rate", 3]]);
  assert.deepEqual(difference(meta, { how: "fast", rate: 3 }, { how: "fast" }), []);
});
