// Python in a worker, as the page sees it: started, asked, ended and started anew.
import { connect } from "./rpc.js";

const TICKS = 8; // in which a limit is counted

export class Engine {
  #heard;
  #now = null; // the worker that is asked
  #spare = null; // one that is started ahead
  #booted; // a promise; calls wait for it, also before the start
  #boot; // resolves it
  #ready;

  /** heard: {progress(facts), log(line), ready(runtime), failed(error)}, of the worker that is asked. */
  constructor(heard) {
    this.#heard = heard;
    this.#wait();
  }

  #wait() {
    this.#ready = false;
    this.#booted = new Promise((resolve) => (this.#boot = resolve));
  }

  /** Resolves when Python is there. */
  get booted() {
    return this.#booted;
  }

  /**
   * With `limits` in milliseconds, without a sign of life and in all, whoever calls deals with an answer that never comes,
   * and with a stopped Python: then the error is of type "Timeout" or "EngineError".
   */
  async call(method, args, limits = null) {
    await this.#booted;
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

  start() {
    this.#take(spawn());
  }

  /** Start a worker ahead, so that nobody has to wait when this one has to end. */
  prepare() {
    this.#spare ??= spawn();
  }

  /** End the worker, whatever it is doing, and go on with another; true if Python had been there. Calls that waited for it still wait. */
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
    if (event === "progress") this.#heard.progress(data);
    else if (event === "log") this.#heard.log(data);
    else if (event === "error") this.#heard.failed(data);
    else {
      this.#ready = true;
      this.#heard.ready(data);
      this.#boot();
    }
  }
}

/** A worker that starts Python. What it told last is kept for whoever hears it later. */
function spawn() {
  const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  const one = { worker, client: connect(worker), told: null, hear: () => {} };
  for (const event of ["progress", "log", "ready", "error"]) {
    one.client.on(event, (data) => {
      if (event !== "log") one.told = { event, data };
      one.hear({ event, data });
    });
  }
  return one;
}

function end({ worker, client }) {
  worker.terminate();
  client.close();
}

/**
 * The answer, or an error of type "Timeout" when the worker has given no sign of life for `most` milliseconds, or no answer
 * for `mostInAll`. A tick counts as one however late it comes: of a page that stood still nobody can say that its worker did.
 */
function within([most, mostInAll], answer, client) {
  const tick = most / TICKS;
  let [silent, all] = [0, 0];
  const stop = client.on("beat", () => (silent = 0));
  let timer;
  const late = new Promise((_, reject) => {
    timer = setInterval(() => {
      [silent, all] = [silent + tick, all + tick];
      if (silent < most && all < mostInAll) return;
      const seconds = (silent < most ? mostInAll : most) / 1000;
      reject(Object.assign(new Error(`no answer for ${seconds} seconds`), { type: "Timeout", seconds }));
    }, tick);
  });
  return Promise.race([answer, late]).finally(() => {
    clearInterval(timer);
    stop();
  });
}
