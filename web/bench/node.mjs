// Times the plain-JavaScript network in Node: node web/bench/node.mjs
// Prints {"engine", "ms": {"epoch", "image", "batch"}}, each the median of the rounds' means.
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { images, labels } from "./idx.js";
import { REPEATS, ROUNDS, mean, median, plainWorkloads } from "./workloads.js";

async function unpacked(name) {
  const bytes = gunzipSync(await readFile(new URL(`../data/digits/${name}.gz`, import.meta.url)));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

const timed = plainWorkloads({
  images: images(await unpacked("train-images-idx3-ubyte")),
  labels: labels(await unpacked("train-labels-idx1-ubyte")),
  heldOut: images(await unpacked("t10k-images-idx3-ubyte")),
});
const ms = Object.fromEntries(Object.entries(REPEATS).map(([name, repeats]) => [
  name, median(Array.from({ length: ROUNDS }, () => mean(timed(name, repeats).ms))),
]));
console.log(JSON.stringify({ engine: `Node ${process.versions.node}`, ms }));
