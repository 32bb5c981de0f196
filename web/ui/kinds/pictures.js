import { html } from "preact";
import { download } from "../files.js";
import { Sheet } from "../heatmap.js";
import { Scale as Ramp } from "../scale.js";
import { ofHeatmap } from "../summary.js";
import { Tiles } from "../tiles.js";
import { Trouble } from "../trouble.js";
import { Rich } from "../words.js";

/** An array as colours, beside it that of a pinned run; see Heatmap in pyapp/experiment/pictures.py. */
export function Heatmap({ block, scope, page }) {
  const array = scope.array(block.array);
  if (!array) return null;
  const { caption, role = "", kept } = block;
  const name = scope.text(block.name);
  const other = page.compared?.scope;
  const twin = other && shapeOf(other.array(`${block.array}?`)) === shapeOf(array);
  const [own, pinned] = [scope, other].map((from) => (from && block.limit ? from.get(`${block.limit.replace("?", "")}?`) : 1));
  const limit = twin && pinned > own ? pinned : own; // one scale for both
  const mark = kept?.flatMap((entry) => scope.get(entry)); // numbers, or a list of them
  const facts = { key: shapeOf(array), block, limit, across: block.tiles_across ? scope.get(block.tiles_across) : 0 };
  return html`<figure class="picture">
    ${caption && html`<figcaption class=${role} data-test=${name && `${name}-caption`}><${Rich} text=${caption} scope=${scope} /></figcaption>`}
    ${drawn({ ...facts, from: scope, label: scope.text(block.label), test: name, over: block.over && scope.array(block.over),
      kept: mark?.every((part) => part !== null) ? mark : null, put: block.pick && ((param, value) => change(page, param, value)) })}
    ${twin && html`${drawn({ ...facts, key: `pinned ${facts.key}`, from: other, label: `${scope.text(block.label)} Pinned run.`, test: name && `${name}-pinned` })}
      <figcaption class="doc">Pinned: ${page.compared.name}, on the same scale</figcaption>`}
  </figure>`;
}

const shapeOf = (array) => array?.shape.join();

/** A block's array as `from` has it. A new shape is another sheet, so that nothing is read or marked outside of it. */
function drawn({ block: { array: entry, read, map, height: maxHeight, gap, loupe, pick }, from, put, ...facts }) {
  const { shape, data } = from.array(entry);
  const [rows, columns] = shape.slice(-2);
  const cell = (tile, row, column) => from.reading({ tile, row, column, i: (tile * rows + row) * columns + column });
  return html`<${Sheet} ...${facts} ...${{ shape, data, map, maxHeight, gap, loupe }} summary=${() => ofHeatmap({ array: { shape, data }, map, read: ({ tile, row, column }) => cell(tile, row, column).text(read) })}
    describe=${(...place) => cell(...place).text(read)} picked=${put && ((...place) => pick.forEach(([param, value]) => put(param, cell(...place).get(value))))} />`;
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
