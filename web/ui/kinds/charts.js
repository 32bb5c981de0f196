import { html } from "preact";
import { align, points } from "../curves.js";
import { Figure } from "../figure.js";
import { ofChart, ofCurves, span } from "../summary.js";
import { Rich } from "../words.js";

export const Caption = ({ block, scope }) => block.caption && html`<p class="plot-name" data-test=${block.name && `${scope.text(block.name)}-caption`}><${Rich} text=${block.caption} scope=${scope} /></p>`;
const numbers = (scope, entry) => (typeof entry === "string" ? scope.array(entry)?.data : entry);
const ends = (axis, scope, values) => (axis?.ends ? numbers(scope, axis.ends) : span(values));

/** A line of a run that may not have it. */
const maybe = (line) => ({ ...line, y: `${line.y}?`, ...(typeof line.x === "string" && { x: `${line.x}?` }) });

/** Lines over numbers, those of a pinned run dashed; see Chart in pyapp/experiment/pictures.py. */
export function Chart({ block, scope, page }) {
  if (!scope.ready) return null;
  const { across = {}, up = {}, height = 220, pick, at, read } = block;
  const items = numbers(scope, block.x) ?? [];
  const declared = Array.isArray(block.lines) ? block.lines.map((line) => ({ ...line, label: scope.text(line.label) })) : scope.get(block.lines);
  const of = (line, from, x) => ({ ...line, x: numbers(from, line.x) ?? x, y: Array.from(numbers(from, line.y) ?? [], (y) => y ?? NaN), hollow: numbers(from, line.hollow) });
  const pinned = Array.isArray(block.lines) ? page.compared?.scope : null; // of lines that are one run's alone the others are not known
  const others = pinned ? declared.map((line) => ({ ...of(maybe(line), pinned, numbers(pinned, `${block.x}?`) ?? []), label: "", dash: true, thin: true, hollow: null })) : [];
  const lines = [...others, ...declared.map((line) => of(line, scope, items))].filter(({ y }) => y.length);
  const view = {
    x: ends(across, scope, items), y: ends(up, scope, lines.flatMap((line) => line.y)), logX: across.log, logY: up.log, writeY: up.format && ((y) => scope.inside(y).value(`item:${up.format}`)[1]),
    ticksX: across.ticks && scope.get(across.ticks), ticksY: up.ticks && scope.get(up.ticks), titleX: scope.text(across.title),
  };
  const words = (i) => scope.reading({ i }).text(read);
  const facts = { view, lines, items, words, height, rows: block.read_lines, marks: block.marks ? scope.get(block.marks) : [] };
  const label = scope.text(block.label);
  const summary = scope.text(block.told) || ofChart({ label, lines: lines.slice(others.length), x: items, title: view.titleX, ticks: view.ticksX, write: view.writeY });
  const point = pick ? { at: scope.get(at), pick: (x) => page.change(pick, x) } : {};
  return html`<figure><${Caption} block=${block} scope=${scope} />
    <${Figure} label=${label} summary=${summary} test=${scope.text(block.name)} ...${facts} ...${point} /></figure>`;
}

/** Lines that grow while the page works, those of a pinned run dashed. */
export function Curves({ block, scope, page }) {
  const { lines, format = "fixed:3", height = 168, floor, ceiling, least, empty } = block;
  const runs = [[page.compared?.curves ?? {}, true], [page.curves(), false]];
  const drawn = runs.flatMap(([curves, pinned]) => lines.map((line) => ({ line, pinned, ...points(curves, line.y) })))
    .filter(({ step, pinned }) => step.length > 0 || !pinned);
  const write = (value, how = format) => scope.inside(value).value(`item:${how}`)[1];
  const [steps, ...columns] = align(drawn);
  const shown = drawn.map(({ line, pinned, step, value }) => ({
    ...line, x: step, y: value, dash: pinned, thin: line.thin || pinned, label: value.length ? `${pinned ? "pinned" : scope.text(line.label)} ${write(value.at(-1))}`.trim() : "",
  }));
  const goals = (block.goals ?? []).map(({ value, text, role }) => [scope.value(value), scope.text(text), role]).filter(([[y]]) => Number.isFinite(y));
  const marks = goals.map(([[y, written], text, role = "float"]) => ({ kind: "horizontal", y, text: `${text} ${written}`, role }));
  const [low, high] = block.ends ? numbers(scope, block.ends) ?? [0, 1] : span([...shown.flatMap(({ y, aside }) => (aside ? [] : y)), ...marks.map(({ y }) => y)]);
  // Without ends the axis fits what is drawn: only the page knows which runs that are, recorded and pinned ones, too.
  const bottom = floor ?? (Number.isFinite(low) ? low : 0);
  const top = ceiling ?? Math.max(Number.isFinite(high) ? high : bottom + 1, least ?? bottom + 1e-9);
  const last = steps.at(-1) ?? 0;
  const view = { x: [steps[0] ?? 0, Math.max(last, (steps[0] ?? 0) + 10)], y: [bottom, top], titleX: "step", writeY: (y) => write(y, block.ticks ?? "scalar") };
  const words = (i) => `step ${steps[i]}: ${drawn.flatMap(({ line, pinned }, k) => (columns[k][i] === null ? [] : [`${scope.text(line.label)}${pinned ? " (pinned)" : ""} ${write(columns[k][i])}`])).join(", ")}`;
  const label = scope.text(block.label);
  const own = drawn.filter(({ pinned }) => !pinned).map(({ line, value }) => ({ ...line, label: scope.text(line.label), y: value }));
  const summary = ofCurves({ label, lines: own, steps, write, empty });
  return html`<figure><${Caption} block=${block} scope=${scope} />
    <${Figure} label=${label} summary=${summary} test=${block.name} view=${view} lines=${shown} items=${steps} words=${words} marks=${marks} height=${height} empty=${steps.length > 1 ? "" : empty} /></figure>`;
}
