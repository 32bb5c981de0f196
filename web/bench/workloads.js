// What is timed, as pyapp/bench/workloads.py has it: an epoch over 2,000 images, one image, five hundred images.
import { Mlp } from "./plain.js";

const BATCH = 32;
const RATE = 0.1;
const PIXELS = 784;

/** data: { images, labels, heldOut }. Returns timed(name, repeats) -> { ms }, after one run that is not counted. */
export function plainWorkloads({ images, labels, heldOut }) {
  const model = new Mlp(1);
  const one = heldOut.subarray(0, PIXELS);
  const many = heldOut.subarray(0, 500 * PIXELS);
  const work = {
    epoch: () => model.epoch(images, labels, BATCH, RATE),
    image: () => model.predict(one),
    batch: () => model.predictBatch(many),
  };
  return (name, repeats) => {
    work[name]();
    const ms = [];
    for (let i = 0; i < repeats; i++) {
      const start = performance.now();
      work[name]();
      ms.push(performance.now() - start);
    }
    return { ms };
  };
}

/** How often a round repeats each: a browser's clock ticks ten times a millisecond, so short work is averaged. */
export const REPEATS = { epoch: 1, image: 200, batch: 3 };
export const ROUNDS = 7;

export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
