/**
 * begin() starts something slow, and what it returns says until when that is the newest of its kind: a file that took
 * longer to read than the one chosen after it is not wanted any more.
 */
export function newest() {
  let begun = 0;
  return () => {
    const mine = (begun += 1);
    return () => mine === begun;
  };
}

/**
 * Wrap an async function so that one call is under way at a time and only the newest waiting argument is kept:
 * what a dragged slider or a moving pen needs. Each call resolves with the answer that included it, or a newer one.
 */
export function latest(run) {
  let busy = null;
  let waiting = null;

  async function drain() {
    let answer;
    try {
      while (waiting) {
        const { value } = waiting;
        waiting = null;
        answer = await run(value);
      }
    } finally {
      busy = null;
    }
    return answer;
  }

  const call = (value) => {
    waiting = { value };
    return (busy ??= drain());
  };
  call.busy = () => busy; // null, or until when
  call.waiting = () => waiting !== null;
  return call;
}

/** Resolves when all that waits in the page at this moment has had its turn; unlike a timer it is not held up in a hidden tab. */
export const turn = () => new Promise((done) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => done(port1.close());
  port2.postMessage(null);
});
