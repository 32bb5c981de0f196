// Bitladder's engine in a worker, as the page has it, which also times the work of pyapp/bench/workloads.py: "bench"
// { name, repeats } gives { ms }. All other calls and the events are those of ../worker.js.
import { boot } from "../boot.js";
import { serve, toData } from "../rpc.js";

const { emit } = serve(self, async (method, args) => {
  const { pyodide, call } = await engine;
  return method === "bench" ? timed(pyodide, args) : call(method, args);
});

const engine = boot({
  base: new URL("../", import.meta.url).href,
  onProgress: (progress) => emit("progress", progress),
  log: (line) => emit("log", line),
  onBeat: () => emit("beat", null),
});

engine
  .then(({ call }) => call("runtime"))
  .then((runtime) => emit("ready", runtime), (error) => emit("error", toData(error)));

function timed(pyodide, { name, repeats }) {
  const work = pyodide.pyimport("pyapp.bench.workloads.timed");
  const found = work(name, repeats);
  try {
    return found.toJs({ dict_converter: Object.fromEntries });
  } finally {
    found.destroy();
    work.destroy();
  }
}
