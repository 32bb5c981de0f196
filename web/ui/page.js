import { html, render, useState } from "preact";
import { Blocks } from "./blocks.js";
import { named } from "./controls.js";
import { Curves } from "./curves.js";
import { Menu, Numbers } from "./menu.js";
import { recorded } from "./recorded.js";
import { Scope } from "./scope.js";
import { Rich } from "./words.js";
import { workbench } from "./workbench.js";

const PLACES = ["stage", "readouts", "wide"];

/** A page as it is declared in Python: panels, groups of controls, and how its work is driven. */
export function mount(root, page) {
  const { panels, groups, work, bar, run, files, plays, shipped } = page.meta;
  const placed = Object.fromEntries(PLACES.map((place) => [place, panels.filter((panel) => (panel.place ?? "stage") === place).map(({ name }) => name)]));
  const roots = { shipped: null, read: null, glossary: page.meta.glossary };
  const known = (params) => ({ ...roots, params, picks: Object.fromEntries(page.meta.params.map((param) => [param.name, named(param, params[param.name])])) }); // as a reader sees them
  let before = () => null; // frames that were recorded
  let [frame, opened] = [null, null]; // opened: the settings of a run that nothing was done with yet
  /** The recorded frame that is shown until Python has one, or until the reader begins the work that it is ahead by. */
  const example = () => (!frame ? before(page.params) : opened && before(opened)?.step ? before(opened) : null);
  Object.assign(page, { curves: new Curves(), compared: null, example, scope: () => new Scope(example() ?? frame, known(page.params)) });

  /** Show the numbers of a pinned run beside those of this one; null: of none. */
  page.compare = (name) => {
    const pin = page.pins.find((each) => each.name === name);
    page.compared = pin ? { name, curves: new Curves(), scope: new Scope(pin.frame, known(pin.params)) } : null;
    page.compared?.curves.append(pin.history);
    bench.draw();
  };
  /** What Python has read of a drawing or a file: panels name it "read". */
  page.reads = (answer) => {
    roots.read = answer && { ...answer.scalars, ...answer.arrays };
    bench.draw();
  };

  function take(event) {
    frame = event.frame;
    if (!event.resting) opened = work === "train" && event.cleared && !frame.step ? page.params : null;
    if (page.compared && !page.pins.some(({ name }) => name === page.compared.name)) page.compared = null;
    if (event.cleared) page.curves.clear();
    page.curves.append(event.history);
    if (frame.scalars.proof) page.prove(frame.scalars.proof); // {ok, passed, total, fingerprint}, for the status line
  }

  function draw(slot) {
    const scope = page.scope();
    for (const panel of panels.filter(({ told }) => !told)) render(html`<${Panel} panel=${panel} scope=${scope} page=${page} />`, slot(panel.name));
  }

  const bench = workbench(root, page, {
    ...placed,
    parts: Object.fromEntries(panels.filter(({ told }) => told).map(({ title, name }) => [title, name])),
    controls: groups.length ? groups : undefined,
    auto: work === "auto",
    asked: work === "asked",
    training: work === "train" && { before: () => Promise.all(plays.map((wish) => begin(page, ...wish))) },
    files,
    take,
    draw,
    run: () => run && html`<${Blocks} block=${{ blocks: [run] }} scope=${page.scope()} page=${page} />`,
    headline: () => page.scope().ready && html`<${Rich} text=${bar} scope=${page.scope()} />
      ${example() && html`<span class="doc recorded" data-test="recorded">${frame ? `Recorded; press ${page.meta.labels.play}` : "Recorded by CPython"}</span>`}
      ${page.compared && html` <span class="doc" data-test="headline-compared">Pinned: <${Rich} text=${bar} scope=${page.compared.scope} /></span>`}`,
  });
  if (page.meta.recorded) {
    recorded(page.meta).then((found) => {
      before = found;
      bench.draw();
    });
    page.listen(({ type }) => type === "params" && !frame && bench.draw());
  }
  if (shipped.length)
    Promise.all(shipped.map(async (name) => [name, await page.shipped(name)])).then((facts) => {
      roots.shipped = Object.fromEntries(facts);
      bench.draw();
    });
  page.training = bench.training;
  return bench;
}

/** What has to be so when a training begins. */
async function begin(page, name, value, why) {
  if (page.params[name] === value) return;
  await page.change(name, value);
  page.say(name, why);
}

function Panel({ panel, scope, page }) {
  const [numbers, show] = useState(false);
  if (panel.when && !scope.holds(panel.when)) return null;
  const facts = { panel, scope, page };
  return html`${panel.title && html`<div class="panel-head">
      <h2 data-test=${`${panel.name}-title`}><${Rich} text=${panel.title} scope=${scope} /></h2>
      ${scope.ready && html`<${Menu} ...${facts} shown=${numbers} show=${show} />`}
    </div>`}
    <${Blocks} block=${panel} scope=${scope} page=${page} />
    ${numbers && html`<${Numbers} ...${facts} />`}
    ${!scope.ready && panel.empty && !page.troubles.page && html`<p class="empty"><${Rich} text=${panel.empty} scope=${scope} /></p>`}`;
}
