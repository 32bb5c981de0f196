import { html, render } from "preact";

const MOST = 500; // lines
const LONGEST = 2000; // characters of a line

/** The last lines that Python printed and events of the page, newest last, each with its time in seconds. */
export class Log {
  #lines = [];
  #dropped = 0;
  #changed = () => {};

  add(text) {
    const stamp = (performance.now() / 1000).toFixed(1).padStart(7);
    for (const line of String(text).trimEnd().split("\n")) {
      this.#lines.push(`${stamp}  ${line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line}`);
    }
    this.#dropped += this.#lines.splice(0, this.#lines.length - MOST).length;
    this.#changed();
  }

  get text() {
    const gone = this.#dropped ? [`        ${this.#dropped} earlier lines are not kept`] : [];
    return [`${navigator.userAgent}`, `${location.href}`, "seconds", ...gone, ...this.#lines].join("\n");
  }

  /** Open the log in a dialog, which follows while it is open. */
  show() {
    const dialog = Object.assign(document.createElement("dialog"), { className: "log" });
    dialog.setAttribute("aria-labelledby", "log-title");
    document.body.append(dialog);
    let copied = null;
    const copy = async () => {
      try {
        await navigator.clipboard.writeText(this.text);
        copied = "Copied.";
      } catch { // no permission, or no https
        getSelection().selectAllChildren(dialog.querySelector("pre"));
        copied = "The text is selected: copy it with Ctrl or Cmd + C.";
      }
      draw();
    };
    const draw = () => render(html`<${Lines} text=${this.text} copied=${copied} copy=${copy} />`, dialog);
    this.#changed = draw;
    dialog.addEventListener("close", () => {
      this.#changed = () => {};
      render(null, dialog);
      dialog.remove();
    });
    draw();
    dialog.showModal();
    dialog.querySelector("pre").scrollTop = 1e9;
  }
}

function Lines({ text, copied, copy }) {
  return html`<h2 id="log-title">Log</h2>
    <p class="about">What Python printed and what happened to the page. It stays in this browser unless you send it to someone.</p>
    <pre tabindex="0" aria-label="Lines of the log" data-test="log-lines">${text}</pre>
    <form method="dialog" class="row">
      <button type="submit" data-test="log-close">Close</button>
      <button type="button" data-test="log-copy" onClick=${copy}>Copy</button>
      <span class="doc" role="status">${copied}</span>
    </form>`;
}
