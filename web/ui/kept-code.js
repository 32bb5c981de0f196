// Edited code, kept in this browser so that leaving its page or reloading does not lose it.
import { recall, remember } from "./stored.js";

const MOST = 20_000; // characters of one page
const here = new Set(); // "page function" of what was edited since this tab was loaded
const known = new Set(); // the same of what was read or written here: what is kept of others is another tab's

const keyOf = (page) => `bitladder-code-${page}`;

/**
 * What a page's functions were edited to, {name: {text (in the editor), running (in force, or null)}}, in two: code that was
 * `inForce` when the page was left comes back by itself, all other code is `offered`.
 */
export function read(page) {
  const kept = stored(page);
  for (const [name] of kept) known.add(`${page} ${name}`);
  const again = ([name, { running }]) => running !== null && here.has(`${page} ${name}`);
  return {
    inForce: Object.fromEntries(kept.filter(again)),
    offered: Object.fromEntries(kept.filter((entry) => !again(entry) || entry[1].text !== entry[1].running)),
  };
}

/** Keep the current texts, and those still offered. Null, or a sentence that says why leaving the page will lose them. */
export function write(page, texts, offered) {
  const others = stored(page).filter(([name]) => !known.has(`${page} ${name}`));
  for (const name of Object.keys(texts)) here.add(`${page} ${name}`) && known.add(`${page} ${name}`);
  const json = JSON.stringify({ ...Object.fromEntries(others), ...texts, ...offered });
  const lost = "it is lost when you leave or reload this page";
  const long = json.length > MOST;
  const against = remember(keyOf(page), long || json === "{}" ? null : json);
  if (against) return `This browser does not let the page keep your code (${against}): ${lost}.`;
  return long ? `This code is longer than the ${MOST.toLocaleString("en-GB")} characters that are kept: ${lost}.` : null;
}

function stored(page) {
  try {
    const isText = (value) => typeof value === "string";
    return Object.entries(JSON.parse(recall(keyOf(page)) ?? "{}")).filter(([, one]) => isText(one?.text) && (one.running === null || isText(one.running)));
  } catch {
    return []; // what another version kept
  }
}
