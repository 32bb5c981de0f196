// The engine's side of the page: boots Python, then answers calls. Events: "progress" { stage, label, loaded, total },
// "log" (a line that Python printed), "beat" (a call of edited code has returned), "life" (a lock that it holds), and once
// either "ready" (what `runtime` of the bridge answers) or "error" { type, message, hint }. Calls that come earlier wait
// for the boot. To try again, the page ends this worker and starts a new one.
import { boot } from "./boot.js";
import { serve, toData } from "./rpc.js";

const BEAT_MS = 500;
const begun = Promise.withResolvers(); // see start.js
if (self.name !== "waits") begun.resolve();

/** Calls that are not the bridge's: fn(engine, args). The benchmark's worker has one more. */
export const methods = new Map([["install", ({ install }, { source }) => alive(() => install(source))]]);

const { emit } = serve(self, async (method, args) => {
  if (method === "begin") return begun.resolve();
  const started = await engine;
  return methods.has(method) ? methods.get(method)(started, args) : started.call(method, args);
});

// Held until this worker ends, for whatever reason: that tells the page, where a call would wait forever.
const life = `${performance.timeOrigin} ${Math.random()}`;
navigator.locks?.request(life, () => (emit("life", life), new Promise(() => {}))).catch(() => {});

/** Give signs of life while work waits for the network. */
async function alive(work) {
  const timer = setInterval(() => emit("beat", null), BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

const engine = begun.promise.then(() => boot({
  base: new URL("./", import.meta.url).href,
  onProgress: (progress) => emit("progress", progress),
  log: (line) => emit("log", line),
  onBeat: () => emit("beat", null),
}));

engine
  .then(({ call }) => call("runtime"))
  .then((runtime) => emit("ready", runtime), (error) => emit("error", toData(error)));
