const LIMIT = 2000; // milliseconds that edited code may take: a function of the ladder takes less than one
const IN_ALL = 4; // times as long for many calls of it, as for a picture: each gives a sign of life
const SLACK = 3; // a call may take this many times as long as the page's slowest one without edited code: the machine may be slow
const INSTALL = [10_000, 120_000]; // for what comes from the network: without a sign of life, and in all
const PATIENCE = 1000; // milliseconds for unfinished calls when the page is left and the next one waits
const FATAL = ["Timeout", "EngineError"]; // after these the worker is of no use
const LAST = ["snapshot", "close"]; // calls that a page may still make after it is left

/**
 * Between a Session and the engine, on pages whose code can be edited. What readers write may never end, use up the memory,
 * or change Python itself (`np.exp = ...`), and no Python can be trusted to undo that. So a worker in which edited code has
 * run serves this page only: when a function is reset, or the page left, another takes its place, which is started ahead.
 *
 * From the first edit on each call has a limit, and before each the run is saved; past the limit the worker is ended, and in
 * a new one the run is opened and restored. The call itself fails, at the place "code". The Session's number of a run stays,
 * whichever worker has the run.
 *
 * shell: {renew() puts another worker in place of this one, stopped(trouble) is told at once, revived(answer) when the run
 * is there again, ready() whenever it is in a new worker, said(sentence)}
 */
export class Guard {
  #engine;
  #shell;
  #texts = {}; // in force, by function
  #opened = null; // {page, params} of the run
  #runs = new Map(); // the worker's number of each run, by the Session's
  #last = 0; // the Session's number of the newest
  #slowest = 0; // milliseconds of a call before the first edit
  #saved = null; // the run as a file, from before the last call
  #touched = false; // edited code has run in this worker
  #left = false; // nobody waits for answers any more
  #lost = false; // the worker is another page's

  constructor(engine, shell) {
    this.#engine = engine;
    this.#shell = shell;
  }

  async call(method, args) {
    if (method === "source") return this.#ask(method, args);
    if (method === "install") return this.#try(method, args);
    if (method === "open") return this.#open(args);
    const run = this.#runs.get(args.run);
    if (method === "close") return this.#close(args.run, run);
    if (method === "edit" && args.source === null && this.#touched) return this.#reset(args.name);
    const risky = method === "edit" ? args.source !== null : this.#touched;
    return risky ? this.#try(method, { ...args, run }) : this.#known(method, { ...args, run });
  }

  /** Somebody writes a text, and will run it soon. */
  prepare() {
    this.#engine.prepare();
  }

  /** The page is left; `freed` resolves when its calls are answered. Edited code gets only a moment for that. */
  async leave(freed) {
    this.#left = true;
    if (!this.#touched) return freed;
    await Promise.race([freed, pause(PATIENCE)]);
    this.#lost = true;
    return this.#touched ? void this.#shell.renew() : freed;
  }

  async #try(method, args) {
    const saved = await this.#save();
    try {
      return await this.#known(method, args);
    } catch (error) {
      if (!FATAL.includes(error.type)) throw error;
      throw await this.#revive(error, method === "edit" ? this.#texts : {}, saved);
    }
  }

  /** Ask the worker, with a limit as soon as edited code may run. */
  async #ask(method, args) {
    await this.#engine.booted;
    if (this.#lost || (this.#left && !LAST.includes(method))) throw closed();
    const edits = method === "install" || (method === "edit" && args.source !== null);
    this.#touched ||= edits;
    const start = performance.now();
    const limits = method === "install" ? INSTALL : this.#touched ? [this.#limit, IN_ALL * this.#limit] : null;
    const answer = this.#engine.call(method, args, limits);
    if (edits) this.#engine.prepare();
    const result = await answer;
    if (!this.#touched) this.#slowest = Math.max(this.#slowest, performance.now() - start);
    return result;
  }

  get #limit() {
    return Math.max(LIMIT, SLACK * this.#slowest);
  }

  /** A run that is started anew keeps its texts. */
  async #open(args) {
    const number = this.#last + 1;
    this.#saved = null;
    const answer = await this.#reopen(number, args, this.#texts);
    this.#last = number;
    return answer;
  }

  async #close(number, run) {
    this.#runs.delete(number);
    return run === undefined ? null : this.#ask("close", { run }); // else it went with its worker
  }

  /** With the texts; without them if they no longer come to an end. */
  async #reopen(number, args, texts) {
    try {
      return await this.#begin(number, args, texts);
    } catch (error) {
      if (!FATAL.includes(error.type)) throw error;
      this.#fresh();
      return this.#begin(number, args, {});
    }
  }

  /** Ask, and remember what a new start would need. */
  async #known(method, args) {
    const answer = await this.#ask(method, args);
    if (answer?.params && this.#opened) this.#opened = { ...this.#opened, params: answer.params };
    if (method === "edit" && !answer.error) this.#texts = without(this.#texts, args.name, args.source);
    return answer;
  }

  /** Open a run with texts in force, those of them that still work. */
  async #begin(number, args, texts) {
    let answer = await this.#ask("open", args);
    const { run, notes } = answer;
    this.#runs.set(number, run);
    this.#texts = {};
    for (const [name, source] of Object.entries(texts)) {
      const taken = await this.#put(run, name, source);
      if (taken) [answer, this.#texts] = [taken, { ...this.#texts, [name]: source }];
    }
    this.#opened = args;
    return { ...answer, run: number, notes, edited: Object.keys(this.#texts) };
  }

  /** Repeat an edit that worked before; null if its imports are missing, or it no longer works. */
  async #put(run, name, source) {
    try {
      await this.#ask("install", { source });
      const answer = await this.#ask("edit", { run, name, source });
      return answer.error ? null : answer;
    } catch (error) {
      if (error.param === "code") return null;
      throw error;
    }
  }

  /** The run as a file; null where a page has nothing to save: there its parameters are all. */
  async #save() {
    try {
      return (this.#saved = (await this.#ask("snapshot", { run: this.#runs.get(this.#last) })).file);
    } catch (error) {
      if (FATAL.includes(error.type)) throw await this.#revive(error, {}, this.#saved);
      return null;
    }
  }

  /** Restore the shipped function, in a Python where the edited text never ran. */
  async #reset(name) {
    const saved = await this.#save();
    const answer = await this.#move(without(this.#texts, name), saved);
    return { ...answer, error: null, restarted: false };
  }

  /** The run goes on in a new worker, with texts in force. */
  async #move(texts, saved) {
    this.#fresh();
    const answer = await this.#reopen(this.#last, this.#opened, texts);
    const restored = saved && (await this.#restore(saved));
    this.#shell.ready();
    return { ...answer, ...restored };
  }

  /** Restore the run; null if the file is unusable because edited code had broken the Python that saved it. */
  async #restore(file) {
    try {
      return await this.#known("restore", { run: this.#runs.get(this.#last), file, name: "the run" });
    } catch (error) {
      if (FATAL.includes(error.type) || error.type === "Closed") throw error;
      this.#shell.said(`The run could not be kept and starts again: ${error.message}.`);
      return null;
    }
  }

  #fresh() {
    this.#runs.clear();
    this.#touched = false;
    this.#shell.renew();
  }

  /** Restore the run, and return the error to throw. */
  async #revive(error, texts, saved) {
    this.#shell.stopped({ message: words(error), hint: "Python starts again, and the run is restored" });
    this.#shell.revived(await this.#move(texts, saved));
    return Object.assign(new Error(words(error)), { type: "Stopped", param: "code", hint: after(this.#texts) });
  }
}

const closed = () => Object.assign(new Error("the page has been left"), { type: "Closed" });
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The texts with another one for `name`; null: with none. */
function without(texts, name, source = null) {
  const { [name]: _, ...others } = texts;
  return source === null ? others : { ...others, [name]: source };
}

const words = ({ type, message, seconds }) =>
  type === "Timeout"
    ? `Stopped: the edited code was still running after ${Math.round(seconds)} seconds`
    : `Stopped: the edited code brought Python down (${message})`;

const after = (texts) =>
  Object.keys(texts).length
    ? "the run is as it was before, with the edits that had worked"
    : "the run is as it was before, with the shipped functions";
