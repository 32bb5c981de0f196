import { choosable } from "../state.js";
import { latest, turn } from "./latest.js";

const OF_A_READER = ["change", "predict", "restore"]; // a control may be moved, a drawing or a file be there before Python is
const never = () => new Promise(() => {}); // its callers belong to a page that is left, and draw nothing more

/**
 * One page's run in the engine, and what `mount(root, page)` of a view gets as `page`.
 *
 * meta, params      the page's declaration (pages.json) and its values: the newest wish, then Python's word
 * open, step        true while Python holds the run (calls made earlier wait for it); the last frame's step
 * pins, recorded    the runs that are pinned beside this one: [{name, params, frame, history}]; the steps that it can go back to
 * drawn             what was on the pad when the page was left, for the part that has a pad; null once it is taken
 * left, elsewhere(page, file, name)   a record that the page is to be opened with (ui/keep.js); what is done with a file of another page
 * ended             aborted when the page is left: then nothing is drawn any more
 * drafts            counts how often a link, or undo, made what is typed in the controls obsolete
 * notes, troubles   by place ("page", "run", "load", ... or a parameter's name): lists of sentences; {type, message, hint}
 * listen(fn)        -> stop; fn gets {type: "open"} | {type: "frame", frame, history, cleared, same, left, texts, printed, edited, resting, read, changed} | {type: "params"} |
 *                   {type: "wish", name, before, tag} (a parameter is about to be changed) | {type: "messages"}
 * prepare()         what edited code needs is started ahead
 * reset, advance, background, act, change, edit, install, predict, restore, rewind, ask, take, source
 *                   the engine's calls; they never reject: what went wrong is in `troubles`, and the answer is null
 * The shell (main.js) adds link(), undo(), canUndo(), toDefaults(), shipped(name), prove(proof).
 */
export class Session {
  open = false;
  step = 0;
  drafts = 0;
  pins = [];
  recorded = [];
  drawn = null;
  left = null;
  notes = {};
  troubles = {};
  #engine;
  #run = null;
  #asked = false; // whether Python has been asked for the run
  #early = []; // what was asked before Python had the run
  #era = 0; // counts how often the run was restarted
  #confirmed = {};
  #changers = {};
  #listeners = new Set();
  #queue = Promise.resolve();
  #end = new AbortController();
  ended = this.#end.signal;
  #strange = {}; // values of the link that are no choice: for Python, which says so, and not for views, which look names up by them

  constructor(engine, meta, params) {
    this.#engine = engine;
    this.meta = meta;
    const strange = meta.params.filter((param) => !choosable(param, params[param.name]));
    const those = (value) => Object.fromEntries(strange.map((param) => [param.name, value(param)]));
    this.#strange = those(({ name }) => params[name]);
    this.params = { ...params, ...those((param) => param.default) };
    this.predict = latest((inputs) => this.ask("predict", { inputs }, "predict"));
  }

  listen(fn) {
    this.#listeners.add(fn);
    return () => this.#listeners.delete(fn);
  }

  /** Start the run from its seed: at first, again, and with a new engine. With a record of a run, go on with that. */
  async reset() {
    const left = this.left;
    if (this.#run !== null && !left) return this.#do("reset", {}, "page");
    const answer = await this.#ask("open", () => {
      this.#asked = true;
      const file = left?.file && { file: { shape: [left.file.length], dtype: "uint8", data: left.file }, name: left.name };
      const instead = this.#run === null ? {} : { instead: this.#run };
      return { page: this.meta.name, params: { ...this.params, ...this.#strange }, ...file, ...instead };
    }, "page");
    if (!answer) return null;
    this.left = null;
    this.#strange = {};
    for (const ask of this.#early.splice(0)) ask();
    this.open = true;
    this.take(answer, { notes: "page", ...(answer.restored !== undefined && { left }), ...(left?.id && { texts: null }) });
    this.#emit({ type: "open" });
    return answer;
  }

  /** Begin anew with what a record has; with an empty one as the page ships. */
  begin(params, left) {
    this.renounce();
    Object.assign(this, { params, left, drawn: {} });
    return this.reset();
  }

  /** The engine was replaced: the new one does not know this run, and its notes no longer apply. */
  forget() {
    this.#run = null;
    this.#asked = false;
    this.open = false;
    this.#queue = Promise.resolve();
    this.troubles = {};
    this.notes = { shell: this.notes.shell };
    this.#emit({ type: "messages" });
  }

  advance = (amount) => this.#work("advance", amount);

  /** Measure what the page measures while nothing else is asked for. */
  background = (amount) => this.settled().then(() => this.#work("background", amount, { resting: true }));

  /** Null as well if the run was restarted before the work began: it stays at its start. */
  async #work(method, amount, how) {
    const era = this.#era;
    const facts = () => (era === this.#era ? { run: this.#run, ...amount } : null);
    return this.take(await this.#ask(method, facts, "page"), how);
  }

  /** Resolves when all that is asked, and what its answers lead to, is answered. */
  async settled() {
    for (let last = null; last !== this.#queue; await turn()) await (last = this.#queue);
  }

  /** One of the page's actions: the answer may bring a file for the reader. */
  act = (name, values = {}) => this.#do("act", { name, values }, "act", { notes: "page" });

  /** A control is moved: what was said about the link, and about a file that could not be taken, is settled. */
  change(name, value) {
    for (const place of ["shell", "page"]) if (this.notes[place]?.length) this.say(place);
    if (this.troubles.load) this.fail("load", null);
    return this.set(name, value);
  }

  /** A link is followed: whatever the controls hold that Python has not taken, and what was said of it, is dropped. */
  renounce() {
    this.drafts += 1;
    this.#tidy();
  }

  set(name, value, tag) {
    this.#emit({ type: "wish", name, before: this.params, tag });
    this.#tidy();
    delete this.#strange[name];
    if (choosable(this.meta.params.find((param) => param.name === name), value)) this.params = { ...this.params, [name]: value };
    else if (this.#run === null) this.#strange[name] = value;
    this.#emit({ type: "params" });
    this.#changers[name] ??= latest((wish) => this.#change(name, wish));
    return this.#changers[name](value);
  }

  /** Go on with a file; one of another page opens that page. */
  async restore(file, name) {
    const elsewhere = ({ page }) => page && page !== this.meta.name && this.elsewhere?.(page, file.data, name);
    return this.#do("restore", { file, name }, "load", { notes: "load" }, elsewhere);
  }

  /** Other questions about the run: snapshot, save, pin, rename, unpin, script; and predict, if each call needs its answer. */
  ask = (method, facts, place, otherwise) => this.#ask(method, () => ({ run: this.#run, ...facts }), place, otherwise);

  /** Go back to a recorded step. */
  rewind = (step) => this.#do("rewind", { step }, "page", { same: true });

  /** Let a function of this run be what a text says, null: the shipped one. What is wrong with the text is the answer's. */
  edit = (name, source) => this.#do("edit", { name, source }, "code");

  /** Fetch what a text imports and is not here. */
  install = (source) => this.#ask("install", () => ({ source }), "code");

  source = (names) => this.#ask("source", () => ({ names }), "source");

  prepare = () => this.#engine.prepare(); // a text is being written

  /** Show sentences at a place; none remove what was there. */
  say(place, ...sentences) {
    const said = this.notes[place] ?? [];
    this.notes = { ...this.notes, [place]: sentences };
    if (sentences.join() !== said.join()) this.#emit({ type: "messages" });
  }

  /** Show an error at a place; null removes it. */
  fail(place, trouble) {
    this.troubles = { ...this.troubles, [place]: trouble };
    this.#emit({ type: "messages" });
  }

  /** The page is left: answers go nowhere, and no run stays. Resolves when the next page may use the engine. */
  close() {
    this.#end.abort(); // the session is saved once more
    this.#listeners.clear();
    const free = () => this.#run !== null && this.#engine.call("close", { run: this.#run });
    this.#queue = this.#queue.then(free).catch(() => {}).finally(() => (this.#run = null)); // no Python, no run
    return this.#engine.leave?.(this.#queue); // as a guard can
  }

  async #change(name, value) {
    if (this.#run === null && !this.#asked) return; // the first open carries it
    const answer = await this.#ask("change", () => ({ run: this.#run, name, value, ...(this.asks && { reads: this.asks(name) }) }), name); // what a view reads comes with it
    if (answer) this.take(answer, { notes: name, answered: name });
    else if (!this.#changers[name].waiting()) {
      this.params = { ...this.params, [name]: this.#confirmed[name] };
      this.#emit({ type: "params" });
    }
  }

  /** Ask about the run what changes it, and take the answer. */
  #do = async (method, facts, place, how, otherwise) => this.take(await this.ask(method, facts, place, otherwise), how);

  /**
   * Take Python's word for the run, but never move a control back to a value that a newer wish has overtaken; null says
   * nothing. how: notes: the place for what Python says; answered: the parameter that was changed; same: it is the run that
   * was there; resting: it was measured in the background; left: what it was restored from; texts: edits that are offered
   */
  take(answer, how = {}) {
    if (!answer) return null;
    const { params, frame, history = {}, read = null, printed = "", edited = null, pins, drawn, recorded } = answer;
    const cleared = Boolean(answer.restarted);
    const { notes, answered = null, resting = false, same = false, left = null, texts = answer.texts ?? null } = how;
    if (pins) this.pins = pins;
    if (recorded ?? cleared) this.recorded = recorded ?? [];
    if (drawn && !same && Object.keys(drawn).length) this.drawn = drawn;
    if (params) {
      const overtaken = Object.keys(this.#changers).filter((name) => {
        const changer = this.#changers[name];
        return name === answered ? changer.waiting() : changer.busy();
      });
      this.#confirmed = params;
      this.params = { ...params, ...Object.fromEntries(overtaken.map((name) => [name, this.params[name]])) };
      this.#emit({ type: "params" });
    }
    if (cleared) {
      this.#era += 1;
      this.#settle("load"); // that run is gone, and the file that did not fit it too
    }
    if (notes) this.say(notes, ...answer.notes);
    if (frame) {
      this.step = frame.step;
      this.say("run", ...frame.notes);
      this.#emit({ type: "frame", frame, history, cleared, same, left, texts, printed, edited, resting, read, changed: answered });
    }
    return answer;
  }

  /** One call at a time and in order, so that an answer always belongs to the run that the page shows. */
  #ask(method, args, place, otherwise = () => false) {
    if (this.ended.aborted && method !== "save") return never();
    if (this.#run === null && OF_A_READER.includes(method)) return new Promise((done) => this.#early.push(() => done(this.#ask(method, args, place))));
    const answer = this.#queue.then(async () => {
      try {
        const facts = args();
        if (!facts) return null;
        const result = await this.#engine.call(method, facts);
        if (method === "open") this.#run = result.run;
        if (this.troubles[place]) this.fail(place, null);
        return result;
      } catch (error) {
        const { type, message, hint, line, function: name } = error;
        if (type !== "Closed" && !otherwise(error)) this.fail(error.param ?? place, { type, message, hint, line, function: name });
        return null;
      }
    });
    this.#queue = answer;
    return answer.then((result) => (this.ended.aborted && method !== "save" ? never() : result)); // the last session is kept
  }

  /** What was said about earlier changes of parameters has been read. */
  #tidy() {
    for (const { name } of this.meta.params) this.#settle(name);
  }

  #settle(place) {
    if (this.notes[place]?.length) this.say(place);
    if (this.troubles[place]) this.fail(place, null);
  }

  #emit(event) {
    for (const listener of this.#listeners) listener(event);
  }
}
