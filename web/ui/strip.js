import { paint, unpaint } from "./paint.js";
import { FONT, onTheme } from "./theme.js";

const FAR = 10; // items that Shift with an arrow key moves by

/**
 * A wide canvas with items along x, which the pointer and the arrow keys read. What is drawn is the subclass's:
 * draw(context, width, height, at)   in CSS pixels; at: the index of the item that is read, or null
 * places()                           x of every item, ascending; null for one that is out of sight
 * words(i)                           the exact values of item i
 */
export class Strip {
  #host;
  #canvas = document.createElement("canvas");
  #readout = document.createElement("output");
  #at = null;
  #stop;

  constructor(host, { label, test, height }) {
    this.#host = host;
    host.classList.add("strip");
    host.style.setProperty("--height", `${height}px`);
    if (test) [this.#canvas.dataset.test, this.#readout.dataset.test] = [test, `${test}-value`];
    this.#canvas.tabIndex = 0;
    this.#canvas.setAttribute("role", "application");
    this.#canvas.setAttribute("aria-roledescription", "plot");
    this.#canvas.setAttribute("aria-label", `${label} Left and right arrow keys read the values.`);
    this.#readout.className = "plot-readout";
    host.append(this.#canvas, this.#readout);
    const resize = new ResizeObserver(() => this.redraw());
    resize.observe(host);
    const unlisten = onTheme(() => this.redraw());
    this.#canvas.addEventListener("pointermove", (event) => this.#point(event));
    this.#canvas.addEventListener("pointerdown", (event) => this.#point(event));
    this.#canvas.addEventListener("pointerleave", () => this.read(null));
    this.#canvas.addEventListener("focus", () => this.#canvas.matches(":focus-visible") && this.#move(0));
    this.#canvas.addEventListener("blur", () => this.read(null));
    this.#canvas.addEventListener("keydown", (event) => this.#key(event));
    this.#stop = () => {
      resize.disconnect();
      unlisten();
      unpaint(this.#show);
    };
  }

  get width() {
    return this.#host.clientWidth;
  }

  /** The data have changed. */
  redraw() {
    paint(this.#show);
  }

  destroy() {
    this.#stop();
    this.#host.replaceChildren();
  }

  #show = () => {
    const [width, height] = [this.#canvas.clientWidth, this.#canvas.clientHeight];
    const pixels = [width, height].map((size) => Math.round(size * devicePixelRatio));
    if (this.#canvas.width !== pixels[0] || this.#canvas.height !== pixels[1])
      [this.#canvas.width, this.#canvas.height] = pixels;
    const context = this.#canvas.getContext("2d");
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = FONT;
    const places = this.places();
    if (this.#at !== null && (places[this.#at] ?? null) === null) this.#at = null;
    this.draw(context, width, height, this.#at);
    this.#readout.textContent = this.#at === null ? "" : this.words(this.#at);
  };

  /** Show what item `at` is; null: nothing. */
  read(at) {
    this.#at = at;
    this.redraw();
  }

  #point(event) {
    const x = event.clientX - this.#canvas.getBoundingClientRect().left;
    let nearest = null;
    let least = Infinity;
    this.places().forEach((place, i) => {
      const distance = place === null ? Infinity : Math.abs(place - x);
      if (distance < least) [nearest, least] = [i, distance];
    });
    this.read(nearest);
  }

  #key(event) {
    const by = event.shiftKey ? FAR : 1;
    const move = { ArrowLeft: -by, ArrowRight: by, Home: -Infinity, End: Infinity }[event.key];
    if (move === undefined) return;
    event.preventDefault();
    this.#move(move);
  }

  /** Read the item that many further on, among those in sight; at first the leftmost. */
  #move(by) {
    const inSight = this.places().flatMap((place, i) => (place === null ? [] : [i]));
    const now = Math.max(0, inSight.indexOf(this.#at));
    if (inSight.length) this.read(inSight[Math.max(0, Math.min(inSight.length - 1, now + by))]);
  }
}
