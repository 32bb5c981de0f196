// The worker's side of the benchmark: what bench.js asks of every contestant, over ../rpc.js.
//   start  settings        -> facts, such as the version; whatever has to be fetched and started
//   load   {}              -> null; then material is there
//   first  { name, how }   -> { ms } of the first run of some work
//   bench  { name, how, repeats } -> { ms }
//   check  { name, how }   -> { shape, values }
//   works  { how }         -> names of the work that it can do
//   memory {}              -> bytes of WebAssembly memory
import { wasmBytes } from "./wasm-memory.js";
import { serve } from "../rpc.js";
import { fetched, material } from "./material.js";
import { checked, shapeOf, timed } from "./work.js";

/**
 * start(settings) -> facts; load(array) -> find(how) -> { name: work }, where array(name) is an array of the material. All may be
 * asynchronous.
 */
export function contestant(start, load) {
  let find;
  serve(self, async (method, { name, how = {}, repeats, ...settings }) => {
    if (method === "start") return start(settings);
    if (method === "load") {
      find = await load(await material(fetched));
      return null;
    }
    if (method === "memory") return wasmBytes();
    const works = await find(how);
    if (method === "works") return Object.keys(works);
    if (!Object.hasOwn(works, name)) throw new Error(`${name} is no work of this contestant`);
    if (method === "check") return checked(name, works[name], shapeOf(name));
    if (method === "bench") return timed(works[name], repeats);
    const begun = performance.now();
    await works[name].run();
    return { ms: [performance.now() - begun] };
  });
}
