// What a panel shows as plain cells: to copy, to save, and as the table behind its charts. Values are exact, not as written.
import { points } from "./curves.js";

const list = (scope, entry) => Array.from((typeof entry === "string" ? scope.array(entry)?.data : entry) ?? []);
const plain = (value, scope) => (value.includes("{") ? scope.text(value) : scope.value(value)[0]);

/** An array as one table, its tiles below each other. */
function rowsOf(found) {
  if (!found) return [];
  const columns = found.shape.at(-1);
  return [Array.from({ length: found.data.length / columns }, (_, row) => Array.from(found.data.subarray(row * columns, (row + 1) * columns)))];
}

/** What a component of its own shows, below the names of its entries: arrays, and lists of things with parts. */
function tablesOf(name, found) {
  if (found?.data) return rowsOf(found.shape.length > 1 ? found : { ...found, shape: [1] }).map((rows) => [[name], ...rows]);
  if (found === null || typeof found !== "object") return [];
  if (!Array.isArray(found)) return Object.entries(found).flatMap(([key, value]) => tablesOf(`${name}.${key}`, value));
  return typeof found[0] === "object" ? [[[name], Object.keys(found[0]), ...found.map(Object.values)]] : [];
}

const OF = {
  table: ({ rows, columns }, scope) => {
    const shown = columns.filter(({ value, when }) => value && scope.holds(when));
    const items = (scope.get(rows) ?? []).map((item, i) => scope.inside(item, i));
    return [[shown.map(({ title }) => scope.text(title)), ...items.map((row) => shown.map(({ value }) => plain(value, row)))]];
  },
  facts: ({ facts, heads = [], corner }, scope) => [[
    ...(heads.length ? [[scope.text(corner), ...heads.map(({ title }) => scope.text(title))]] : []),
    ...facts.filter(({ when }) => scope.holds(when)).map(({ label, values }) => [scope.text(label), ...values.map((value) => value && plain(value, scope))]),
  ]],
  chart: ({ x, lines, across = {} }, scope) => {
    const items = list(scope, x);
    const drawn = (Array.isArray(lines) ? lines : (scope.get(lines) ?? [])).map((line) => ({ name: scope.text(line.label) || String(line.y), x: line.x && list(scope, line.x), y: list(scope, line.y) }));
    const shared = drawn.filter((line) => !line.x);
    const first = [[scope.text(across.title) || "x", ...shared.map(({ name }) => name)], ...items.map((item, i) => [item, ...shared.map(({ y }) => y[i])])];
    return [first, ...drawn.filter((line) => line.x).map((line) => [["x", line.name], ...line.x.map((at, i) => [at, line.y[i]])])];
  },
  curves: ({ lines }, scope, page) => lines.map(({ y, label }) => {
    const { step, value } = points(page.curves(), y);
    return [["step", scope.text(label) || y], ...step.map((at, i) => [at, value[i]])];
  }),
  histogram: ({ edges, before, after }, scope) => {
    const [at, one, two] = [edges, before, after].map((entry) => list(scope, entry));
    return [[["from", "to", "before", "after"], ...one.map((n, i) => [at[i], at[i + 1], n, two[i]])]];
  },
  bars: ({ labels, lanes }, scope) => {
    const values = lanes.map(({ y }) => list(scope, y));
    return [[["", ...lanes.map(({ label }) => scope.text(label))], ...list(scope, labels).map((label, i) => [label, ...values.map((of) => of[i])])]];
  },
  custom: ({ entries = [] }, scope) => entries.flatMap((entry) => tablesOf(entry.replace("?", ""), scope.get(entry))),
  images: ({ pictures, label, words }, scope) => [Array.from({ length: scope.array(pictures)?.shape[0] ?? 0 }, (_, i) => [label, words].map((text) => scope.reading({ i }).text(text)))],
  heatmap: ({ array }, scope) => rowsOf(scope.array(array)),
  matrix: ({ array, columns }, scope) => rowsOf(scope.array(array)).map((rows) => [...(columns ? [scope.get(columns)] : []), ...rows]),
};

/** Tables of a block's parts, [{title, rows}]; a row is an array of values. */
export function cells(block, scope, page) {
  return (block.blocks ?? []).filter(({ when }) => scope.holds(when)).flatMap((part) => {
    if (part.kind === "each") return (scope.get(part.over) ?? []).flatMap((item, i) => cells(part, scope.inside(item, i), page));
    if (part.blocks) return cells(part, scope, page);
    const tables = OF[part.kind]?.(part, scope, page) ?? [];
    return tables.filter((rows) => rows.length > 0).map((rows) => ({ title: scope.inside({ limit_shown: scope.get(part.limit) }).text(part.caption || (part.kind !== "images" && part.label)), rows }));
  });
}

const quoted = (value) => (/[",\n\t]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

/** Tables as text, one below the other: sep is a tab to paste, a comma to save. */
export function written(tables, sep) {
  const cell = (value) => quoted(value === null || value === undefined ? "" : String(value));
  return tables.map(({ rows }) => rows.map((row) => row.map(cell).join(sep)).join("\n")).join("\n\n");
}
