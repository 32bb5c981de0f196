// Bitladder's engine in a worker, as the page has it, which also times the work of pyapp/bench/workloads.py: "bench"
// { name, repeats } gives { ms }.
import { methods } from "../worker.js";

methods.set("bench", ({ pyodide }, { name, repeats }) => {
  const work = pyodide.pyimport("pyapp.bench.workloads.timed");
  const found = work(name, repeats);
  try {
    return found.toJs({ dict_converter: Object.fromEntries });
  } finally {
    found.destroy();
    work.destroy();
  }
});
