// What the page makes of each story: {"page": markdown} in, {"page": {types, sources, links, measured, faults}} out.
import { text } from "node:stream/consumers";
import { WEB } from "./imports.mjs";

const { parse, sources } = await import(new URL("ui/markdown.js", WEB));
const { default: temml } = await import("temml");

function told(markdown) {
  const said = { types: new Set(), sources: [], links: [], measured: [], faults: [] };
  visit(parse(markdown));
  return { ...said, types: [...said.types].sort() };

  function visit(token) {
    if (Array.isArray(token)) return token.forEach(visit);
    const { type, tokens, items, header, rows } = token;
    if (type) said.types.add(type);
    said.sources.push(...sources(token));
    if (type === "link" && !token.href.startsWith(".")) said.links.push(token.href);
    if (type === "measured") said.measured.push([token.path, token.format]);
    if (type === "formula" || type === "term") check(token.tex, type === "formula");
    for (const inner of [tokens, items, header, rows]) if (inner) visit(inner);
  }

  /** Each equation by itself, as the page shows it. */
  function check(tex, displayMode) {
    for (const piece of displayMode ? tex.split("\\qquad") : [tex]) {
      try {
        temml.renderToString(piece, { displayMode, throwOnError: true });
      } catch (error) {
        said.faults.push(`${piece.trim()}: ${error.message}`);
      }
    }
  }
}

const stories = JSON.parse(await text(process.stdin));
console.log(JSON.stringify(Object.fromEntries(Object.entries(stories).map(([page, markdown]) => [page, told(markdown)]))));
