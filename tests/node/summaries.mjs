// What the page says about each chart: [{page, answer, arrays, read}] in, as the bridge gives it, [{page: [[kind, summary]]}] out.
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { WEB } from "./imports.mjs";

const listen = () => {};
globalThis.document = { documentElement: {}, createElement: () => ({ getContext: listen }) }; // nothing is drawn here
globalThis.matchMedia = () => ({ addEventListener: listen });
const [{ Chart, Curves }, { Histogram }, { Bars }, { Heatmap }, { Scope }, { TYPES }] = await Promise.all(
  ["ui/kinds/charts.js", "ui/kinds/bins.js", "ui/kinds/bars.js", "ui/kinds/pictures.js", "ui/scope.js", "rpc.js"].map((path) => import(new URL(path, WEB))));
const KINDS = { chart: Chart, curves: Curves, histogram: Histogram, bars: Bars, heatmap: Heatmap };
const pages = JSON.parse(readFileSync(new URL("pages.json", WEB), "utf8"));

/** The bridge's plain data with arrays put back in. */
function unpack(value, arrays) {
  if (Array.isArray(value)) return value.map((item) => unpack(item, arrays));
  if (value === null || typeof value !== "object") return value;
  if ("$array" in value) return { shape: value.shape, dtype: value.dtype, data: TYPES[value.dtype].from(arrays[value.$array], (x) => x ?? NaN) };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpack(item, arrays)]));
}

/** The first `summary` in a tree of Preact's. */
function summary(node) {
  if (Array.isArray(node)) return node.map(summary).find(Boolean);
  if (!node?.props) return undefined;
  const { summary: said, children } = node.props;
  return typeof said === "function" ? said() : (said ?? summary(children));
}

function visit(block, scope, page, found) {
  if (Array.isArray(block)) return block.forEach((part) => visit(part, scope, page, found));
  if (block === null || typeof block !== "object" || !scope.holds(block.when)) return;
  if (block.kind in KINDS && !(block.kind === "heatmap" && !scope.array(block.array))) found.push([block.kind, summary(KINDS[block.kind]({ block, scope, page })) ?? null]);
  for (const [i, inner] of block.over && block.blocks ? (scope.get(block.over) ?? []).map((item, at) => [at, scope.inside(item, at)]) : [[0, scope]]) {
    for (const part of [block.blocks, block.columns, i === 0 && block.panels]) if (part) visit(part, inner, page, found);
  }
}

const asked = JSON.parse(await text(process.stdin));
console.log(JSON.stringify(asked.map(({ page: name, answer, arrays, read, shipped }) => {
  const { frame, history, params } = unpack(answer, arrays);
  const seen = read && unpack(read.answer, read.arrays);
  const meta = pages.find((each) => each.name === name);
  const scope = new Scope(frame, { params, shipped, glossary: {}, read: seen && { ...seen.scalars, ...seen.arrays } });
  const found = [];
  visit(meta.panels, scope, { curves: () => history, compared: null, params, meta }, found);
  return { page: name, found };
})));
