import { render, html } from "preact";
import { bindKeys } from "../ui/keys.js";
import { Player } from "../ui/player.js";
import { workbench } from "../ui/workbench.js";
import { Losses } from "./text-losses.js";
import { Look, Next, Writing } from "./text-panels.js";

const SHOWN = ["layer", "head"]; // these change only what is shown
const CONTROLS = [
  ["Write", ["prompt", "tokens", "greedy", "temperature", "top_k", "seed"]],
  ["Quantise", ["bits", "per", "activations", "logit_bits", "softmax", "shift"]],
  ["Attention shown", SHOWN],
];
const PANELS = { writing: Writing, next: Next, look: Look, losses: Losses };
const SPEED_EVERY = 16; // frames of writing

/** A GPT and its quantised twin write on from the same prompt and seed. */
export function mount(root, page) {
  const facts = { page, frame: null, reading: null, speed: null, losses: null, measuring: false };
  let picked = null; // {side, at}, or null for the end of the float text
  let bench = null;
  let frames = 0;
  let mounted = true;
  const player = new Player({ advance: (amount) => page.advance(amount), changed: rested });
  const act = {
    toggle: () => page.open && !complete() && player.toggle(),
    step: () => page.open && player.step(),
    again,
    seed: () => page.change("seed", 1 + Math.floor(Math.random() * 9999)),
    pick: (side, at) => {
      picked = { side, at };
      read();
    },
    measure: () => (facts.measuring ? (facts.measuring = false) : measure()),
    keys: () => keys.show(),
  };
  const keys = bindKeys([
    { key: " ", label: "Generate, stop", run: act.toggle },
    { key: "s", label: "One character", run: act.step },
    { key: "r", label: "Start again with the same seed", run: act.again },
    { key: "n", label: "New seed", run: act.seed },
  ]);

  function complete() {
    return facts.frame !== null && facts.frame.step >= facts.frame.scalars.tokens;
  }

  async function again() {
    if (!page.open) return;
    await player.pause();
    picked = null;
    await page.reset();
    player.rewind();
    player.play();
  }

  /** Writing has begun, was stopped, or is done: at rest there is time for what costs more. */
  function rested(state) {
    redraw();
    if (state === "playing") return;
    read();
    clock();
    if (state === "done" && complete()) measure();
  }

  /** What both networks make of the text up to the picked character. */
  async function read() {
    const text = facts.frame?.scalars.texts.float ?? "";
    const answer = await page.predict(picked ?? { side: "float", at: Math.max(0, text.length - 1) });
    if (answer) facts.reading = answer;
    redraw();
  }

  async function clock() {
    const answer = await page.act("speed");
    facts.speed = answer?.frame.scalars.speed ?? facts.speed;
    redraw();
  }

  /** Piece after piece, until all is measured, somebody stops it, or a change makes it something else. */
  async function measure() {
    if (facts.measuring) return;
    facts.measuring = true;
    let answer = await page.predictEach({ measure: 0 });
    while (answer) {
      facts.losses = answer;
      redraw();
      const { progress } = answer.scalars;
      if (!mounted || !facts.measuring || progress === null || progress >= 1) break;
      answer = await page.predictEach({ measure: 1 });
    }
    facts.measuring = false;
    redraw();
  }

  /** What is known already of the settings as they are now. */
  async function recall() {
    if (facts.measuring) return;
    const answer = await page.predictEach({ measure: 0 });
    if (answer && !facts.measuring) facts.losses = answer;
    redraw();
  }

  function draw(event) {
    if (event) follow(event);
    redraw();
  }

  function follow({ frame }) {
    const before = facts.frame;
    facts.frame = frame;
    if (before && frame.step < before.step) picked = facts.reading = null; // another text
    if (player.state === "playing") {
      frames += 1;
      if (frames % SPEED_EVERY === 0) clock();
    } else if (player.state === "done" && !complete()) {
      player.rewind();
      player.play();
    } else if (page.open) {
      read();
      recall();
    }
  }

  function redraw() {
    if (!bench || !mounted) return;
    for (const [name, Panel] of Object.entries(PANELS)) render(html`<${Panel} ...${facts} player=${player} act=${act} />`, bench.slot(name));
  }

  const stop = page.listen(({ type, name }) => {
    if (type === "wish" && !SHOWN.includes(name)) facts.measuring = false;
    if (type === "open") recall();
  });
  bench = workbench(root, page, {
    stage: Object.keys(PANELS),
    controls: CONTROLS,
    draw,
    summary: ({ step, scalars }) => `${step}/${scalars.tokens}, ${page.params.logit_bits} logit bits`,
  });
  redraw();
  return {
    unmount() {
      mounted = false;
      stop();
      player.pause();
      keys.unbind();
      bench.unmount();
    },
  };
}
