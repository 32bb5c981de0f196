import { html, render } from "preact";
import { format } from "../state.js";
import { LiveCode } from "../ui/live-code.js";
import { workbench } from "../ui/workbench.js";
import * as attention from "./rung-attention.js";
import * as bend from "./rung-bend.js";
import * as block from "./rung-block.js";
import * as embeddings from "./rung-embeddings.js";
import * as generate from "./rung-generate.js";
import * as line from "./rung-line.js";
import * as stack from "./rung-stack.js";

const RUNGS = { rung1: line, rung2: bend, rung3: stack, rung4: embeddings, rung5: attention, rung6: block, rung7: generate };
const TRAVELS = ["prompt", "own", "scaled", "mlp", "dims", "table"]; // parameters that go along to another rung

/**
 * A rung of the ladder. What is its own is a module: panels (names for the stage), controls, training, and
 * create(page) -> {draw(event, slot, frame), summary(frame), destroy()}. Around it stand the ladder, what is new, the code, what was
 * left out.
 */
export function mount(root, page) {
  const { panels, controls, training } = RUNGS[page.meta.name];
  const rung = RUNGS[page.meta.name].create(page);
  let frame = null;

  const drawLinks = (slot) => {
    render(html`<${Ladder} page=${page} />`, slot("ladder"));
    render(html`<${Neighbours} page=${page} />`, slot("neighbours"));
  };
  const bench = workbench(root, page, {
    stage: ["ladder", "new", ...panels],
    wide: ["code", "left", "neighbours"],
    parts: { "What is new here": "new", "What we left out": "left" },
    controls,
    training,
    draw(event, slot) {
      frame = event?.frame ?? frame;
      drawLinks(slot);
      rung.draw(event, slot, frame);
    },
    summary: rung.summary,
  });
  const goOn = () => bench.training?.player.state === "done" && bench.training.player.rewind(); // there may be new work
  const code = new LiveCode(bench.slot("code"), page, { names: page.meta.live, edited: goOn });
  const stop = page.listen(({ type }) => {
    if (type === "wish") goOn();
    if (type === "params") drawLinks(bench.slot);
  });

  return {
    unmount() {
      stop();
      code.destroy();
      rung.destroy?.();
      bench.unmount();
    },
  };
}

function Ladder({ page }) {
  const rungs = ladderOf(page);
  return html`<nav class="rungs" aria-label="Ladder"><ol>
    ${rungs.map((meta) => html`<li key=${meta.name}>
      <a href=${linkTo(page, meta)} aria-current=${meta.name === page.meta.name ? "page" : null}>${meta.title}</a>
    </li>`)}
  </ol></nav>`;
}

function Neighbours({ page }) {
  const rungs = ladderOf(page);
  const at = rungs.findIndex(({ name }) => name === page.meta.name);
  const [below, above] = [rungs[at - 1], rungs[at + 1]];
  return html`<p class="row rung-links">
    ${below && html`<a href=${linkTo(page, below)} data-test="rung-down">Down to ${below.title}</a>`}
    ${above && html`<a href=${linkTo(page, above)} data-test="rung-up">Up to ${above.title}</a>`}
  </p>`;
}

const ladderOf = (page) => page.pages.filter(({ view }) => view === page.meta.view);
const linkTo = (page, meta) => format(meta, Object.fromEntries(TRAVELS.map((name) => [name, page.params[name]])));
