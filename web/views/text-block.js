// A text whose every character can be read, by pointer or arrow keys.

const FAR = 10; // characters that Shift with an arrow key moves by
const STRANGE = { "\n": "↵", " ": "␣" };

/** A character as it can be seen alone. */
export const visible = (character) => STRANGE[character] ?? character;

export class TextBlock {
  #host;
  #pick;
  #text = "";
  #spans = [];
  #at = null; // the picked character; while its reading is awaited it is already this one
  #shown = null;

  /** pick(i): character number i was pointed at, or reached by keys. */
  constructor(host, { label, test, pick }) {
    this.#host = host;
    this.#pick = pick;
    host.tabIndex = 0;
    host.dataset.test = test;
    host.setAttribute("role", "application");
    host.setAttribute("aria-roledescription", "text");
    host.setAttribute("aria-label", `${label}. Left and right arrow keys read its characters.`);
    host.addEventListener("pointerover", (event) => this.#point(event));
    host.addEventListener("pointerdown", (event) => this.#point(event));
    host.addEventListener("keydown", (event) => this.#key(event));
  }

  /**
   * prompt: how many characters the network did not write; first: the first that differs from the other text, or null
   * reading: {at, start, weights, limit}, the picked character and how much it looked at each from `start` on; or null
   */
  update(text, prompt, first, reading) {
    this.#write(text);
    if ((reading?.at ?? null) !== this.#shown) this.#at = this.#shown = reading?.at ?? null;
    this.#spans.forEach((span, i) => {
      const name = [text[i] === "\n" && "break", i < prompt && "prompt", i === first && "first", i === this.#at && "picked"]
        .filter(Boolean).join(" ");
      if (span.className !== name) span.className = name;
      const look = reading ? reading.weights[i - reading.start] : undefined;
      if (look === undefined) span.style.removeProperty("--look");
      else span.style.setProperty("--look", `${((100 * look) / reading.limit).toFixed(1)}%`);
    });
  }

  destroy() {
    this.#host.replaceChildren();
  }

  /** Only what is new is added, and the end kept in sight if it was. */
  #write(text) {
    if (text === this.#text) return;
    let same = 0;
    while (same < text.length && text[same] === this.#text[same]) same += 1;
    for (const span of this.#spans.splice(same)) span.remove();
    for (const character of text.slice(same)) {
      const span = document.createElement("span");
      span.textContent = character;
      this.#spans.push(span);
      this.#host.append(span);
    }
    this.#text = text;
    this.#host.scrollTop = this.#host.scrollHeight;
  }

  #point(event) {
    const at = this.#spans.indexOf(event.target);
    if (at >= 0) this.#move(at);
  }

  #key(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined || !this.#spans.length) return;
    event.preventDefault();
    this.#move((this.#at ?? this.#spans.length - 1) + by * (event.shiftKey ? FAR : 1));
  }

  #move(to) {
    const at = Math.max(0, Math.min(this.#spans.length - 1, to));
    this.#at = at;
    this.#spans[at].scrollIntoView({ block: "nearest" });
    this.#pick(at);
  }
}
