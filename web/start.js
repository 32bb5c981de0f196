// Starts the page's program, main.js. Where that cannot be, says why with nothing but the browser's own means: any of the
// page's modules may be the one that is missing. No module itself, so that it runs where none can.
(() => {
  const box = document.getElementById("unserved");

  const HINT = "Check the connection and try again. If that does not help, the site is incomplete or being updated.";
  const [LATE_MS, MENDING_MS] = [45_000, 10_000];
  const lostSheets = () => [...document.querySelectorAll("link[rel=stylesheet]")].filter(({ sheet }) => {
    try {
      return !sheet.cssRules.length;
    } catch {
      return true; // the rules of a sheet that did not come may not be read
    }
  });

  const make = (name, content, facts = {}) => {
    const element = Object.assign(document.createElement(name), facts);
    element.append(...[content].flat());
    return element;
  };

  function say(message, hint, log, way) {
    const again = () => make("button", "Retry", { type: "button", className: "primary", onclick: retry });
    if (!box.isConnected) document.getElementById("main").prepend(box); // main.js takes it away
    box.className = "banner banner-trouble";
    box.dataset.test = "unstarted";
    box.replaceChildren(make("p", make("strong", message)), make("p", hint), make("p", way ?? again()));
    if (log) box.append(make("details", [make("summary", "Log"), make("pre", log)]));
  }

  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  /** Damaged copies leave the browser's cache first; a new document then requests every module again. */
  async function retry() {
    const mended = import("./modules.js").then(({ faults }) => Promise.all([
      faults("main.js", { cache: "reload" }), ...lostSheets().map(({ href }) => fetch(href, { cache: "reload" })),
    ]));
    await Promise.race([mended, pause(MENDING_MS)]).catch(() => {});
    location.reload();
  }

  /**
   * The worker need not wait for the page's program: engine.js takes it, and hears what it said. Without an offline copy it
   * brings nothing before it is told to begin, for Python's download would take the line from the view's files.
   */
  function early() {
    const said = [];
    const worker = new Worker("worker.js", { type: "module", name: navigator.serviceWorker?.controller ? "" : "waits" });
    worker.onmessage = worker.onerror = (event) => said.push(event);
    globalThis.first = Object.assign(worker, { said });
  }

  /** modules.js says which file it is, and knows when a connection hangs; it may be missing, or hang, itself. */
  async function start() {
    if (!globalThis.embedded) early();
    const late = pause(LATE_MS).then(() => Promise.reject(new Error(`modules.js did not arrive within ${LATE_MS / 1000} seconds`)));
    const { load } = await Promise.race([import("./modules.js"), late]);
    await load("main.js");
  }

  function failed(error) {
    document.documentElement.dataset.state = "error";
    const { type, message, hint, stack, found = [] } = error;
    const log = [navigator.userAgent, location.href, stack ?? error, ...found.map(({ path, why }) => `${path}: ${why}`)];
    say(type === "LoadError" ? `${message}.` : `Bitladder could not be started: ${message}.`, hint ?? HINT, log.join("\n"));
  }

  /** Without a style sheet the page works, but is hard to read. */
  function checkSheets() {
    if (document.readyState !== "complete") return addEventListener("load", checkSheets);
    const [lost] = lostSheets();
    if (lost) say(`${lost.getAttribute("href")} could not be loaded: the page has no styles.`, HINT);
  }

  /** A frame with a sandbox and no origin has neither modules, nor workers, nor storage. */
  function confined() {
    document.documentElement.dataset.state = "error";
    const link = make("a", location.href, { href: location.href, target: "_blank", rel: "noopener" });
    say("This frame does not allow Bitladder to run: its sandbox permits neither storage nor workers, and Python runs in a worker.",
      "Open the page in a tab of its own (below), or add allow-same-origin to the frame's sandbox.", "", link);
  }

  if (globalThis.embedded) start().then(checkSheets, failed); // the single file, see single.js
  else if (location.protocol === "file:") box.classList.remove("unserved"); // what it says is true
  else if (origin === "null") confined();
  else start().then(checkSheets, failed);
})();
