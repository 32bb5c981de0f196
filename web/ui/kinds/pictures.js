import { html, useEffect, useRef } from "preact";
import { download } from "../files.js";
import { Heatmap as Sheet } from "../heatmap.js";
import { inkOf } from "../picture.js";
import { Scale as Ramp } from "../scale.js";
import { ofHeatmap } from "../summary.js";
import { Tiles } from "../tiles.js";
import { Trouble } from "../trouble.js";
import { Rich } from "../words.js";

/** An array as colours; see Heatmap in pyapp/experiment/pictures.py. */
export function Heatmap({ block, scope, page }) {
  const array = scope.array(block.array);
  if (!array) return null;
  const { label, caption, role = "", read, pick, name, map, height: maxHeight, gap, loupe, tiles_across: across } = block;
  const name_ = scope.text(name);
  const other = page.compared?.scope;
  const twin = other && shapeOf(other.array(`${block.array}?`)) === shapeOf(array) ? { scope: other, array: other.array(block.array) } : null;
  const [own, pinned] = [scope, other].map((from) => (from && block.limit ? from.get(`${block.limit.replace("?", "")}?`) : 1));
  const summary = (from, shown) => () => ofHeatmap({ array: shown, map, read: (cell) => from.reading(cell).text(read) });
  const limit = twin && pinned > own ? pinned : own; // one scale for both
  return html`<figure class="picture">
    ${caption && html`<figcaption class=${role} data-test=${name && `${name_}-caption`}><${Rich} text=${caption} scope=${scope} /></figcaption>`}
    <${Drawn} key=${array.shape.join()} block=${block} scope=${scope} page=${page} array=${array} limit=${limit} options=${{
      label: scope.text(label), test: name_, shape: array.shape, map, maxHeight, gap, loupe, across: across ? scope.get(across) : 0, picks: Boolean(pick),
    }} read=${read} summary=${summary(scope, array)} />
    ${twin && html`<${Drawn} key=${`pinned ${array.shape.join()}`} block=${{ ...block, over: null, kept: null }} ...${twin} page=${page} limit=${limit} options=${{
      label: `${scope.text(label)} Pinned run.`, test: name_ && `${name_}-pinned`, shape: array.shape, map, maxHeight, gap, loupe, across: across ? scope.get(across) : 0,
    }} read=${read} summary=${summary(twin.scope, twin.array)} /><figcaption class="doc">Pinned: ${page.compared.name}, on the same scale</figcaption>`}
  </figure>`;
}

const shapeOf = (array) => array?.shape.join();

/** The canvas, which lives on while its shape stays; what it reads is always the newest frame. */
function Drawn({ block, scope, page, array, limit, options, read, summary }) {
  const host = useRef(null);
  const sheet = useRef(null);
  const now = useRef(null);
  now.current = { scope, page };
  const kept = block.kept?.flatMap((entry) => scope.get(entry)); // numbers, or a list of them
  const over = block.over && scope.array(block.over);
  useEffect(() => {
    const [, rows, columns] = array.shape.length === 2 ? [1, ...array.shape] : array.shape;
    const cell = (tile, row, column) => ({ tile, row, column, i: (tile * rows + row) * columns + column });
    const describe = (tile, row, column) => now.current.scope.reading(cell(tile, row, column)).text(read);
    const picked = options.picks && ((...place) => {
      const { scope: at, page: to } = now.current;
      for (const [param, value] of block.pick) change(to, param, at.reading(cell(...place)).get(value));
    });
    sheet.current = new Sheet(host.current, { ...options, describe, picked });
    return () => sheet.current.destroy();
  }, []);
  useEffect(() => {
    sheet.current.lay(over ? () => inkOf(over) : null);
    sheet.current.update(array.data, limit);
    sheet.current.name(`${options.label} ${summary()}`);
  }, [array.data, limit, over?.data]);
  useEffect(() => sheet.current.keep(kept?.every((part) => part !== null) ? kept : null), [String(kept)]);
  return html`<div ref=${host}></div>`;
}

/** Set a parameter unless it is that already. */
export function change(page, param, value) {
  if (String(page.params[param]) !== String(value)) page.change(param, value);
}

export function Scale({ block, scope }) {
  return html`<${Ramp} limit=${scope.get(block.limit)} grey=${block.map === "grey"} test=${block.name} what=${scope.text(block.what)} />`;
}

/** Small pictures with words; see Images in pyapp/experiment/pictures.py. */
export function Images({ block, scope, page }) {
  const pictures = scope.array(block.pictures);
  if (!pictures) return null;
  const { label, words, pick, puts, value = "@i", picked, size, name } = block;
  const press = pick ? (i) => page.change(pick, at(i).get(value)) : (i) => page.put(at(i).get(puts));
  const at = (i) => scope.reading({ i });
  return html`<${Tiles} pictures=${pictures} test=${name} kind=${scope.text(size)} picked=${picked ? scope.get(picked) : null}
    name=${(i) => at(i).text(label)} words=${words && ((i) => html`<${Rich} text=${words} scope=${at(i)} />`)}
    pick=${(pick || puts) && press} />`;
}

const TYPES = { png: "image/png", json: "application/json", csv: "text/csv" };

/** Do an action of the page, with values for its own parameters; a file that it makes is the reader's. */
async function run(page, name, sets, scope) {
  await page.predict.busy(); // it may be about what is on the pad
  const answer = await page.act(name, Object.fromEntries(sets.map(([param, value]) => [param, scope.get(value)])));
  if (answer?.file) download(answer.file.data, answer.name, TYPES[answer.name.split(".").at(-1)]);
}

/** Buttons that set parameters or do actions; see Buttons in pyapp/experiment/panels.py. */
export function Buttons({ block: { buttons, words, name, steps }, scope, page }) {
  const press = ({ sets = [], act }) => (act ? run(page, act, sets, scope) : sets.forEach(([param, value]) => change(page, param, scope.get(value))));
  const button = ({ label, name: own, primary, off, pressed, ...does }) => {
    const on = pressed && scope.ready && scope.holds(pressed);
    return html`<button type="button" class=${primary ? "primary" : ""} data-test=${scope.text(own)} disabled=${!page.open || (off && scope.holds(off))}
      aria-pressed=${pressed && on} tabindex=${steps && pressed && !on ? -1 : undefined} onClick=${() => press(does)}><${Rich} text=${label} scope=${scope} /></button>`;
  };
  return html`<p class=${`row ${steps ? "steps" : ""}`} role=${steps && "group"} aria-label=${steps} onKeyDown=${steps && walk}>
    ${buttons.filter(({ when }) => scope.holds(when)).map(button)}
    ${words && html`<output data-test=${scope.text(name)}><${Rich} text=${words} scope=${scope} /></output>`}
    ${buttons.some(({ act }) => act) && html`<${Trouble} trouble=${page.troubles.act} />`}
  </p>`;
}

/** Arrow keys go to the step before and after, and press it. */
function walk(event) {
  const all = [...event.currentTarget.querySelectorAll("[aria-pressed]")];
  const [by, at] = [{ ArrowLeft: -1, ArrowRight: 1 }[event.key], all.indexOf(event.target)];
  if (!by || at < 0) return;
  event.preventDefault();
  all[at + by]?.focus();
  all[at + by]?.click();
}
