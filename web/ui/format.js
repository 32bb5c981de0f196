// Numbers as text. Nothing is computed here; a number that is not there is a dash.

export const NOTHING = "–";
const MINUS = "−";

const LARGE = 1e10; // beyond int32, where digits say less than the power

const has = (x) => typeof x === "number" && Number.isFinite(x);
const large = (x) => Math.abs(x) >= LARGE;
const sign = (text) => text.replace("-", MINUS);

export const fixed = (x, digits) => (has(x) ? (large(x) ? scientific(x) : sign(x.toFixed(digits))) : NOTHING);
/** An error with four digits after the point, or as many as its size asks for. */
const small = (x) => (has(x) && x !== 0 && Math.abs(x) < 1e-3 ? scientific(x) : fixed(x, 4));
export const signed = (x, digits) => (has(x) ? (x > 0 ? "+" : "") + fixed(x, digits) : NOTHING);
export const percent = (x, digits = 1) => (has(x) ? `${(100 * x).toFixed(digits)} %` : NOTHING);
const grouped = new Intl.NumberFormat("en-GB"); // made once: toLocaleString makes one for each number
export const count = (x) => (has(x) ? sign(grouped.format(x)) : NOTHING);
export const bytes = (x) => (has(x) ? `${count(x)} bytes` : NOTHING);
export const megabytes = (x) => (has(x) ? (x / 1e6).toFixed(1) : NOTHING);

/** 0.0000000123 -> "1.23e−8"; an exact zero stays "0". */
export function scientific(x) {
  if (!has(x)) return NOTHING;
  return x === 0 ? "0" : x.toExponential(2).replace("e+", "e").replaceAll("-", MINUS);
}

const milliseconds = (x) => (has(x) ? `${Number(x.toPrecision(3))} ms` : NOTHING);

/** Any scalar of a Frame, when nothing more is known about it. */
export function scalar(x) {
  if (x === null || x === undefined) return NOTHING;
  if (typeof x !== "number") return String(x);
  if (Number.isInteger(x) && !large(x)) return count(x);
  return Math.abs(x) < 1e-3 || large(x) ? scientific(x) : sign(String(Number(x.toPrecision(4))));
}

/** The formats of panels; pyapp/experiment/panels.py says what they are. */
export const FORMATS = {
  fixed, small, percent, count, bytes, megabytes, scientific, milliseconds, scalar,
  signed: (x, digits) => (digits === undefined && x !== 0 && Math.abs(x) < 1e-3 ? small(x) : signed(x, digits ?? 4)),
  text: (x) => String(x ?? NOTHING),
  s: (x) => (x === 1 ? "" : "s"),
  words: (list, digits) => (!list ? NOTHING : Array.from(list.data ?? list, (x) => (digits === undefined ? scalar(x) : fixed(x, digits))).join(", ")),
  decibels: (x, digits = 1) => (x === null ? "exact" : has(x) ? `${fixed(x, digits)} dB` : NOTHING), // Python's infinity arrives as null
};

/** A value as a format says: "count", "fixed:2", "percent:1"; words stay words. */
export function written(x, format) {
  const [name, ...digits] = (format || "scalar").split(":");
  return typeof x === "string" ? x : FORMATS[name](x, ...digits.map(Number));
}
