// What panels name: entries of a frame, values with a format, and templates. pyapp/experiment/panels.py says what they are.

import { FORMATS } from "./format.js";

/**
 * Where names are looked up. frame: the newest, or null; roots: what is known without it, {params, picks, shipped, read};
 * item: what is being drawn; at: {i, row, column, tile} of what is read.
 */
export class Scope {
  #frame;
  #roots;
  #outer;
  #item;
  #at;

  constructor(frame, roots, { outer = null, item = null, at = {} } = {}) {
    [this.#frame, this.#roots, this.#outer, this.#item, this.#at] = [frame, roots, outer, item, at];
  }

  get ready() {
    return this.#frame !== null;
  }

  get glossary() {
    return this.#roots.glossary;
  }

  /** The same names and those of an item of a list. */
  inside(item, i) {
    return new Scope(this.#frame, this.#roots, { outer: this, item, at: { ...this.#at, index: i } });
  }

  /** The same names while one element is read. */
  reading(at) {
    return new Scope(this.#frame, this.#roots, { outer: this.#outer, item: this.#item, at });
  }

  /** What a path leads to; null if it is not known yet. A path that leads nowhere is a fault of the page, and is reported. */
  get(path) {
    const optional = path?.endsWith("?");
    const [first, ...rest] = (path ?? "").replace("?", "").split(".");
    if (!path) return null;
    let value = this.#first(first);
    for (const part of rest) {
      if (value === null || value === undefined) break;
      value = part.startsWith("@") ? (value.data ?? value)[this.#at[part.slice(1)] ?? this.get(part.slice(1))] ?? null : value[part];
    }
    if (value === undefined) {
      if (!optional) complain(path);
      return null;
    }
    const read = value?.data && value.shape && this.#at.i !== undefined;
    return read ? (value.data[this.#at.i] ?? null) : value;
  }

  /** An array as {data, shape}, also while an element is read; plain lists become one. */
  array(path) {
    const found = this.reading({ ...this.#at, i: undefined }).get(path);
    return found && (found.data ? found : { data: found, shape: [found.length] });
  }

  /** Whether a condition holds; none always does. */
  holds(condition) {
    if (!condition) return true;
    return condition.startsWith("!") ? !truth(this.get(condition.slice(1))) : truth(this.get(condition));
  }

  /** [what a value's entry is, as it is written]. Before there is a frame, what is null is not known, and no infinity. */
  value(spec) {
    const [path, format = "scalar", digits] = spec.split(":");
    const found = this.get(path);
    return [found, FORMATS[format](this.ready ? found : (found ?? undefined), digits === undefined ? undefined : Number(digits))];
  }

  /** Whether all that a template names is known by now. */
  knows(template) {
    return [...template.matchAll(SLOT)].every(([, spec]) => {
      const [first] = spec.split(/[.:]/);
      return first in this.#roots ? this.#roots[first] !== null : this.ready;
    });
  }

  /** A template as plain text. */
  text(template) {
    return template ? plainly(template.replace(SLOT, (_, spec) => this.#fill(spec))) : "";
  }

  /** A text that is written as it is may be a template itself. */
  #fill(spec) {
    const [found, written] = this.value(spec);
    return typeof found === "string" && !spec.includes(":") ? this.text(found) : written;
  }

  #first(name) {
    if (name.startsWith("@")) return this.#at[name.slice(1)] + 1; // a position, for people
    for (let scope = this; scope; scope = scope.#outer) {
      if (scope.#item !== null && typeof scope.#item === "object" && Object.hasOwn(scope.#item, name)) return scope.#item[name];
      if (name === "item" && scope.#item !== null) return scope.#item;
    }
    if (name in this.#roots) return this.#roots[name];
    if (!this.#frame) return null;
    const { scalars, arrays, step } = this.#frame;
    if (Object.hasOwn(scalars, name)) return scalars[name];
    return Object.hasOwn(arrays, name) ? arrays[name] : name === "step" ? step : undefined;
  }
}

export const SLOT = /\{([^{}]+)\}/g;
const MARKS = /\*\*|`|\$([^${}]+)\$|\[([^\]]*)\]\([^)]*\)/g;

const plainly = (text) => text.replace(MARKS, (_, tex, words) => tex ?? words ?? "");

const truth = (value) => (Array.isArray(value) ? value.length > 0 : value !== "false" && Boolean(value)); // a link's false is a text

const told = new Set();

/** A page names something that its frame does not have. Browser tests fail on what stands in the console. */
function complain(path) {
  if (told.has(path)) return;
  told.add(path);
  console.error(`The page names “${path}”, which its frame does not have.`);
}
