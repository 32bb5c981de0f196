// One queue for everything that is drawn often: each at most once a frame, and no frame so full that the page stutters.

const BUDGET_MS = 5; // of a frame's 16; layout and the browser's own painting come on top

const waiting = new Set();
let planned = 0;

/** Call `draw` (always the same function for the same picture) in the next frame that has room. */
export function paint(draw) {
  waiting.add(draw);
  planned ||= requestAnimationFrame(work);
}

export function unpaint(draw) {
  waiting.delete(draw);
}

function work() {
  planned = 0;
  const end = performance.now() + BUDGET_MS;
  for (const draw of waiting) {
    waiting.delete(draw);
    draw();
    if (performance.now() > end) break;
  }
  if (waiting.size) planned = requestAnimationFrame(work);
}
