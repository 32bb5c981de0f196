import { html, render } from "preact";
import { fixed } from "../ui/format.js";
import { workbench } from "../ui/workbench.js";
import { Curve, Gap, Integers, Scale } from "./exponential-panels.js";
import { chapters } from "./exponential-story.js";

const PANELS = { curve: Curve, integers: Integers, gap: Gap, scale: Scale };

/** I-BERT's exponential at a point that one drags along the curve, with all its integers. */
export function mount(root, page) {
  let frame = {};

  function draw(event, slot) {
    if (event) frame = event.frame;
    for (const [name, Panel] of Object.entries(PANELS)) render(html`<${Panel} page=${page} ...${frame} />`, slot(name));
  }

  return workbench(root, page, {
    stage: Object.keys(PANELS),
    controls: [
      ["The point", ["x"]],
      ["The method", ["method", "scale", "exponent"]],
    ],
    chapters,
    draw,
    summary: ({ scalars }) => `x = ${fixed(scalars.point.x, 3)}, S = ${scalars.scale}`,
  });
}
