// A connection that hangs never says so: waiting has to end by itself.

const TICK_MS = 5000;
const SILENT = 9; // ticks in a row in which nothing at all arrives, while something is waited for

/** How long to wait for files or answers. tick: milliseconds; `heard` is to be called whenever something arrives, of any of them. */
export class Patience {
  #tick;
  #heard = 0;

  constructor(tick = TICK_MS) {
    this.#tick = tick;
  }

  heard = () => void (this.#heard += 1);

  /**
   * What `work` resolves to; rejects, with type "Timeout", after so many ticks in which nothing arrived, or `inAll` of any. Ticks
   * are counted, because a thread that was busy has not listened meanwhile.
   */
  wait(work, silent = SILENT, inAll = Infinity) {
    return new Promise((resolve, reject) => {
      let [quiet, all, before] = [0, 0, this.#heard];
      const look = setInterval(() => {
        [quiet, all, before] = [this.#heard === before ? quiet + 1 : 0, all + 1, this.#heard];
        if (quiet < silent && all < inAll) return;
        clearInterval(look);
        const seconds = ((quiet < silent ? inAll : silent) * this.#tick) / 1000;
        const what = quiet < silent ? "no answer" : "nothing";
        reject(Object.assign(new Error(`${what} has arrived for ${seconds} seconds`), { type: "Timeout", seconds }));
      }, this.#tick);
      work.then(resolve, reject).finally(() => clearInterval(look));
    });
  }
}
