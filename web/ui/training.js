import { byteArray, download } from "./files.js";
import { forget } from "./keep.js";
import { latest } from "./latest.js";
import { Player } from "./player.js";

/**
 * What a person does with a run: play, pause, step, restart, keep it, come back to it.
 * `before` is awaited before any training (a page may have to show something else first); `changed` is called when the
 * buttons have to be drawn again.
 */
export class Training {
  #kept = [];
  #start = null; // a reset under way
  #page;
  #before;
  #changed;
  #stop;

  constructor(page, { before = async () => {}, changed }) {
    this.#page = page;
    this.#before = before;
    this.#changed = changed;
    const { eager } = page.meta;
    this.#stop = page.listen(({ cleared, edited, changed }) => {
      const news = edited || (changed && (!eager.length || eager.includes(changed)));
      if (!news || cleared || (this.player.state !== "done" && !page.example())) return; // the page has not taken this event yet
      this.player.rewind(); // there may be new work
      if (eager.length) this.player.play();
    });
    this.player = new Player({ advance: (amount) => this.#advance(amount), changed: (state) => this.#moved(state) });
  }

  /** Runs with these parameters that were left, by a reload or a reset, and can go on; newest first. */
  get offers() {
    const link = this.#page.link();
    return this.#kept.filter((record) => record.link === link);
  }

  get playing() {
    return this.player.state === "playing";
  }

  async toggle() {
    await this.#start;
    if (!this.#page.open) return;
    if (this.playing) return void this.player.pause();
    await this.#before();
    await this.#page.settled(); // a change that restarts the run would end what is begun before its answer
    this.player.play();
  }

  async step() {
    await this.#start;
    if (!this.#page.open) return;
    await this.player.pause();
    await this.#before();
    await this.#page.settled();
    await this.player.step();
    this.#page.keeper.save();
  }

  /** The same seed again. */
  async reset() {
    await this.#restart(() => this.#page.reset());
    if (this.#page.meta.eager.length) this.player.play();
  }

  /** Back to a recorded step, and on from there. */
  async back(step) {
    await this.player.pause();
    const answer = await this.#page.ask("rewind", { step }, "page");
    if (!answer) return;
    this.#page.take(answer, { same: true });
    this.#page.keeper.save();
  }

  newSeed() {
    return this.#restart(() => this.#page.change("seed", 1 + Math.floor(Math.random() * 9999)));
  }

  /** The run restarts: the page was opened, or a control or a file did it. */
  rewound() {
    this.player.rewind();
    return this.#refresh();
  }

  async resume(record) {
    await this.player.pause();
    const answer = await this.#page.restore(byteArray(record.file), record.name);
    if (!answer) return;
    await this.#page.keeper.save();
    await this.discard(record);
  }

  async discard(record) {
    await forget(record.id);
    await this.#refresh();
  }

  async save() {
    const snapshot = await this.#page.ask("snapshot", {}, "save");
    if (snapshot) download(snapshot.file.data, snapshot.name);
  }

  /** The words of the buttons. */
  get labels() {
    return { play: "Play", pause: "Pause", step: "Step", reset: "Reset", ...this.#page.meta.labels };
  }

  bindings() {
    const { play, pause, step, reset } = this.labels;
    return [
      { key: " ", label: `${play}, ${pause.toLowerCase()}`, run: () => this.toggle() },
      { key: "s", label: step, run: () => this.step() },
      { key: "r", label: `${reset}: the same seed again`, run: () => this.reset() },
      { key: "n", label: "New seed", run: () => this.newSeed() },
    ];
  }

  destroy() {
    this.#stop();
    this.player.pause();
    this.#changed = () => {}; // what is saved now is drawn nowhere
  }

  #refresh = latest(async () => {
    this.#kept = await this.#page.keeper.others();
    this.#changed();
  });

  async #restart(start) {
    await this.#start;
    if (!this.#page.open) return;
    this.#start = (async () => {
      await this.player.pause();
      await this.#before();
      await start();
    })();
    await this.#start;
  }

  async #advance(amount) {
    const answer = await this.#page.advance(amount);
    if (answer && this.playing) this.#page.keeper.tick();
    return answer;
  }

  #moved(state) {
    if (state !== "playing") this.#page.keeper.save();
    this.#changed();
  }
}
