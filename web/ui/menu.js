import { html, useRef, useState } from "preact";
import { cells, written } from "./cells.js";
import { hasDrawings, savePng, saveSvg } from "./export.js";
import { download } from "./files.js";

const ROWS = 100; // of a table that is shown; a file has all

/** What every panel can do: its numbers copied, saved and as a table, its pictures saved, the whole screen, a link, paper. */
export function Menu({ panel, scope, page, shown, show }) {
  const host = useRef(null);
  const [said, say] = useState("");
  const section = () => host.current.closest("section");
  const name = `${page.meta.name}-${panel.name}`;
  const numbers = () => cells(panel, scope, page);
  const copy = (text, words) => navigator.clipboard.writeText(text).then(() => say(words), () => say("The browser does not allow copying here."));
  const acts = [
    ["copy", "Copy the numbers", () => copy(written(numbers(), "\t"), "Copied, to be pasted into a spreadsheet.")],
    ["csv", "Save as CSV", () => download(written(numbers(), ","), `bitladder-${name}.csv`, "text/csv")],
    ["table", shown ? "Hide the table" : "Show as a table", () => show(!shown)],
    ["png", "Save as PNG", () => savePng(section(), name)],
    ["svg", "Save as SVG", () => saveSvg(section(), name)],
    ["full", "Full screen", () => section().requestFullscreen()],
    ["link", "Copy a link to this", () => copy(`${location.href.split("#")[0]}${page.link(panel.name)}`, "The link is copied.")],
    ["print", "Print this", () => print(section())],
  ];
  const offered = () => {
    const [some, drawn] = [numbers().length > 0, hasDrawings(section())];
    return acts.filter(([act]) => ({ copy: some, csv: some, table: some, png: drawn, svg: drawn }[act] ?? true));
  };
  const [open, setOpen] = useState(null);
  const toggle = (event) => setOpen(event.currentTarget.open ? offered().map(([act]) => act) : null);
  const leave = (event) => {
    if (event.key !== "Escape" || !open) return;
    host.current.open = false;
    host.current.querySelector("summary").focus();
  };
  return html`<details class="panel-menu" ref=${host} onToggle=${toggle} onKeyDown=${leave}>
    <summary aria-label="Copy, save and show" title="Copy, save and show" data-test=${`${panel.name}-menu`}>⋯</summary>
    ${open && html`<div>${acts.filter(([act]) => open.includes(act)).map(([act, words, run]) => html`<button type="button" class="quiet" data-test=${`${panel.name}-${act}`} onClick=${run}>${words}</button>`)}
      <p class="doc" role="status">${said}</p></div>`}
  </details>`;
}

function print(section) {
  section.classList.add("printed");
  document.body.classList.add("prints-one");
  window.print();
  section.classList.remove("printed");
  document.body.classList.remove("prints-one");
}

/** The numbers behind a panel as plain tables. */
export function Numbers({ panel, scope, page }) {
  return html`<div class="wide panel-numbers" data-test=${`${panel.name}-numbers`}>${cells(panel, scope, page).map(({ title, rows }) => html`<table class="numbers">
    <caption>${title}</caption>
    <tbody>${rows.slice(0, ROWS).map((row) => html`<tr>${row.map((value) => html`<td>${String(value ?? "")}</td>`)}</tr>`)}</tbody>
  </table>${rows.length > ROWS && html`<p class="doc">The first ${ROWS} of ${rows.length} rows; saved as CSV it has all.</p>`}`)}</div>`;
}
