import { html, render } from "preact";
import { count, fixed, percent } from "../ui/format.js";
import { accuracyPlot, lossPlot, RunPanel } from "../ui/run-panel.js";
import { workbench } from "../ui/workbench.js";
import { ComparePanel, IntegersPanel, ScalesPanel, ShippedPanel } from "./qat-readouts.js";
import { chapters } from "./qat-story.js";
import { CodesPanel, GatheringPanel } from "./qat-weights.js";

const FLOORS = [0.95, 0.9, 0.8, 0.5, 0]; // where the axis of accuracies may begin

/** Train quantised: curves, weights on their grid, scales, and what integer arithmetic gives. */
export function mount(root, page) {
  let frame = null;
  let run = null;
  let reading = null; // of the integers: {progress, measured_step, ...}
  let era = 0; // counts how often the run was started anew

  function readings(slot) {
    const facts = { page, frame, reading, measure: () => measure(slot) };
    render(html`<${ComparePanel} ...${facts} />`, slot("compare"));
    render(html`<${IntegersPanel} ...${facts} />`, slot("integers"));
  }

  /** Ask for piece after piece, so that a training may go on between them. */
  async function measure(slot) {
    const mine = era;
    for (let piece = 0; mine === era && !(piece && (reading?.progress ?? 1) === 1); piece += 1) {
      const answer = await page.predict({ integers: piece });
      if (mine !== era) return;
      reading = answer?.scalars ?? null;
      readings(slot);
    }
  }

  function take(event, slot) {
    run ??= runPanel(slot, page);
    if (event) {
      frame = event.frame;
      if (event.cleared) [era, reading] = [era + 1, null];
      run.update(page, event);
    } else run.draw(page);
    const facts = { scalars: frame?.scalars ?? {}, arrays: frame?.arrays ?? {}, params: page.params };
    render(html`<${GatheringPanel} ...${facts} />`, slot("gathering"));
    render(html`<${CodesPanel} ...${facts} />`, slot("codes"));
    render(html`<${ScalesPanel} ...${facts} />`, slot("scales"));
    readings(slot);
  }

  const bench = workbench(root, page, {
    stage: ["training", "gathering", "codes"],
    readouts: ["compare", "numbers", "integers", "shipped"],
    wide: ["scales"],
    controls: [
      ["Network", ["start", "network", "seed"]],
      ["Codes", ["bits", "activations", "per", "estimator"]],
      ["Train", ["optimiser", "rate", "batch", "shift"]],
      ["Teacher", ["share", "temperature"]],
      ["Picture", ["layer"]],
    ],
    training: true,
    files: "Weights",
    chapters,
    draw: take,
    summary: ({ step, scalars }) => `step ${count(step)}, held-out ${percent(scalars.quant_accuracy)}`,
  });
  const names = ["mlp", "mlp-qat4", "mlp-qat3", "mlp-qat2"];
  Promise.all(names.map((name) => page.shipped(name))).then(([float, ...trained]) =>
    render(html`<${ShippedPanel} float=${float} trained=${trained.filter(Boolean)} />`, bench.slot("shipped")),
  );

  return {
    unmount() {
      era += 1;
      run.destroy();
      bench.unmount();
    },
  };
}

/** Curves of the quantised network as it trains, beside the float network and the one that was merely rounded. */
const runPanel = (slot, page) =>
  new RunPanel(slot("training"), page, {
    about:
      "The network with its codes, trained on 2,000 images: loss on each batch, and after each pass the held-out " +
      "3,000. The float network and the same weights just rounded stay as they are.",
    plots: [
      lossPlot([
        { name: "loss", label: "batch", colour: "faint", thin: true },
        { name: "test_loss", label: "held-out", colour: "quant" },
      ]),
      accuracyPlot(
        [
          { name: "train_accuracy", label: "batches", colour: "faint", thin: true, aside: true },
          { name: "float_accuracy", label: "float", colour: "float" },
          { name: "quant_accuracy", label: "trained", colour: "quant" },
          { name: "rounded_accuracy", label: "rounded", colour: "muted", thin: true, aside: true },
        ],
        (_, low) => [FLOORS.find((floor) => floor <= (low ?? 0)) ?? 0, 1],
      ),
    ],
    rows: [
      ["step", "step", count, "step-count"],
      ["epoch", "epoch", (x) => fixed(x, 2), "epoch"],
      ["loss", "batch loss", (x) => fixed(x, 4), "loss"],
      ["train_accuracy", "accuracy on batches", percent, "train-accuracy"],
      ["test_loss", "held-out loss", (x) => fixed(x, 4), "held-out-loss"],
      ["quant_accuracy", "held-out accuracy", (x) => percent(x, 2), "held-out-accuracy"],
    ],
    numbers: slot("numbers"),
  });
