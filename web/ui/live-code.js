import { html, useEffect, useRef, useState } from "preact";
import { load } from "../modules.js";
import * as kept from "./kept-code.js";
import { reveal } from "./sheet.js";
import { sentences, Trouble } from "./trouble.js";

const MOST = 10_000; // characters of what was printed that stay

/**
 * The functions that a page really runs, each in an editor: what is run there takes its place in this page's run.
 * They are those of page.meta.live. Errors in a text are shown at their line. Edited code
 * is kept: on return to the page it is in force again, after a reload it is offered.
 */
class LiveCode {
  functions; // by name: {name, dotted, shipped, file, line, text, running (null: the shipped one), error}
  busy = false;
  printed = "";
  offered = {}; // kept texts that the reader may bring back
  unkept = null; // why texts are not kept
  #root;
  #page;
  #draw;
  #at;
  #editor = null;

  constructor(page, draw) {
    this.#page = page;
    this.#draw = draw;
    this.functions = new Map(page.meta.live.map((dotted) => {
      const name = dotted.split(".").at(-1);
      return [name, { name, dotted, shipped: null, text: "", running: null, error: null }];
    }));
    this.#at = this.functions.keys().next().value;
  }

  begin(root) {
    this.#root = root;
    this.#page.listen((event) => this.#hear(event));
    if (this.#page.open) this.load();
  }

  /** The function that is shown. */
  get now() {
    return this.functions.get(this.#at);
  }

  get open() {
    return this.#page.open && this.now.shipped !== null;
  }

  #hear({ type, printed, edited, texts }) {
    if (texts && Object.keys(texts).length) this.offered = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, { text, running: text }]));
    if (type === "open") this.load();
    if (type === "frame" && printed) this.printed = (this.printed + printed).slice(-MOST);
    if (type === "frame" && edited) this.#forget(edited);
    if (type === "messages" && this.#page.troubles.code) return this.#blame(this.#page.troubles.code);
    if (["frame", "messages", "open"].includes(type)) this.#draw();
  }

  /** Only these are still edited. */
  #forget(edited) {
    const others = [...this.functions.values()].filter(({ name, running }) => running !== null && !edited.includes(name));
    for (const one of others) one.running = null;
    if (others.length) this.#keep();
  }

  #keep() {
    const own = [...this.functions.values()].filter(({ shipped, text, running }) => text !== shipped || running !== null);
    const texts = Object.fromEntries(own.map(({ name, text, running }) => [name, { text, running }]));
    this.unkept = kept.write(this.#page.meta.name, texts, this.offered);
  }

  /** Show kept texts, and let those that were in force be so again. */
  async #bring(texts) {
    for (const [name, { text, running }] of Object.entries(texts)) {
      const one = this.functions.get(name);
      if (!one) continue; // a function of another version of the page
      one.text = running ?? text;
      this.show(name);
      if (running !== null) await this.#put(one, running);
      one.text = text;
      this.show(name);
    }
  }

  /** Bring back these of the texts that are offered; the others are discarded. */
  async settle(texts) {
    this.offered = {};
    await this.#bring(texts);
    this.#keep();
    this.#draw();
  }

  /** What went wrong in a call, now or later, belongs to a function and not to the page. */
  #blame(trouble) {
    this.#fail(this.functions.get(trouble.function) ?? this.now, trouble);
    this.#page.fail("code", null);
  }

  async load(again = false) {
    if (this.#editor || this.now.shipped !== null) return;
    const names = [...this.functions.values()].map(({ dotted }) => dotted);
    const [answer, module] = await Promise.all([this.#page.source(names), load("ui/editor.js", again).catch((error) => error)]);
    if (!answer || this.#page.ended.aborted || this.#editor) return;
    const { Editor } = module;
    if (!Editor) return this.#page.fail("source", module); // the error
    for (const one of this.functions.values()) {
      const { code, file, line } = answer.sources[one.dotted];
      Object.assign(one, { shipped: code.trimEnd(), text: code.trimEnd(), file, line });
    }
    this.#editor = new Editor(this.#root.querySelector("[data-slot=editor]"), {
      label: "Python of this page. Control and Enter runs it, Tab indents until Escape leaves the editor.",
      entered: () => this.#page.prepare(), // so early that it is there when a loop has to be ended
      changed: (text) => this.#type(text),
      run: () => this.run(),
      leave: () => this.#root.querySelector("[data-test=code-run]").focus(),
    });
    this.#page.ended.addEventListener("abort", () => this.#editor.destroy());
    this.show(this.#at);
    const { inForce, offered } = kept.read(this.#page.meta.name);
    this.offered = offered;
    this.#draw();
    await this.#bring(Object.fromEntries(Object.entries(inForce).map(([name, { running }]) => [name, { text: running, running }])));
  }

  show(name) {
    this.#at = name;
    this.#editor?.show(this.now.text);
    this.#editor?.mark(this.now.error?.line ?? null);
    this.#draw();
  }

  #type(text) {
    if (text === this.now.text) return;
    Object.assign(this.now, { text, error: null });
    delete this.offered[this.#at]; // there is a newer one
    this.#page.prepare();
    this.#keep();
    this.#draw();
  }

  run() {
    reveal();
    return this.#put(this.now, this.now.text);
  }

  async reset() {
    const one = this.now;
    one.text = one.shipped;
    this.#editor.show(one.text);
    await this.#put(one, null);
  }

  /** Hand a text to Python; the shipped one, unchanged, is no edit. */
  async #put(one, text) {
    if (this.busy || !this.#page.open || one.shipped === null) return;
    const source = text === one.shipped ? null : text;
    [one.error, this.busy, this.printed] = [null, true, ""];
    this.#editor.mark(null);
    this.#draw();
    const ready = source === null || (await this.#page.install(source));
    const answer = ready && (await this.#page.edit(one.name, source));
    this.busy = false;
    const { error } = answer || {};
    if (error) this.#fail(this.functions.get(error.function) ?? one, { ...error, message: `${error.type}: ${error.message}` });
    else if (answer) {
      Object.assign(one, { running: source, error: null }); // an error of a call before this one may have come meanwhile
      this.#editor.mark(this.now.error?.line ?? null);
    }
    this.#keep();
    this.#draw();
  }

  /** Show an error with its function. */
  #fail(one, { message, hint = "", line = null }) {
    one.error = { message: message.replace(/^line \d+: /, ""), hint, line };
    this.show(one.name);
  }
}

export default function Code({ page }) {
  const root = useRef(null);
  const [, redraw] = useState(null);
  const [code] = useState(() => new LiveCode(page, () => redraw({})));
  useEffect(() => void code.begin(root.current), []);
  const { functions, now, busy, open, printed, offered, unkept } = code;
  const trouble = page.troubles.source;
  const back = Object.keys(offered).filter((name) => functions.has(name));
  return html`<div ref=${root}>${open && back.length > 0 && html`<p class="row note" data-test="code-offer">
      <span>You had edited ${back.join(", ")} here.</span>
      <button type="button" data-test="code-bring-back" disabled=${busy} onClick=${() => code.settle(offered)}>Bring it back</button>
      <button type="button" class="quiet" data-test="code-discard" disabled=${busy} onClick=${() => code.settle({})}>Discard it</button>
    </p>`}
    ${unkept && html`<p class="note" role="status" data-test="code-unkept">${unkept}</p>`}
    <div class="code-tabs" role="group" aria-label="Function">
      ${[...functions.values()].map((one) => html`<button type="button" key=${one.name} data-test=${`code-tab-${one.name}`}
        aria-pressed=${one === now} onClick=${() => code.show(one.name)}
      >${one.name}${one.running !== null && html` <span class="edited">edited</span>`}</button>`)}
    </div>
    ${!open && !trouble && html`<p class="waiting">The source appears here when Python has started.</p>`}
    <${Trouble} trouble=${trouble} test="code-trouble" retry=${() => code.load(true)} />
    <div class="row code-bar">
      <button type="button" class="primary" data-test="code-run" disabled=${!open || busy} onClick=${() => code.run()}>
        ${busy ? "Running" : "Run"}
      </button>
      <button type="button" data-test="code-reset" disabled=${!open || busy} onClick=${() => code.reset()}>Reset code</button>
      <span class="doc">
        Ctrl or Cmd + Enter runs; Tab indents until Escape leaves the editor.
        ${open && html` From <code>${now.file}</code>, line ${now.line}.`}
      </span>
    </div>
    <div data-slot="editor" data-test="editor"></div>
    <${State} now=${now} busy=${busy} open=${open} />
    ${printed && html`<pre class="printed" data-test="code-printed" aria-label="Printed" tabindex="0">${printed}</pre>`}</div>`;
}

function State({ now, busy, open }) {
  const at = now.error?.line ? `Line ${now.error.line}: ` : "";
  if (now.error) return html`<p class="trouble" role="alert" data-test="code-error">${at}${sentences(now.error)}</p>`;
  if (!open || busy) return null;
  const words =
    now.text !== (now.running ?? now.shipped) ? "This text is not running yet."
      : now.running !== null ? "Your text is running."
      : "The shipped function is running.";
  return html`<p class="doc" role="status" data-test="code-state">${words}</p>`;
}
