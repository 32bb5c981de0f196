import { html, render } from "preact";
import { Controls } from "./controls.js";
import { bytesOf } from "./files.js";
import { Keeper } from "./keep.js";
import { bindKeys } from "./keys.js";
import { newest } from "./latest.js";
import { PageMenu } from "./menu.js";
import { Strip } from "./sheet.js";
import { slotsOf } from "./slots.js";
import { tell } from "./story.js";
import { Training } from "./training.js";
import { Files } from "./transport.js";

const SLICE_MS = 40; // of work between two drawings
const REST_MS = 20; // of what is measured in the background: a control that is moved meanwhile waits for its end
const LARGEST = 100_000_000; // bytes of a file that a run goes on with: the largest that Bitladder saves has some 13 million

/**
 * The frame of a page: controls at the left, panels on the stage, readouts at the right, wide panels and the story below.
 *
 * stage, readouts, wide   names of panels, empty sections that `draw` fills: slot(name) is the element
 * controls                [[title, [parameter names]]], by default all parameters; those of page.meta.main stand in the strip above
 * parts                   of the story that have panels of their own: {heading: name of the panel}
 * training                adds play, step, reset and what belongs to them: {before}, see ui/training.js
 * files                   the title of a group of controls that saves and loads the run, or a file of the page's own kind
 * auto                    true lets Python work until it is done: after the start and after every change
 * asked                   true lets Python work when the reader says so: page.run has {going, done, press()}
 * take(event)             {frame, history, cleared}: an answer of Python
 * draw(slot)              fills the panels; once for all that came with one answer
 * run(), headline()       for the strip: the button of the work, and what came of it
 */
export function workbench(root, page, { stage, readouts, wide, controls, parts, training: trains, files, auto, asked, take, draw, run: button, headline }) {
  const { params: all, main } = page.meta;
  const others = (controls ?? [["", all.map(({ name }) => name)]]).map(([title, names]) => [title, names.filter((name) => !main.includes(name))]);
  const groups = others.filter(([, names]) => names.length);
  const more = groups.length > 0 || Boolean(files);
  render(html`<${Layout} page=${page} more=${more} stage=${stage} readouts=${readouts} wide=${wide} />`, root);
  const slot = slotsOf(root);
  page.keeper = new Keeper(page, () => plan(false));
  const training = trains ? new Training(page, { before: trains.before, changed: moved }) : null;
  const keys = training && bindKeys(training.bindings());
  let working = false;
  let resting = false;
  let starts = 0; // counts how often the run was started
  let mounted = true;
  let open = false; // the sheet of a phone
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
    const links = html`<${Links} page=${page} keys=${keys?.show} />`;
    const toggle = () => {
      open = slot("controls").classList.toggle("open");
      drawControls();
    };
    const strip = { page, training, run: button(), headline: headline(), links: !more && links, sheet: more && (() => slot("controls")), open, toggle };
    render(html`<${Strip} ...${strip}>${main.length > 0 && html`<div class="mains"><${Controls} page=${page} names=${main} /></div>`}<//>`, slot("strip"));
    if (more) render(html`<${Form} ...${{ page, training, files, groups, links }} />`, slot("controls"));
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

  const choose = newest();
  /** Go on with a file of the reader's; of several the one chosen last counts. */
  page.bring = async (file) => {
    const wanted = choose();
    try {
      await training?.player.pause();
      const bytes = await bytesOf(file, LARGEST);
      if (wanted()) await page.restore(bytes, file.name);
    } catch (error) {
      if (wanted()) page.fail("load", error);
    }
  };

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
    await through(() => page.background({ ms: REST_MS }), () => !training?.playing);
    resting = false;
  }

  const stop = page.listen((event) => {
    const begun = page.meta.work === "train" && event.history && Object.keys(event.history).length;
    if (event.type === "wish" || (event.type === "frame" && !event.cleared && !event.resting && begun)) page.was = null; // something is done
    if (event.type === "frame") {
      if (event.cleared && !event.same) page.was = event.left ? { left: event.left, step: page.meta.saves ? event.frame.step : 0 } : page.other && { other: page.other };
      if (event.cleared) page.other = null;
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
      page.keeper.destroy();
      keys?.unbind();
    },
  };
}

/** The settings as a print has them, instead of controls. */
const onPaper = ({ meta, params, step }) =>
  [...meta.params.map(({ name, label, unit }) => `${label}: ${String(params[name]).slice(0, 60)} ${unit}`.trim()), ...(step ? [`step ${step}`] : [])].join(" · ");

function Form({ page, training, files, groups, links }) {
  return html`<div id="settings">
    ${groups.map(([title, names]) => html`<section>${title && html`<h2>${title}</h2>`}<${Controls} page=${page} names=${names} /></section>`)}
    ${files && html`<section><h2>${files}</h2><${Files} page=${page} training=${training} /></section>`}
    ${links}
  </div>`;
}

function Links({ page, keys }) {
  const link = (test, label, act, disabled = false) =>
    html`<button type="button" class="quiet" data-test=${test} disabled=${disabled} onClick=${act}>${label}</button>`;
  return page.meta.params.length > 0 && html`<p class="row">
    ${link("undo-change", "Undo change", () => page.undo(), !page.canUndo())}
    ${link("defaults", "Defaults", () => page.toDefaults())} ${keys && link("keys", "Keys", keys)}
  </p>`;
}

function Layout({ page, more, stage, readouts, wide }) {
  const { meta } = page;
  const sections = (names) => names.map((name) => html`<section data-panel=${name}></section>`);
  return html`<article>
    <header class="lead">
      <div class="panel-head"><h1>${meta.title}</h1><${PageMenu} page=${page} /></div><p>${meta.summary}</p><p class="doc paper" data-panel="paper"></p>
    </header>
    <div class="strip" role="region" aria-label="Main controls" data-panel="strip" data-test="strip"></div>
    <div class=${`bench ${readouts.length ? "" : "bench-wide"} ${more ? "" : "bench-alone"}`}>
      <aside class="controls" hidden=${!more} aria-label="Controls" data-panel="controls" data-test="controls"></aside>
      <div class="stage">${sections(stage)}</div>
      ${readouts.length > 0 && html`<div class="readouts">${sections(readouts)}</div>`}
    </div>
    ${wide.length > 0 && html`<div class="stage below">${sections(wide)}</div>`}
    ${meta.story && html`<section class="story" data-panel="story"></section>`}
  </article>`;
}
