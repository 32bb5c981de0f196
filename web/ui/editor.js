// CodeMirror 6 for short texts of Python. This is the only file that knows it; pages import it when they need it.
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentService, indentUnit, LRLanguage, syntaxHighlighting } from "@codemirror/language";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, drawSelection, EditorView, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { parser } from "@lezer/python";
import { StyleModule } from "style-mod";

const INDENT = 4;

/**
 * An editor of one text at a time; `label` names it, `entered()`, `changed(text)`, `run()` and `leave()` (Escape) tell what a
 * reader does.
 */
export class Editor {
  #view;
  #extensions;

  constructor(host, { label, entered, changed, run, leave }) {
    const act = (fn) => () => {
      fn();
      return true;
    };
    this.#extensions = [
      lineNumbers(), EditorView.lineWrapping, history(), drawSelection(), highlightSpecialChars(), bracketMatching(),
      LRLanguage.define({ parser, languageData: { commentTokens: { line: "#" }, closeBrackets: {} } }),
      indentUnit.of(" ".repeat(INDENT)), indentService.of(indentation), syntaxHighlighting(classHighlighter), brokenLine,
      keymap.of([{ key: "Mod-Enter", run: act(run) }, { key: "Escape", run: act(() => (this.#view.setTabFocusMode(true), leave())) }]), // Tab may lead into it again, but not end there
      keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
      EditorView.contentAttributes.of({ "aria-label": label, "data-test": "code-text", spellcheck: "false" }),
      EditorView.domEventHandlers({ focus: () => void entered(), beforeinput: replaceSelected }),
      EditorView.updateListener.of(({ docChanged, selectionSet, view }) => (docChanged || selectionSet) && view.setTabFocusMode(false)),
      EditorView.updateListener.of(({ docChanged, state }) => docChanged && changed(state.doc.toString())),
    ];
    adoptStyles();
    this.#view = new EditorView({ parent: host, state: this.#state("") });
  }

  /** Show a text. Another one has no past of its own; the one that is there keeps its cursor and its undo. */
  show(text) {
    if (text !== this.#view.state.doc.toString()) this.#view.setState(this.#state(text));
  }

  /** Mark a line, from 1; null marks none. */
  mark(line) {
    const { doc } = this.#view.state;
    const known = line !== null && line >= 1 && line <= doc.lines;
    this.#view.dispatch({ effects: setBroken.of(known ? doc.line(line).from : null) });
  }

  destroy = () => this.#view.destroy();

  #state = (doc) => EditorState.create({ doc, extensions: this.#extensions });
}

/**
 * The policy of the page allows no <style>, which CodeMirror adds to a document; to a shadow root it gives a sheet that
 * scripts may fill, and what it knows by that root it is to know by the document too.
 */
function adoptStyles() {
  const root = document.createElement("div").attachShadow({ mode: "open" });
  StyleModule.mount(root, []);
  for (const key of Reflect.ownKeys(root)) document[key] ??= root[key];
}

/** Text over a selection: browsers would give it the selected text's look, as a style attribute, against the policy too. */
function replaceSelected(event, view) {
  const range = event.getTargetRanges()[0] ?? getSelection().getRangeAt(0);
  if (event.inputType !== "insertText" || event.data === null || range.collapsed) return;
  event.preventDefault();
  const from = view.posAtDOM(range.startContainer, range.startOffset);
  const to = view.posAtDOM(range.endContainer, range.endOffset);
  const insert = view.state.toText(event.data);
  view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length }, scrollIntoView: true, userEvent: "input.type" });
}

/** As the line before, and one step further after a colon. */
function indentation({ state }, at) {
  const line = state.doc.lineAt(Math.max(0, at - 1));
  const before = line.text.slice(0, at - line.from);
  const now = before.match(/^ */)[0].length;
  return /:\s*(#.*)?$/.test(before) ? now + INDENT : now;
}

const setBroken = StateEffect.define();
const broken = Decoration.line({ class: "broken-line", attributes: { "data-test": "broken-line" } });

/** The line with an error, until the text is changed. */
const brokenLine = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    const [effect] = transaction.effects.filter((each) => each.is(setBroken));
    if (effect) return effect.value === null ? Decoration.none : Decoration.set([broken.range(effect.value)]);
    return transaction.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});
