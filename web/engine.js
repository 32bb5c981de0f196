// Python in a worker, as the page sees it: started, called, ended and restarted.
import { line } from "./modules.js";
import { Patience } from "./patience.js";
import { connect } from "./rpc.js";

const TICKS = 8; // in which a limit is counted

export class Engine {
  #heard;
  #now = null; // the worker that gets the calls
  #spare = null; // one started in advance
  booted; // a promise: resolves when Python runs; calls wait for it, also before the start
  #boot; // resolves it
  #ready;

  /**
   * heard: {progress(facts), log(line), ready(runtime), failed(error), strayed(error)}, of the worker that gets the calls;
   * `failed` if Python cannot start or has stopped, `strayed` if the worker throws later, outside of a call.
   */
  constructor(heard) {
    this.#heard = heard;
    this.#wait();
  }

  #wait() {
    this.#ready = false;
    this.booted = new Promise((resolve) => (this.#boot = resolve));
  }

  /**
   * `limits` are milliseconds: the longest silence, and the longest time in all. With them, an answer that never comes or
   * a stopped Python is an error of type "Timeout" or "EngineError", and the caller has to deal with it.
   */
  async call(method, args, limits = null) {
    await this.booted;
    const { client } = this.#now;
    const answer = client.call(method, args);
    if (limits) return within(limits, answer, client);
    try {
      return await answer;
    } catch (error) {
      if (error.type === "EngineError") this.#heard.failed(error); // Python itself has stopped
      throw error;
    }
  }

  start = () => this.#take(spawn());

  /** Start a spare worker in advance, so that replacing this one takes no time. */
  prepare = () => void (this.#spare ??= spawn());

  /** End the worker, whatever it is doing, and use another; true if Python was running. Calls that waited for it still wait. */
  renew() {
    const lost = this.#ready;
    end(this.#now);
    const spare = this.#spare;
    this.#spare = null;
    const failed = spare?.told?.event === "error";
    if (failed) end(spare);
    this.#take(spare && !failed ? spare : spawn());
    return lost;
  }

  #take(one) {
    if (this.#ready) this.#wait();
    this.#now = one;
    one.hear = ({ event, data }) => this.#hear(event, data);
    if (one.told) one.hear(one.told);
  }

  #hear(event, data) {
    if (event === "log") this.#heard.log(data);
    else if (this.#ready) {
      if (event === "error") this.#heard.strayed({ ...data, message: String(data?.message) });
    } else if (event === "progress") this.#heard.progress(data);
    else if (event === "error") this.#heard.failed(data);
    else {
      this.#ready = true;
      this.#heard.ready(data);
      this.#boot();
    }
  }
}

/** A worker that starts Python. Its last event is kept for a listener that comes later; one that never says a word is an error. */
function spawn() {
  const { first } = globalThis; // start.js had reason not to wait
  delete globalThis.first;
  const worker = first ?? new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  const one = { worker, client: connect(worker), told: null, hear: () => {} };
  const tell = (event, data) => {
    if (event !== "log") one.told = { event, data };
    one.hear({ event, data });
  };
  const begun = new Promise((begin) => {
    one.begin = begin;
    for (const event of ["progress", "log", "ready", "error"]) {
      one.client.on(event, (data) => {
        begin();
        tell(event, data);
      });
    }
  });
  if (first) first.onmessage = first.onerror = null;
  if (first) one.client.call("begin").catch(() => {}); // ended before it answered
  if (first) queueMicrotask(() => first.said.forEach((event) => worker.dispatchEvent(event))); // to who is about to listen
  const ended = { type: "EngineError", message: "Python stopped: its worker has ended", hint: "Start Python again." };
  one.client.on("life", (lock) => navigator.locks.request(lock, () => tell("error", ended)).catch(() => {}));
  line.wait(begun).catch(({ message }) => {
    tell("error", { type: "WorkerError", message: `worker.js could not be loaded: ${message}`, hint: "Check the connection and try again." });
    end(one);
  });
  return one;
}

function end(one) {
  one.begin(); // no one waits for it any more
  one.hear = () => {};
  one.worker.terminate();
  one.client.close();
}

/**
 * The answer, or an error of type "Timeout" when the worker has given no sign of life for `most` milliseconds, or no answer
 * for `mostInAll`. A late tick still counts as one: while the page stood still, its worker may have worked.
 */
function within([most, mostInAll], answer, client) {
  const patience = new Patience(most / TICKS);
  const stop = client.on("beat", () => patience.heard());
  return patience.wait(answer, TICKS, (TICKS * mostInAll) / most).finally(stop);
}
