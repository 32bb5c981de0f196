import { html, render } from "preact";
import { count, percent } from "../ui/format.js";
import { workbench } from "../ui/workbench.js";
import { DrawPanel } from "./draw.js";
import { CodesPanel } from "./inference-codes.js";
import { ChangedPanel, CountPanel, GapPanel } from "./inference-readouts.js";

/** Float or integer: one digit through both networks, then 3,000. */
export function mount(root, page) {
  let frame = null;
  let shown = ""; // the network that the pad's answer belongs to
  let draw = null;
  let codes = null;

  function predicted() {
    render(html`<${GapPanel} answer=${draw.answer} />`, bench.slot("gap"));
    codes.update(draw.answer);
  }

  function take(event, slot) {
    draw ??= new DrawPanel(slot("draw"), page, predicted);
    codes ??= new CodesPanel(slot("codes"));
    if (event) {
      frame = event.frame;
      draw.heldOut = frame.scalars.held_out;
      const network = `${frame.scalars.version} ${frame.scalars.kind}`;
      if (frame.scalars.kind && network !== shown) {
        shown = network;
        draw.update();
      }
    } else {
      draw.draw();
    }
    render(html`<${CountPanel} frame=${frame} params=${page.params} />`, slot("count"));
    render(html`<${ChangedPanel} frame=${frame} show=${show} />`, slot("changed"));
  }

  async function show(index) {
    await draw.showHeldOut(index);
    bench.slot("draw").scrollIntoView({ block: "nearest" });
  }

  const bench = workbench(root, page, {
    stage: ["draw", "codes"],
    readouts: ["gap", "count"],
    wide: ["changed"],
    controls: [
      ["Weights", ["bits", "scheme", "per", "method", "clip", "bias_correction"]],
      ["Activations", ["activations", "calibrate"]],
      ["Arithmetic", ["arithmetic", "rounding"]],
    ],
    auto: true,
    draw: take,
    summary: ({ scalars }) => `${count(scalars.changed)} changed, ${percent(scalars.accuracy)}`,
  });
  predicted();

  return {
    unmount() {
      draw.destroy();
      codes.destroy();
      bench.unmount();
    },
  };
}
