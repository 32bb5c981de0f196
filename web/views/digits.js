import { html, render } from "preact";
import { bindKeys } from "../ui/keys.js";
import { slotsOf } from "../ui/slots.js";
import { tell } from "../ui/story.js";
import { Training } from "../ui/training.js";
import { DigitsControls } from "./digits-controls.js";
import { DrawPanel } from "./draw.js";
import { MeasuredPanel } from "./digits-measured.js";
import { QuantisePanel, ShippedPanel, trainingPanel } from "./digits-readouts.js";
import { WeightsPanel } from "./digits-weights.js";

const PREDICT_EVERY_MS = 150; // while training; a person cannot read faster

/** Digits: train, draw, read, quantise. `page` is a Session (ui/session.js). */
export function mount(root, page) {
  render(html`<${Layout} page=${page} />`, root);
  const slot = slotsOf(root);
  let run = {};
  let read = {};
  let predictedAt = 0;

  const training = new Training(page, { before: showOwn, changed: controls });
  const keys = bindKeys(training.bindings());
  const draw = new DrawPanel(slot("draw"), page, (scalars) => {
    read = scalars;
    quantise();
  });
  const weights = new WeightsPanel(slot("weights"));
  const numbers = trainingPanel(slot("training"), page);
  const measured = new MeasuredPanel(slot("measured"), page);

  async function showOwn() {
    if (page.params.weights === "own") return;
    await page.change("weights", "own");
    page.say("weights", "Training is on your own weights, so these are shown again.");
  }

  function controls() {
    render(html`<${DigitsControls} page=${page} training=${training} run=${run} keys=${keys.show} />`, slot("controls"));
  }

  function quantise() {
    render(html`<${QuantisePanel} run=${run} read=${read} />`, slot("quantise"));
  }

  function take(event) {
    run = { step: event.frame.step, ...event.frame.scalars };
    draw.heldOut = run.held_out;
    weights.update(event.frame);
    numbers.update(page, event);
    quantise();
    measured.update(run);
    if (event.cleared) training.rewound();
    const now = performance.now();
    if (training.playing && now - predictedAt < PREDICT_EVERY_MS) return;
    predictedAt = now;
    draw.update();
  }

  const stop = page.listen((event) => {
    if (event.type === "frame") take(event);
    if (event.type === "open") measured.draw();
    if (event.type === "messages") {
      draw.draw();
      measured.draw();
    }
    controls();
  });

  page.shipped("mlp").then((facts) => render(html`<${ShippedPanel} metrics=${facts?.metrics} />`, slot("shipped")));
  controls();
  quantise();
  const untell = tell(page, { "How it works": slot("story") });

  return {
    unmount() {
      stop();
      untell();
      training.destroy();
      keys.unbind();
      for (const panel of [draw, weights, numbers]) panel.destroy();
    },
  };
}

function Layout({ page }) {
  return html`<article>
    <header class="lead">
      <h1>${page.meta.title}</h1>
      <p>${page.meta.summary}</p>
    </header>
    <div class="bench">
      <aside class="controls" aria-label="Controls" data-panel="controls" data-test="controls"></aside>
      <div class="stage">
        <section data-panel="draw"></section>
        <section data-panel="weights"></section>
        <section data-panel="shipped"></section>
      </div>
      <div class="readouts">
        <section data-panel="training"></section>
        <section data-panel="quantise"></section>
      </div>
    </div>
    <section class="story" data-panel="story"></section>
    <section class="story" data-panel="measured"></section>
  </article>`;
}
