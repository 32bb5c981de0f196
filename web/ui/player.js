const WORK_MS = 30;

/**
 * Play, pause and step of a run. The page drives time: it asks for a little work, waits for the answer and for a painted
 * frame, and asks again; pausing is not asking. `advance(amount)` resolves with {done} or, when it failed, with null.
 */
export class Player {
  state = "paused"; // "playing" | "paused" | "done"
  #advance;
  #changed;
  #busy = null;

  constructor({ advance, changed = () => {} }) {
    this.#advance = advance;
    this.#changed = changed;
  }

  play() {
    if (this.state !== "paused") return;
    this.#set("playing");
    this.#busy ??= this.#loop();
  }

  /** Resolves when no work is under way. */
  async pause() {
    if (this.state === "playing") this.#set("paused");
    await this.#busy;
  }

  async step() {
    await this.pause();
    if (this.state !== "done") await this.#once({ steps: 1 });
  }

  /** After the run was restarted. */
  rewind() {
    this.#set("paused");
  }

  async #loop() {
    while (this.state === "playing") {
      const painted = frame();
      await this.#once({ ms: WORK_MS });
      await painted;
    }
    this.#busy = null;
  }

  async #once(amount) {
    const answer = await this.#advance(amount);
    if (!answer) this.#set("paused");
    else if (answer.done) this.#set("done");
  }

  #set(state) {
    if (state === this.state) return;
    this.state = state;
    this.#changed(state);
  }
}

/** The next painted frame; a hidden tab paints none, and trains on at this slower pace. */
function frame() {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 250);
    requestAnimationFrame(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
