// The shell: reads the link, draws what needs no Python, starts the engine and mounts one view.

import { Engine } from "./engine.js";
import { difference, filled, format, odd, parse, quote, Undo } from "./state.js";
import { Guard } from "./ui/guard.js";
import { Session } from "./ui/session.js";
import { bindRailButton, drawNotes, drawRail, drawStatus, drawThemeSwitch, drawTrouble } from "./ui/shell.js";
import { clear } from "./ui/slots.js";
import { restoreTheme } from "./ui/theme.js";
import { sentences } from "./ui/trouble.js";

const at = (id) => document.getElementById(id);
const facts = { boot: {}, runtime: null, trouble: null, proof: null, checkable: false };
let pages = [];
let shown = null; // {session, view}
let left = Promise.resolve(); // until the pages shown before need the engine no more

const engine = new Engine({
  progress: (boot) => tell({ boot }),
  ready: (runtime) => tell({ runtime }),
  failed,
});

/** Start Python anew and say so in the status line; true if it had been there. */
function renew() {
  drawTrouble(at("trouble"), null);
  document.documentElement.dataset.state = "boot";
  tell({ trouble: null, runtime: null, boot: {} });
  return engine.renew();
}

let planned = 0;
/** Draw the status line with new facts, at most once a frame: progress comes with every chunk. */
function tell(news) {
  Object.assign(facts, news);
  planned ||= requestAnimationFrame(() => {
    planned = 0;
    drawStatus(at("status"), facts);
  });
}

function failed(error) {
  document.documentElement.dataset.state = "error";
  tell({ trouble: error });
  drawTrouble(at("trouble"), error, retry);
}

function retry() {
  if (!renew() || !shown) return; // the calls of the first start still wait
  shown.session.forget();
  open(shown.session);
}

async function open(session) {
  const opened = await session.reset();
  if (session !== shown.session || !facts.runtime || facts.trouble) return;
  if (!opened && difference(session.meta, session.params, {}).length) return openPlain(session);
  document.documentElement.dataset.state = "ready";
  if (!performance.getEntriesByName("ready").length) performance.mark("ready");
}

/** Python could not open a page as its link says: then as the page is without one, and never not at all. */
function openPlain(session) {
  const why = Object.values(session.troubles).find(Boolean);
  session.forget();
  session.params = filled(session.meta, {});
  session.say("shell", `The page cannot be opened with these settings; it has its defaults.`, ...(why ? [sentences(why)] : []));
  return open(session);
}

/** Show the page that a link asks for; a link to the page that is there only changes its parameters. */
async function show(hash) {
  const link = parse(hash);
  const known = pages.find(({ name }) => name === link.page);
  if (!known && shown && link.page) return refuse(shown.session, link.page);
  const meta = known ?? pages[0];
  if (shown?.session.meta === meta) return obey(shown.session, link.params, odd(meta, link));
  shown?.view?.unmount();
  clear(at("view"));
  if (shown) scrollTo(0, 0); // else the next page begins where this one was left
  left = Promise.all([left, shown?.session.close()]);
  const revival = {
    renew,
    stopped: (trouble) => session.fail("code", trouble),
    revived: (answer) => {
      session.revived(answer);
      document.documentElement.dataset.state = "ready";
    },
  };
  const guard = meta.live.length ? new Guard(engine, revival) : engine;
  const session = equip(new Session(guard, meta, filled(meta, link.params)));
  shown = { session, view: null };
  session.say("shell", ...odd(meta, link));
  document.title = `${meta.title} · Bitladder`;
  drawRail(at("rail"), pages, meta.name);
  const view = await import(`./views/${meta.view}.js`);
  if (shown.session !== session) return; // another page was asked for meanwhile
  shown.view = view.mount(at("view"), session);
  left.then(() => shown.session === session && open(session));
  if (!known && link.page) refuse(session, link.page);
}

function refuse(session, name) {
  history.replaceState(null, "", session.link());
  session.say("shell", `There is no page ${quote(name)}; this is ${session.meta.title}.`);
}

/** What a page has from the shell: its link, undo, shipped results, and a word in the status line. */
function equip(session) {
  const { meta } = session;
  const undo = new Undo();
  let undoing = null; // the tag under which changes that belong together are undone
  const together = async (tag, wanted) => {
    undoing = tag;
    await obey(session, wanted);
    undoing = null;
  };
  Object.assign(session, {
    link: () => format(meta, session.params),
    pages,
    canUndo: () => !undo.empty,
    undo: () => together("undo", undo.pop()),
    toDefaults: () => together("defaults", {}),
    shipped,
    prove: (proof) => tell({ proof }),
  });
  session.listen((event) => {
    if (event.type === "wish" && undoing !== "undo") undo.push(event.before, undoing ?? event.name);
    if (event.type === "params") history.replaceState(null, "", session.link());
    if (event.type === "messages") notes(session);
  });
  history.replaceState(null, "", session.link());
  notes(session);
  return session;
}

/** Change what differs; once more afterwards, for one parameter may set another. */
async function obey(session, wanted, words = []) {
  session.renounce();
  session.say("shell", ...words);
  for (let round = 0; round < 2; round += 1) {
    const wishes = difference(session.meta, session.params, wanted);
    await Promise.all(wishes.map(([name, value]) => session.set(name, value)));
  }
}

function notes(session) {
  const dismiss = () => {
    session.fail("page", null);
    session.say("shell");
    session.say("page");
    session.say("run");
  };
  const said = ["shell", "page", "run"].flatMap((place) => session.notes[place] ?? []);
  drawNotes(at("notes"), said, session.troubles.page, dismiss);
}

/** What is known about shipped weights (weights/<name>.json), or null if this site ships none. */
async function shipped(name) {
  const path = `app/weights/${name}.json`;
  try {
    const { files } = await json("app/manifest.json");
    return files[path] ? await json(path) : null;
  } catch {
    return null; // a site that is not whole: starting Python will say so
  }
}

async function json(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${response.statusText}`);
  return response.json();
}

/** A file of the page itself is missing: only loading it anew helps. */
function stuck(message) {
  document.documentElement.dataset.state = "error";
  drawTrouble(at("trouble"), { message, hint: "Check the connection and try again." }, () => location.reload());
}

async function main() {
  at("unserved").remove();
  restoreTheme();
  drawThemeSwitch(at("theme"));
  bindRailButton(at("rail-button"), at("rail"));
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault(); // the hash is the page's
    at("main").focus();
  });
  tell({});
  engine.start();
  try {
    pages = await json("pages.json");
  } catch (error) {
    return stuck(`The list of pages could not be loaded (${error.message})`);
  }
  tell({ checkable: pages.some(({ name }) => name === "check") });
  const go = (hash) => show(hash).catch((error) => stuck(`The page could not be shown (${error.message})`));
  addEventListener("hashchange", ({ newURL }) => go(new URL(newURL).hash)); // an answer may have replaced location.hash meanwhile
  go(location.hash);
}

main();
