// Starts Python with NumPy and Bitladder, in the page's worker and, for the tests, in Node: the same steps in both.
// With worker.js this is the only JavaScript that knows Pyodide.
import { download } from "./download.js";
import { TYPES } from "./rpc.js";

const MOST_TEXT = 2_000_000; // characters of an answer: twice what the bridge lets pass
const HOME = "/bitladder"; // the repository's tree, as far as Python needs it
const NEEDED = /^(vendor\/pyodide\/(pyodide|python_stdlib|numpy-)|app\/pyapp\.zip$|data\/digits\/)/;

/**
 * base         the site's address, ending in "/"
 * onProgress   gets { stage, label, loaded, total }; loaded and total are bytes of all that a start needs
 * log          gets each line that Python prints
 * onBeat       is called now and then while calls of edited code keep returning
 * read         in Node: read(path) resolves to the bytes of one of the site's files, instead of a fetch
 * loadPyodide  in Node: Pyodide's function of that name, instead of the one imported from the site
 *
 * Resolves to { pyodide, call, install }; `crossing` describes call(method, args); install(source) fetches what a
 * text of Python imports and is not here, and resolves to { installed: names }. An error has a type, a message and a hint.
 */
export async function boot({ base, onProgress = () => {}, log = () => {}, onBeat = () => {}, read, loadPyodide }) {
  const progress = { stage: "download", label: "Downloading Python", loaded: 0, total: 0 };
  const tell = (news) => onProgress({ ...Object.assign(progress, news) });
  const onBytes = (bytes) => tell({ loaded: progress.loaded + bytes });
  const site = read ? folder(read, loadPyodide, onBytes) : download(base, onBytes, log);
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
  const listed = await readManifest(site);
  const files = Object.entries(listed).filter(([path]) => NEEDED.test(path));
  tell({ total: files.reduce((sum, [, { bytes }]) => sum + bytes, 0) });

  const arrived = site.begin(files); // all at once: what is needed last does not come last
  const starting = site.loadPyodide({
    indexURL: `${base}vendor/pyodide/`,
    env: { PYTHONDONTWRITEBYTECODE: "1" },
    stdin: () => null, // the end of the input, so that Python's input() fails instead of waiting
    stdout: log,
    stderr: log,
  });
  starting.catch(() => {}); // awaited below, unless a download fails first
  await arrived;
  tell({ stage: "python", label: "Starting Python" });
  const pyodide = await starting;

  tell({ stage: "numpy", label: "Loading NumPy" });
  await loadNumPy(pyodide, log);

  tell({ stage: "digits", label: "Loading the digits" });
  pyodide.FS.mkdirTree(`${HOME}/web/data/digits`);
  for (const [path] of files.filter(([name]) => name.startsWith("data/"))) {
    pyodide.FS.writeFile(`${HOME}/web/${path}`, new Uint8Array(await site.read(path)));
  }

  tell({ stage: "app", label: "Starting Bitladder" });
  pyodide.unpackArchive(await site.read("app/pyapp.zip"), "zip", { extractDir: HOME });
  putOnPath(pyodide, HOME);
  const [callJson, installJson, watch] = ["call_json", "install_json", "watch"].map((name) => pyodide.pyimport(`pyapp.bridge.${name}`));
  watch(onBeat);
  const call = bringing(crossing(pyodide, callJson), (path) => bring(pyodide, site, path, listed));
  return { pyodide, call, install: async (source) => opened(parsed(await installJson(source))) };
}

/** call(), made again after the file that it lacked was brought: large weights come when a page first asks for them. */
function bringing(call, fetchFile) {
  return async (method, args) => {
    const brought = new Set();
    for (;;) {
      try {
        return call(method, args);
      } catch (error) {
        if (!error.file || brought.has(error.file)) throw error;
        brought.add(error.file);
        await fetchFile(error.file);
      }
    }
  };
}

async function bring(pyodide, site, path, listed) {
  const bytes = await site.read(`app/${path}`, listed[`app/${path}`]);
  pyodide.FS.writeFile(`${HOME}/${path}`, new Uint8Array(bytes));
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

async function loadNumPy(pyodide, log) {
  const complaints = [];
  await pyodide.loadPackage("numpy", { messageCallback: () => {}, errorCallback: (line) => complaints.push(line) });
  if (!pyodide.loadedPackages.numpy) { // loadPackage itself only complains
    log(complaints.join("\n"));
    const reason = lastLine(complaints.at(-1) ?? "no reason given");
    throw trouble("StartError", `NumPy could not be loaded: ${reason}`, "Try again; the log has the details.");
  }
  pyodide.pyimport("numpy").destroy(); // here, so that this stage's time is NumPy's
}

/** Make a folder the first in which Python looks for modules. */
export function putOnPath(pyodide, folder) {
  const path = pyodide.pyimport("sys.path");
  path.insert(0, folder);
  path.destroy();
}

// What `download` is for the site over HTTP, for the site in a folder of this machine.
function folder(read, loadPyodide, onBytes) {
  return {
    read,
    fresh: async (path) => new TextDecoder().decode(await read(path)),
    loadPyodide,
    begin: async (files) => files.forEach(([, { bytes }]) => onBytes(bytes)),
    failed: new Promise(() => {}),
    end: () => {},
  };
}

/**
 * call(method, args) runs a method of pyapp.bridge: plain data in, plain data out, where an array anywhere inside is
 * { shape, dtype, data } with a typed array of its own. Errors of Python are thrown with type, message, hint and param.
 */
function crossing(pyodide, callJson) {
  return function call(method, args = {}) {
    const sent = [];
    const takeOut = (_, value) => (ArrayBuffer.isView(value?.data) ? placeholder(value, sent) : value);
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

function lastLine(problem) {
  return String(problem.message ?? problem).trim().split("\n").at(-1);
}

function trouble(type, message, hint) {
  return Object.assign(new Error(message), { type, hint });
}
