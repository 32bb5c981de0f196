import { html, render } from "preact";
import { fixed } from "../ui/format.js";
import { workbench } from "../ui/workbench.js";
import { Maps } from "./attention-maps.js";
import { Cell, Measures, Row } from "./attention-readouts.js";
import { chapters } from "./attention-story.js";

const CONTROLS = [
  ["Logits", ["source", "head", "length", "causal", "seed"]],
  ["Quantise", ["bits", "method", "shift"]],
  ["Picked cell", ["row", "column"]],
];
const PANELS = { maps: Maps, cell: Cell, row: Row, measures: Measures };

/** Attention in float beside quantised attention, without a shift before rounding and with it. */
export function mount(root, page) {
  let frame = {};

  function draw(event, slot) {
    if (event) frame = event.frame;
    for (const [name, Panel] of Object.entries(PANELS)) render(html`<${Panel} page=${page} ...${frame} />`, slot(name));
  }

  return workbench(root, page, {
    stage: Object.keys(PANELS),
    controls: CONTROLS,
    chapters,
    draw,
    summary: ({ scalars: { bits, plain, shifted } }) => `${bits} bits, L1 ${fixed(plain.l1_per_row, 3)} → ${fixed(shifted.l1_per_row, 3)}`,
  });
}
