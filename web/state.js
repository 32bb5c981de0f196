// The page's state as plain data: a link <-> page and parameters, and an undo stack. No DOM, no engine.

const SHELL = ["tour", "embed"]; // what a link says to the shell: the stop of the guided path; "1" shows panels alone

/**
 * "#digits/weights?rate=0.05&seed=7" -> {page: "digits", panel: "weights", params: {rate: "0.05", seed: "7"}, repeated: [], shell: {}}.
 * Values stay strings: Python coerces them. Of a name that comes more than once, `repeated`, the last value counts.
 */
export function parse(hash) {
  const [, page, panel = "", query] = /^#?([^?/]*)(?:\/([^?]*))?\??([^]*)$/.exec(hash); // only the first "?" divides: a prompt may have its own
  const pairs = [...new URLSearchParams(query)];
  const [once, repeated] = [new Set(), new Set()];
  for (const [name] of pairs) (once.has(name) ? repeated : once).add(name);
  const [shell, params] = [true, false].map((ours) => Object.fromEntries(pairs.filter(([name]) => SHELL.includes(name) === ours)));
  return { page: decode(page), panel: decode(panel), params, repeated: [...repeated], shell };
}

export const LONGEST = 4000; // characters of a value; longer links cannot be sent
const SHOWN = 40; // characters of a name that is quoted
const LISTED = 5; // names that are quoted

/** Sentences about what a link asks for and the page does not have. Python judges the values. */
export function odd(meta, { params, repeated = [] }) {
  const known = new Set(meta.params.map(({ name }) => name));
  const strangers = Object.keys(params).filter((name) => !known.has(name));
  const twice = repeated.filter((name) => known.has(name));
  return [
    strangers.length === 1 && `There is no parameter ${list(strangers)} here; it is ignored.`,
    strangers.length > 1 && `There are no parameters ${list(strangers)} here; they are ignored.`,
    twice.length > 0 && `The link sets ${list(twice)} more than once; the last value counts.`,
  ].filter(Boolean);
}

function list(names) {
  const more = names.length > LISTED ? [`${names.length - LISTED} more`] : [];
  return new Intl.ListFormat("en-GB").format([...names.slice(0, LISTED).map(quote), ...more]);
}

/** A name as it was given, in quotation marks and not too long. */
export function quote(name) {
  const letters = Array.from(name); // a cut must not fall into an emoji
  return `“${letters.length > SHOWN ? `${letters.slice(0, SHOWN).join("")}…` : name}”`;
}

/** The shortest link that opens this page, at one of its panels, with these parameters: what is at its default is left out, and a long text. */
export function format(meta, params, panel = "", shell = {}) {
  const query = new URLSearchParams(unusual(meta, params).filter(([, value]) => value.length <= LONGEST));
  for (const [name, value] of Object.entries(shell)) query.set(name, value);
  const text = query.toString();
  return `#${encodeURIComponent(meta.name)}${panel && `/${panel}`}${text && `?${text}`}`;
}

/** The command line that gives the same figures: these parameters, and as many steps as the page has taken. */
export function command({ name, rests, settled, ...meta }, params, step) {
  const word = (text) => (/^[\w.,:=+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  const given = unusual(meta, params).map(([param, value]) => `--set ${word(`${param}=${value}`)}`);
  return ["python -m pyapp run", name, ...given, step && meta.work !== "auto" && `--steps ${step}`, rests && !settled && "--background"].filter(Boolean).join(" ");
}

/** [name, value as text] of every parameter that is not at its default. */
function unusual(meta, params) {
  const all = filled(meta, params);
  return meta.params.map((param) => [param, String(all[param.name])]).filter(([param, value]) => value !== String(standard(param, all))).map(([param, value]) => [param.name, value]);
}

/** The labels of parameters that are too long for a link. */
export const dropped = (meta, params) => meta.params.filter(({ name }) => String(params[name]).length > LONGEST).map(({ label }) => label);

/** Every declared parameter: what is given, else its default. */
export function filled(meta, given) {
  const all = (ofParam) => Object.fromEntries(meta.params.map((param) => [param.name, own(given, param.name) ?? ofParam(param)]));
  const first = all((param) => param.default);
  return all((param) => standard(param, first));
}

/** A parameter's default, which may follow another parameter. */
function standard({ usual, default: fixed }, params) {
  return (usual && own(usual[1], params[usual[0]])) ?? fixed;
}

/** An object's own property: names come from links, and every object inherits a "constructor". */
const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined);

/** [name, value] of every declared parameter whose value in `wanted`, or else its default, differs from `current`. */
export function difference(meta, current, wanted) {
  const all = filled(meta, wanted);
  return meta.params
    .map(({ name }) => [name, all[name]])
    .filter(([name, value]) => String(value) !== String(current[name]));
}

/** What is remembered from page to page until the site is left. */
export class Visit {
  #seen = {}; // the page of an entry that was seen last
  #set = {}; // by entry: what its tabs share, by the shared names

  /** A page is there with these parameters: what is not as it comes is shared, and what has been shared follows. True if what is shared has changed. */
  see(meta, params) {
    this.#seen[meta.entry] = meta.name;
    const news = this.#shared(meta).filter(([, param, before]) => {
      const value = String(params[param.name]);
      return value !== String(before) && (value !== String(standard(param, params)) || can(param, before));
    });
    for (const [name, param] of news) this.#set[meta.entry][name] = params[param.name];
    return news.length > 0;
  }

  /** The link to a page, with what its entry shares and it can use. */
  link(meta) {
    const shared = this.#shared(meta).filter(([, param, value]) => can(param, value));
    return format(meta, Object.fromEntries(shared.map(([, { name }, value]) => [name, value])));
  }

  /** Of the pages of an entry the one that was seen last, else the first. */
  last(pages) {
    return pages.find(({ entry, name }) => this.#seen[entry] === name) ?? pages[0];
  }

  /** [shared name, the page's parameter, the shared value]. */
  #shared({ entry, shares, params }) {
    const set = (this.#set[entry] ??= {});
    return Object.entries(shares).map(([name, own]) => [name, params.find((param) => param.name === own), set[name]]);
  }
}

/** Whether a parameter can have a value that one of the same name has on another page. */
function can({ kind, choices, lo, hi }, value) {
  if (value === undefined || kind === "bool") return value !== undefined;
  if (choices) return choices.includes(String(value));
  return kind === "text" ? value.length <= hi : value >= lo && value <= hi;
}

/** Earlier values, newest last. Pushes with one tag in a row count as one step, so that a drag is undone at once. */
export class Undo {
  #past = [];
  #tag = null;

  get empty() {
    return this.#past.length === 0;
  }

  push(value, tag = null) {
    if (tag === null || tag !== this.#tag) this.#past.push(value);
    this.#tag = tag;
  }

  pop() {
    this.#tag = null;
    return this.#past.pop();
  }
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray % in a typed link: shown as it is in "there is no page ..."
  }
}

const NUMBER = /^-?(\d+\.?|\d*\.\d+)(e[-+]?\d+)?$/i; // what a number field takes

/** Whether a control of this parameter can hold this value. A link can ask for "__proto__", or for 1e400. */
export const choosable = ({ choices, kind } = {}, value) => choices?.includes(String(value))
  ?? (!["int", "float"].includes(kind) || (NUMBER.test(value) && Number.isFinite(Number(value))));
