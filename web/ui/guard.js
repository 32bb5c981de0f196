const LIMIT = 8000; // milliseconds for one call while edited code runs: a call of the ladder takes well under one second
const INSTALL_LIMIT = 120_000; // for what comes from the network
const PATIENCE = 1000; // milliseconds for the same when the page is left and somebody waits for the next one
const FATAL = ["Timeout", "EngineError"]; // after these the worker is of no use

/**
 * Between a Session and the engine, on pages whose code can be edited: what readers write may never end, or use up the
 * memory, and then Python cannot be asked to stop. While a text is in force each call has a limit, and before each the
 * run is saved; past the limit the worker is ended, which `stopped(trouble)` hears at once, and in a new one the run is
 * opened, restored and handed to `revived(answer)`. The call itself fails, at the place "code". Nobody who leaves the page
 * has to wait for that.
 */
export class Guard {
  #engine;
  #renew; // starts another worker in place of this one
  #stopped;
  #revived;
  #texts = {}; // in force, by function
  #opened = null; // {page, params} of the run
  #run = null;
  #risk = null; // the call during which edited code runs
  #reviving = false;
  #left = false; // no edited code is to run any more
  #lost = false; // the run went with its worker

  constructor(engine, { renew, stopped, revived }) {
    this.#engine = engine;
    this.#renew = renew;
    this.#stopped = stopped;
    this.#revived = revived;
  }

  async call(method, args) {
    if (method === "open") return this.#open(args);
    const risky = method === "edit" ? args.source !== null : Object.keys(this.#texts).length > 0;
    if (method === "install") return this.#ask(method, args, INSTALL_LIMIT);
    if (!risky || ["source", "close"].includes(method)) return this.#known(method, args);
    if (this.#left) throw closed();
    this.#risk = this.#try(method, args).finally(() => (this.#risk = null));
    return this.#risk;
  }

  /** The page is left: edited code has a moment to end and then is ended, so that the next page has a Python that listens. */
  async leave() {
    this.#left = true;
    if (this.#risk && !this.#reviving) await Promise.race([this.#risk.catch(() => {}), pause(PATIENCE)]);
    if (!this.#risk) return;
    this.#lost = true;
    if (!this.#reviving) this.#renew();
  }

  async #try(method, args) {
    const saved = await this.#save();
    try {
      return await this.#known(method, args, LIMIT);
    } catch (error) {
      if (!FATAL.includes(error.type)) throw error;
      throw await this.#revive(error, method === "edit" ? this.#texts : {}, saved);
    }
  }

  #ask(method, args, limit) {
    return this.#lost ? Promise.reject(closed()) : this.#engine.call(method, args, limit);
  }

  /** A run that is started anew keeps its texts. */
  async #open(args) {
    const answer = await this.#reopen(args, this.#texts);
    this.#run = answer.run;
    return answer;
  }

  /** With the texts; without them if they no longer come to an end. */
  async #reopen(args, texts) {
    try {
      return await this.#begin(args, texts);
    } catch (error) {
      if (!FATAL.includes(error.type)) throw error;
      this.#renew();
      this.#texts = {};
      return this.#begin(args, {});
    }
  }

  /** Ask, and remember what a new start would need. */
  async #known(method, args, limit) {
    const answer = await this.#ask(method, args, limit);
    if (answer?.params && this.#opened) this.#opened = { ...this.#opened, params: answer.params };
    if (method === "edit" && !answer.error) this.#remember(args);
    return answer;
  }

  #remember({ name, source }) {
    const { [name]: _, ...others } = this.#texts;
    this.#texts = source === null ? others : { ...others, [name]: source };
  }

  /** Open a run with texts in force; each of them has worked before. */
  async #begin(args, texts) {
    let answer = await this.#ask("open", args);
    for (const [name, source] of Object.entries(texts)) {
      const { run } = answer;
      answer = { ...(await this.#ask("edit", { run, name, source }, LIMIT)), run, notes: answer.notes };
    }
    this.#opened = args;
    return { ...answer, edited: Object.keys(texts) };
  }

  /** The run as a file; null where a page has nothing to save: there its parameters are all. */
  async #save() {
    try {
      return (await this.#ask("snapshot", { run: this.#run }, LIMIT)).file;
    } catch (error) {
      if (FATAL.includes(error.type)) throw await this.#revive(error, {}, null);
      return null;
    }
  }

  /** A new worker with the run as it was; the error to throw. */
  async #revive(error, texts, saved) {
    this.#reviving = true;
    this.#renew();
    this.#stopped({ message: words(error), hint: "Python starts again, and the run is restored" });
    this.#texts = texts;
    const answer = await this.#reopen(this.#opened, texts);
    const restored = saved && (await this.#ask("restore", { run: answer.run, file: saved, name: "the run" }));
    this.#run = answer.run;
    this.#reviving = false;
    this.#revived({ ...answer, ...restored });
    return Object.assign(new Error(words(error)), { type: "Stopped", param: "code", hint: after(texts) });
  }
}

const closed = () => Object.assign(new Error("the page has been left"), { type: "Closed" });
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const words = ({ type, message }) =>
  type === "Timeout"
    ? `Stopped: the edited code had not ended after ${LIMIT / 1000} seconds`
    : `Stopped: the edited code brought Python down (${message})`;

const after = (texts) =>
  Object.keys(texts).length
    ? "the run is as it was before, with the edits that had worked"
    : "the run is as it was before, with the shipped functions";
