// A connection that hangs never says so: waiting has to end by itself.

const TICK_MS = 5000;
const SILENT = 9; // ticks in a row in which nothing at all arrives, while something is waited for

/** How long to wait for the files of a site. tick: milliseconds; `heard` is to be called whenever something arrives, of any file. */
export class Patience {
  #tick;
  #heard = 0;

  constructor(tick = TICK_MS) {
    this.#tick = tick;
  }

  heard() {
    this.#heard += 1;
  }

  /**
   * What `work` resolves to; rejects after so many ticks in which nothing arrived. Ticks are counted, because a thread that was
   * busy has not listened meanwhile.
   */
  wait(work, silent = SILENT) {
    return new Promise((resolve, reject) => {
      let [quiet, before] = [0, this.#heard];
      const look = setInterval(() => {
        [quiet, before] = [this.#heard === before ? quiet + 1 : 0, this.#heard];
        if (quiet < silent) return;
        clearInterval(look);
        reject(new Error(`nothing has arrived for ${(silent * this.#tick) / 1000} seconds`));
      }, this.#tick);
      work.then(resolve, reject).finally(() => clearInterval(look));
    });
  }
}
