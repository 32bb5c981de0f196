import { html, useEffect, useRef } from "preact";
import { painted } from "../colormap.js";
import { download } from "../files.js";
import { fixed, NOTHING, signed } from "../format.js";
import { Sheet } from "../heatmap.js";
import { ofHeatmap } from "../summary.js";
import { onTheme } from "../theme.js";
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
  const limit = block.limit ? limitOf(block.limit, scope, page) : 1;
  const mark = kept?.flatMap((entry) => scope.get(entry)); // numbers, or a list of them
  const facts = { key: shapeOf(array), block, limit, across: block.tiles_across ? scope.get(block.tiles_across) : 0 };
  return html`<figure class="picture">
    ${caption && html`<figcaption class=${role} data-test=${name && `${name}-caption`}><${Rich} text=${caption} scope=${scope.inside({ limit_shown: limit })} /></figcaption>`}
    ${drawn({ ...facts, from: scope, label: scope.text(block.label), test: name, over: block.over && scope.array(block.over),
      kept: mark?.every((part) => part !== null) ? mark : null, put: block.pick && ((param, value) => change(page, param, value)) })}
    ${twin && html`${drawn({ ...facts, key: `pinned ${facts.key}`, from: other, label: `${scope.text(block.label)} Pinned run.`, test: name && `${name}-pinned` })}
      <figcaption class="doc">Pinned: ${page.compared.name}, on the same scale</figcaption>`}
  </figure>`;
}

/** The number with the full colour: beside a pinned run the larger one of both. */
function limitOf(entry, scope, { compared }) {
  const [own, pinned] = [scope, compared?.scope].map((from) => from?.get(`${entry.replace("?", "")}?`));
  return pinned > own ? pinned : own;
}

const shapeOf = (array) => array?.shape.join();

/** A block's array as `from` has it. A new shape is another sheet, so that nothing is read or marked outside of it. */
function drawn({ block: { array: entry, read, map, height: maxHeight, gap, loupe, pick }, from, put, ...facts }) {
  const { shape, data } = from.array(entry);
  const [rows, columns] = shape.slice(-2);
  const cell = (tile, row, column) => from.reading({ tile, row, column, i: (tile * rows + row) * columns + column });
  const describe = (...place) => cell(...place).text(read);
  const summary = () => ofHeatmap({ array: { shape, data }, map, read: ({ tile, row, column }) => describe(tile, row, column) });
  const picked = put && ((...place) => pick.forEach(([param, value]) => put(param, cell(...place).get(value))));
  return html`<${Sheet} ...${facts} ...${{ shape, data, map, maxHeight, gap, loupe, summary, describe, picked }} />`;
}

/** Set a parameter unless it is that already. */
export function change(page, param, value) {
  if (String(page.params[param]) !== String(value)) page.change(param, value);
}

const TICKS = [-1, -1 / 4, 0, 1 / 4, 1]; // equally far apart on the square-root scale of the signed colour map

/** The colour scale that heatmaps share: from paper to ink, or signed. */
export function Scale({ block: { limit: entry, map, name, what: words }, scope, page }) {
  const [limit, what, grey] = [limitOf(entry, scope, page), scope.text(words), map === "grey"];
  const ticks = grey ? ["0", fixed(limit, 3)] : TICKS.map((tick) => (limit === null ? NOTHING : signed(tick * limit, 3)));
  return html`<div class="scale" data-test=${name}>
    <span class=${`ramp ${grey ? "ramp-ink" : ""}`} aria-hidden="true"></span>
    <span class="ticks number">${ticks.map((tick) => html`<span>${tick}</span>`)}</span>
    <span class="doc">${what}: ${grey ? "paper is zero, ink the largest; all images share this scale."
      : "blue is negative, orange positive, paper zero; all images share this scale (square-root scale)."}</span>
  </div>`;
}

/** Small pictures with words, or as buttons; see Images in pyapp/experiment/pictures.py. */
export function Images({ block, scope, page }) {
  const pictures = scope.array(block.pictures);
  if (!pictures) return null;
  const { label, words, pick, puts, value = "@i", picked, size, name } = block;
  const [n, rows, columns] = pictures.shape;
  const chosen = picked ? scope.get(picked) : null;
  return html`<div class=${`tiles ${scope.text(size)}`} data-test=${name}>${Array.from({ length: n }, (_, i) => {
    const at = scope.reading({ i });
    const content = html`<${Tile} data=${pictures.data} i=${i} rows=${rows} columns=${columns} name=${at.text(label)} />
      ${words && html`<span class="tile-words"><${Rich} text=${words} scope=${at} /></span>`}`;
    if (!pick && !puts) return html`<figure class="tile" key=${i}>${content}</figure>`;
    const press = () => (pick ? page.change(pick, at.get(value)) : page.put(at.get(puts)));
    return html`<button type="button" class="tile" key=${i} aria-pressed=${i === chosen} data-test=${`${name}-${i}`} onClick=${press}>${content}</button>`;
  })}</div>`;
}

function Tile({ data, i, rows, columns, name }) {
  const [target, pixels] = [useRef(null), rows * columns];
  useEffect(() => {
    const draw = () => target.current.replaceChildren(painted({ data: data.subarray(i * pixels, (i + 1) * pixels), rows, columns, map: "grey", limit: 255 }));
    draw();
    return onTheme(draw);
  }, [data]);
  return html`<span class="tile-picture" role="img" aria-label=${name} ref=${target}></span>`;
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
