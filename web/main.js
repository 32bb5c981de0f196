// The shell: reads the link, draws what needs no Python, starts the engine and mounts one view.

import { render } from "preact";
import { Engine } from "./engine.js";
import { damaged, faults, json, line, load, shipped, words } from "./modules.js";
import { difference, filled, format, odd, parse, quote, Undo, Visit } from "./state.js";
import { takeStrayDrops } from "./ui/files.js";
import { keepFocus } from "./ui/focus.js";
import { Guard } from "./ui/guard.js";
import { lastOf, opening } from "./ui/keep.js";
import { Log } from "./ui/log.js";
import { paint } from "./ui/paint.js";
import { Session } from "./ui/session.js";
import { drawLead, drawNotes, drawStatus, drawTroubles, drawWays } from "./ui/shell.js";
import { bindThemes } from "./ui/theme.js";
import { sentences } from "./ui/trouble.js";

const at = (id) => document.getElementById(id);
const log = new Log();
const openLog = () => log.show();
const facts = { boot: {}, offline: "", runtime: null, trouble: null, proof: null, checkable: false, openLog, shell: {} };
const STILL = "Everything on this page that needs no Python still works: the text, the pad and the shipped results.";
const SAID = ["shell", "page", "run"]; // places of notes about the whole page
const FIRST_VIEW_MS = 10_000; // a view that takes longer, or fails, does not keep Python from starting
const banners = { python: null, page: null }; // troubles, by what they are about
const visit = new Visit();
let pages = null;
let turn = 0; // counts the links that were followed
let shown = null; // {session, guard, mounted}
let brought = null; // a file of another page than the one where it was opened: {page, file, name}
const arrived = Promise.withResolvers(); // the program of the first view is here
let left = Promise.resolve(); // until the pages shown before need the engine no more

const engine = new Engine({
  progress(boot) {
    line.heard();
    if (boot.label !== facts.boot.label) (log.add(boot.label), performance.mark(boot.stage)); // which the benchmark reads
    tell({ boot });
  },
  ready(runtime) {
    log.add(`Ready: Python ${runtime.python}, NumPy ${runtime.numpy}, ${runtime.kernels}, ${runtime.engine}`);
    performance.mark("bitladder");
    tell({ runtime });
  },
  log: (line) => log.add(line),
  failed,
  strayed(error) {
    log.add(sentences(error));
    if (!shown?.guard.strayed?.(error)) failed(error); // of a worker in which no edited code has run
  },
});

/** Show what is wrong with Python or with the page; null hides it. */
function banner(about, trouble) {
  if (trouble) log.add(sentences(trouble));
  banners[about] = trouble;
  drawTroubles(at("trouble"), Object.values(banners).filter(Boolean), openLog);
}

/** Restart Python and show it in the status line; true if Python was running. */
function renew() {
  banner("python", null);
  document.documentElement.dataset.state = "boot";
  tell({ trouble: null, runtime: null, boot: {} });
  return engine.renew();
}

const drawFacts = () => drawStatus(at("status"), facts);

/** Draw the status line with new facts. */
function tell(news) {
  Object.assign(facts, news);
  paint(drawFacts); // progress comes with every chunk
}

/** Draw the ways on from the page that is there. */
const ways = () => drawWays(Object.fromEntries(["rail", "tabs", "next", "foot"].map((name) => [name, at(name)])), pages, visit, shown.session.meta);

async function failed(error) {
  document.documentElement.dataset.state = "error";
  tell({ trouble: error });
  const show = (message) => banner("python", { message, hint: error.hint, retry, still: STILL });
  show(error.message);
  if (error.type !== "WorkerError") return;
  const found = await faults("worker.js");
  if (found.length && facts.trouble === error) show(words(found));
}

async function retry() {
  for (const part of at("view").querySelectorAll("[data-test$='-retry']")) part.click(); // of the page, which failed alone
  if (facts.trouble?.type === "WorkerError") await faults("worker.js", { cache: "reload" });
  if (!renew() || !shown?.mounted) return; // the calls of the first start still wait
  const { session } = shown;
  session.forget();
  session.left = await lastOf(session.meta.name);
  open(session);
}

async function open(session) {
  const opened = await session.reset();
  if (session !== shown.session || !facts.runtime || facts.trouble) return;
  if (opened && session.then) await obey(session, { ...session.params, ...session.then });
  if (!opened && session.troubles.page?.type !== "DownloadError" && difference(session.meta, session.params, {}).length) return openPlain(session);
  document.documentElement.dataset.state = "ready";
  if (performance.getEntriesByName("ready").length) return;
  performance.mark("ready");
  const found = navigator.serviceWorker?.controller ? [] : await damaged(); // an offline copy is checked when it is made
  if (found.length) banner("page", { message: `Damaged on the way: ${found.map(({ path, why }) => `${path}, ${why}`).join("; ")}`, hint: "Reload the page to use a sound copy.", retry: () => location.reload() });
  // After the start, which has the line to itself.
  const keep = load("ui/offline.js").then(({ keepOffline }) => keepOffline(at("offline"), at("release"), tell));
  keep.catch(({ message, hint }) => banner("page", { message, hint, retry: () => location.reload() }));
}

/** Python could not open a page with the settings of its link: open it with the defaults. */
function openPlain(session) {
  const why = Object.values(session.troubles).find(Boolean);
  session.forget();
  Object.assign(session, { params: filled(session.meta, {}), left: null });
  session.say("shell", `The page cannot be opened with these settings, so it uses the defaults.`, ...(why ? [sentences(why)] : []));
  return open(session);
}

/** Show the page that a link asks for; a link to the page that is there only changes its parameters. */
async function show(hash, again) {
  const link = parse(hash);
  const known = pages.find(({ name }) => name === link.page);
  if (!known && shown && link.page) return refuse(shown.session, link.page);
  const meta = known ?? pages[0];
  obeyShell(link.shell);
  if (shown?.mounted && shown.session.meta === meta) {
    goTo(shown.session, link.panel);
    return obey(shown.session, link.params, odd(meta, link));
  }
  const file = brought;
  brought = null;
  left = Promise.all([left, shown?.session.close()]);
  render(null, at("view"));
  if (shown) scrollTo(0, 0); // else the next page begins where this one was left
  const shell = {
    renew,
    stopped: (trouble) => session.fail("code", trouble),
    revived: (answer) => session.take(answer, { same: true }),
    ready: () => (document.documentElement.dataset.state = "ready"),
    said: (sentence) => session.say("page", sentence),
  };
  const guard = meta.live.length ? new Guard(engine, shell) : engine;
  const session = equip(new Session(guard, meta, filled(meta, link.params)));
  shown = { session, guard, mounted: false };
  session.say("shell", ...odd(meta, link));
  document.title = `${meta.title} · Bitladder`;
  const own = visit.link(meta);
  visit.see(meta, session.params);
  ways();
  at("tabs").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" }); // on a phone they scroll sideways
  drawLead(at("view"), meta);
  const program = load("ui/page.js", again).then((found) => (arrived.resolve(), found));
  const [{ mount }] = await Promise.all([program, opening(session, link, own, file)]);
  if (shown.session !== session) return; // another page was asked for meanwhile
  mount(at("view"), session);
  shown.mounted = true;
  left.then(() => shown.session === session && open(session));
  goTo(session, link.panel);
  if (!known && link.page) refuse(session, link.page);
}

/** What a link says to the shell itself: where on the guided path the reader is, and whether panels stand alone. */
function obeyShell(said) {
  facts.shell = said;
  document.documentElement.classList.toggle("embed", said.embed === "1");
  if (!said.tour && !at("tour").firstChild) return;
  load("ui/tour.js").then(({ drawTour }) => drawTour(at("tour"), pages.flatMap(({ tour }) => tour), Number(facts.shell.tour)), stuck);
}

/** Bring a panel into sight, if the link names one. */
function goTo(session, panel) {
  if (!panel) return;
  const place = [...at("view").querySelectorAll("section[data-panel]")].find(({ dataset }) => dataset.panel === panel);
  if (place) place.scrollIntoView();
  else session.say("shell", `${session.meta.title} has no panel ${quote(panel)}.`);
}

function refuse(session, name) {
  history.replaceState(null, "", session.link());
  session.say("shell", `There is no page ${quote(name)}; this is ${session.meta.title}.`);
}

/** What a page has from the shell: its link, undo, shipped results, and a word in the status line. */
function equip(session) {
  const { meta } = session;
  const logged = new WeakSet(); // troubles
  const undo = new Undo();
  Object.assign(session, {
    link: (panel, shell = facts.shell) => format(meta, session.params, panel, shell),
    canUndo: () => !undo.empty,
    undo: () => obey(session, undo.pop(), [], "undo"),
    toDefaults: () => obey(session, {}, [], "defaults"),
    shipped,
    prove: (proof) => tell({ proof }),
    fresh: () => session.begin(filled(meta, {}), {}),
    goTo: (record) => session.begin(session.params, record),
    elsewhere(page, file, name) {
      brought = { page, file, name };
      location.hash = `#${page}`;
      return true;
    },
  });
  session.listen((event) => {
    if (event.type === "wish" && event.tag !== "undo") undo.push(event.before, event.tag ?? event.name);
    if (event.type === "params") {
      if (session.link() !== location.hash) history.replaceState(null, "", session.link()); // which takes a browser milliseconds
      if (visit.see(meta, session.params)) paint(ways); // a slider moves often
    }
    if (event.type === "messages") {
      notes(session);
      for (const trouble of Object.values(session.troubles).filter((each) => each && !logged.has(each))) {
        logged.add(trouble);
        log.add(sentences(trouble));
      }
    }
  });
  history.replaceState(null, "", session.link());
  notes(session);
  return session;
}

/**
 * Change what differs; once more afterwards, for one parameter may set another. What is moved meanwhile stays where it is.
 * Changes with one `tag` are undone together.
 */
async function obey(session, wanted, words = [], tag = undefined) {
  session.renounce();
  session.say("shell", ...words);
  const moved = new Set();
  let own = false;
  const stop = session.listen(({ type, name }) => type === "wish" && !own && moved.add(name));
  for (let round = 0; round < 2; round += 1) {
    const wishes = difference(session.meta, session.params, wanted).filter(([name]) => !moved.has(name));
    own = true;
    const answers = wishes.map(([name, value]) => session.set(name, value, tag));
    own = false;
    await Promise.all(answers);
  }
  stop();
}

function notes(session) {
  const dismiss = () => {
    session.fail("page", null);
    for (const place of SAID) session.say(place);
  };
  const said = SAID.flatMap((place) => session.notes[place] ?? []);
  drawNotes(at("notes"), said, session.troubles.page, dismiss, !session.open && !facts.trouble && (() => open(session)));
}

/** Follow a link. An error that keeps the page from being shown stays until another try or another link succeeds. */
async function go(hash, again = false) {
  const mine = ++turn;
  try {
    pages ??= await json("pages.json", again);
    tell({ checkable: pages.some(({ name }) => name === "check") });
    await show(hash, again);
    if (mine === turn) banner("page", null);
  } catch (error) {
    log.add(error.stack ?? error);
    if (mine === turn) stuck(error);
  }
}

function stuck({ type, message, hint = "Check the connection and try again." }) {
  if (banners.python === null) document.documentElement.dataset.state = "error";
  const text = type === "LoadError" ? message : `The page could not be shown (${message})`;
  banner("page", { message: text, hint, retry: () => go(location.hash, true) });
}

async function main() {
  at("unserved").remove();
  bindThemes(document.getElementsByName("theme"));
  at("rail").addEventListener("click", ({ target }) => target.closest("a") && at("rail").togglePopover(false)); // on narrow screens
  keepFocus(at("main"), at("view"));
  document.querySelector(".skip").addEventListener("click", (event) => (event.preventDefault(), at("main").focus())); // the hash is the page's
  for (const type of ["error", "unhandledrejection"]) {
    addEventListener(type, ({ message, error, reason }) => log.add(error?.stack ?? reason?.stack ?? reason ?? message));
  }
  takeStrayDrops((file) => shown?.session.bring?.(file), (trouble) => shown?.session.fail("load", trouble));
  tell({});
  addEventListener("hashchange", ({ newURL }) => go(new URL(newURL).hash)); // an answer may have replaced location.hash meanwhile
  const view = go(location.hash);
  // The view's files come first, for Python's download would take the bandwidth; with an offline copy all are here.
  if (!navigator.serviceWorker?.controller) await Promise.race([view, arrived.promise, new Promise((resolve) => setTimeout(resolve, FIRST_VIEW_MS))]);
  engine.start();
}

main();
