// Starts Python with NumPy and Bitladder, in the page's worker and, for the tests, in Node: the same steps in both.
// With worker.js this is the only JavaScript that knows Pyodide.
import { download } from "./download.js";
import { TYPES } from "./rpc.js";

const MOST_TEXT = 2_000_000; // characters of an answer: twice what the bridge lets pass
const HOME = "/bitladder"; // the repository's tree, as far as Python needs it
const LIBRARY = "/lib/python"; // the standard library and NumPy
const DIGITS = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"];
const FIRST = new Set(["runtime", "open"]); // the methods that need no more than the start's pack, or say what they lack
const LARGE = [...DIGITS.map((name) => `data/digits/${name}-ubyte.gz`), "app/weights/mlp.npz"]; // what the first page reads
const PYODIDE = ["pyodide.asm.wasm", "pyodide.mjs", "pyodide.asm.mjs"].map((name) => `vendor/pyodide/${name}`);
const START = [...PYODIDE, "app/start.pack", "app/python.zip", "app/pyodide-lock.json", ...LARGE];

/**
 * base         the site's address, ending in "/"
 * onProgress   gets { stage, label, loaded, total }; loaded and total are bytes of all that a start needs
 * log          gets each line that Python prints
 * onBeat       is called now and then while calls of edited code keep returning
 * open         makes what brings the site's files: download, or in Node what web/node.mjs has instead
 *
 * Resolves to { pyodide, call, install, bring }; `crossing` describes call(method, args); install(source) fetches what a
 * text of Python imports and is not here, and resolves to { installed: names }; bring(path) puts a file of app/ where
 * Python finds it. An error has a type, a message and a hint.
 */
export async function boot({ base, onProgress = () => {}, log = () => {}, onBeat = () => {}, open = download }) {
  const progress = { stage: "download", label: "Downloading Python", loaded: 0, total: 0 };
  const tell = (news) => onProgress({ ...Object.assign(progress, news) });
  const onBytes = (bytes) => tell({ loaded: progress.loaded + bytes });
  const site = open(base, onBytes, log);
  try {
    return await Promise.race([start(site, base, tell, log, onBeat), site.failed]);
  } catch (error) {
    if (error.hint) throw error;
    log(error.stack ?? String(error)); // for a Python error the whole traceback
    throw trouble("StartError", `Python could not be started: ${lastLine(error)}`,
      "Try again; the log has the details.");
  } finally {
    site.end();
  }
}

async function start(site, base, tell, log, onBeat) {
  tell({});
  const manifest = readManifest(site);
  const entries = START.map((path) => [path, manifest.then((files) => files[path])]);
  for (const [, entry] of entries) entry.catch(() => {}); // awaited when the file itself is here
  const arrived = site.begin(entries); // at once: what is needed last does not come last
  arrived.catch(() => {}); // awaited below
  const listed = await manifest;
  tell({ total: START.reduce((sum, path) => sum + (listed[path]?.bytes ?? 0), 0) });

  const starting = site.loadPyodide({
    indexURL: `${base}vendor/pyodide/`,
    lockFileURL: `${base}app/pyodide-lock.json`,
    stdLibURL: `${base}app/python.zip`, // an empty one: the standard library comes with the rest
    fsInit: async (FS) => unpack(FS, await site.read("app/start.pack")),
    env: { PYTHONDONTWRITEBYTECODE: "1", PYTHONPATH: LIBRARY },
    stdin: () => null, // the end of the input, so that Python's input() fails instead of waiting
    stdout: log,
    stderr: log,
  });
  starting.catch(() => {}); // awaited below, unless a download fails first
  await arrived;
  tell({ stage: "python", label: "Starting Python" });
  const pyodide = await starting;

  tell({ stage: "numpy", label: "Loading NumPy" });
  pyodide.pyimport("numpy").destroy(); // here, so that this stage's time is NumPy's

  tell({ stage: "app", label: "Starting Bitladder" });
  for (const path of LARGE) {
    put(pyodide.FS, path.startsWith("app/") ? path.slice("app".length) : `/web/${path}`, await site.read(path));
  }
  putOnPath(pyodide, HOME);
  const later = pyodide.pyimport("pyapp.later");
  later.expect(pyodide.FS.readFile(`${HOME}/later.json`, { encoding: "utf8" }));
  const brought = new Map(); // path -> promise
  const fetchAndPut = async (path) => {
    const bytes = await site.read(`app/${path}`, listed[`app/${path}`]);
    if (!path.endsWith(".pack")) return put(pyodide.FS, `/${path}`, bytes);
    unpack(pyodide.FS, bytes);
    later.arrived(path.slice(0, -".pack".length));
  };
  const bring = (path) => {
    if (!brought.has(path)) brought.set(path, fetchAndPut(path).catch((error) => { brought.delete(path); throw error; }));
    return brought.get(path);
  };
  const door = () => ["call_json", "install_json", "watch"].map((name) => pyodide.pyimport(`pyapp.bridge.${name}`));
  const all = () => Promise.all(["pages.pack", "rest.pack"].map(bring)); // where web/modules.json lacks a new module
  const [callJson, installJson, watch] = await Promise.resolve().then(door).catch(() => all().then(door));
  watch(onBeat);
  const callNow = bringing(crossing(pyodide, callJson), bring);
  const call = async (method, args) => {
    if (!FIRST.has(method)) await bring("pages.pack"); // work that is under way cannot wait for a file and be called again
    return callNow(method, args);
  };
  return { pyodide, bring, call, install: bringing(async (source) => opened(parsed(await installJson(source))), bring) };
}

/** A function, called again after the file that it lacked was brought: what is large comes when it is first asked for. */
function bringing(work, bring) {
  return async (...args) => {
    const brought = new Set();
    for (;;) {
      try {
        return await work(...args);
      } catch (error) {
        if (!error.file || brought.has(error.file)) throw error;
        brought.add(error.file);
        await bring(error.file);
      }
    }
  };
}

function put(FS, path, bytes) {
  const full = `${HOME}${path}`;
  FS.mkdirTree(full.slice(0, full.lastIndexOf("/")));
  FS.writeFile(full, new Uint8Array(bytes), { canOwn: true });
}

/** The files of a pack (pyapp/site/packs.py) into Python's file system; they stay where they are in memory. */
function unpack(FS, pack) {
  const length = new DataView(pack).getUint32(0, true);
  const index = JSON.parse(new TextDecoder().decode(new Uint8Array(pack, 4, length)));
  const made = new Set();
  for (const [path, [start, size]] of Object.entries(index)) {
    const folder = path.slice(0, path.lastIndexOf("/"));
    if (!made.has(folder)) FS.mkdirTree(folder);
    made.add(folder);
    FS.writeFile(path, new Uint8Array(pack, 4 + length + start, size), { canOwn: true });
  }
}

// The manifest lists the site's files, path -> { bytes, sha256 }.
async function readManifest(site) {
  const text = await site.fresh("app/manifest.json"); // or a cached one would find fault with every file of a newer release
  try {
    const { files } = JSON.parse(text);
    Object.values(files).every(({ bytes, sha256 }) => [bytes.toFixed(), sha256.slice()]); // throws what is wrong
    return files;
  } catch (error) {
    throw trouble("StartError", `app/manifest.json is not the list of files that it should be: ${error.message}`,
      "The site may be incomplete or being updated: try again in a moment.");
  }
}

/** Make a folder the first in which Python looks for modules. */
export function putOnPath(pyodide, folder) {
  const path = pyodide.pyimport("sys.path");
  path.insert(0, folder);
  path.destroy();
}

/**
 * call(method, args) runs a method of pyapp.bridge: plain data in, plain data out, where an array anywhere inside is
 * { shape, dtype, data } with a typed array of its own, and a File is read in parts. Errors of Python are thrown with
 * type, message, hint and param.
 */
function crossing(pyodide, callJson) {
  return function call(method, args = {}) {
    const sent = [];
    const takeOut = (_, value) => {
      if (value instanceof Blob) return { $file: sent.push(value) - 1 };
      return ArrayBuffer.isView(value?.data) ? placeholder(value, sent) : value;
    };
    const text = JSON.stringify(args, takeOut);
    const [answer, arrays] = exchange(method, text, sent);
    const ok = opened(answer);
    return arrays.length ? restore(ok, arrays) : ok;
  };

  function exchange(method, text, sent) {
    let given, answer;
    try {
      given = pyodide.toPy(sent);
      answer = callJson(method, text, given);
      const [json, arrays] = answer.toJs(); // a tuple of text and NumPy arrays: a copy of each as a typed array
      return [parsed(json), arrays];
    } catch (error) {
      // call_json answers every Python error as data, so this is Python itself: out of memory, or broken.
      throw trouble("EngineError", `Python stopped: ${lastLine(error)}`, "Start Python again.");
    } finally {
      answer?.destroy();
      given?.destroy();
    }
  }
}

/** The bridge's answer, { ok } or { error }; anything else is thrown: there is no bridge any more. */
function parsed(text) {
  if (text.length > MOST_TEXT) throw new Error("its answer is too long");
  const { ok, error } = JSON.parse(text);
  const isText = (value) => typeof value === "string";
  if (error ? ![error.type, error.message, error.hint].every(isText) : ok === undefined) throw new Error("its answer cannot be read");
  return { ok, error };
}

function opened({ ok, error }) {
  if (error) throw Object.assign(new Error(error.message), error);
  return ok;
}

function placeholder({ shape, dtype, data }, sent) {
  if (!TYPES[dtype] || data.constructor !== TYPES[dtype]) {
    throw trouble("TypeError", `an array of dtype "${dtype}" holds a ${data.constructor.name}; `
      + `expected one of ${Object.keys(TYPES).join(", ")} with the typed array of that name`, "");
  }
  return { $array: sent.push(data) - 1, shape, dtype };
}

function restore(value, arrays) {
  if (value === null || typeof value !== "object") return value;
  if (Object.hasOwn(value, "$array")) return { shape: value.shape, dtype: value.dtype, data: arrays[value.$array] };
  if (Array.isArray(value)) return value.map((item) => restore(item, arrays));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, restore(item, arrays)])); // any key, "__proto__" too
}

const lastLine = (problem) => String(problem.message ?? problem).trim().split("\n").at(-1);
const trouble = (type, message, hint) => Object.assign(new Error(message), { type, hint });
