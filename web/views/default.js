import { html, render } from "preact";
import { Controls } from "../ui/controls.js";
import { scalar } from "../ui/format.js";
import { Heatmap } from "../ui/heatmap.js";
import { bindKeys } from "../ui/keys.js";
import { Plot } from "../ui/plot.js";
import { Scale } from "../ui/scale.js";
import { Sheet } from "../ui/sheet.js";
import { slotsOf } from "../ui/slots.js";
import { tell } from "../ui/story.js";
import { Training } from "../ui/training.js";

/** Any page without a view of its own: controls, a curve for each name in the history, each array as heatmap, scalars. */
export function mount(root, page) {
  render(html`<${Layout} meta=${page.meta} />`, root);
  const slot = slotsOf(root);
  const plots = new Map();
  const heatmaps = new Map();
  let last = null;

  const training = new Training(page, { changed: draw });
  const keys = bindKeys(training.bindings());

  function draw() {
    const { params, notes, troubles } = page;
    const change = (name, value) => page.change(name, value);
    render(
      html`<${Sheet} page=${page} training=${training} summary=${`step ${page.step}`}>
        <${Controls} params=${page.meta.params} values=${params} notes=${notes} troubles=${troubles} drafts=${page.drafts} change=${change} />
      <//>`,
      slot("controls"),
    );
    render(html`<${Scalars} frame=${last} />`, slot("scalars"));
    render(heatmaps.size > 0 && html`<${Scale} limit=${last.arrays.range?.data[0] ?? 1} what="value" />`, slot("scale"));
  }

  /** The part that draws `name`, made when the name is first seen. */
  function part(parts, name, place, make) {
    if (!parts.has(name)) {
      const [caption, host] = [document.createElement("h2"), document.createElement("div")];
      caption.textContent = name;
      slot(place).append(caption, host);
      parts.set(name, make(host));
    }
    return parts.get(name);
  }

  function take({ frame, history, cleared }) {
    last = frame;
    if (cleared) for (const plot of plots.values()) plot.clear();
    for (const [name, points] of Object.entries(history)) {
      const options = { title: name, yLabel: "value", lines: [{ name, label: "", colour: "float" }], format: scalar };
      part(plots, name, "curves", (host) => new Plot(host, options)).append({ [name]: points });
    }
    const limit = frame.arrays.range?.data[0]; // the one colour scale, as the frame gives it
    for (const [name, { shape, data }] of Object.entries(frame.arrays)) {
      if (shape.length < 2 || shape.length > 3) continue;
      const describe = (tile, row, column, value) => `${name} ${tile}, ${row}, ${column}: ${scalar(value)}`;
      part(heatmaps, name, "pictures", (host) => new Heatmap(host, { label: `${name}.`, shape, describe })).update(data, limit);
    }
    if (cleared) training.rewound();
    draw();
  }

  const stop = page.listen((event) => (event.type === "frame" ? take(event) : draw()));
  draw();
  const untell = tell(page, { "How it works": slot("story") });

  return {
    unmount() {
      stop();
      untell();
      training.destroy();
      keys.unbind();
      for (const thing of [...plots.values(), ...heatmaps.values()]) thing.destroy();
    },
  };
}

function Layout({ meta }) {
  return html`<article>
    <header class="lead"><h1>${meta.title}</h1><p>${meta.summary}</p></header>
    <div class="bench">
      <aside class="controls" aria-label="Controls" data-panel="controls" data-test="controls"></aside>
      <div class="stage"><div data-panel="pictures"></div><div data-panel="scale"></div></div>
      <div class="readouts"><section data-panel="curves"></section><section data-panel="scalars"></section></div>
    </div>
    ${meta.story && html`<section class="story" data-panel="story"></section>`}
  </article>`;
}

function Scalars({ frame }) {
  if (!frame) return html`<p class="empty">Numbers appear here when Python has started.</p>`;
  const rows = [["step", frame.step], ...Object.entries(frame.scalars)];
  return html`<table class="numbers"><tbody>
      ${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td class="number">${scalar(value)}</td></tr>`)}
    </tbody></table>`;
}
