// The page's state as plain data: a link <-> page and parameters, and an undo stack. No DOM, no engine.

/**
 * "#digits?rate=0.05&seed=7" -> {page: "digits", params: {rate: "0.05", seed: "7"}}.
 * Values stay strings: Python coerces them.
 */
export function parse(hash) {
  const [page, query = ""] = hash.replace(/^#/, "").split("?", 2);
  return { page: decode(page), params: Object.fromEntries(new URLSearchParams(query)) };
}

const LONGEST = 4000; // characters of a value; nobody can send a longer link

/** The shortest link that opens this page with these parameters: what is at its default is left out, and a long text. */
export function format(meta, params) {
  const query = new URLSearchParams();
  const all = filled(meta, params);
  for (const param of meta.params) {
    const value = String(all[param.name]);
    if (value !== String(standard(param, all)) && value.length <= LONGEST) query.set(param.name, value);
  }
  const text = query.toString();
  return `#${encodeURIComponent(meta.name)}${text && `?${text}`}`;
}

/** Every declared parameter: what is given, else its default. */
export function filled(meta, given) {
  const all = (ofParam) => Object.fromEntries(meta.params.map((param) => [param.name, given[param.name] ?? ofParam(param)]));
  const first = all((param) => param.default);
  return all((param) => standard(param, first));
}

/** A parameter's default, which may follow another parameter. */
function standard({ usual, default: fixed }, params) {
  return usual?.[1][params[usual[0]]] ?? fixed;
}

/** [name, value] of every declared parameter whose value in `wanted`, or else its default, differs from `current`. */
export function difference(meta, current, wanted) {
  const all = filled(meta, wanted);
  return meta.params
    .map(({ name }) => [name, all[name]])
    .filter(([name, value]) => String(value) !== String(current[name]));
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
