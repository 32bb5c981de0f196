import { css, onTheme } from "./theme.js";

const PEN = 0.08; // of the pad's side; Python draws the same pen
const STEP = 0.04; // of it, that an arrow key moves the pen
const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
const clamp = (x) => Math.max(0, Math.min(1, x));
const HELP = "Arrow keys move the pen, Space puts it down and lifts it, Delete clears.";

/**
 * A square to draw on with mouse, finger, pen or keyboard. A drawing is strokes of points (x, y in 0..1), not pixels: Python turns
 * them into an image, the same one in every browser. Instead of a drawing the pad can show a picture.
 * `changed(drawing)` after each change; drawing = {strokes, picture}, picture = {canvas(), inputs} or null.
 */
export class Pad {
  #canvas = document.createElement("canvas");
  #host;
  #changed;
  #drawing = { strokes: [], picture: null };
  #past = [];
  #pointer = null; // of the stroke under way: a pointer's number, or "keys"
  #touch; // the last pointer that was a finger, or a palm
  #pen = null; // where the keyboard's pen is, once it is used
  #said = document.createElement("span");
  #stop;

  constructor(host, { label, changed }) {
    this.#host = host;
    this.#changed = changed;
    this.#canvas.className = "pad";
    this.#canvas.dataset.test = "pad";
    this.#canvas.tabIndex = 0;
    this.#canvas.title = HELP;
    for (const [name, value] of Object.entries({ role: "application", "aria-label": label, "aria-description": HELP })) this.#canvas.setAttribute(name, value);
    this.#said.className = "unseen";
    this.#said.setAttribute("role", "status");
    host.append(this.#canvas, this.#said);
    const on = (name, handler) => this.#canvas.addEventListener(name, handler);
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#up(event));
    on("pointercancel", (event) => event.pointerId === this.#pointer && this.undo()); // it was two fingers, which scroll
    on("keydown", (event) => this.#key(event));
    on("blur", () => this.#lift());
    const resize = new ResizeObserver(() => this.#resize());
    resize.observe(this.#canvas);
    const unlisten = onTheme(() => this.#draw());
    this.#stop = () => {
      resize.disconnect();
      unlisten();
    };
  }

  get drawing() {
    return this.#drawing;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get empty() {
    return !this.#drawing.picture && this.#drawing.strokes.length === 0;
  }

  /** float32 [P, 3]: x, y, stroke number. */
  points() {
    const rows = this.#drawing.strokes.flatMap((stroke, number) => stroke.flatMap(([x, y]) => [x, y, number]));
    return { shape: [rows.length / 3, 3], dtype: "float32", data: Float32Array.from(rows) };
  }

  /** A drawing as `points` gives it. */
  draw({ data }) {
    const strokes = [];
    for (let i = 0; i < data.length; i += 3) (strokes[data[i + 2]] ??= []).push([data[i], data[i + 1]]);
    this.#set({ strokes: strokes.filter(Boolean), picture: null });
  }

  show(picture) {
    this.#set({ strokes: [], picture });
  }

  clear() {
    if (!this.empty) this.#set({ strokes: [], picture: null });
  }

  undo() {
    if (!this.canUndo) return;
    this.#pointer = null; // the stroke under way ends, for it is gone
    this.#drawing = this.#past.pop();
    this.#draw();
    this.#changed(this.#drawing);
  }

  destroy() {
    this.#stop();
    this.#host.replaceChildren();
  }

  #set(drawing) {
    this.#past.push(this.#drawing);
    this.#pointer = null; // as in undo
    this.#drawing = drawing;
    this.#draw();
    this.#changed(drawing);
  }

  #down(event) {
    if (event.pointerType === "pen" && this.#pointer === this.#touch) this.undo(); // a palm that lay down before the pen
    if (this.#pointer !== null || event.button !== 0) return;
    if (event.pointerType === "touch") this.#touch = event.pointerId;
    event.preventDefault();
    this.#canvas.setPointerCapture(event.pointerId);
    this.#pen = null;
    this.#begin(this.#point(event), event.pointerId);
  }

  #begin(point, pointer) {
    const strokes = this.#drawing.picture ? [] : this.#drawing.strokes;
    this.#set({ strokes: [...strokes, [point]], picture: null });
    this.#pointer = pointer;
  }

  /** The pen by keyboard, from the middle of the pad. */
  #key(event) {
    const move = ARROWS[event.key];
    if (!move && ![" ", "Delete", "Backspace"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation(); // Space plays and pauses elsewhere
    const [x, y] = (this.#pen ??= [0.5, 0.5]);
    if (move) {
      this.#pen = [clamp(x + move[0]), clamp(y + move[1])];
      if (this.#pointer === "keys") this.#drawing.strokes.at(-1).push(this.#pen);
    } else if (event.key !== " ") this.clear();
    else if (this.#pointer === null) this.#begin(this.#pen, "keys");
    else this.#pointer = null;
    const [across, down] = this.#pen.map((part) => Math.round(100 * part));
    this.#said.textContent = `Pen ${this.#pointer === "keys" ? "down" : "up"}, ${across} % across, ${down} % down`;
    this.#draw();
    if (move && this.#pointer === "keys") this.#changed(this.#drawing);
  }

  /** The keyboard leaves the pad. */
  #lift() {
    if (this.#pointer === "keys") this.#pointer = null;
    this.#pen = null;
    this.#draw();
  }

  #move(event) {
    if (event.pointerId !== this.#pointer) return;
    const stroke = this.#drawing.strokes.at(-1);
    const events = event.getCoalescedEvents?.() ?? [];
    for (const one of events.length ? events : [event]) {
      const [from, to] = [stroke.at(-1), this.#point(one)];
      if (from[0] === to[0] && from[1] === to[1]) continue;
      stroke.push(to);
      this.#segment(from, to);
    }
    this.#changed(this.#drawing);
  }

  #up(event) {
    if (event.pointerId === this.#pointer) this.#pointer = null;
  }

  #point(event) {
    const box = this.#canvas.getBoundingClientRect();
    return [clamp((event.clientX - box.left) / box.width), clamp((event.clientY - box.top) / box.height)];
  }

  #resize() {
    const side = Math.round(this.#canvas.clientWidth * devicePixelRatio);
    if (!side || side === this.#canvas.width) return;
    this.#canvas.width = this.#canvas.height = side;
    this.#draw();
  }

  #draw() {
    const side = this.#canvas.width;
    const context = this.#canvas.getContext("2d");
    context.clearRect(0, 0, side, side);
    const { strokes, picture } = this.#drawing;
    if (picture) {
      const canvas = picture.canvas(); // made again, because its colours follow the theme
      context.imageSmoothingEnabled = canvas.width > side;
      context.drawImage(canvas, 0, 0, side, side);
    }
    for (const stroke of strokes) {
      this.#segment(stroke[0], stroke[0]);
      for (let i = 1; i < stroke.length; i += 1) this.#segment(stroke[i - 1], stroke[i]);
    }
    if (!this.#pen) return;
    context.strokeStyle = css(this.#pointer === "keys" ? "quant" : "float");
    context.lineWidth = side / 100;
    context.beginPath();
    context.arc(this.#pen[0] * side, this.#pen[1] * side, (PEN * side) / 2, 0, 2 * Math.PI);
    context.stroke();
  }

  #segment([x0, y0], [x1, y1]) {
    const side = this.#canvas.width;
    const context = this.#canvas.getContext("2d");
    context.strokeStyle = css("heat-ink");
    context.lineWidth = PEN * side;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    context.moveTo(x0 * side, y0 * side);
    context.lineTo(x1 * side, y1 * side);
    context.stroke();
  }
}
