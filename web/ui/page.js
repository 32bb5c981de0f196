import { html, render } from "preact";
import { Blocks } from "./blocks.js";
import { Curves } from "./curves.js";
import { Scope } from "./scope.js";
import { Rich } from "./words.js";
import { workbench } from "./workbench.js";

const PLACES = ["stage", "readouts", "wide"];

/** A page as it is declared in Python: panels, groups of controls, and how its work is driven. `more` are options of the workbench. */
export function mount(root, page, more = {}) {
  const { panels, groups, work, bar } = page.meta;
  const placed = Object.fromEntries(PLACES.map((place) => [place, panels.filter((panel) => (panel.place ?? "stage") === place).map(({ name }) => name)]));
  page.curves = new Curves();
  let frame = null;

  function draw(event, slot) {
    if (event) {
      frame = event.frame;
      if (event.cleared) page.curves.clear();
      page.curves.append(event.history);
    }
    const scope = new Scope(frame, page.params);
    for (const panel of panels) render(html`<${Panel} panel=${panel} scope=${scope} page=${page} />`, slot(panel.name));
  }

  return workbench(root, page, {
    ...placed,
    controls: groups.length ? groups : undefined,
    auto: work === "auto",
    training: work === "train",
    draw,
    summary: () => (bar && frame ? new Scope(frame, page.params).text(bar) : ""),
    ...more,
  });
}

function Panel({ panel, scope, page }) {
  if (panel.when && !(scope.ready && scope.holds(panel.when))) return null;
  return html`<h2 data-test=${`${panel.name}-title`}><${Rich} text=${panel.title} scope=${scope} /></h2>
    <${Blocks} block=${panel} scope=${scope} page=${page} />
    ${!scope.ready && panel.empty && html`<p class="empty"><${Rich} text=${panel.empty} scope=${scope} /></p>`}`;
}
