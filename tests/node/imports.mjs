// The import map of the page's index.html, for modules that are tested in Node.
import { readFileSync } from "node:fs";
import { register } from "node:module";

export const WEB = new URL("../../web/", import.meta.url);
const { imports } = JSON.parse(readFileSync(new URL("index.html", WEB), "utf8").match(/<script type="importmap">(.*?)<\/script>/s)[1]);
const found = Object.fromEntries(Object.entries(imports).map(([name, path]) => [name, new URL(path, WEB).href]));
register(`data:text/javascript,${encodeURIComponent(`
  const found = ${JSON.stringify(found)};
  export const resolve = (name, context, next) => next(found[name] ?? name, context);
`)}`);
