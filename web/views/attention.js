import { fixed } from "../ui/format.js";
import { workbench } from "../ui/workbench.js";
import { Maps } from "./attention-maps.js";
import { Cell, Measures, Row } from "./attention-readouts.js";

const CONTROLS = [
  ["Logits", ["source", "head", "length", "causal", "seed"]],
  ["Quantise", ["bits", "method", "shift"]],
  ["Picked cell", ["row", "column"]],
];
const PANELS = { maps: Maps, cell: Cell, row: Row, measures: Measures };

/** Attention in float beside quantised attention, without a shift before rounding and with it. */
export function mount(root, page) {
  return workbench(root, page, {
    stage: Object.keys(PANELS),
    controls: CONTROLS,
    panels: PANELS,
    summary: ({ scalars: { bits, plain, shifted } }) => `${bits} bits, L1 ${fixed(plain.l1_per_row, 3)} → ${fixed(shifted.l1_per_row, 3)}`,
  });
}
