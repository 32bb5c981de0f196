// Bitladder's engine in a worker, as the page has it, which also times the work of pyapp/bench/workloads.py: "bench"
// { name, repeats } gives { ms }.
import { methods } from "../worker.js";

methods.set("bench", async ({ pyodide, bring }, { name, repeats }) => {
  await Promise.all(["pages.pack", "rest.pack"].map(bring)); // it imports past the bridge
  const work = pyodide.pyimport("pyapp.bench.workloads.timed");
  const found = work(name, repeats);
  try {
    return found.toJs({ dict_converter: Object.fromEntries });
  } finally {
    found.destroy();
    work.destroy();
  }
});
