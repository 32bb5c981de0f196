import { html, useEffect, useRef, useState } from "preact";
import { dropping, FileButton } from "../ui/files.js";
import { fixed } from "../ui/format.js";
import { Sheet } from "../ui/heatmap.js";
import { newest } from "../ui/latest.js";
import { Drawing, Pad } from "../ui/pad.js";
import { drawArray, readPicture } from "../ui/picture.js";
import { Trouble } from "../ui/trouble.js";

const CLASSES = [..."0123456789"];
const [SPOKEN_AFTER_MS, PREDICT_EVERY_MS] = [700, 150]; // the latter while training; a person cannot read faster

/**
 * Draw a digit, see what Python makes of it, and read the verdict. The frame says how many held-out digits there are, and may say
 * which is there `first` (what was recorded of it is shown until Python is here), what tells its `network` from others, "" while there is none, and which classes are `known`. page.put(index) shows a held-out digit.
 * What is read of a drawing is told by the block's own blocks: `told` in pyapp/pages/base/digit_input.py.
 */
export default function Draw({ block, scope, page, Blocks }) {
  const { label, caption, shape, what = "digit" } = block;
  const [root, [choose]] = [useRef(null), useState(newest)]; // choose: of what the pad shows
  const [answer, take] = useState(null);
  const [file, begin] = useState(null); // the name of one that is being read
  const [spoken, speak] = useState("");
  const [, redraw] = useState(null);
  const [pad] = useState(() => new Drawing(changed, () => redraw({})));
  const [{ empty }, example] = [pad, page.example()?.read];

  /** Ask again: the drawing or the network has changed. The answer to the change may have brought what is `read` now. */
  async function update(read = null) {
    redraw({});
    const known = page.example()?.read; // of what the pad opens with
    const found = read ?? (page.open ? await page.predict(page.asks()) : pad.picture?.inputs.index === known?.index ? known : null);
    if (!found && page.open) return;
    take(found);
    page.reads(Number.isInteger(found?.scalars.digit) ? found : null);
  }

  function changed() {
    choose();
    begin(null);
    if (page.troubles.image) page.fail("image", null); // of a file that is not what the pad shows
    page.keeper.soon();
    update();
  }

  /** Put the held-out digit of this number on the pad. */
  async function showHeldOut(index) {
    const [inputs, wanted] = [{ index }, choose()];
    const found = await page.ask("predict", { inputs }, "predict");
    if (found && wanted()) show(found, inputs);
  }
  const show = ({ arrays }, inputs) => pad.show({ href: () => drawArray(arrays.pad ?? arrays.input), inputs });

  /** What was on the pad when the page was left. */
  function putBack({ strokes, input, index }) {
    if (strokes) pad.draw(strokes);
    else if (input) pad.show({ href: () => drawArray(input), inputs: { input } });
    else if (index === undefined) pad.clear();
    else showHeldOut(index);
  }

  async function open(picked) {
    const wanted = choose();
    begin(picked.name);
    try {
      const { href, inputs } = await readPicture(picked);
      const found = wanted() && (await page.ask("predict", { inputs }, "predict"));
      if (!found || !wanted()) return;
      const input = found.arrays.input; // read once: a photograph is too large to be sent after each change
      page.fail("image", input ? null : { message: `${picked.name}: ${found.notes.join(" ")}` });
      if (input) pad.show({ href: () => href ?? drawArray(input), photo: href !== null, inputs: { input } });
    } catch (error) {
      if (wanted()) page.fail("image", { message: error.message });
    } finally {
      if (wanted()) begin(null);
    }
  }

  useEffect(() => {
    let [fresh, at, network] = [true, 0, null];
    page.put = (index) => showHeldOut(index).then(() => root.current?.scrollIntoView({ block: "nearest" }));
    page.asks = () => pad.picture?.inputs ?? { strokes: pad.points() };
    const look = ({ read }) => {
      const [{ drawn }, scope] = [page, page.scope()]; // of the frame that has just come
      page.drawn = null;
      if (drawn) putBack(drawn);
      const first = (fresh || drawn) && pad.empty ? scope.get("first?") : null;
      fresh = false;
      if (first !== null) return void showHeldOut(first);
      const known = scope.get("network?");
      if (known === "" || (known !== null && known === network)) return;
      network = known;
      if (!read && page.training?.playing && performance.now() - at < PREDICT_EVERY_MS) return;
      at = performance.now();
      update(read);
    };
    queueMicrotask(() => page.scope().ready && look({})); // the frame may have come before, or with the drawing that runs this
    return page.listen((event) => event.type === "frame" && !event.resting && look(event));
  }, []);
  useEffect(() => {
    const timer = setTimeout(() => answer && speak(answer.scalars.told?.words ?? answer.notes.join(" ")), SPOKEN_AFTER_MS);
    return () => clearTimeout(timer);
  }, [answer]);

  useEffect(() => void (page.open || (example && pad.empty ? show(example, { index: example.index }) : update())), [example]);
  const refuse = (trouble) => (choose(), page.fail("image", trouble)); // no digit comes late and takes the words away
  const undo = (event) => (event.ctrlKey || event.metaKey) && event.key === "z" && pad.undo();
  const tool = (name, words, act, off) => html`<button type="button" data-test=${name} disabled=${off} onClick=${act}>${words}</button>`;
  const nothing = file ? `Reading ${file} …` : empty ? `The pad is empty: draw a ${what}.`
    : answer ? !answer.scalars.told && answer.notes.join(" ") : page.open ? "Reading …" : "Your drawing is read as soon as Python runs.";
  const unread = { told: { classes: (scope.get("known?") ?? CLASSES).map((name) => ({ name })) } };
  return html`<div class="draw" ref=${root} onKeyDown=${undo}>
    <div><div class=${`pad-slot ${empty ? "pad-empty" : ""}`} data-what=${what} ...${dropping({ pick: open, refuse })}>
      <${Pad} drawing=${pad} label=${`Drawing pad: draw a ${what} with mouse, finger, pen or keyboard.`} /></div><div class="row tools">
      ${tool("undo", "Undo", () => pad.undo(), !pad.canUndo)} ${tool("clear", "Clear", () => pad.clear(), empty)}
      ${tool("held-out", `Random test ${what}`, () => showHeldOut(Math.floor(Math.random() * scope.get("held_out"))), !page.open)}
      ${what === "digit" && html`<${FileButton} label="Open image" accept="image/*" test="open-image" disabled=${!page.open} pick=${open} />`}
      <${Trouble} trouble=${page.troubles.image} /><${Trouble} trouble=${page.troubles.predict} />
    </div></div>
    <div class="reading">
      <figure class="input-image"><${Sheet} label=${label} shape=${shape} test="input" map="grey" maxHeight=${140} limit=${1} data=${answer?.arrays.input?.data ?? null}
        describe=${(_, row, column, value) => `row ${row}, column ${column}: ${fixed(value, 3)}`} /><figcaption>${caption}</figcaption></figure>
      ${nothing && html`<p class="empty" data-test="prediction">${nothing}</p>`}
      <${Blocks} block=${block} scope=${nothing ? scope.inside({ read: unread }) : scope} page=${page} />
      <p class="unseen" aria-live="polite">${spoken}</p>
    </div>
  </div>`;
}
