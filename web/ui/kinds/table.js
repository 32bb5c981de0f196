import { html } from "preact";
import { SLOT } from "../scope.js";
import { Rich } from "../words.js";

/** Rows of a list; see Table in pyapp/experiment/panels.py. */
export function Table({ block, scope, page, Blocks }) {
  const { rows, caption, name, group, key = "name" } = block;
  const columns = block.columns.filter(({ when }) => scope.holds(when));
  const other = page.compared?.scope;
  const [list, theirs] = [scope.get(rows) ?? [], other?.get(`${rows}?`) ?? []];
  const items = list.map((item, i) => scope.inside(item, i));
  const pinned = new Map(list === theirs ? [] : theirs.map((item, i) => other.inside(item, i)).map((row) => [row.get(`${key}?`), row])); // what ships is no run's
  const even = columns.some(({ blocks }) => blocks);
  const wide = even || (columns.length > 2 && columns.some(({ prose }) => prose)) || (block.pick && columns.length > 3); // cards on a phone
  const body = (list) => list.map((row) => html`<${Row} key=${row.get(key)} block=${block} columns=${columns} row=${row} pinned=${pinned.get(row.get(key))} page=${page} Blocks=${Blocks} />`);
  return html`<div class=${`wide ${block.tall ? "tall" : ""}`}>
    <table class=${`numbers listed ${block.pick ? "pickable" : ""} ${wide ? "reading-table" : ""} ${even ? "even" : ""}`} data-test=${name}>
      ${caption && html`<caption class="unseen">${scope.text(caption)}</caption>`}
      <thead><tr>${columns.map((column) => html`<${Heading} block=${block} column=${column} scope=${scope} page=${page} />`)}</tr></thead>
      ${group ? [...Map.groupBy(items, (row) => written(group, row))].map(([title, list]) => html`<tbody key=${title}>
          <tr><th scope="rowgroup" colspan=${columns.length} class="use">${title}</th></tr>${body(list)}
        </tbody>`) : html`<tbody>${body(items)}</tbody>`}
    </table>
  </div>`;
}

function Heading({ block: { sort, best, name }, column, scope, page }) {
  const title = html`<${Rich} text=${column.title} scope=${scope} />`;
  const kind = `${column.role ?? ""} ${column.prose || column.blocks ? "prose-cell" : ""}`;
  if (!column.sort || !sort) return html`<th scope="col" class=${kind}>${title}</th>`;
  const sorted = page.params[sort] === column.sort && !column.follows;
  const first = String(page.params[best]) === "true";
  const up = column.largest ? !first : first; // the lowest stands above
  const press = () => {
    page.change(best, page.params[sort] === column.sort ? !first : true);
    if (page.params[sort] !== column.sort) page.change(sort, column.sort);
  };
  const order = sorted ? column.order ?? (up ? "ascending" : "descending") : "none";
  return html`<th scope="col" class=${kind} aria-sort=${order}>
    <button type="button" class="quiet" data-test=${`sort-${idOf(column)}`} onClick=${press}>
      ${title}${sorted && html`<span aria-hidden="true"> ${up ? "▴" : "▾"}</span>`}
    </button>
  </th>`;
}

/** A column's name in tests: its own, or the last part of its entry, in a template of the first entry. */
const idOf = ({ name, value = "" }) => name ?? value.replace(/^[^{]*\{/, "").split(/[:?}]/)[0].split(".").at(-1);
const written = (value, scope) => (value.includes("{") ? scope.text(value) : scope.value(value)[1]);

/** The number behind one that is written rounded, for the pointer; “Show as a table” has them for the keyboard. */
function exact(value = "", scope) {
  const found = value && !value.includes("{") ? scope.get(value.split(":")[0]) : null;
  return typeof found === "number" ? String(found) : undefined;
}

function Row({ block, columns, row, pinned, page, Blocks }) {
  const { key = "name", pick, also = [], name } = block;
  const own = pick || block.chosen ? String(row.get(key)) : row.get(key);
  const chosen = block.chosen ? row.holds(block.chosen) : pick && String(page.params[pick]) === own;
  const choose = pick && (() => {
    for (const [param, value] of also) if (String(page.params[param]) !== String(value)) page.change(param, value);
    page.change(pick, own);
  });
  const [first, ...others] = columns;
  const words = html`<${Cell} column=${first} row=${row} page=${page} Blocks=${Blocks} />`;
  return html`<tr class=${chosen ? "chosen" : ""} data-test=${`${name}-${own}`} onClick=${choose || undefined}>
    <th scope="row" class=${pick ? "" : (first.role ?? "")}>
      ${pick ? html`<button type="button" class=${`quiet ${roleOf(first, row)}`} aria-pressed=${Boolean(chosen)} data-test=${`${name}-pick-${own}`}>${words}</button>` : words}
      <${Beside} column=${first} row=${row} pinned=${pinned} name=${`${name}-${own}`} />
    </th>
    ${others.map((column) => html`<td
      class=${`${column.bar ? `bar-cell ${column.both ? "both" : ""}` : column.prose || column.blocks ? "prose-cell" : "number"} ${roleOf(column, row)}`}
      data-label=${row.text(column.title)} title=${exact(column.value, row)}
      data-test=${`${name}-${own}-${idOf(column)}`}
      aria-hidden=${column.bar ? "true" : undefined}
    ><${Cell} column=${column} row=${row} page=${page} Blocks=${Blocks} /><${Beside} column=${column} row=${row} pinned=${pinned} name=${`${name}-${own}-${idOf(column)}`} /></td>`)}
  </tr>`;
}

/** A role may be the row's to say: "{role}". */
const roleOf = ({ role = "", bad }, row) => `${role.includes("{") ? row.text(role) : role} ${bad && row.holds(bad) ? "bad" : ""}`;

function Cell({ column, row, page, Blocks }) {
  const { value = "", bar, roles = ["float", "quant"], both, blocks } = column;
  if (blocks) return html`<${Blocks} block=${column} scope=${row} page=${page} />`;
  if (bar) return bar.map((entry, i) => html`<${Bar} share=${row.get(entry) ?? 0} role=${row.text(roles[i])} both=${both} />`);
  if (value.includes("{")) return html`<${Rich} text=${value} scope=${row} />`;
  return value && row.value(value)[1];
}

const Bar = ({ share, role, both }) =>
  html`<span class=${both ? `signed-bar ${share < 0 ? "negative" : "positive"}` : `bar ${role}`} style=${{ transform: `scaleX(${Math.abs(share)})` }}></span>`;

/** What else stands in a cell: the value of a pinned run, words below its value, a word of warning. */
function Beside({ column: { value, about, flag, flagged }, row, pinned, name }) {
  return html`${pinned && beside(value, pinned) && html` <span class="doc" data-test=${`${name}-pinned`}>${against(value, row, pinned)}</span>`}
    ${flag && row.holds(flagged) && html` <span class="doc bad" data-test=${`${name}-flag`}>${row.text(flag)}</span>`}
    ${about && html` <span class="doc"><${Rich} text=${about} scope=${row} /></span>`}`;
}

/** Named values, in lines or as cards; see Facts in pyapp/experiment/panels.py. */
export function Facts({ block, scope, page }) {
  const { facts, heads = [], corner, caption, cards, name } = block;
  const shown = facts.filter(({ when }) => scope.holds(when));
  if (cards)
    return html`<dl class="facts" data-test=${name} aria-live=${block.live ? "polite" : undefined}>${shown.map((fact) => html`<div>
      <dt><${Rich} text=${fact.label} scope=${scope} /></dt>
      <dd class=${`number ${fact.role ?? ""}`} title=${exact(fact.values[0], scope)} data-test=${factName(fact)}>${written(fact.values[0], scope)}</dd>
    </div>`)}</dl>`;
  const labelled = shown.some(({ label }) => label);
  const other = page.compared?.scope;
  const pinned = other && shown.some(({ values: [value] }) => beside(value, other)) ? other : null;
  const role = (fact, i) => heads[i]?.role ?? fact.role ?? "";
  const test = (fact, i) => (heads.length ? `${heads[i].name ?? heads[i].title}-${factName(fact)}` : factName(fact));
  return html`<div class="wide"><table class=${`numbers ${heads.length ? "versus" : "pairs"}`} data-test=${name} aria-live=${block.live ? "polite" : undefined}>
      ${caption && html`<caption class="unseen">${scope.text(caption)}</caption>`}
      ${heads.length > 0 && html`<thead><tr>${corner ? html`<th scope="col"><${Rich} text=${corner} scope=${scope} /></th>` : labelled && html`<td></td>`}${heads.map((head) => html`<th scope="col" class=${head.role ?? ""}><${Rich} text=${head.title} scope=${scope} /></th>`)}</tr></thead>`}
      ${pinned && html`<thead><tr>${labelled && html`<td></td>`}<th scope="col">${page.viewed?.name ?? "this run"}</th>${heads.slice(1).map(() => html`<td></td>`)}<th scope="col">pinned</th><th scope="col">difference</th></tr></thead>`}
      <tbody>${shown.map((fact) => html`<tr class=${fact.chosen && scope.holds(fact.chosen) ? "chosen" : ""}>
        ${labelled && html`<th scope="row"><${Rich} text=${fact.label} scope=${scope} /></th>`}
        ${fact.values.map((value, i) => html`<td class=${`number ${role(fact, i)}`} title=${exact(value, scope)} data-test=${test(fact, i)}>${value.includes("{") ? html`<${Rich} text=${value} scope=${scope} />` : value && written(value, scope)}</td>`)}
        ${pinned && html`<td class="number muted">${beside(fact.values[0], pinned) && written(fact.values[0], pinned)}</td><td class="number muted">${beside(fact.values[0], pinned) && difference(fact.values[0], scope, pinned)}</td>`}
      </tr>`)}</tbody>
    </table></div>`;
}

/** The entries that a value or a template names, with their formats. */
const slots = (value) => (value.includes("{") ? [...value.matchAll(SLOT)].map(([, spec]) => spec) : [value]);

/** Whether a pinned run has this value, which may be missing as its panel is. */
const beside = (value, pinned) => value && slots(value).every((spec) => pinned.get(`${spec.split(":")[0]}?`) !== null);

/** A pinned run's value where it differs, and a number's difference. */
function against(value, row, pinned) {
  const [[own, other], change] = [[row, pinned].map((scope) => written(value, scope)), difference(value, row, pinned)];
  return change ? `${change} (pinned: ${other})` : own !== other && `pinned: ${other}`;
}

/** How much more a value, or the first of a template, is than that of the pinned run, in its own format. */
function difference(value, scope, pinned) {
  const [path, ...format] = slots(value)[0].split(":");
  const [own, other] = [scope, pinned].map((from) => from.get(path));
  const change = own - other;
  if (typeof own !== "number" || !Number.isFinite(change)) return "";
  return `${change < 0 ? "−" : "+"}${scope.inside(change < 0 ? -change : change).value(["item", ...format].join(":"))[1]}`;
}

const factName = ({ name, values }) => name ?? values.find(Boolean).split(":")[0].split(".").at(-1);
