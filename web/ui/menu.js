import { html, useState } from "preact";
import { command, dropped, LONGEST } from "../state.js";
import { cells, written } from "./cells.js";
import { hasDrawings, savePng, saveSvg } from "./export.js";
import { download, saveFile } from "./files.js";
import { count } from "./format.js";
import { Saves } from "./left.js";

const ROWS = 100; // of a table that is shown; a file has all

/** What every page can do: a link to it as it is now, the command that gives the same figures, paper. */
export function PageMenu({ page }) {
  const acts = (say) => [
    ["link", "Copy a link to this page", () => copyLink(page, page.link(), say)],
    ["embed", "Copy a link for slides", () => copyLink(page, page.link("", { embed: 1 }), say)],
    ["command", "Copy as a command", () => copy(command(page.meta, page.params, page.step), `Command copied: ${figures(page)}`, say)],
    ["python", "Copy as Python", async () => {
      const answer = await page.ask("script", {}, "page");
      if (answer) copy(answer.text, "Script copied. Python reproduces this run with it.", say);
    }],
    ["print", "Print the page", () => print()],
    ["session", "Save session as a file", () => saveFile(page, "save")],
    ["fresh", "Start from the shipped state", () => page.fresh().then((answer) => answer && say("This page is as it ships."))],
  ];
  return html`<${Acts} name="page" sign="Share" label="Share: links, a command, print, sessions" acts=${acts} rest=${(say) => html`<${Saves} page=${page} say=${say} />`}>
    <p class="doc">Links and commands hold the settings; a session holds the run, the drawing, pins and edits as well.</p>
  <//>`;
}

/** What a command gives; it knows nothing of what was changed on the way. */
const figures = ({ meta, step, params }) => (params.data === "own" ? "it runs with the data that ships, for a command holds none of your own."
  : meta.work === "train" && step ? `it trains ${count(step)} ${step === 1 ? "step" : "steps"} from the start with the current settings. If you changed a setting during training or opened a file, “Copy as Python” repeats that too.`
    : "it prints the same figures.");
const copy = (text, words, say) => Promise.resolve(text).then((it) => navigator.clipboard.writeText(it)) // throws without https
  .then(() => say(words), () => say(`This browser does not allow copying here${text.length > LONGEST ? "." : `; select it instead: ${text}`}`));

function copyLink(page, link, say) {
  const left = dropped(page.meta, page.params).map((label) => ` “${label}” is not in it: a link holds at most ${count(LONGEST)} characters of a text.`);
  copy(`${location.href.split("#")[0]}${link}`, `Link copied.${left.join("")}`, say);
}

/** A button that opens a list of [name, words, what to do], which `acts` makes while it is open. */
function Acts({ name, label, sign = "⋯", acts, rest, children }) {
  const [said, say] = useState("");
  const [open, setOpen] = useState(null);
  const id = `${name}-acts`;
  return html`<div class="panel-menu">
    <button type="button" popovertarget=${id} aria-label=${label} title=${label} data-test=${`${name}-menu`}>${sign}</button>
    <div popover="auto" id=${id} onToggle=${({ newState, currentTarget }) => setOpen(newState === "open" && currentTarget)}>
      ${open && html`${acts(say, open).map(([act, words, run]) => html`<button type="button" class="quiet" data-test=${`${name}-${act}`} onClick=${run}>${words}</button>`)}
        ${rest?.(say)}${children}<p class="doc" role="status" data-test=${`${name}-said`}>${said}</p>`}
    </div>
  </div>`;
}

/** What every panel can do: its numbers copied, saved and as a table, its pictures saved, the whole screen, a link, paper. */
export function Menu({ panel, scope, page, shown, show }) {
  const name = `${page.meta.name}-${panel.name}`;
  const numbers = () => cells(panel, scope, page);
  const acts = (say, host) => {
    const section = host.closest("section");
    const [some, drawn] = [numbers().length > 0, hasDrawings(section)];
    return [
      some && ["copy", "Copy the numbers", () => copy(written(numbers(), "\t"), "Copied. Paste it into a spreadsheet.", say)],
      some && ["csv", "Save as CSV", () => download(written(numbers(), ","), `bitladder-${name}.csv`, "text/csv")],
      some && ["table", shown ? "Hide the table" : "Show as a table", () => show(!shown)],
      drawn && ["png", "Save as PNG", () => savePng(section, name)],
      drawn && ["svg", "Save as SVG", () => saveSvg(section, name)],
      document.fullscreenEnabled && ["full", "Full screen", () => section.requestFullscreen().catch(() => say("This browser does not allow full screen here."))],
      ["link", "Copy a link to this panel", () => copyLink(page, page.link(panel.name), say)],
      ["print", "Print this panel", () => printOnly(section)],
    ].filter(Boolean);
  };
  return html`<${Acts} name=${panel.name} label="Copy, save and show" acts=${acts} />`;
}

function printOnly(section) {
  section.classList.add("printed");
  print();
  section.classList.remove("printed");
}

/** The numbers behind a panel as plain tables. */
export function Numbers({ panel, scope, page }) {
  return html`<div class="wide panel-numbers" data-test=${`${panel.name}-numbers`}>${cells(panel, scope, page).map(({ title, rows }) => html`<table class="numbers">
    <caption>${title}</caption>
    <tbody>${rows.slice(0, ROWS).map((row) => html`<tr>${row.map((value) => html`<td>${String(value ?? "")}</td>`)}</tr>`)}</tbody>
  </table>${rows.length > ROWS && html`<p class="doc">The first ${ROWS} of ${rows.length} rows. “Save as CSV” writes them all.</p>`}`)}</div>`;
}
