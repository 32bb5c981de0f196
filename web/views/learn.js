import { html, render } from "preact";
import { count, fixed, percent } from "../ui/format.js";
import { lossPlot, RunPanel } from "../ui/run-panel.js";
import { workbench } from "../ui/workbench.js";
import { CorpusPanel, WidthsPanel, WritingPanel } from "./learn-panels.js";

const PIECES = 4; // of a reading between two drawings

/** Text from scratch: a GPT learns to write; what it writes is scored, with float and with rounded weights. */
export function mount(root, page) {
  let frame = null;
  let run = null;
  let bench = null;
  let busy = false;
  let mounted = true;

  function show(slot) {
    const facts = { page, frame, scalars: frame?.scalars, widths, learn };
    render(html`<${WritingPanel} ...${facts} />`, slot("writing"));
    render(html`<${WidthsPanel} ...${facts} />`, slot("widths"));
    render(html`<${CorpusPanel} ...${facts} />`, slot("corpus"));
  }

  function take(event, slot) {
    run ??= runPanel(slot, page);
    if (event) {
      frame = event.frame;
      run.update(page, { ...event, frame: withReadings(frame) });
      read();
    } else run.draw(page);
    show(slot);
  }

  /** While no training does it, ask for what is still to be read, piece after piece. */
  async function read() {
    if (busy) return;
    busy = true;
    while (mounted && frame.scalars.pending && !bench.training.playing) {
      if (!(await ask({ pieces: PIECES }))) break;
    }
    busy = false;
  }

  async function widths() {
    if (await ask({ widths: true })) read();
  }

  async function ask(inputs) {
    const answer = await page.predictEach(inputs);
    if (!answer || !mounted) return null;
    frame = answer;
    run.update(page, { frame: withReadings(frame), history: {}, cleared: false });
    show(bench.slot);
    return answer;
  }

  /** Python reads a text or a file; what it makes of it becomes the corpus. */
  async function learn(inputs) {
    const found = await page.predictEach(inputs);
    page.fail("text", page.troubles.predict ?? null); // there it stays while readings go on
    page.fail("predict", null);
    if (!found) return false;
    await page.change("text", found.scalars.text);
    if (page.params.corpus !== "own") await page.change("corpus", "own");
    page.say("text", ...found.notes);
    return true;
  }

  bench = workbench(root, page, {
    stage: ["writing", "widths"],
    readouts: ["training"],
    wide: ["corpus"],
    controls: [
      ["Quantise", ["bits"]],
      ["Write", ["temperature"]],
      ["Train", ["rate", "batch"]],
      ["Begin with", ["corpus", "size", "seed"]],
    ],
    training: true,
    files: "Weights",
    draw: take,
    summary: ({ step, scalars }) => `step ${count(step)}, score ${percent(scalars.readings[0].score, 0)}`,
  });

  return {
    unmount() {
      mounted = false;
      run.destroy();
      bench.unmount();
    },
  };
}

/** The frame with the newest readings among its scalars, where a table of numbers finds them. */
function withReadings(frame) {
  const { readings, bits } = frame.scalars;
  const [float] = readings;
  const rounded = readings.find((reading) => bits && reading.bits === bits);
  const scalars = {
    ...frame.scalars,
    read_step: float.step,
    held_out_loss: float.loss,
    score: float.score,
    quant_loss: rounded?.loss,
    quant_score: rounded?.score,
  };
  return { ...frame, scalars };
}

const runPanel = (slot, page) =>
  new RunPanel(slot("training"), page, {
    about:
      "Loss in nats per character, on each batch and now and then on text that is held out; and an automatic score.",
    plots: [
      lossPlot([
        { name: "loss", label: "batch", colour: "faint", thin: true },
        { name: "held_out_loss", label: "held-out", colour: "float" },
        { name: "quant_loss", label: "quantised", colour: "quant", aside: true },
      ]),
      {
        title: "Score",
        yLabel: "score: share of the samples that is right",
        range: () => [0, 1],
        format: (y) => percent(y, 0),
        lines: [
          { name: "score", label: "float", colour: "float" },
          { name: "quant_score", label: "quantised", colour: "quant" },
        ],
      },
    ],
    rows: [
      ["step", "step", count, "step-count"],
      ["epoch", "epoch", (x) => fixed(x, 2), "epoch"],
      ["loss", "batch loss", (x) => fixed(x, 4), "loss"],
      ["rate", "learning rate now", (x) => fixed(x, 5), "rate-now"],
      ["read_step", "read at step", count, "read-step"],
      ["held_out_loss", "held-out loss", (x) => fixed(x, 4), "held-out-loss"],
      ["quant_loss", "held-out, quantised", (x) => fixed(x, 4), "quant-loss"],
      ["score", "score", percent, "score"],
      ["quant_score", "score, quantised", percent, "quant-score"],
      ["parameters", "parameters", count, "parameters"],
    ],
  });
