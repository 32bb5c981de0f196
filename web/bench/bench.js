// Times plain JavaScript and Bitladder side by side, round after round, so that both meet the same weather. The result
// is in `window.result` and on the page: milliseconds (the median of the rounds' means), and how many times faster.
import { connect } from "../rpc.js";
import { images, labels } from "./idx.js";
import { REPEATS, ROUNDS, mean, median } from "./workloads.js";

const output = document.querySelector("output");
const SITE = new URL("../", import.meta.url);

async function unpacked(name) {
  const response = await fetch(new URL(`data/digits/${name}.gz`, SITE));
  if (!response.ok) throw new Error(`${name}.gz: ${response.status} ${response.statusText}`);
  const packed = await response.arrayBuffer();
  const magic = new Uint8Array(packed, 0, 2);
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) return packed; // the server has unpacked it
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

async function startPlain() {
  const client = connect(new Worker(new URL("plain-worker.js", import.meta.url), { type: "module" }));
  await client.call("load", {
    images: images(await unpacked("train-images-idx3-ubyte")),
    labels: labels(await unpacked("train-labels-idx1-ubyte")),
    heldOut: images(await unpacked("t10k-images-idx3-ubyte")),
  });
  return client;
}

function startBitladder() {
  const client = connect(new Worker(new URL("bitladder-worker.js", import.meta.url), { type: "module" }));
  client.on("progress", ({ label, loaded, total }) => {
    output.textContent = `${label}: ${loaded} of ${total} bytes`;
  });
  return new Promise((resolve, reject) => {
    client.on("ready", () => resolve(client));
    client.on("error", ({ message, hint }) => reject(new Error(`${message} ${hint}`)));
  });
}

async function compare() {
  const engines = { plain: await startPlain(), bitladder: await startBitladder() };
  const rounds = Object.fromEntries(Object.keys(engines).map((who) => [who, { epoch: [], image: [], batch: [] }]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, repeats] of Object.entries(REPEATS)) {
      for (const [who, engine] of Object.entries(engines)) {
        output.textContent = `Round ${round + 1} of ${ROUNDS}: ${name}, ${who}`;
        rounds[who][name].push(mean((await engine.call("bench", { name, repeats })).ms));
      }
    }
  }
  const summary = (who) => Object.fromEntries(Object.keys(REPEATS).map((name) => [name, median(rounds[who][name])]));
  const [plain, bitladder] = [summary("plain"), summary("bitladder")];
  const ratio = Object.fromEntries(Object.keys(REPEATS).map((name) => [name, plain[name] / bitladder[name]]));
  const runtime = await engines.bitladder.call("runtime");
  return { browser: navigator.userAgent, runtime, plain, bitladder, ratio, rounds };
}

window.result = await compare().catch((error) => ({ error: error.message }));
output.textContent = JSON.stringify(window.result, null, 2);
