import { byteArray } from "./files.js";
import { forget } from "./keep.js";
import { latest } from "./latest.js";

const WORK_MS = 30;

/**
 * What a person does with a run: play, pause, step, restart, keep it, come back to it. The page drives time: it asks for a
 * little work, waits for the answer and for a painted frame, and asks again; pausing is not asking. `changed` is called when the
 * buttons have to be drawn again.
 */
export class Training {
  state = "paused"; // "playing" | "paused" | "done"
  busy = null; // the work under way, of which some comes after a pause
  #kept = [];
  #start = null; // a reset under way
  #page;
  #changed;

  constructor(page, changed) {
    this.#page = page;
    this.#changed = changed;
    const { eager } = page.meta;
    page.listen(({ cleared, edited, changed: name }) => {
      const news = edited || (name && (!eager.length || eager.includes(name)));
      if (!news || cleared || (this.state !== "done" && !page.example())) return; // the page has not taken this event yet
      if (eager.length) this.#play("done"); // there may be new work
      else this.#set("paused");
    });
  }

  /** Runs with these parameters that were left, by a reload or a reset, and can go on; newest first. */
  get offers() {
    const link = this.#page.link();
    return this.#kept.filter((record) => record.link === link);
  }

  get playing() {
    return this.state === "playing";
  }

  async toggle() {
    await this.#start;
    if (!this.#page.open) return;
    if (this.playing) return void this.pause();
    await this.#prepare();
    this.#play();
  }

  /** Resolves when no work is under way. */
  async pause() {
    if (this.playing) this.#set("paused");
    await this.busy;
  }

  async step() {
    await this.#start;
    if (!this.#page.open) return;
    await this.pause();
    await this.#prepare();
    if (this.state !== "done") await this.#advance({ steps: 1 });
    this.#page.keeper.save();
  }

  /** The same seed again. */
  async reset() {
    await this.#restart(() => this.#page.reset());
    if (this.#page.meta.eager.length) this.#play();
  }

  /** Back to a recorded step, and on from there. */
  async back(step) {
    await this.pause();
    if (await this.#page.rewind(step)) this.#page.keeper.save();
  }

  newSeed = () => this.#restart(() => this.#page.change("seed", 1 + Math.floor(Math.random() * 9999)));

  /** The run restarts: the page was opened, or a control or a file did it. */
  rewound() {
    this.#set("paused");
    return this.#refresh();
  }

  async resume(record) {
    await this.pause();
    const answer = await this.#page.restore(byteArray(record.file), record.name);
    if (!answer) return;
    await this.#page.keeper.save();
    await this.discard(record);
  }

  discard = (record) => forget(record.id).then(() => this.#refresh());

  /** What keys do: [{key, label, run}]. */
  get bindings() {
    const { play, pause, step, reset } = this.#page.meta.labels;
    return [
      { key: " ", label: `${play}, ${pause.toLowerCase()}`, run: () => this.toggle() },
      { key: "s", label: step, run: () => this.step() },
      { key: "r", label: `${reset}: the same seed again`, run: () => this.reset() },
      { key: "n", label: "New seed", run: () => this.newSeed() },
    ];
  }

  #refresh = latest(async () => {
    this.#kept = await this.#page.keeper.others();
    this.#changed();
  });

  /** Set what has to be so when a training begins. A change that restarts the run would end what is begun before its answer. */
  async #prepare() {
    const page = this.#page;
    await Promise.all(page.meta.plays.map(async ([name, value, why]) => {
      if (page.params[name] === value) return;
      await page.change(name, value);
      page.say(name, why);
    }));
    await page.settled();
  }

  async #restart(start) {
    await this.#start;
    if (!this.#page.open) return;
    this.#start = (async () => {
      await this.pause();
      await this.#prepare();
      await start();
    })();
    await this.#start;
  }

  #play(also = null) {
    if (!["paused", also].includes(this.state)) return;
    this.#set("playing");
    this.busy ??= this.#loop();
  }

  async #loop() {
    while (this.playing) {
      await Promise.all([this.#advance(this.#page.slice(WORK_MS)), frame()]);
    }
    this.busy = null;
    this.#changed();
  }

  async #advance(amount) {
    const answer = await this.#page.advance(amount);
    if (answer && this.playing) this.#page.keeper.tick();
    if (!answer) this.#set("paused"); // it failed
    else if (answer.done) this.#set("done");
  }

  #set(state) {
    if (state === this.state) return;
    this.state = state;
    if (!this.playing) this.#page.keeper.save();
    this.#changed();
  }
}

/** The next painted frame; a hidden tab paints none, and trains on at this slower pace. */
const frame = () => Promise.race([new Promise((done) => requestAnimationFrame(done)), new Promise((done) => setTimeout(done, 250))]);
