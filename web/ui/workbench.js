import { html, render } from "preact";
import { Controls } from "./controls.js";
import { bindKeys } from "./keys.js";
import { PageMenu } from "./menu.js";
import { Sheet } from "./sheet.js";
import { slotsOf } from "./slots.js";
import { tell } from "./story.js";
import { Training } from "./training.js";
import { Files } from "./transport.js";

const SLICE_MS = 40; // of work between two drawings

/**
 * The frame of a page: controls at the left, panels on the stage, readouts at the right, wide panels and the story below.
 *
 * stage, readouts, wide   names of panels, empty sections that `draw` fills: slot(name) is the element
 * controls                [[title, [parameter names]]], by default all parameters
 * parts                   of the story that have panels of their own: {heading: name of the panel}
 * training                adds play, step, reset and what belongs to them: {before}, see ui/training.js
 * files                   the title of a group of controls that saves and loads the run; only with training
 * auto                    true lets Python work until it is done: after the start and after every change
 * asked                   true lets Python work when the reader says so: page.run has {going, done, press()}
 * take(event)             {frame, history, cleared}: an answer of Python
 * draw(slot)              fills the panels; once for all that came with one answer
 * summary()               a few words for the bar of a phone
 */
export function workbench(root, page, { stage, readouts, wide, controls, parts, training: trains, files, auto, asked, take, draw, summary }) {
  render(html`<${Layout} page=${page} stage=${stage} readouts=${readouts} wide=${wide} />`, root);
  const slot = slotsOf(root);
  const training = trains ? new Training(page, { before: trains.before, changed: moved }) : null;
  const keys = training && bindKeys(training.bindings());
  let working = false;
  let resting = false;
  let starts = 0; // counts how often the run was started
  let mounted = true;
  let due = null; // what is to be drawn: {panels}
  const run = (page.run = { going: false, done: false, press });

  /** Draw soon, the controls or the panels as well. One answer of Python comes as several events (notes, values, a frame): all of them are drawn once. */
  function plan(panels = true) {
    if (due) return void (due.panels ||= panels);
    due = { panels };
    queueMicrotask(() => {
      const { panels: both } = due;
      due = null;
      if (!mounted) return;
      if (both) draw(slot);
      drawControls();
    });
  }

  function drawControls() {
    const facts = { page, training, files, groups: controls, keys: keys?.show, summary: summary() };
    render(html`<${Form} ...${facts} />`, slot("controls"));
    slot("paper").textContent = onPaper(page);
  }

  function moved() {
    plan(false);
    if (page.meta.rests && page.open && !training?.playing) rest();
  }

  /** Ask piece after piece until all is done or it may not go on; a run that restarted meanwhile is worked on as well. */
  async function through(piece, may) {
    for (;;) {
      const before = starts;
      const answer = await piece();
      if (!mounted || !may() || answer?.done || (!answer && starts === before)) return answer;
    }
  }

  /** Ask for work until Python says that all is done; a change meanwhile only makes it longer. */
  async function work() {
    if (working) return;
    working = run.going = true;
    plan();
    const answer = await through(() => page.advance({ ms: SLICE_MS }), () => run.going);
    working = run.going = false;
    run.done = Boolean(answer?.done);
    plan();
  }

  /** What the button of the work does: start, stop after what is under way, go on, or run it again. */
  async function press() {
    if (auto) return void page.reset();
    if (run.done && !(await page.reset())) return;
    run.going = !run.going;
    if (run.going) work();
    plan();
  }

  /** While nothing else is asked for, let Python measure in the background. */
  async function rest() {
    if (resting || working) return;
    resting = true;
    await through(() => page.background({ ms: SLICE_MS }), () => !training?.playing);
    resting = false;
  }

  const stop = page.listen((event) => {
    if (event.type === "frame") {
      if (event.cleared && asked) [run.going, run.done] = [false, false];
      take(event);
      if (event.cleared) starts += 1;
      if (event.cleared) training?.rewound();
      if (auto && !working) work().then(() => page.meta.rests && mounted && rest());
      else if (page.meta.rests && !event.resting && !training?.playing) rest();
    }
    plan(event.type === "frame" || event.type === "messages");
  });
  drawControls();
  draw(slot);
  const places = Object.entries({ ...parts, "How it works": "story" }).map(([part, name]) => [part, slot(name)]);
  const untell = tell(page, Object.fromEntries(places));

  return {
    slot,
    training,
    draw: () => plan(),
    unmount() {
      mounted = false;
      stop();
      untell();
      training?.destroy();
      keys?.unbind();
    },
  };
}

/** The settings as a print has them, instead of controls. */
const onPaper = ({ meta, params, step }) =>
  [...meta.params.map(({ name, label, unit }) => `${label}: ${String(params[name]).slice(0, 60)} ${unit}`.trim()), ...(step ? [`step ${step}`] : [])].join(" · ");

function Form({ page, training, files, groups, keys, summary }) {
  const { params, notes, troubles, meta } = page;
  const change = (name, value) => page.change(name, value);
  const form = (list) =>
    html`<${Controls} params=${list} values=${params} notes=${notes} troubles=${troubles} drafts=${page.drafts} change=${change} />`;
  const named = (names) => names.map((name) => meta.params.find((param) => param.name === name));
  const link = (test, label, act, disabled = false) =>
    html`<button type="button" class="quiet" data-test=${test} disabled=${disabled} onClick=${act}>${label}</button>`;
  return html`<${Sheet} page=${page} training=${training} summary=${summary}>
    ${groups
      ? groups.map(([title, names]) => html`<section><h2>${title}</h2>${form(named(names))}</section>`)
      : form(meta.params)}
    ${files && html`<section><h2>${files}</h2><${Files} page=${page} training=${training} /></section>`}
    <p class="row">
      ${link("undo-change", "Undo change", () => page.undo(), !page.canUndo())}
      ${link("defaults", "Defaults", () => page.toDefaults())} ${keys && link("keys", "Keys", keys)}
    </p>
  <//>`;
}

function Layout({ page, stage, readouts, wide }) {
  const { meta } = page;
  const sections = (names) => names.map((name) => html`<section data-panel=${name}></section>`);
  return html`<article>
    <header class="lead">
      <div class="panel-head"><h1>${meta.title}</h1><${PageMenu} page=${page} /></div><p>${meta.summary}</p><p class="doc paper" data-panel="paper"></p>
    </header>
    <div class=${`bench ${readouts.length ? "" : "bench-wide"} ${meta.params.length ? "" : "bench-alone"}`}>
      <aside class="controls" hidden=${meta.params.length === 0} aria-label="Controls" data-panel="controls" data-test="controls"></aside>
      <div class="stage">${sections(stage)}</div>
      ${readouts.length > 0 && html`<div class="readouts">${sections(readouts)}</div>`}
    </div>
    ${wide.length > 0 && html`<div class="stage below">${sections(wide)}</div>`}
    ${meta.story && html`<section class="story" data-panel="story"></section>`}
  </article>`;
}
