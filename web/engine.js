// Python in a worker, as the page sees it: started, asked, ended and started anew.
import { connect } from "./rpc.js";

export class Engine {
  #heard;
  #worker = null;
  #client = null;
  #booted; // a promise; calls wait for it, also before the start
  #boot; // resolves it
  #ready;

  /** heard: {progress(facts), log(line), ready(runtime), failed(error)}, of whichever worker is the newest. */
  constructor(heard) {
    this.#heard = heard;
    this.#wait();
  }

  #wait() {
    this.#ready = false;
    this.#booted = new Promise((resolve) => (this.#boot = resolve));
  }

  /** With a `limit` in milliseconds, whoever calls deals with an answer that never comes, and with a stopped Python. */
  async call(method, args, limit = null) {
    await this.#booted;
    const answer = this.#client.call(method, args);
    if (limit !== null) return within(limit, answer);
    try {
      return await answer;
    } catch (error) {
      if (error.type === "EngineError") this.#heard.failed(error); // Python itself has stopped
      throw error;
    }
  }

  start() {
    if (this.#ready) this.#wait();
    this.#worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.#client = connect(this.#worker);
    this.#client.on("progress", this.#heard.progress);
    this.#client.on("log", this.#heard.log);
    this.#client.on("error", this.#heard.failed);
    this.#client.on("ready", (runtime) => {
      this.#ready = true;
      this.#heard.ready(runtime);
      this.#boot();
    });
  }

  /** End the worker, whatever it is doing, and start another; true if Python had been there. Calls that waited for it still wait. */
  renew() {
    const lost = this.#ready;
    this.#worker.terminate();
    this.#client.close();
    this.start();
    return lost;
  }
}

/** The answer, or after so many milliseconds an error of type "Timeout". */
function within(limit, answer) {
  let timer;
  const late = new Promise((_, reject) => {
    const error = Object.assign(new Error(`no answer for ${limit / 1000} seconds`), { type: "Timeout" });
    timer = setTimeout(() => reject(error), limit);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
