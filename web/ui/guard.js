import { fault } from "./sound.js";

const LIMIT = 2000; // milliseconds that edited code may take: a function of the ladder takes less than one
const IN_ALL = 4; // times as long for many calls of it, as for a picture: each gives a sign of life
const SLACK = 3; // a call may take this many times as long as the page's slowest one without edited code: the machine may be slow
const INSTALL = [10_000, 120_000]; // for what comes from the network: without a sign of life, and in all
const PATIENCE = 1000; // milliseconds for unfinished calls when the page is left and the next one waits
const FATAL = ["Timeout", "EngineError"]; // after these the worker is of no use
const LAST = ["save", "close"]; // calls that a page may still make after it is left
const OWN = ["open", "reset", "advance", "background", "edit"]; // in these the reader gives nothing else that could be wrong than code
const KEPT = 8; // files from before edits
const LONGEST = 1000; // characters of a message
const SPOILT = "the edited code may have changed Python itself: Reset code starts another, and the run goes on from where it was saved last";
const LATER = "edited code had left this for later, when no call was waiting for it";

/**
 * Between a Session and the engine, on pages whose code can be edited. What readers write may never end, use up the memory,
 * or change Python itself (`np.exp = ...`), and no Python can be trusted to undo that. So a worker in which edited code has
 * run serves this page only: when a function is reset, or the page left, another takes its place, which is started ahead.
 *
 * From the first edit on each call has a limit, and before each the run is saved; past the limit the worker is ended, and in
 * a new one the run is opened and restored. The call itself fails, at the place "code". A page has one run: the Session's
 * calls are about it, whichever number the worker of the moment has given it.
 *
 * shell: {renew() puts another worker in place of this one, stopped(trouble) is told at once, revived(answer) when the run
 * is there again, ready() whenever it is in a new worker, said(sentence)}
 */
export class Guard {
  #engine;
  #shell;
  #texts = {}; // in force, by function
  #opened = null; // {page, params} of the run
  #run = null; // the worker's number of it
  #slowest = 0; // milliseconds of a call before the first edit; opening a page imports it, which edited code does not
  #saved = null; // the run as a file, from before the last call for which Python could save it
  #kept = []; // such files from before the last edits, newest first
  #frame = null; // the last one
  #touched = false; // edited code has run in this worker
  #left = false; // no one waits for answers any more
  #lost = false; // the worker is another page's

  constructor(engine, shell) {
    this.#engine = engine;
    this.#shell = shell;
  }

  async call(method, args) {
    if (method === "source") return this.#ask(method, args);
    if (method === "install") return this.#try(method, args);
    const run = this.#run;
    if (method === "open") return this.#reopen({ ...args, instead: run }, this.#texts, []); // it keeps its texts
    if (method === "close") return run === null ? null : this.#ask("close", { run }); // else it went with its worker
    if (method === "edit" && args.source === null && this.#touched) return this.#reset(args.name);
    const risky = method === "edit" ? args.source !== null : this.#touched;
    return risky ? this.#try(method, { ...args, run }) : this.#known(method, { ...args, run });
  }

  /** Somebody is about to write a text, and will run it soon. */
  prepare = () => this.#engine.prepare();

  /** An error outside of every call; true if it is one of edited code. */
  strayed({ message }) {
    if (!this.#touched) return false;
    const [, name = null, line = null] = [...message.matchAll(PLACE)].at(-1) ?? [];
    const last = message.replace(/^Uncaught /, "").trim().split("\n").at(-1).slice(0, LONGEST);
    this.#shell.stopped({ message: last, hint: LATER, line: line && Number(line), function: name });
    return true;
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
    let texts = {};
    try {
      await this.#save();
      if (method === "edit") {
        texts = this.#texts;
        this.#kept = [...new Set([this.#saved, ...this.#kept])].filter(Boolean).slice(0, KEPT);
      }
      return await this.#known(method, args);
    } catch (error) {
      if (!FATAL.includes(error.type)) throw error;
      throw await this.#revive(error, texts);
    }
  }

  /** Ask the worker, with a limit as soon as edited code may run; then nothing that it answers is taken on trust. */
  async #ask(method, args) {
    await this.#engine.booted;
    if (this.#lost || (this.#left && !LAST.includes(method))) throw closed();
    const edits = method === "install" || (method === "edit" && args.source !== null);
    this.#touched ||= edits;
    const start = performance.now();
    const limits = method === "install" ? INSTALL : this.#touched ? [this.#limit, IN_ALL * this.#limit] : null;
    const answer = this.#engine.call(method, args, limits);
    if (edits) this.#engine.prepare();
    const result = this.#touched ? this.#checked(method, await blaming(method, answer)) : await answer;
    if (!this.#touched && method !== "open") this.#slowest = Math.max(this.#slowest, performance.now() - start);
    if (result?.frame) this.#frame = result.frame;
    return result;
  }

  #checked(method, answer) {
    const found = fault(method, answer, this.#frame, this.#opened?.params);
    if (found) throw Object.assign(new Error(found), { type: "EngineError" });
    return answer;
  }

  get #limit() {
    return Math.max(LIMIT, SLACK * this.#slowest);
  }

  /** With the texts; without them if they no longer come to an end. */
  async #reopen(args, texts, files) {
    try {
      return await this.#begin(args, texts, files);
    } catch (error) {
      if (!FATAL.includes(error.type)) throw error;
      this.#fresh();
      return this.#begin(args, {}, files);
    }
  }

  /** Ask, and remember what a new start would need. */
  async #known(method, args) {
    const answer = await this.#ask(method, args);
    if (answer?.params && this.#opened) this.#opened = { ...this.#opened, params: answer.params };
    if (method === "reset") [this.#saved, this.#kept] = [null, []]; // it has no past
    if (method === "edit" && !answer.error) this.#texts = without(this.#texts, args.name, args.source);
    return answer;
  }

  /** Open a run, restore it from the first of the files that can be used, and put texts in force, those that still work. */
  async #begin(args, texts, files) {
    const opened = await this.#ask("open", args);
    const { run, notes } = opened;
    this.#run = run;
    this.#texts = {};
    let answer = { ...opened, ...(await this.#restore(run, files)) };
    for (const [name, source] of Object.entries(texts)) {
      const taken = await this.#put(run, name, source);
      if (taken) [answer, this.#texts] = [{ ...answer, ...taken }, { ...this.#texts, [name]: source }];
    }
    this.#opened = { page: args.page, params: answer.params };
    return { ...answer, notes, edited: Object.keys(this.#texts), restarted: true };
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

  /** Keep the run as a file; not where a page has nothing to save, or edited code has broken what saves. */
  async #save() {
    try {
      this.#saved = (await this.#ask("save", { run: this.#run })).file;
    } catch (error) {
      if (FATAL.includes(error.type) || error.type === "Closed") throw error;
    }
  }

  /** Restore the shipped function, in a Python where the edited text never ran. */
  async #reset(name) {
    try {
      await this.#save();
    } catch (error) {
      if (!FATAL.includes(error.type)) throw error; // else what was saved before has to do
    }
    const answer = await this.#move(without(this.#texts, name));
    return { ...answer, error: null, restarted: false };
  }

  /** The run goes on in a new worker, with texts in force. */
  async #move(texts) {
    this.#fresh();
    const answer = await this.#reopen(this.#opened, texts, [...new Set([this.#saved, ...this.#kept])].filter(Boolean));
    this.#shell.ready();
    return answer;
  }

  /** Restore the run, before any edited code runs; null without a file that can be used. */
  async #restore(run, files) {
    const problems = [];
    for (const [i, file] of files.entries()) {
      try {
        const answer = await this.#ask("restore", { run, file, name: "the run" });
        if (i) this.#shell.said(`Edited code had spoilt the run: it goes on from step ${answer.frame.step}, where it was saved before the edit.`);
        [this.#saved, this.#kept] = [file, files.slice(i + 1)];
        return answer;
      } catch (error) {
        if (FATAL.includes(error.type) || error.type === "Closed") throw error;
        problems.push(error.message);
      }
    }
    [this.#saved, this.#kept] = [null, []];
    if (problems.length) this.#shell.said(`The run could not be kept and starts again: ${problems[0]}.`);
    return null;
  }

  #fresh() {
    this.#run = null;
    this.#touched = false;
    this.#shell.renew();
  }

  /** Restore the run, and return the error to throw. */
  async #revive(error, texts) {
    this.#shell.stopped({ message: words(error), hint: "Python starts again, and the run is restored" });
    this.#shell.revived(await this.#move(texts));
    this.#engine.prepare(); // the next text may be no better
    return Object.assign(new Error(words(error)), { type: "Stopped", param: "code", hint: after(this.#texts) });
  }
}

const PLACE = /File "<edited (\w+)>", line (\d+)/g; // in a traceback
const closed = () => Object.assign(new Error("the page has been left"), { type: "Closed" });
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What goes wrong in these calls without a place of its own is shown at the code. */
async function blaming(method, answer) {
  try {
    return await answer;
  } catch (error) {
    const known = error.param || error.type === "Closed" || FATAL.includes(error.type);
    if (!known && OWN.includes(method)) Object.assign(error, { param: "code", hint: error.hint || SPOILT });
    throw error;
  }
}

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
