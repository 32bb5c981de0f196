import { loadPyodide } from "../vendor/pyodide/pyodide.mjs";

const folder = new URL("../vendor/pyodide/", import.meta.url).href;
const pyodide = await loadPyodide({ indexURL: folder, packageBaseUrl: folder });
await pyodide.loadPackage("numpy", { messageCallback: () => {} });
pyodide.runPython("import numpy");
postMessage("ready");
