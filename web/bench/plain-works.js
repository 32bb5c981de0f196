// The benchmark's work in plain JavaScript: the yardstick of all contestants.
import { layers } from "./material.js";
import { Mlp, product } from "./plain.js";

const [BATCH, RATE, PIXELS, CLASSES] = [32, 0.1, 784, 10];
const SIZES = ["32x784x128", "128x128x128", "256x256x256", "512x512x512"];

/** array(name) -> { shape, data } of the material. { name: work }. */
export function plainWorks(array) {
  const weights = (which) => layers(array, which).map(({ w, b }) => ({ w: w.data, b: b.data }));
  const [learner, trained] = [new Mlp(), new Mlp()];
  const start = weights("start");
  trained.weights = weights("shipped");
  const [images, labels, heldOut] = ["images", "labels", "held-out"].map((name) => array(name).data);
  const one = heldOut.subarray(0, PIXELS);
  const logits = (model, pixels) => {
    const out = new Float32Array(pixels.length / PIXELS * CLASSES);
    for (let n = 0; n < pixels.length / PIXELS; n++) {
      out.set(model.logits(pixels.subarray(n * PIXELS, (n + 1) * PIXELS)), n * CLASSES);
    }
    return out;
  };
  const works = {
    epoch: {
      reset: () => { learner.weights = start; },
      run: () => learner.epoch(images, labels, BATCH, RATE),
      result: () => logits(learner, heldOut),
    },
    image: computing(() => trained.logits(one)),
    batch: computing(() => logits(trained, heldOut)),
  };
  for (const size of SIZES) {
    const [m, k, n] = size.split("x").map(Number);
    const [x, w] = [array(`${size}.x`).data, array(`${size}.w`).data];
    works[`product ${size}`] = computing(() => product(x, w, m, k, n));
  }
  return works;
}

/** Work without a state: what it returns is its result. */
function computing(run) {
  return { run, result: run };
}
