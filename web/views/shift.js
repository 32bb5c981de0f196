import { html, render } from "preact";
import { percent, signed } from "../ui/format.js";
import { workbench } from "../ui/workbench.js";
import { Curves } from "./shift-curves.js";
import { Finding, Gains, Numbers } from "./shift-readouts.js";
import { chapters } from "./shift-story.js";

const PANELS = { curves: Curves, gains: Gains, finding: Finding, numbers: Numbers };
const CONTROLS = [
  ["Rule", ["rule"]],
  ["Protocol", ["method", "other"]],
  ["Logits", ["rows", "length", "seeds", "seed"]],
];

/** What a shift is worth in bits, rule by rule, on three kinds of logits of which one is the control. */
export function mount(root, page) {
  let frame = null;

  function draw(event, slot) {
    if (event) frame = event.frame;
    for (const [name, Panel] of Object.entries(PANELS)) render(html`<${Panel} page=${page} ...${frame ?? {}} />`, slot(name));
  }

  return workbench(root, page, {
    stage: ["curves", "gains", "finding"],
    wide: ["numbers"],
    controls: CONTROLS,
    auto: true,
    chapters,
    draw,
    summary: ({ scalars: { progress, families } }) => {
      const gain = families.find(({ name }) => name === "offset").gains[page.params.rule];
      return progress < 1 ? percent(progress, 0) : `${page.params.rule}: ${signed(gain?.mean, 2)} bits`;
    },
  });
}
