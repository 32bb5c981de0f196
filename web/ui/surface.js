import { colormap } from "./colormap.js";
import { fixed, scalar } from "./format.js";
import { paint, unpaint } from "./paint.js";
import { css, FONT, onTheme } from "./theme.js";

const [TOP, RIGHT, BOTTOM, LEFT] = [8, 8, 22, 36]; // margins in CSS pixels
const BANDS = 14; // shades between the lowest and the highest loss, equally far apart in its logarithm
const DARKEST = 0.5; // of the grey map: what is drawn on it stays legible
const ARROW = 70; // pixels of the longest gradient arrow
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

/**
 * A loss over two parameters, seen from above: the greyer the higher. A point that pointer and arrow keys move, its two gradients
 * as arrows uphill, the step that comes next, and the way so far.
 *
 * move(w, b)   the point was moved there
 */
export class Surface {
  #host;
  #canvas = document.createElement("canvas");
  #readout = document.createElement("output");
  #data = null;
  #move;
  #step;
  #stop;

  constructor(host, { label, test, height = 300, step, move }) {
    this.#host = host;
    this.#move = move;
    this.#step = step;
    host.classList.add("surface");
    host.style.setProperty("--height", `${height}px`);
    this.#canvas.tabIndex = 0;
    this.#canvas.dataset.test = test;
    this.#readout.dataset.test = `${test}-value`;
    this.#canvas.setAttribute("role", "application");
    this.#canvas.setAttribute("aria-roledescription", "loss surface");
    this.#canvas.setAttribute("aria-label", `${label} Arrow keys move the point, with Shift ten times as far.`);
    this.#readout.className = "plot-readout";
    host.append(this.#canvas, this.#readout);
    const resize = new ResizeObserver(() => paint(this.#draw));
    resize.observe(host);
    const unlisten = onTheme(() => paint(this.#draw));
    this.#canvas.addEventListener("pointerdown", (event) => {
      this.#canvas.setPointerCapture(event.pointerId);
      this.#point(event);
    });
    this.#canvas.addEventListener("pointermove", (event) => event.buttons && this.#point(event));
    this.#canvas.addEventListener("keydown", (event) => this.#key(event));
    this.#stop = () => {
      resize.disconnect();
      unlisten();
      unpaint(this.#draw);
    };
  }

  /**
   * surface: losses, a row for each of b, a column for each of w; here, next: [w, b]; gradient: [dw, db]
   * trail: rows [w, b, loss]; best: [w, b] or null; loss: the one here
   */
  update(data) {
    this.#data = data;
    paint(this.#draw);
  }

  destroy() {
    this.#stop();
    this.#host.replaceChildren();
  }

  #draw = () => {
    const [width, height] = [this.#canvas.clientWidth, this.#canvas.clientHeight];
    Object.assign(this.#canvas, { width: width * devicePixelRatio, height: height * devicePixelRatio });
    const context = this.#canvas.getContext("2d");
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.font = FONT;
    if (!this.#data) return;
    this.#shades(context);
    this.#axes(context, width, height);
    context.save();
    context.beginPath();
    context.rect(LEFT, TOP, width - LEFT - RIGHT, height - TOP - BOTTOM);
    context.clip();
    this.#way(context);
    context.restore();
    const { here, gradient, loss } = this.#data;
    this.#readout.textContent = `w ${fixed(here[0], 2)}, b ${fixed(here[1], 2)}: MSE ${scalar(loss)}; ∂w ${scalar(gradient[0])}, ∂b ${scalar(gradient[1])}`;
  };

  /** One pixel a cell, enlarged smoothly into the frame. */
  #shades(context) {
    const { surface, w, b } = this.#data;
    const small = new OffscreenCanvas(w.length, b.length);
    const pen = small.getContext("2d");
    const image = pen.createImageData(w.length, b.length);
    const pixels = new Uint32Array(image.data.buffer);
    const { words, index } = colormap("grey");
    const known = Array.from(surface).filter(Number.isFinite);
    const [low, high] = [Math.log(Math.min(...known) + 0.01), Math.log(Math.max(...known) + 0.01)];
    for (let row = 0; row < b.length; row += 1) {
      for (let column = 0; column < w.length; column += 1) {
        const value = surface[row * w.length + column];
        const share = Number.isFinite(value) ? (Math.log(value + 0.01) - low) / (high - low || 1) : 1;
        pixels[(b.length - 1 - row) * w.length + column] = words[index((Math.round(share * BANDS) / BANDS) * DARKEST)];
      }
    }
    pen.putImageData(image, 0, 0);
    const [left, right, top, bottom] = this.#frame();
    context.imageSmoothingEnabled = true;
    context.drawImage(small, left, top, right - left, bottom - top);
  }

  #frame() {
    return [LEFT, this.#canvas.clientWidth - RIGHT, TOP, this.#canvas.clientHeight - BOTTOM];
  }

  #place([w, b]) {
    const [left, right, top, bottom] = this.#frame();
    const { w: ws, b: bs } = this.#data;
    return [
      left + ((w - ws[0]) / (ws.at(-1) - ws[0])) * (right - left),
      bottom - ((b - bs[0]) / (bs.at(-1) - bs[0])) * (bottom - top),
    ];
  }

  #axes(context, width, height) {
    const { w, b } = this.#data;
    context.fillStyle = css("muted");
    context.textBaseline = "alphabetic";
    for (const value of [w[0], 0, w.at(-1)]) {
      context.textAlign = value === 0 ? "center" : value < 0 ? "left" : "right";
      context.fillText(value === 0 ? "w 0" : fixed(value, 0), this.#place([value, 0])[0], height - 6);
    }
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const value of [b[0], 0, b.at(-1)]) {
      const y = Math.max(TOP + 6, Math.min(height - BOTTOM - 6, this.#place([0, value])[1]));
      context.fillText(value === 0 ? "b 0" : fixed(value, 0), LEFT - 6, y);
    }
  }

  #way(context) {
    const { here, next, gradient, trail, best } = this.#data;
    if (!here.every(Number.isFinite)) return;
    const [x, y] = this.#place(here);
    context.strokeStyle = css("float");
    context.lineWidth = 1.5;
    context.beginPath();
    for (const [w, b] of trail) context.lineTo(...this.#place([w, b]));
    context.lineTo(x, y);
    context.stroke();
    if (best) this.#cross(context, this.#place(best));
    const [dw, db] = gradient;
    if (Number.isFinite(dw)) this.#arrow(context, [x, y], [x + reach(dw), y], "heat-positive", "∂w");
    if (Number.isFinite(db)) this.#arrow(context, [x, y], [x, y - reach(db)], "heat-positive", "∂b");
    if (next.every(Number.isFinite)) this.#arrow(context, [x, y], this.#place(next), "ink", "");
    context.fillStyle = css("float");
    context.beginPath();
    context.arc(x, y, 6, 0, 2 * Math.PI);
    context.fill();
  }

  #cross(context, [x, y]) {
    context.strokeStyle = css("ink");
    context.beginPath();
    for (const [dx, dy] of [[5, 5], [5, -5]]) {
      context.moveTo(x - dx, y - dy);
      context.lineTo(x + dx, y + dy);
    }
    context.stroke();
  }

  #arrow(context, [x, y], [toX, toY], colour, text) {
    const length = Math.hypot(toX - x, toY - y);
    if (length < 1) return;
    const [ux, uy] = [(toX - x) / length, (toY - y) / length];
    const head = Math.min(7, length);
    context.strokeStyle = context.fillStyle = css(colour);
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(toX - ux * head, toY - uy * head);
    context.stroke();
    context.beginPath();
    context.moveTo(toX, toY);
    for (const side of [1, -1]) context.lineTo(toX - ux * head - side * uy * head * 0.6, toY - uy * head + side * ux * head * 0.6);
    context.fill();
    context.textAlign = "center";
    context.textBaseline = "middle";
    if (length > 10) context.fillText(text, toX + ux * 12, toY + uy * 10);
  }

  #point(event) {
    if (!this.#data) return;
    const box = this.#canvas.getBoundingClientRect();
    const [left, right, top, bottom] = this.#frame();
    const share = (value, from, to) => Math.max(0, Math.min(1, (value - from) / (to - from)));
    const at = (values, part) => values[0] + part * (values.at(-1) - values[0]);
    const { w, b } = this.#data;
    this.#go(at(w, share(event.clientX - box.left, left, right)), at(b, share(event.clientY - box.top, bottom, top)));
  }

  #key(event) {
    const by = KEYS[event.key];
    if (!by || !this.#data) return;
    event.preventDefault();
    const far = this.#step * (event.shiftKey ? 10 : 1);
    const [w, b] = this.#data.here;
    this.#go(w + by[0] * far, b + by[1] * far);
  }

  /** On the steps of the sliders, and within the picture. */
  #go(w, b) {
    const within = (value, values) =>
      Math.max(values[0], Math.min(values.at(-1), Number((Math.round(value / this.#step) * this.#step).toFixed(6))));
    this.#move(within(w, this.#data.w), within(b, this.#data.b));
  }
}

/** A gradient as pixels: longer the steeper, and never out of the picture. */
const reach = (slope) => (ARROW * slope) / (Math.abs(slope) + 0.2);
