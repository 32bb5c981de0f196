import { html, render } from "preact";
import { bytes, milliseconds, NOTHING, percent } from "../ui/format.js";
import { Chapter, Formula } from "../ui/story.js";
import { Trouble } from "../ui/trouble.js";
import * as formulas from "./digits-formulas.js";
import { VersusHead } from "./digits-readouts.js";

const PYTHON = {
  mlp: "pyapp.nets.mlp.MLP",
  linear: "pyapp.core.layers.Linear",
  relu: "pyapp.core.layers.ReLU",
  framing: "pyapp.data.drawing.framed",
  drawing: "pyapp.data.drawing.to_mnist",
  loss: "pyapp.core.losses.softmax_cross_entropy",
  sgd: "pyapp.core.optim.SGD",
  adam: "pyapp.core.optim.Adam",
  grid: "pyapp.quant.schemes.symmetric_grid",
  quantise: "pyapp.quant.schemes.Grid",
};

/** How it works: words, formulas, the Python that runs, and what was measured in this browser. */
export class StoryPanel {
  #root;
  #page;
  #sources = null;
  #run = {};
  #times = null;
  #busy = false;

  constructor(root, page) {
    this.#root = root;
    this.#page = page;
    this.#draw();
  }

  /** Python is there: show its source. */
  async load() {
    if (this.#sources) return;
    const answer = await this.#page.source(Object.values(PYTHON));
    this.#sources = answer?.sources ?? null;
    this.#draw();
  }

  update(run) {
    this.#run = run;
    this.#drawMeasured();
  }

  async #measure() {
    this.#busy = true;
    this.#drawMeasured();
    const answer = await this.#page.measure();
    this.#busy = false;
    if (answer) this.#times = answer.scalars;
    this.#drawMeasured();
  }

  #draw() {
    render(html`<${Story} sources=${this.#sources ?? {}} trouble=${this.#page.troubles.source} />`, this.#root);
    this.#drawMeasured();
  }

  #drawMeasured() {
    const measure = () => this.#measure();
    const facts = { run: this.#run, times: this.#times, busy: this.#busy, page: this.#page, measure };
    render(html`<${Measured} ...${facts} />`, this.#root.querySelector("[data-slot=measured]"));
  }
}

function Story({ sources, trouble }) {
  const code = (...names) => ({ code: names.map((name) => PYTHON[name]), sources });
  return html`<h2 class="chapter">How it works</h2>
    <${Trouble} trouble=${trouble} />
    <${Chapter} title="1. The network" ...${code("mlp", "linear", "relu")}>
      <p>A digit is an image of 28 × 28 grey values: 784 numbers from 0 to 1. Three dense layers turn them into ten
        scores, one for each digit. Between the layers stands ReLU, which lets positive numbers pass and makes zero of
        all others; without it, three layers could do no more than one.</p>
      <${Formula} of=${formulas.network} />
      <${Parameters} />
    <//>
    <${Chapter} title="2. From your stroke to 28 × 28" ...${code("framing", "drawing")}>
      <p>The pad sends points, not pixels. Python draws the line itself, so the same stroke becomes the same numbers in
        every browser. First it scales the strokes to half of the pad: a small digit then has the same line width as a
        large one, and does not become a blob.</p>
      <p>A network knows only what it was shown, and MNIST was made in a certain way; your drawing is treated alike. The
        box around the ink is cut out and scaled by <i>s</i>, so that the longer of its
        sides <i>w</i> and <i>h</i> measures 20 pixels. Its proportions stay, and each new pixel is the mean of the area
        that it covers. Then it is laid into 28 × 28 pixels with the centre of mass of its ink <i>a</i> in the middle.
        So it does not matter how large you draw, or where.</p>
      <${Formula} of=${formulas.scaling} />
      <${Formula} of=${formulas.mass} />
    <//>
    <${Chapter} title="3. From scores to a verdict" ...${code("loss")}>
      <p>Softmax makes probabilities of the ten scores: all positive, and together 1. The bars beside the pad are these
        numbers. How wrong the network was on a batch is the cross-entropy: the mean of −log of the probability that it
        gave to the right digit. A network that guesses gives each digit a tenth, and that costs log 10 = 2.303 nats:
        every fresh run starts near this loss.</p>
      <${Formula} of=${formulas.softmax} />
      <${Formula} of=${formulas.crossEntropy} />
    <//>
    <${Chapter} title="4. Backward, and a step" ...${code("sgd", "adam")}>
      <p>The derivative of the loss by the scores is simple: the probabilities less the truth. From there the chain rule
        goes back layer by layer. Each layer needs the input it had on the way forward, and ReLU passes the gradient on
        only where it had let the number pass. The two directions stand side by side in the source of Linear and ReLU
        above.</p>
      <${Formula} of=${formulas.backward} />
      <${Formula} of=${formulas.layer} />
      <p>Then every parameter moves a little against its gradient <i>g</i>. SGD takes the same rate η for all. Adam
        keeps running means of the gradient and of its square, and gives each parameter a step of its own size.</p>
      <${Formula} of=${formulas.sgd} />
      <${Formula} of=${formulas.adam} />
      <${Formula} of=${formulas.adamStep} />
    <//>
    <${Chapter} title="5. Fewer bits" ...${code("grid", "quantise")}>
      <p>Symmetric quantisation lays a grid over each weight matrix: as many whole numbers on both sides of zero as the
        bits allow, stretched so that the largest weight falls on the last of them, <i>n</i>. Each weight is rounded to
        its nearest grid line; in the middle between two lines, the even one wins.</p>
      <${Formula} of=${formulas.scale} />
      <${Formula} of=${formulas.codes} />
      <p>No weight moves by more than half a step of the grid. What is stored is the code, <i>b</i> bits instead of 32,
        and one scale for each matrix; the few biases stay as they are. With 8 bits that is a quarter of the size. With
        2 bits only three values are left, and the weight images become three flat tones. Rounding to nearest then makes
        zero of all but the largest weights, and with them goes what was learnt.</p>
    <//>
    <${Chapter} title="6. Measured here">
      <div data-slot="measured"></div>
    <//>`;
}

function Parameters() {
  const rows = [
    ["784 to 128", "784 · 128 + 128", "100,480"],
    ["128 to 64", "128 · 64 + 64", "8,256"],
    ["64 to 10", "64 · 10 + 10", "650"],
  ];
  return html`<table class="numbers">
    <caption class="unseen">Parameters of the three layers</caption>
    <thead><tr><th scope="col">layer</th><th scope="col">weights + biases</th><th scope="col">parameters</th></tr></thead>
    <tbody>
      ${rows.map(
        ([layer, how, n]) =>
          html`<tr><th scope="row">${layer}</th><td class="number">${how}</td><td class="number">${n}</td></tr>`,
      )}
      <tr><th scope="row">together</th><td></td><td class="number">109,386</td></tr>
    </tbody>
  </table>`;
}

function Measured({ run, times, busy, page, measure }) {
  const quantised = run.quant_accuracy !== null && run.quant_accuracy !== undefined;
  const rows = [
    ["accuracy on 3,000 held-out images", percent(run.test_accuracy, 2), percent(run.quant_accuracy, 2)],
    ["size of the parameters", bytes(run.bytes_float), bytes(run.bytes_quant)],
    ["one image", milliseconds(times?.image_ms), milliseconds(times?.image_quant_ms)],
    [`${times?.batch ?? 500} images at once`, milliseconds(times?.batch_ms), milliseconds(times?.batch_quant_ms)],
  ];
  return html`<p>
      Accuracy and size are those of the network that is shown now. The times are means over many predictions in this browser,
      on this machine; nothing is printed before it was measured. Here the rounded weights are still multiplied as floats: they
      save memory, not time.
    </p>
    <table class="numbers versus" data-test="measured">
      <caption class="unseen">Measured in this browser</caption>
      <${VersusHead} bits=${quantised ? run.bits : null} />
      <tbody>
        ${rows.map(
          ([label, exact, rounded]) =>
            html`<tr><th scope="row">${label}</th><td class="number float">${exact}</td><td class="number quant">${rounded}</td></tr>`,
        )}
      </tbody>
    </table>
    <p class="row measure">
      <button type="button" data-test="measure" disabled=${!page.open || busy} onClick=${measure}>
        ${busy ? "Measuring …" : "Measure in this browser"}
      </button>
    </p>
    <${Trouble} trouble=${page.troubles.measure} />`;
}
