// Bitladder in Node, for the tests and the benchmark: the page's own boot, driven by lines of JSON.
//
//   node web/node.mjs [--mount HOSTDIR:PYDIR]... [--path PYDIR]...
//
// --mount shows a folder of this machine to Python, --path puts one of Python's folders first on sys.path.
// In:  {"id", "method", "args"}, a method of pyapp.bridge, or $run with {module, function, kwargs} to call any Python
//      function (a dotted name works too) and get its result, which has to be JSON.
// Out: {"id", "result"} or {"id", "error": {type, message, hint, param}}; nothing else is printed to stdout. What
//      Python prints goes to stderr. If the boot fails, one line {"id": null, "error"} and exit code 1.
// An array is {"shape", "dtype", "base64"}. The end of the input ends the program.
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { boot, putOnPath } from "./boot.js";
import { toData, TYPES } from "./rpc.js";

const WEB = new URL("./", import.meta.url);
const ADDRESSES = ["indexURL", "lockFileURL", "stdLibURL"];
const { values: options } = parseArgs({
  options: {
    mount: { type: "string", multiple: true, default: [] },
    path: { type: "string", multiple: true, default: [] },
  },
});

try {
  const engine = await boot({
    base: WEB.href,
    log: (line) => process.stderr.write(`${line}\n`),
    open: folder,
  });
  prepare(engine.pyodide);
  await answerLines(engine);
} catch (error) {
  print({ id: null, error: toData(error) });
  process.exitCode = 1;
}

// What download.js is for the site over HTTP, for the site in this folder.
function folder(base, onBytes) {
  return {
    read: readSite,
    fresh: async (path) => new TextDecoder().decode(await readSite(path)),
    async begin(files) {
      for (const [, entry] of files) onBytes((await entry).bytes);
    },
    async loadPyodide(settings) {
      const { loadPyodide } = await import(new URL("vendor/pyodide/pyodide.mjs", base));
      const paths = Object.fromEntries(ADDRESSES.map((name) => [name, fileURLToPath(settings[name])]));
      return loadPyodide({ ...settings, ...paths });
    },
    failed: new Promise(() => {}),
    end: () => {},
  };
}

async function readSite(path) {
  try {
    const bytes = await readFile(new URL(path, WEB));
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  } catch (error) {
    throw Object.assign(new Error(`web/${path} cannot be read: ${error.message}`), {
      type: "SiteError", hint: "Run `python serve.py --provision` once (installed: `bitladder serve --provision`).",
    });
  }
}

function prepare(pyodide) {
  for (const mount of options.mount) {
    const colon = mount.lastIndexOf(":"); // the last: a Windows path has one of its own
    if (colon < 1) throw new Error(`--mount ${mount}: expected HOSTDIR:PYDIR`);
    pyodide.mountNodeFS(mount.slice(colon + 1), mount.slice(0, colon));
  }
  for (const folder of options.path.reverse()) putOnPath(pyodide, folder);
}

async function answerLines({ pyodide, call, bring }) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, method, args = {} } = JSON.parse(line);
    try {
      if (method === "$run") await Promise.all(["pages.pack", "rest.pack"].map(bring)); // it may import anything
      print({ id, result: method === "$run" ? run(pyodide, args) : await call(method, decode(args)) });
    } catch (error) {
      print({ id, error: toData(error) });
    }
  }
}

// Arguments and result go through Python's own json, so that they are plain Python there and plain data here.
function run(pyodide, { module, function: name, kwargs = {} }) {
  const made = [];
  const keep = (value) => made[made.push(value) - 1];
  try {
    const json = keep(pyodide.pyimport("json"));
    const callable = keep(pyodide.pyimport(`${module}.${name}`));
    const values = mapValues(kwargs, (value) => keep(json.loads(JSON.stringify(value))));
    return JSON.parse(json.dumps(keep(callable.callKwargs(values))));
  } finally {
    made.forEach((value) => value?.destroy?.());
  }
}

function print(reply) {
  process.stdout.write(`${JSON.stringify(encode(reply))}\n`);
}

function encode(value) {
  if (ArrayBuffer.isView(value?.data)) {
    const { shape, dtype, data } = value;
    return { shape, dtype, base64: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64") };
  }
  return mapValues(value, encode);
}

function decode(value) {
  if (typeof value?.base64 === "string") {
    const bytes = Buffer.from(value.base64, "base64");
    const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength); // aligned for any type
    return { shape: value.shape, dtype: value.dtype, data: new TYPES[value.dtype](copy) };
  }
  return mapValues(value, decode);
}

function mapValues(value, change) {
  if (Array.isArray(value)) return value.map(change);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, change(item)]));
}
