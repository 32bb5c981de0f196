import { html, render } from "preact";
import { named } from "./controls.js";
import { bytesOf } from "./files.js";
import { Keeper } from "./keep.js";
import { newest } from "./latest.js";
import { mentions, news } from "./news.js";
import { recorded } from "./recorded.js";
import { Scope } from "./scope.js";
import { Story } from "./story.js";
import { Training } from "./training.js";
import { Panel, Workbench } from "./workbench.js";

const [SLICE_MS, REST_MS] = [40, 20]; // of work between two drawings, and of what is measured in the background
const [MOVING_MS, SHORT_MS, HELD_MS, STILL_MS] = [1000, 8, 450, 700]; // so long after a control was moved it may be moved again, and waits for the end of a slice; nothing is counted; nothing is measured
const OWN = ["custom", "code"]; // kinds of blocks that do not say all that they read
const LARGEST = 100_000_000; // bytes of a file that a run goes on with: the largest that Bitladder saves has some 13 million

/** A page as it is declared in Python: panels, groups of controls, and how its work is driven. */
export function mount(root, page) {
  const { panels, params: declared, work: kind, rests, saves, shipped, recorded: has, rehearsed, glossary } = page.meta;
  const roots = { shipped: null, read: null, glossary };
  const known = (params) => ({ ...roots, params, picks: Object.fromEntries(declared.map((param) => [param.name, named(param, params[param.name])])) }); // as a reader sees them
  let before = () => null; // frames that were recorded
  let [frame, opened] = [null, null]; // opened: the settings of the first run, where the record may be ahead of it
  let [working, resting, soon] = [false, false, false]; // soon: what is measured next is waited for
  let starts = 0; // counts how often the run was started
  let [read, touched] = [null, -Infinity]; // what Python said last of a drawing; when a control was moved
  let { params } = page; // as they were when the last frame came
  let curves = {};
  const slice = (ms) => ({ ms: performance.now() - touched < MOVING_MS ? SHORT_MS : ms });
  let due = null; // {names: of what is new and to be drawn, with null among them all panels; late}
  let drawn = null; // the panels as they were drawn last
  const made = new Map(); // how each panel was drawn
  const mentioned = new Map(panels.map((panel) => [panel, mentions(JSON.stringify(panel))])); // the names in it

  /** The recorded frame that is shown until Python has one; where it is ahead, until the reader begins the work, or Python is as far, and has measured as much. */
  const example = () => (!frame ? before(page.params) : opened && before(opened)?.step > frame.step - (rehearsed && resting) ? before(opened) : null);
  const run = { going: false, done: false, press };
  Object.assign(page, { run, example, slice, viewed: null, compared: null, readings: { __proto__: null }, reading: () => roots.read }); // pinned runs: the one shown instead of this run, the one beside it, and what each had read of a drawing
  Object.assign(page, { curves: () => (page.viewed ?? example())?.curves ?? curves, scope: () => page.viewed?.scope ?? new Scope(example() ?? frame, known(page.params)) });
  page.keeper = new Keeper(page, () => plan([]));
  page.training = kind === "train" ? new Training(page, moved) : null;
  const { training } = page;

  /** Show a pinned run instead of this one, as "viewed", or beside it, as "compared"; null: none. */
  page.compare = (name, as = "compared") => {
    const pin = page.pins.find((each) => each.name === name);
    page[as] = pin ? { name, curves: pin.history, scope: new Scope(pin.frame, { ...known(pin.params), read: page.readings[name] ?? null }) } : null;
    plan();
  };
  /** What Python has read of a drawing or a file: panels name it "read". */
  page.reads = (answer) => {
    const names = answer && read ? [...news(answer, read)] : answer === read ? [] : [null];
    read = answer;
    roots.read = answer && { ...answer.scalars, ...answer.arrays };
    plan(names.map((name) => name && "read"), training?.playing);
  };
  const choose = newest();
  /** Go on with a file of the reader's; of several the one chosen last counts. */
  page.bring = async (file) => {
    const wanted = choose();
    try {
      await training?.pause();
      const bytes = await bytesOf(file, LARGEST, page.meta.parts);
      if (wanted()) await page.restore(bytes, file.name);
    } catch (error) {
      if (wanted()) page.fail("load", error);
    }
  };

  /** Draw soon, the controls and the panels that name what is new, without names all; what is `late` may take turns. One answer of Python comes as several events: all of them are drawn once. */
  function plan(names = [null], late = !names.length) {
    if (!due) queueMicrotask(() => page.ended.aborted || draw());
    due = { names: [...(due?.names ?? []), ...names], late: (due?.late ?? true) && late };
  }

  function draw() {
    if (due?.names.length !== 0) drawn = sections();
    due = null;
    render(html`<${Workbench} page=${page} training=${training} panels=${drawn} />`, root);
  }

  function sections() {
    const scope = page.scope();
    const names = new Set([...(due?.names ?? [null]), ...OWN]);
    const stale = (panel) => names.has(null) || !made.has(panel) || mentioned.get(panel).some((word) => names.has(word));
    const section = (panel) => {
      if (panel.told) return html`<section key=${panel.name} data-panel=${panel.name}>${story.part(panel.title)}</section>`;
      if (stale(panel)) made.set(panel, html`<${Panel} key=${panel.name} panel=${panel} scope=${scope} page=${page} late=${due?.late} />`);
      return made.get(panel);
    };
    const { stage = [], readouts = [], wide = [] } = Object.groupBy(panels, ({ place = "stage" }) => place);
    return { stage: stage.map(section), readouts: readouts.map(section), wide: wide.map(section), story: story.part() };
  }

  function moved() {
    plan(training?.playing ? [] : [null]);
    if (rests && page.open && !training?.playing) rest();
  }

  /** Ask piece after piece until all is done or it may not go on; a run that restarted meanwhile is worked on as well. */
  async function through(piece, may) {
    for (;;) {
      const earlier = starts;
      const answer = await piece();
      if (page.ended.aborted || !may() || answer?.done || (!answer && starts === earlier)) return answer;
    }
  }

  /** Ask for work until Python says that all is done; a change meanwhile only makes it longer. */
  async function work() {
    if (working) return;
    working = run.going = true;
    plan(["work"]);
    const answer = await through(() => still(HELD_MS).then(() => run.going && page.advance(slice(SLICE_MS))), () => run.going);
    working = run.going = false;
    run.done = Boolean(answer?.done);
    const record = example();
    if (run.done) opened = null;
    plan(example() === record ? ["work"] : [null]);
  }

  /** What the button of the work does: start, stop after what is under way, go on, or run it again. */
  async function press() {
    if (kind === "auto") return void page.reset();
    if (run.done && !(await page.reset())) return;
    run.going = !run.going;
    if (run.going) work();
    plan(["work"]);
  }

  /** Resolves when no control has been moved for so long: work that is under way keeps the next move waiting. */
  async function still(ms, hurried = () => false) {
    while (!hurried() && performance.now() - touched < ms) await new Promise((done) => setTimeout(done, SHORT_MS));
  }

  /** While nothing else is asked for, let Python measure in the background. */
  async function rest() {
    soon = true; // the first piece may be a headline's number
    if (resting || working) return;
    resting = true;
    await through(async () => {
      await still(STILL_MS, () => soon);
      soon = false;
      const answer = training?.playing ? null : await page.background(slice(REST_MS));
      soon ||= answer?.preparing;
      return answer;
    }, () => !training?.playing);
    resting = false;
    plan();
  }

  /** Python has answered with a frame. */
  function take(event) {
    const { cleared, history } = event;
    frame = event.frame;
    if (cleared && !event.same) page.was = event.left ? { left: event.left, step: saves ? frame.step : 0 } : page.other && { other: page.other };
    if (!starts && !event.left) opened = page.params;
    else if (cleared || event.changed || (kind === "train" && !event.resting)) opened = null;
    for (const as of ["viewed", "compared"]) if (page[as] && !page.pins.some(({ name }) => name === page[as].name)) page.compare(null, as);
    if (cleared) {
      page.other = null;
      curves = {};
      starts += 1;
      if (kind === "asked") [run.going, run.done] = [false, false];
    }
    Object.assign(curves, history); // those that have grown
    if (frame.scalars.proof) page.prove(frame.scalars.proof); // {ok, passed, total, fingerprint}, for the status line
    if (cleared) training?.rewound();
    if (kind === "auto" && !working) work().then(() => rests && !page.ended.aborted && rest());
    else if (rests && !event.resting && !training?.playing) rest();
  }

  /** The names of parameters that were moved since the last frame. */
  function moves() {
    const was = params;
    params = page.params;
    return declared.map(({ name }) => name).filter((name) => params[name] !== was[name]);
  }

  page.listen((event) => {
    const { type, cleared, history } = event;
    const grown = history && Object.keys(history).length > 0;
    const record = example();
    const shown = record ?? frame;
    if (type === "wish") touched = performance.now();
    if (type === "wish" || (type === "frame" && !cleared && !event.resting && kind === "train" && grown)) page.was = null; // something is done
    if (page.viewed && (type === "wish" || cleared || grown)) page.compare(null, "viewed");
    if (type === "frame") take(event);
    const alone = type === "frame" && !event.changed && (event.resting || training?.playing); // no one waits for it
    if (type === "frame" && !cleared && shown && example() === record) plan([...news(record ?? frame, shown), ...moves(), ...(grown ? ["curves"] : [])], alone);
    else plan(["frame", "messages"].includes(type) || (type === "params" && !frame && has) ? [null] : []);
  });
  const story = new Story(page, plan);
  draw();

  if (has) recorded(page.meta).then((found) => {
    before = found;
    plan();
  });
  if (shipped.length) Promise.all(shipped.map(async (name) => [name, await page.shipped(name)])).then((facts) => {
    roots.shipped = Object.fromEntries(facts);
    plan();
  });
}
