import { html, render } from "preact";
import { scalar } from "../ui/format.js";
import { workbench } from "../ui/workbench.js";
import { Bits, Methods, Row, Steps } from "./staircase-panels.js";
import { chapters } from "./staircase-story.js";

const PANELS = { steps: Steps, row: Row, bits: Bits, methods: Methods };

/** A curve on few codes, the row of probabilities beside it, and what every bit is worth. */
export function mount(root, page) {
  let frame = {};

  function draw(event, slot) {
    if (event) frame = event.frame;
    for (const [name, Panel] of Object.entries(PANELS)) render(html`<${Panel} page=${page} ...${frame} />`, slot(name));
  }

  return workbench(root, page, {
    stage: ["steps", "bits"],
    readouts: ["row", "methods"],
    controls: [
      ["The curve", ["bits", "curve"]],
      ["The row", ["method", "point", "others"]],
    ],
    auto: true,
    chapters,
    draw,
    summary: ({ scalars }) => `${scalars.bits} bits, L1 ${scalar(scalars.l1.both)}`,
  });
}
