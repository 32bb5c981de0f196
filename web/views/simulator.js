import { fixed } from "../ui/format.js";
import { workbench } from "../ui/workbench.js";
import { Errors, Grids, Size } from "./simulator-readouts.js";
import { Glance, Histograms, Line, Matrices } from "./simulator-panels.js";

const PANELS = { line: Line, histogram: Histograms, glance: Glance, errors: Errors, grids: Grids, size: Size, tensor: Matrices };
const CONTROLS = [
  ["Grid", ["bits", "scheme", "codes", "per", "group", "clip"]],
  ["Tensor", ["values", "data", "rows", "columns", "seed"]],
  ["Number line", ["part", "zoom"]],
];

/** A tensor on any grid: where each number lands, and what that loses. */
export function mount(root, page) {
  return workbench(root, page, {
    stage: ["line", "histogram", "glance"],
    readouts: ["errors", "grids", "size"],
    wide: ["tensor"],
    controls: CONTROLS,
    panels: PANELS,
    summary: ({ scalars }) => `${scalars.bits} bits, ${scalars.errors.exact ? "exact" : `${fixed(scalars.errors.sqnr_db, 1)} dB`}`,
  });
}
