// One sentence about a chart: what it shows, from where to where it goes. Made of what is drawn, also of a pinned run and of a record, which Python does not have.
import { count, scalar } from "./format.js";

const COLOURS = { float: "float32", quant: "quantised", error: "clipped" }; // what they mean on every page
const NOISE = 0.15; // of a line's range: it may overshoot its ends by so much and still rise or fall

const upper = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const lower = (text) => (/^[A-Z][a-z ]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text);
const bare = (text) => text.replace(/\.$/, "");

/** The least and the largest of many numbers; what is not finite is none. */
export function span(values) {
  let [low, high] = [Infinity, -Infinity];
  const numbers = Float64Array.from(values.includes(null) ? values.map((x) => x ?? NaN) : values); // a loop over one kind takes a tenth
  for (let i = 0; i < numbers.length; i += 1) {
    const x = numbers[i];
    if (x < low && x > -Infinity) low = x;
    if (x > high && x < Infinity) high = x;
  }
  return [low, high];
}
const times = (n, thing) => `${count(n)} ${thing}${n === 1 ? "" : "s"}`;

/** "Loss falls from 2.30 to 0.21 over 400 steps." lines: [{y, label, role, shape}]; label: the chart's, a noun phrase with a full stop. */
export function ofCurves({ label, lines, steps, write, empty }) {
  const told = movements(lines, write);
  if (steps.length < 2 || !told.length) return empty || "Nothing is drawn yet.";
  const over = `over ${times(steps.at(-1) - steps[0], "step")}`;
  if (lines.length > 1) return `${upper(over)}, ${told.map(([name, moves]) => `${name} ${moves}`).join("; ")}.`;
  return `${bare(label)} ${told[0][1]} ${over}.`;
}

/** "From 2 to 8 bits, just rounded rises from 9.7 % to 99.1 %." x: the numbers that are read; ticks: words for some. */
export function ofChart({ label, lines, x, title, ticks, write = scalar }) {
  const told = movements(lines, write);
  if (!x.length || !told.length) return "Nothing is drawn yet.";
  const words = (value) => ticks?.find(({ at }) => at === value)?.text ?? scalar(value);
  const [from, to] = span(x).map(words);
  const across = /^[\d.,]+$/.test(to) ? `From ${from} to ${to} ${title}` : `From ${from} ${title} to ${to}`;
  return `${title ? across : `Between ${from} and ${to}`}, ${told.map(([name, moves]) => `${name || lower(bare(label))} ${moves}`).join("; ")}.`;
}

/** [name, how it goes] of every line that has points. Beside lines with names those without only help the eye. */
function movements(lines, write) {
  const known = lines.map(({ y, ...line }) => ({ ...line, y: Array.from(y).filter(Number.isFinite) })).filter(({ y }) => y.length);
  const named = known.filter(({ label }) => label);
  const told = named.length ? named : known.filter(({ role = "float" }) => known.length === 1 || role in COLOURS);
  return told.map(({ label, role = "float", y, shape }) => [label || (known.length > 1 ? COLOURS[role] : ""), movement(y, shape, write)]);
}

function movement(y, shape, write) {
  const [low, high] = span(y);
  const [first, last, least, most] = [y[0], y.at(-1), low, high].map((value) => write(value));
  if (least === most) return y.length === 1 ? `is ${least}` : `stays at ${least}`;
  const spare = NOISE * (high - low);
  const [start, end] = [y[0], y.at(-1)];
  if (Math.max(start, end) >= high - spare && Math.min(start, end) <= low + spare) return `${end > start ? "rises" : "falls"} from ${first} to ${last}`;
  return shape === "dots" ? `lies between ${least} and ${most}` : `goes from ${first} to ${last}, between ${least} and ${most}`;
}

/** "float32: largest at 7 (0.9912); 2 bits: largest at 3 (0.31)." lanes: [{label, y}] */
export function ofBars({ labels, lanes }) {
  const largest = lanes.map(({ label, y }) => [label, span(y)[1], Array.from(y)]);
  return `${largest.map(([label, value, y]) => `${label}: largest at ${labels[y.indexOf(value)] ?? "–"} (${scalar(value)})`).join("; ")}.`;
}

/** "2,000 numbers from −0.3 to 0.3 fill 55 of 64 bins; afterwards they fill 12." */
export function ofHistogram({ edges, before, after }) {
  const filled = (counts) => counts.filter(Boolean).length;
  const n = before.reduce((sum, each) => sum + each, 0);
  return `${times(n, "number")} between ${scalar(edges[0])} and ${scalar(edges.at(-1))} fill ${filled(before)} of ${times(before.length, "bin")}; afterwards they fill ${filled(after)}.`;
}

/** "64 images of 28 by 28 values between −0.31 and 0.42; farthest from 0: neuron 3, row 5, column 7: +0.42." read(cell) */
export function ofHeatmap({ array: { data, shape }, read, map }) {
  const [tiles, rows, columns] = shape.length === 2 ? [1, ...shape] : shape;
  if (!data.some(Number.isFinite)) return "Nothing is drawn yet.";
  const size = `${tiles > 1 ? `${count(tiles)} images of ` : ""}${count(rows)} by ${count(columns)}`;
  const [low, high] = span(data);
  const most = () => `${count(data.filter((x) => x === high).length)} of them in the highest band, the first`;
  const range = map === "bands" ? "cells" : `values between ${scalar(low)} and ${scalar(high)}`;
  const i = data.indexOf(high >= -low ? high : low);
  const place = { tile: Math.floor(i / (rows * columns)), row: Math.floor(i / columns) % rows, column: i % columns, i };
  return `${size} ${range}; ${map === "bands" ? most() : low < 0 ? "farthest from 0" : "the largest"}: ${read(place).replaceAll("\n", ", ")}.`;
}
