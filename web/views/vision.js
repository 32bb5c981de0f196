import { html, render } from "preact";
import { count, fixed, percent } from "../ui/format.js";
import { accuracyPlot, lossPlot, RunPanel } from "../ui/run-panel.js";
import { workbench } from "../ui/workbench.js";
import { DrawPanel } from "./digits-draw.js";
import { Heads, Looks, Matrix } from "./vision-maps.js";
import { Filters, Patches } from "./vision-patches.js";
import { Compare, Method } from "./vision-readouts.js";

const FIRST = 18; // the held-out digit on the pad at the start
const PREDICT_EVERY_MS = 150; // while training; a person cannot read faster
const CONTROLS = [
  ["Network", ["weights"]],
  ["Look at", ["layer", "head", "token"]],
  ["Quantise", ["bits", "per", "activations", "logit_bits", "softmax", "logit_shift"]],
  ["Train your own", ["size", "optimiser", "rate", "batch", "shift", "seed"]],
];
const PICTURES = { patches: Patches, looks: Looks, heads: Heads, matrix: Matrix };

/** A Vision Transformer reads a drawing, in float and quantised, and shows where its heads look. */
export function mount(root, page) {
  let bench = null;
  let run = null;
  let drawing = null;
  let frame = null;
  let scores = null; // of the count: how many of the held-out images are read, and how many rightly
  let counting = false;
  let mounted = true;
  let predictedAt = 0;

  const playing = () => Boolean(bench?.training.playing);

  async function showOwn() {
    if (page.params.weights === "own") return;
    await page.change("weights", "own");
    page.say("weights", "Training is on your own weights, so these are shown again.");
  }

  /** Ask for piece after piece of the held-out images; Python begins anew after each change. */
  async function countOn() {
    if (counting) return;
    counting = true;
    while (mounted && page.open && !playing() && scores && scores.counted < scores.count_of) {
      const answer = await page.predictEach({ count: 1 });
      if (!answer) break;
      scores = answer.scalars;
      readings();
    }
    counting = false;
  }

  /** After play and pause. */
  function rest() {
    readings();
    countOn();
  }

  function readings() {
    const answer = drawing?.answer;
    const facts = { page, frame, answer: Number.isInteger(answer?.scalars.digit) ? answer : null, scores, playing: playing() };
    if (!bench || !mounted) return;
    for (const [name, Panel] of Object.entries({ ...PICTURES, compare: Compare, method: Method, filters: Filters }))
      render(html`<${Panel} ...${facts} />`, bench.slot(name));
  }

  function take(event, slot) {
    drawing ??= new DrawPanel(slot("draw"), page, readings);
    run ??= runPanel(slot, page);
    if (!event) {
      drawing.draw();
      return run.draw(page);
    }
    const first = !frame;
    [frame, scores] = [event.frame, event.frame.scalars];
    drawing.heldOut = scores.held_out;
    run.update(page, event);
    readings();
    if (first && drawing.empty) drawing.showHeldOut(FIRST);
    else if (!playing() || performance.now() - predictedAt > PREDICT_EVERY_MS) {
      predictedAt = performance.now();
      drawing.update();
    }
    countOn();
  }

  bench = workbench(root, page, {
    stage: ["draw", "patches", "looks", "heads"],
    readouts: ["compare", "method", "training", "numbers", "filters"],
    wide: ["matrix"],
    controls: CONTROLS,
    training: { before: showOwn, changed: rest },
    files: "Weights",
    draw: take,
    summary: ({ step }) => `logits ${page.params.logit_bits}, step ${count(step)}`,
  });
  readings();

  return {
    unmount() {
      mounted = false;
      for (const panel of [run, drawing]) panel.destroy();
      bench.unmount();
    },
  };
}

/** Curves of the own network as it trains. */
const runPanel = (slot, page) =>
  new RunPanel(slot("training"), page, {
    about:
      "Press Play, and a network of your own learns from 2,000 images: loss on each batch, and after each pass the " +
      "first 500 held-out images, read in float and with the bits that are chosen.",
    plots: [
      lossPlot([{ name: "loss", label: "batch", colour: "faint", thin: true }]),
      accuracyPlot([
        { name: "train_accuracy", label: "batches", colour: "faint", thin: true },
        { name: "float_accuracy", label: "float", colour: "float" },
        { name: "quant_accuracy", label: "quantised", colour: "quant" },
      ]),
    ],
    rows: [
      ["step", "step", count, "step-count"],
      ["epoch", "epoch", (x) => fixed(x, 2), "epoch"],
      ["loss", "batch loss", (x) => fixed(x, 4), "loss"],
      ["train_accuracy", "accuracy on batches", percent, "train-accuracy"],
      ["judged_float", "held-out 500, float", percent, "judged-float"],
      ["judged_quant", "held-out 500, quantised", percent, "judged-quant"],
    ],
    words: ({ weights }) => (weights === "pretrained" ? "The pretrained network is shown; training is of your own one." : null),
    numbers: slot("numbers"),
  });
