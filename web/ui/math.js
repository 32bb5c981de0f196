// Formulas as native MathML. A string is split into identifiers, numbers and operators: math("y", "=", "x W + b").

const NS = "http://www.w3.org/1998/Math/MathML";
const TOKEN = /\d[\d.,]*|[\p{L}]\p{M}*['′]?|\S/gu;
const WORDS = ["softmax", "max", "min", "log", "exp", "round", "clip"];

function element(name, children, attributes = {}) {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function token(text) {
  if (/^\d/.test(text)) return element("mn", [text]);
  if (/^\p{L}/u.test(text)) return element("mi", [text]);
  return element("mo", [text]);
}

function parts(content) {
  if (content instanceof Node) return [content];
  if (WORDS.includes(content)) return [element("mi", [content]), element("mo", ["\u2061"])]; // function application
  return (content.match(TOKEN) ?? []).map(token);
}

const row = (content) => {
  const nodes = (Array.isArray(content) ? content : [content]).flatMap(parts);
  return nodes.length === 1 ? nodes[0] : element("mrow", nodes);
};

/** Each takes strings, nodes, or lists of both. */
export const frac = (above, below) => element("mfrac", [row(above), row(below)]);
export const sub = (base, index) => element("msub", [row(base), row(index)]);
export const sup = (base, power) => element("msup", [row(base), row(power)]);
export const subsup = (base, index, power) => element("msubsup", [row(base), row(index), row(power)]);
export const under = (base, below) => element("munder", [row(base), row(below)]);
export const hat = (base) => element("mover", [row(base), element("mo", ["^"], { stretchy: "false" })], { accent: "true" });
export const sqrt = (content) => element("msqrt", [row(content)]);
export const word = (text) => element("mtext", [text]);
export const abs = (...content) => element("mrow", [fence("|"), ...content.flatMap(parts), fence("|")]);
export const group = (...content) => element("mrow", [fence("("), ...content.flatMap(parts), fence(")")]);

const fence = (sign) => element("mo", [sign], { stretchy: "true", fence: "true" });

export const math = (...content) => element("math", [element("mrow", content.flatMap(parts))], { display: "block" });
