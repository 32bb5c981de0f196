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

  /** Open the log in its dialog, which follows while it is open. */
  show() {
    const dialog = document.getElementById("log");
    const [lines, said] = ["pre", "[role=status]"].map((part) => dialog.querySelector(part));
    const tell = () => (lines.textContent = this.text);
    dialog.querySelector("[type=button]").onclick = async () => {
      try {
        await navigator.clipboard.writeText(this.text);
        said.textContent = "Copied.";
      } catch { // no permission, or no https
        getSelection().selectAllChildren(lines);
        said.textContent = "The text is selected: copy it with Ctrl or Cmd + C.";
      }
    };
    dialog.onclose = () => (this.#changed = () => {});
    this.#changed = tell;
    said.textContent = "";
    tell();
    dialog.showModal();
    lines.scrollTop = 1e9;
  }
}
