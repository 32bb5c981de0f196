import { Component, html, useRef, useState } from "preact";
import { Blocks } from "./blocks.js";
import { Controls } from "./controls.js";
import { Keys } from "./keys.js";
import { Menu, Numbers, PageMenu } from "./menu.js";
import { paint, unpaint } from "./paint.js";
import { Strip } from "./sheet.js";
import { Files } from "./transport.js";
import { Rich } from "./words.js";

/**
 * The frame of a page: controls at the left, panels on the stage, readouts at the right, wide panels and the story below. The main
 * controls stand in the strip above, with the buttons of the run and what came of it.
 *
 * panels    by place, as sections; `story` is what stands below them
 * training  null on a page that only answers
 */
export function Workbench({ page, training, panels: { stage, readouts, wide, story } }) {
  const { title, summary, params, main, groups: declared, files, run, bar, story: told } = page.meta;
  const [open, setOpen] = useState(false); // the sheet of a phone
  const keys = useRef(null);
  const scope = page.scope();
  const all = declared.length ? declared : [["", params.map(({ name }) => name)]];
  const groups = all.map(([heading, names]) => [heading, names.filter((name) => !main.includes(name))]).filter(([, names]) => names.length);
  const more = groups.length > 0 || Boolean(files);
  const links = html`<${Links} page=${page} keys=${training && (() => keys.current.showModal())} />`;
  const strip = { page, training, open, toggle: () => setOpen(!open), links: !more && links, sheet: more };
  return html`<article>
    <header class="lead">
      <div class="panel-head"><h1>${title}</h1><${PageMenu} page=${page} /></div><p>${summary}</p><p class="doc paper">${onPaper(page)}</p>
    </header>
    <div class="strip" role="region" aria-label="Main controls" data-panel="strip" data-test="strip"><${Strip} ...${strip}
      run=${run && html`<${Blocks} block=${{ blocks: [run] }} scope=${scope} page=${page} />`}
      headline=${scope.ready && html`<${Headline} text=${bar} scope=${scope} page=${page} training=${training} />`}>
      ${main.length > 0 && html`<div class="mains"><${Controls} page=${page} names=${main} /></div>`}<//></div>
    <div class=${`bench ${readouts.length ? "" : "bench-wide"} ${more ? "" : "bench-alone"}`}>
      <aside class=${`controls ${open ? "open" : ""}`} hidden=${!more} aria-label="Controls" data-panel="controls" data-test="controls">
        ${more && html`<div id="settings">
          ${groups.map(([heading, names]) => html`<section>${heading && html`<h2>${heading}</h2>`}<${Controls} page=${page} names=${names} /></section>`)}
          ${files && html`<section><h2>${files}</h2><${Files} page=${page} training=${training} /></section>`}
          ${links}
        </div>`}
      </aside>
      <div class="stage">${stage}</div>
      ${readouts.length > 0 && html`<div class="readouts">${readouts}</div>`}
    </div>
    ${wide.length > 0 && html`<div class="stage below">${wide}</div>`}
    ${told && html`<section class="story" data-panel="story">${story}</section>`}
    ${training && html`<${Keys} bindings=${training.bindings} dialog=${keys} />`}
  </article>`;
}

/** The settings as a print has them, instead of controls. */
const onPaper = ({ meta, params, step }) =>
  [...meta.params.map(({ name, label, unit }) => `${label}: ${String(params[name]).slice(0, 60)} ${unit}`.trim()), ...(step ? [`step ${step}`] : [])].join(" · ");

function Headline({ text, scope, page, training }) {
  return html`<${Rich} text=${text} scope=${scope} />
    ${page.example() && html`<span class="doc recorded" data-test="recorded">Recorded<span class="by">${!page.open ? " by CPython" : training && page.example().step ? `; press ${page.meta.labels.play}` : "; computed here now"}</span></span>`}
    ${page.viewed && html` <span class="doc" data-test="headline-viewed">Shown: the pinned run “${page.viewed.name}”</span>`}
    ${page.compared && html` <span class="doc" data-test="headline-compared">Pinned: <${Rich} text=${text} scope=${page.compared.scope} /></span>`}`;
}

function Links({ page, keys }) {
  const link = (test, label, act, disabled = false) =>
    html`<button type="button" class="quiet" data-test=${test} disabled=${disabled} onClick=${act}>${label}</button>`;
  return page.meta.params.length > 0 && html`<p class="row">
    ${link("undo-change", "Undo change", () => page.undo(), !page.canUndo())}
    ${link("defaults", "Defaults", () => page.toDefaults())} ${keys && link("keys", "Keys", keys)}
  </p>`;
}

const SELDOM_MS = 1000; // between two drawings of a panel that is out of sight

/** A panel. What is `late` waits for its turn, for all panels at once would hold up the page; out of sight it is drawn seldom. */
export class Panel extends Component {
  #seen = true;
  #last = 0; // when it was drawn
  #draw = () => this.forceUpdate();
  #sight = new IntersectionObserver((news) => (this.#seen = news.at(-1).isIntersecting));
  componentDidMount = () => this.#sight.observe(this.base);

  componentWillUnmount() {
    this.#sight.disconnect();
    unpaint(this.#draw);
  }

  shouldComponentUpdate({ late }) {
    if (!late) unpaint(this.#draw);
    else if (this.#seen || performance.now() - this.#last > SELDOM_MS) paint(this.#draw);
    return !late;
  }

  render(facts) {
    this.#last = performance.now();
    return html`<section data-panel=${facts.panel.name}><${Content} ...${facts} /></section>`;
  }
}

function Content({ panel, scope, page }) {
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
