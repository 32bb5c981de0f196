import { html, render } from "preact";
import { bytes } from "../ui/format.js";
import { workbench } from "../ui/workbench.js";
import { AllocationPanel } from "./mixed-allocation.js";
import { FrontPanel } from "./mixed-front.js";
import { SensitivityPanel } from "./mixed-sensitivity.js";
import { VersusPanel } from "./mixed-versus.js";

/** Mixed precision: what each layer loses, which bits it gets under a budget, and what the whole network measures. */
export function mount(root, page) {
  let frame = null;
  const set = (budget) => page.change("budget", budget);

  function draw(event, slot) {
    if (event) frame = event.frame;
    const { params } = page;
    render(html`<${SensitivityPanel} frame=${frame} measure=${params.measure} />`, slot("sensitivity"));
    render(html`<${AllocationPanel} frame=${frame} params=${params} />`, slot("allocation"));
    render(html`<${FrontPanel} frame=${frame} params=${params} set=${set} />`, slot("front"));
    render(html`<${VersusPanel} frame=${frame} params=${params} />`, slot("versus"));
  }

  const bench = workbench(root, page, {
    stage: ["sensitivity", "allocation", "front"],
    wide: ["versus"],
    controls: [
      ["Budget", ["budget"]],
      ["Weights", ["method", "scheme", "per", "clip"]],
      ["Activations", ["activations", "calibrate"]],
      ["Chart", ["measure"]],
    ],
    auto: true,
    draw,
    summary: ({ scalars: { chosen, refusal } }) => (chosen ? `${chosen.bits.join(", ")} bits, ${bytes(chosen.bytes)}` : refusal && "too small"),
  });
  return { unmount: () => bench.unmount() };
}
