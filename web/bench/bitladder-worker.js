// Bitladder's engine in a worker, as the page has it, with the work of pyapp/bench/workloads.py beside it. What it
// answers is in contestant.js; `how` is { engine, precision }.
import { wasmBytes } from "./wasm-memory.js";
import { methods } from "../worker.js";

const FILES = ["pages.pack", "rest.pack", "weights/gpt.npz", "weights/vit.npz"]; // it imports past the bridge

methods.set("start", async ({ call }) => call("runtime"));
methods.set("load", async ({ bring }) => { await Promise.all(FILES.map(bring)); });
methods.set("memory", () => wasmBytes());
methods.set("works", ({ pyodide }, { how }) => python(pyodide, "works", how));
methods.set("first", ({ pyodide }, { name, how }) => python(pyodide, "first", { name, ...how }));
methods.set("bench", ({ pyodide }, { name, how, repeats }) => python(pyodide, "timed", { name, repeats, ...how }));
methods.set("check", ({ pyodide }, { name, how }) => python(pyodide, "checked", { name, ...how }));

/** A function of the workloads with named arguments: plain data in and out. */
function python(pyodide, name, args) {
  const work = pyodide.pyimport(`pyapp.bench.workloads.${name}`);
  let found;
  try {
    found = work.callKwargs(args);
    return found.toJs({ dict_converter: Object.fromEntries });
  } finally {
    found?.destroy();
    work.destroy();
  }
}
