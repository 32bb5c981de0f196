import { percent, signed } from "../ui/format.js";
import { workbench } from "../ui/workbench.js";
import { Curves } from "./shift-curves.js";
import { Finding, Gains, Numbers } from "./shift-readouts.js";
import { chapters } from "./shift-story.js";

const PANELS = { curves: Curves, gains: Gains, finding: Finding, numbers: Numbers };
const CONTROLS = [
  ["Rule", ["rule", "measure"]],
  ["Protocol", ["method", "other"]],
  ["Logits", ["rows", "length", "net", "seeds", "seed"]],
];

/** What a shift is worth in bits, rule by rule, on four kinds of logits, of which one is the control and one a trained network. */
export function mount(root, page) {
  return workbench(root, page, {
    stage: ["curves", "gains", "finding"],
    wide: ["numbers"],
    controls: CONTROLS,
    auto: true,
    chapters,
    panels: PANELS,
    summary: ({ scalars: { progress, families } }) => {
      const gain = families.find(({ name }) => name === "offset").gains[page.params.rule];
      return progress < 1 ? percent(progress, 0) : `${page.params.rule}: ${signed(gain?.mean, 2)} bits`;
    },
  });
}
