// The page's side of `python -m pyapp bench --browser`, which drives it (pyapp/bench/browser.py): contestants are
// started here, each in a worker of its own, and asked one after the other, so that no two ever compute at once.
import { connect } from "../rpc.js";

const output = document.querySelector("output");
const workers = new Map(); // key -> { worker, client }

/** Start a worker. Resolves to { ms, facts }: milliseconds until it can compute, and what it says of itself. */
async function start({ key, script, settings }) {
  const begun = performance.now();
  const worker = new Worker(new URL(`${script}?${key}`, import.meta.url), { type: "module" });
  const client = connect(worker);
  workers.set(key, { worker, client });
  const failed = new Promise((_, reject) => {
    client.on("error", ({ message, hint }) => reject(new Error([message, hint].filter(Boolean).join(" "))));
  });
  try {
    const facts = await Promise.race([client.call("start", settings), failed]);
    return { ms: performance.now() - begun, facts };
  } catch (error) {
    end(key); // it would never answer
    throw error;
  }
}

/** A call of contestant.js. */
function ask({ key, method, args }) {
  output.textContent = `${args.name ?? method}: ${key}`;
  return workers.get(key).client.call(method, args);
}

function end(key) {
  workers.get(key)?.worker.terminate();
  workers.get(key)?.client.close();
  workers.delete(key);
}

/** Bytes of memory of each worker by key, as the browser counts them after collecting garbage, and its WebAssembly's. */
async function memory() {
  const found = {};
  for (const [key, { client }] of workers) found[key] = await client.call("memory");
  const { breakdown } = await performance.measureUserAgentSpecificMemory();
  for (const { bytes, attribution } of breakdown) {
    const key = attribution.map(({ url }) => [...workers.keys()].find((each) => url.endsWith(`?${each}`))).find(Boolean);
    if (key) found[key] += bytes;
  }
  return found;
}

window.benchmark = { start, ask, end, memory, browser: navigator.userAgent };
output.textContent = "Waiting for `python -m pyapp bench --browser`";
