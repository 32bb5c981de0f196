// One queue for everything that is drawn often: each at most once a frame, and no frame so full that the page stutters.

const BUDGET_MS = 5; // of a frame's 16, after what the browser paints in it: both at once would be one long task

const waiting = new Set();
let planned = 0;
const soon = () => requestAnimationFrame(() => setTimeout(work));

/** Call `draw` (always the same function for the same picture) in the next frame that has room. */
export function paint(draw) {
  waiting.add(draw);
  planned ||= soon();
}

export function unpaint(draw) {
  waiting.delete(draw);
}

async function work() {
  planned = 0;
  const end = performance.now() + BUDGET_MS;
  for (const draw of waiting) {
    waiting.delete(draw);
    draw();
    await null; // Preact draws only now
    if (performance.now() > end) break;
  }
  if (waiting.size) planned ||= soon();
}
