// Edited code, kept in this browser so that leaving its page or reloading does not lose it.

const MOST = 20_000; // characters of one page
const here = new Set(); // "page function" of what was edited since this tab was loaded

/** What one page's functions were edited to: {name: {text (in the editor), running (in force, or null)}}. */
export class KeptCode {
  #page;
  #key;
  #known = new Set(); // functions whose texts were read or written here: what is kept of others is another tab's

  constructor(page) {
    this.#page = page;
    this.#key = `bitladder-code-${page}`;
  }

  /** {inForce, offered}: code that was in force when the page was left comes back by itself, all other code on request. */
  read() {
    const kept = Object.entries(this.#stored());
    for (const [name] of kept) this.#known.add(name);
    const again = ([name, { running }]) => running !== null && here.has(`${this.#page} ${name}`);
    return {
      inForce: Object.fromEntries(kept.filter(again)),
      offered: Object.fromEntries(kept.filter((entry) => !again(entry) || entry[1].text !== entry[1].running)),
    };
  }

  /** Keep the current texts, and those still offered. Null, or a sentence that says why leaving the page will lose them. */
  write(texts, offered) {
    const others = Object.entries(this.#stored()).filter(([name]) => !this.#known.has(name));
    for (const name of Object.keys(texts)) here.add(`${this.#page} ${name}`) && this.#known.add(name);
    const all = { ...Object.fromEntries(others), ...texts, ...offered };
    const json = JSON.stringify(all);
    const lost = "it is lost when you leave or reload this page";
    try {
      if (json.length > MOST) {
        localStorage.removeItem(this.#key);
        return `This code is longer than the ${MOST.toLocaleString("en-GB")} characters that are kept: ${lost}.`;
      }
      if (Object.keys(all).length === 0) localStorage.removeItem(this.#key);
      else localStorage.setItem(this.#key, json);
      return null;
    } catch (error) {
      return `This browser does not let the page keep your code (${error.message}): ${lost}.`;
    }
  }

  #stored() {
    try {
      const kept = Object.entries(JSON.parse(localStorage.getItem(this.#key) ?? "{}"));
      const isText = (value) => typeof value === "string";
      return Object.fromEntries(kept.filter(([, one]) => isText(one?.text) && (one.running === null || isText(one.running))));
    } catch {
      return {}; // no storage, or what another version kept
    }
  }
}
