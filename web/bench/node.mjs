// The plain-JavaScript network in Node: node web/bench/node.mjs FOLDER [REPEATS]
// FOLDER is what pyapp/bench/material.py wrote; REPEATS is JSON, { work: repeats }. Prints {"engine", "ms": {work: milliseconds}} of the
// median of ROUNDS rounds' means, or without REPEATS {"engine", "checks": {work: {shape, values}}}.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { material } from "./material.js";
import { plainWorks } from "./plain-works.js";
import { checked, shapeOf, timed } from "./work.js";

const ROUNDS = 7; // as in pyapp/bench/bench.py
const [folder, repeats] = process.argv.slice(2);
const works = plainWorks(await material(async (name) => {
  const bytes = await readFile(join(folder, name));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}));
const found = { engine: `Node ${process.versions.node}` };
if (repeats) {
  found.ms = {};
  for (const [name, times] of Object.entries(JSON.parse(repeats))) {
    const rounds = [];
    for (let i = 0; i < ROUNDS; i++) rounds.push(mean((await timed(works[name], times)).ms));
    found.ms[name] = rounds.sort((a, b) => a - b)[ROUNDS >> 1];
  }
} else {
  found.checks = {};
  for (const name of Object.keys(works)) found.checks[name] = await checked(name, works[name], shapeOf(name));
}
console.log(JSON.stringify(found));

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
