// node --test tests/node/state.test.mjs
import assert from "node:assert/strict";
import { test } from "node:test";
import { choosable, command, difference, dropped, filled, format, odd, parse, Visit } from "../../web/state.js";

const how = { name: "how", default: "slow" };
const rate = { name: "rate", default: 0.1, usual: ["how", { slow: 0.1, fast: 3 }] };
const meta = { name: "page", params: [how, rate] };

test("a default may follow another parameter", () => {
  assert.deepEqual(filled(meta, {}), { how: "slow", rate: 0.1 });
  assert.deepEqual(filled(meta, { how: "fast" }), { how: "fast", rate: 3 });
  assert.deepEqual(filled(meta, { how: "fast", rate: "1" }), { how: "fast", rate: "1" });
  assert.deepEqual(filled(meta, { how: "wings" }), { how: "wings", rate: 0.1 });
});

test("a link leaves out what is at its default, and opens as it was", () => {
  for (const [params, link] of [
    [{ how: "slow", rate: 0.1 }, "#page"],
    [{ how: "fast", rate: 3 }, "#page?how=fast"],
    [{ how: "fast", rate: 0.1 }, "#page?how=fast&rate=0.1"],
    [{ how: "slow", rate: 3 }, "#page?rate=3"],
  ]) {
    assert.equal(format(meta, params), link);
    const opened = filled(meta, parse(link).params);
    assert.deepEqual({ ...opened, rate: Number(opened.rate) }, params);
  }
});

test("a command sets what a link sets, quoted for a shell, and what is too long for a link", () => {
  const text = { name: "text", label: "Numbers", default: "" };
  const page = { name: "page", params: [how, rate, text], work: "train", rests: true };
  assert.equal(command(meta, { how: "slow", rate: 0.1 }, 0), "python -m pyapp run page");
  assert.equal(command(page, { how: "fast", rate: 3, text: "it's 1 2\n3" }, 7),
    "python -m pyapp run page --set how=fast --set 'text=it'\\''s 1 2\n3' --steps 7 --background");
  assert.equal(command({ ...page, work: "auto", rests: false }, { how: "slow", rate: -3 }, 7), "python -m pyapp run page --set rate=-3");
  assert.equal(command({ ...page, settled: true }, {}, 0), "python -m pyapp run page");
  for (const [length, labels] of [[4000, []], [4001, ["Numbers"]]]) {
    const params = { text: "1".repeat(length) };
    assert.deepEqual(dropped(page, params), labels);
    assert.equal(format(page, params).includes("text"), labels.length === 0);
    assert.ok(command(page, params, 0).includes(params.text));
  }
});

test("what differs from the wish, defaults included", () => {
  assert.deepEqual(difference(meta, { how: "fast", rate: 3 }, {}), [["how", "slow"], ["rate", 0.1]]);
  assert.deepEqual(difference(meta, { how: "slow", rate: 0.1 }, { how: "fast" }), [["how", "fast"], ["rate", 3]]);
  assert.deepEqual(difference(meta, { how: "fast", rate: 3 }, { how: "fast" }), []);
});

// Names and values that every object inherits, or that mean something in a link.
const ODD = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "", " ", "?", "a?b", "a&b=c", "#", "%", "%zz", "%00",
  "+", "1+1", "a=b", "\u0000", "é", "日本", "👩‍🚀", "\n", "null", "undefined", "NaN", "x".repeat(4000)];

/** Numbers from 0 to 1 that are the same in every run. */
function mulberry(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = mulberry(12);
const below = (n) => Math.floor(random() * n);
const pick = (list) => list[below(list.length)];
const LETTERS = Array.from("?&=#%+;/\\'\"<>{}[]().,:_-~ \t\n\u0000aZ09éß日👩‍🚀");
const word = () => (random() < 0.3 ? pick(ODD) : Array.from({ length: below(9) }, () => pick(LETTERS)).join(""));
const many = (n, make) => Array.from({ length: n }, make);

test("a value is never taken from what every object inherits", () => {
  for (const name of ODD) {
    const followed = filled(meta, { how: name });
    assert.deepEqual(followed, { how: name, rate: 0.1 });
    structuredClone(followed); // as it goes to the worker; a function cannot
    const odd = { name: "page", params: [{ name, default: "usual" }, { ...rate, usual: [name, { usual: 1, odd: 2 }] }] };
    assert.deepEqual(filled(odd, {}), Object.fromEntries([[name, "usual"], ["rate", 1]]));
    assert.deepEqual(filled(odd, Object.fromEntries([[name, "odd"]])), Object.fromEntries([[name, "odd"], ["rate", 2]]));
  }
});

test("whatever a page and its texts are called, its link opens it as it was", () => {
  for (const name of [...ODD, ...many(500, word)]) {
    const names = [...new Set(many(1 + below(4), word))];
    const page = { name, params: names.map((each) => ({ name: each, default: word() })) };
    const params = Object.fromEntries(names.map((each) => [each, word()]));
    const link = format(page, params);
    const opened = parse(link);
    assert.equal(opened.page, name);
    assert.deepEqual(filled(page, opened.params), params);
    assert.equal(format(page, opened.params), link);
    assert.deepEqual(odd(page, opened), []);
    assert.match(link, /^#[\x21-\x7e]*$/); // what may stand in an address, and so is left as it is by a browser
  }
});

test("any typed link is read, and after one writing stays as it is", () => {
  const page = { name: "digits", params: [{ name: "prompt", default: "" }, rate, how] };
  for (let i = 0; i < 2000; i += 1) {
    const pairs = many(below(5), () => `${random() < 0.5 ? pick(["prompt", "rate", "how"]) : word()}${pick(["=", "", "=="])}${word()}`);
    const typed = `${pick(["#", ""])}${pick(["digits", word()])}${pick(["?", "", "??"])}${pairs.join("&")}`;
    const { page: name, params } = parse(typed);
    assert.equal(typeof name, "string");
    const link = format(page, params);
    assert.equal(format(page, parse(link).params), link, typed);
    for (const sentence of odd(page, parse(typed))) assert.ok(sentence.length < 400, sentence);
  }
});

test("only the first question mark divides, and the value of a text keeps its own", () => {
  assert.deepEqual(parse("#text?prompt=a?b"), { page: "text", panel: "", params: { prompt: "a?b" }, repeated: [], shell: {} });
  assert.deepEqual(parse("#text?prompt=a%3Fb&q=1+1%2B1"), { page: "text", panel: "", params: { prompt: "a?b", q: "1 1+1" }, repeated: [], shell: {} });
  assert.deepEqual(parse("#text?tour=2&q=1").shell, { tour: "2" });
  assert.deepEqual(parse(""), { page: "", panel: "", params: {}, repeated: [], shell: {} });
  assert.deepEqual(parse("#%"), { page: "%", panel: "", params: {}, repeated: [], shell: {} });
  assert.deepEqual(parse("#shift/gains?rule=x/y"), { page: "shift", panel: "gains", params: { rule: "x/y" }, repeated: [], shell: {} });
});

test("what a link asks for and the page does not have is said, in few words", () => {
  const said = (link) => odd(meta, parse(link));
  assert.deepEqual(said("#page?rate=1"), []);
  assert.deepEqual(said("#page?__proto__=1"), ["There is no parameter “__proto__” here; it is ignored."]);
  assert.deepEqual(said("#page?=1&a=2"), ["There are no parameters “” and “a” here; they are ignored."]);
  assert.deepEqual(said("#page?rate=1&rate=2"), ["The link sets “rate” more than once; the last value counts."]);
  assert.equal(parse("#page?rate=1&rate=2").params.rate, "2");
  const [flood] = said(`#page?${many(5000, (_, i) => `${"n".repeat(99)}${i}=1`).join("&")}`);
  assert.ok(flood.length < 400 && flood.includes("and 4995 more here"), flood);
});

const bits = { name: "bits", kind: "int", default: 4, lo: 2, hi: 8 };
const method = { name: "method", kind: "choice", default: "exact", choices: ["exact", "fast", "gpt"] };
const lab = (name, params, shares) => ({ name, entry: "lab", params, shares });
const [maps, table, alone] = [
  lab("maps", [bits, method], { bits: "bits", logits: "method" }),
  lab("table", [{ ...bits, default: 8, lo: 4, hi: 12 }, { ...method, name: "source", choices: ["exact", "gpt"] }], { bits: "bits", logits: "source" }),
  lab("alone", [], {}),
];

test("what is set on one tab follows to the others, by way of one that has none of it", () => {
  const visit = new Visit();
  visit.see(maps, { bits: 4, method: "exact" });
  assert.deepEqual([visit.link(maps), visit.link(table)], ["#maps", "#table"]); // each as it comes
  visit.see(maps, { bits: 5, method: "gpt" });
  assert.equal(visit.link(table), "#table?bits=5&source=gpt");
  visit.see(alone, {});
  visit.see(table, { bits: 8, source: "gpt" }); // its own default, but chosen
  assert.equal(visit.link(maps), "#maps?bits=8&method=gpt");
  visit.see(maps, { bits: 4, method: "gpt" });
  assert.deepEqual([visit.link(maps), visit.link(table)], ["#maps?method=gpt", "#table?bits=4&source=gpt"]);
});

test("a value that a tab cannot have waits for one that can", () => {
  const visit = new Visit();
  visit.see(maps, { bits: 2, method: "fast" });
  assert.equal(visit.link(table), "#table");
  visit.see(table, { bits: 8, source: "exact" });
  assert.equal(visit.link(maps), "#maps?bits=2&method=fast");
});

test("what is shared has changed only when a value has", () => {
  const visit = new Visit();
  const seen = (bits) => visit.see(maps, { bits, method: "exact" });
  assert.deepEqual([4, 5, 5, "5", 4, 4].map(seen), [false, true, false, false, true, false]);
});

test("an entry opens its first page, later the one that was seen last", () => {
  const visit = new Visit();
  assert.equal(visit.last([maps, table]), maps);
  visit.see(table, { bits: 8, source: "exact" });
  visit.see({ name: "other", entry: "other", params: [], shares: {} }, {});
  assert.equal(visit.last([maps, table]), table);
});

test("a number is what a control can hold", () => {
  const kept = (kind, values) => values.filter((value) => choosable({ kind }, value));
  assert.deepEqual(kept("float", ["1e400", "-Infinity", "nan", "0x10", " 1", "", ".5", "-2e-3", 7]), [".5", "-2e-3", 7]);
  assert.deepEqual(kept("int", ["12", "1_000"]), ["12"]);
  assert.deepEqual(kept("text", ["1e400"]), ["1e400"]);
});
