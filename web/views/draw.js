import { html, render, useEffect, useRef } from "preact";
import { Bars } from "../ui/bars.js";
import { dropping, FileButton } from "../ui/files.js";
import { fixed, NOTHING, percent } from "../ui/format.js";
import { Heatmap } from "../ui/heatmap.js";
import { newest } from "../ui/latest.js";
import { Pad } from "../ui/pad.js";
import { drawArray, readPicture } from "../ui/picture.js";
import { Trouble } from "../ui/trouble.js";

const CLASSES = [..."0123456789"];
const SPOKEN_AFTER_MS = 700;
const PREDICT_EVERY_MS = 150; // while training; a person cannot read faster

/**
 * The pad as a part of a declared panel. The frame says how many held-out digits there are, and may say which is there `first`,
 * what tells its `network` from others, "" while there is none, and which classes are `known`. page.put(index) shows a held-out digit.
 */
export default function Draw({ block, scope, page }) {
  const host = useRef(null);
  const now = useRef(null);
  now.current = scope;
  useEffect(() => {
    const drawn = (scalars, answer) => page.reads(Number.isInteger(scalars.digit) ? answer : null);
    const panel = new DrawPanel(host.current, block, page, drawn);
    let [fresh, at, network] = [true, 0, null];
    page.put = (index) => panel.showHeldOut(index).then(() => host.current?.scrollIntoView({ block: "nearest" }));
    const look = () => {
      [panel.heldOut, panel.classes] = [now.current.get("held_out"), now.current.get("known?") ?? CLASSES];
      const { drawn } = page;
      page.drawn = null;
      if (drawn) panel.put(drawn);
      const first = (fresh || drawn) && panel.empty ? now.current.get("first?") : null;
      fresh = false;
      if (first !== null) return void (panel.draw(), panel.showHeldOut(first));
      const known = now.current.get("network?");
      if (known === "" || (known !== null && known === network)) return;
      network = known;
      if (page.training?.playing && performance.now() - at < PREDICT_EVERY_MS) return;
      at = performance.now();
      panel.update();
    };
    const stop = page.listen(({ type, resting }) => {
      if (type === "frame" && !resting) queueMicrotask(look); // after the panels have the frame
      if (type === "messages") panel.draw();
    });
    queueMicrotask(() => now.current.ready && look()); // the frame may have come before, or with the drawing that runs this
    return () => (stop(), panel.destroy());
  }, []);
  return html`<div ref=${host}></div>`;
}

/** Draw a digit, see what Python makes of it, and read the verdict. `predicted(scalars, answer)` after each. */
class DrawPanel {
  answer = null;
  heldOut = 1; // how many held-out digits there are; a frame says it
  classes = CLASSES; // where an answer names none
  #page;
  #predicted;
  #pad;
  #input;
  #slots;
  #spoken = 0;
  #file = null; // the name of one that is being read
  #choose = newest(); // of what the pad shows

  constructor(root, { label, caption, shape, what = "digit" }, page, predicted) {
    this.#page = page;
    this.#predicted = predicted;
    render(html`<${Layout} caption=${caption} what=${what} />`, root);
    const slot = (name) => root.querySelector(`[data-slot=${name}]`);
    this.#slots = Object.fromEntries(["pad", "tools", "verdict", "bars", "spoken"].map((name) => [name, slot(name)]));
    this.#pad = new Pad(slot("pad"), {
      label: `Drawing pad: draw a ${what} with mouse, finger, pen or keyboard.`,
      changed: () => {
        this.#choose();
        this.#file = null;
        if (page.troubles.image) page.fail("image", null); // of a file that is not what the pad shows
        page.keeper.soon();
        this.update();
      },
    });
    this.#input = new Heatmap(slot("input"), {
      label,
      shape,
      test: "input",
      map: "grey",
      maxHeight: 140,
      describe: (_, row, column, value) => `row ${row}, column ${column}: ${fixed(value, 3)}`,
    });
    const drops = dropping({ pick: (file) => this.#open(file), refuse: (trouble) => (this.#choose(), page.fail("image", trouble)) }); // no digit comes late and takes the words away
    for (const [name, act] of Object.entries(drops)) slot("pad").addEventListener(name.slice(2).toLowerCase(), act);
    root.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "z") this.#pad.undo();
    });
    this.draw();
  }

  get empty() {
    return this.#pad.empty;
  }

  /** Ask again: the drawing or the network has changed. */
  async update() {
    this.draw();
    if (!this.#page.open) return;
    const { picture } = this.#pad.drawing;
    const answer = await this.#page.predict(picture ? picture.inputs : { strokes: this.#pad.points() });
    if (!answer) return;
    this.answer = answer;
    this.#input.update(answer.arrays.input?.data ?? null, 1);
    this.draw();
    this.#predicted(answer.scalars, answer);
    clearTimeout(this.#spoken);
    this.#spoken = setTimeout(() => (this.#slots.spoken.textContent = sentence(answer)), SPOKEN_AFTER_MS);
  }

  draw() {
    const [pad, page, answer, { what }] = [this.#pad, this.#page, this.answer, this.#slots.pad.dataset];
    this.#slots.pad.classList.toggle("pad-empty", pad.empty);
    const tool = (name, label, act, off) => html`<button type="button" data-test=${name} disabled=${off} onClick=${act}>${label}</button>`;
    render(
      html`${tool("undo", "Undo", () => pad.undo(), !pad.canUndo)} ${tool("clear", "Clear", () => pad.clear(), pad.empty)}
        ${tool("held-out", `Random test ${what}`, () => this.showHeldOut(Math.floor(Math.random() * this.heldOut)), !page.open)}
        ${what === "digit" && html`<${FileButton} label="Open image" accept="image/*" test="open-image" disabled=${!page.open} pick=${(file) => this.#open(file)} />`}
        <${Trouble} trouble=${page.troubles.image} /><${Trouble} trouble=${page.troubles.predict} />`,
      this.#slots.tools,
    );
    render(html`<${Verdict} answer=${answer} file=${this.#file} empty=${pad.empty && `The pad is empty: draw a ${what}.`} open=${page.open} />`, this.#slots.verdict);
    const { arrays, scalars } = (!pad.empty && answer) || { arrays: {}, scalars: {} };
    const [first, second] = [arrays.probabilities?.data, arrays.probabilities_quant?.data];
    render(html`<${Bars} classes=${scalars.classes ?? this.classes} first=${first} second=${second} best=${scalars.digit} />`, this.#slots.bars);
  }

  /** What was on the pad when the page was left. */
  put({ strokes, input, index }) {
    if (strokes) this.#pad.draw(strokes);
    else if (input) this.#pad.show({ canvas: () => drawArray(input), inputs: { input } });
    else if (index === undefined) this.#pad.clear();
    else this.showHeldOut(index);
  }

  /** Put the held-out digit of this number on the pad. */
  async showHeldOut(index) {
    const [inputs, wanted] = [{ index }, this.#choose()];
    const answer = await this.#page.ask("predict", { inputs }, "predict");
    if (answer && wanted()) this.#pad.show({ canvas: () => drawArray(answer.arrays.pad ?? answer.arrays.input), inputs });
  }

  destroy() {
    clearTimeout(this.#spoken);
    this.#pad.destroy();
    this.#input.destroy();
  }

  async #open(file) {
    const wanted = this.#choose();
    this.#file = file.name;
    this.draw();
    try {
      const { canvas, pixels } = await readPicture(file);
      const answer = wanted() && (await this.#page.ask("predict", { inputs: { image: pixels } }, "predict"));
      if (!answer || !wanted()) return;
      const input = answer.arrays.input; // read once: a photograph is too large to be sent after each change
      this.#page.fail("image", input ? null : { message: `${file.name}: ${answer.notes.join(" ")}` });
      if (input) this.#pad.show({ canvas: () => canvas, inputs: { input } });
    } catch (error) {
      if (wanted()) this.#page.fail("image", { message: error.message });
    } finally {
      if (wanted()) this.#file = null;
      this.draw();
    }
  }
}

function Layout({ caption, what }) {
  return html`<div class="draw">
      <div><div class="pad-slot" data-slot="pad" data-what=${what}></div><div class="row tools" data-slot="tools"></div></div>
      <div class="reading">
        <figure class="input-image"><div data-slot="input"></div><figcaption>${caption}</figcaption></figure>
        <div class="verdict" data-slot="verdict"></div>
        <div data-slot="bars"></div>
        <p class="unseen" aria-live="polite" data-slot="spoken"></p>
      </div>
    </div>`;
}

function Verdict({ answer, file, empty, open }) {
  const nothing = (words) => html`<p class="empty" data-test="prediction">${words}</p>`;
  if (file) return nothing(`Reading ${file} …`);
  if (empty) return nothing(empty);
  if (!answer) return nothing(open ? "Reading …" : "Your drawing is read as soon as Python runs.");
  const { digit, confidence, label, quant_digit: quantDigit, quant_confidence: quantConfidence, classes = CLASSES } = answer.scalars;
  if (digit === null) return nothing(answer.notes.join(" "));
  const reading = (kind, prefix, d, p) =>
    html`<p class=${`${classes[d].length > 1 ? "" : "big"} ${kind}`}>
      <output aria-live="off" data-test=${`${prefix}prediction`}>${classes[d]}</output>${" "}
      <span class="number" data-test=${`${prefix}confidence`}>${percent(p)}</span>
    </p>`;
  return html`${reading("float", "", digit, confidence)}
    ${Number.isInteger(quantDigit) && reading("quant", "quant-", quantDigit, quantConfidence)}
    ${Number.isInteger(label) && html`<p class="doc truth" data-test="label">It is a ${classes[label]}. Draw your own.</p>`}`;
}

function sentence({ scalars, notes }) {
  const { digit, confidence, quant_digit: quantDigit, classes = CLASSES } = scalars;
  if (digit === null) return notes.join(" ");
  const quantised = Number.isInteger(quantDigit) ? `, quantised ${classes[quantDigit]}` : "";
  return `Prediction ${classes[digit] ?? NOTHING}, ${percent(confidence)}${quantised}`;
}
