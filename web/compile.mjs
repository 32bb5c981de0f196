// Compiles Python files with the site's own Python, in Node; pyapp/site/packs.py calls it.
//
//   node web/compile.mjs SCRIPT.py IN.zip OUT.zip FOLDER
//
// SCRIPT.py defines compile_all(archive, own); FOLDER is what it gets as `own`.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { loadPyodide } from "./vendor/pyodide/pyodide.mjs";

const [script, from, to, own] = process.argv.slice(2);
const folder = fileURLToPath(new URL("vendor/pyodide/", import.meta.url));
const pyodide = await loadPyodide({ indexURL: folder, packageBaseUrl: folder, env: { PYTHONHASHSEED: "0" } });
pyodide.runPython(await readFile(script, "utf8"));
const compiled = pyodide.globals.get("compile_all")(pyodide.toPy(new Uint8Array(await readFile(from))), own);
await writeFile(to, compiled.toJs());
process.exit(); // Pyodide keeps Node waiting
