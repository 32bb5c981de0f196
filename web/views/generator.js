import { percent } from "../ui/format.js";
import { workbench } from "../ui/workbench.js";
import { Batch, Fields, Neighbours, Walk } from "./generator-panels.js";
import { Coefficients, Lost, Sides } from "./generator-readouts.js";

const PANELS = { batch: Batch, coefficients: Coefficients, fields: Fields, sides: Sides, lost: Lost, walk: Walk, neighbours: Neighbours };

/** Nine digits from a seed, by a trained generator or by its small student, side by side and with fewer bits. */
export function mount(root, page) {
  return workbench(root, page, {
    stage: ["batch", "sides"],
    readouts: ["coefficients", "fields"],
    wide: ["lost", "walk", "neighbours"],
    controls: [
      ["The batch", ["seed", "temperature", "generator", "bits"]],
      ["What is written", ["digit", "fields"]],
      ["The walk", ["goal", "at"]],
    ],
    auto: true,
    panels: PANELS,
    summary: ({ scalars }) => `seed ${scalars.seed}, ${percent(scalars.coefficients[scalars.labels[scalars.picked]], 0)} sure`,
  });
}
