import { fixed, scalar, signed } from "./format.js";
import { Strip } from "./strip.js";
import { css } from "./theme.js";

const MARGIN = 20; // at both ends, for the labels of the outermost lines
const [TOP, VALUES, LANDING, GRID, CODES, REALS] = [4, 18, 78, 96, 112, 130]; // heights in CSS pixels
const ERROR_EDGE = 6;

/** Values in ascending order on one grid: what each of them becomes. Base of the two pictures below, which share their x. */
class Values extends Strip {
  data = null;

  /**
   * window: [from, to] of the picture; grid: {scale facts as Python gives them: lowest, highest, half_step, maximum};
   * values, codes, after, error, clipped: one item a number
   */
  update(data) {
    this.data = data;
    this.redraw();
  }

  places() {
    if (!this.data) return [];
    const { values, window } = this.data;
    return Array.from(values, (x) => (x >= window[0] && x <= window[1] ? this.x(x) : null));
  }

  words(i) {
    const { values, codes, after, error, clipped } = this.data;
    const fate = clipped[i] ? "clipped" : "rounded";
    return `${scalar(values[i])} → code ${fixed(codes[i], 0)} → ${scalar(after[i])}, error ${signed(error[i], 5)} (${fate})`;
  }

  x(value) {
    const [from, to] = this.data.window;
    return MARGIN + ((value - from) / (to - from || 1)) * (this.width - 2 * MARGIN);
  }
}

/** The number line: values above, the grid below, and a thread from each value to the line where it lands. */
export class NumberLine extends Values {
  constructor(host, { label, test }) {
    super(host, { label, test, height: 136 });
  }

  draw(context, width, height, at) {
    if (!this.data) return;
    this.#range(context, width);
    this.#threads(context, at);
    if (this.data.lines) this.#lines(context);
    else this.#reach(context);
  }

  /** What lies beyond the grid's ends is shaded: there numbers are clipped. */
  #range(context, width) {
    const { lowest, highest } = this.data.grid;
    context.fillStyle = css("wash");
    const [left, right] = [this.x(lowest), this.x(highest)];
    if (left > MARGIN) context.fillRect(0, TOP, left, GRID - TOP);
    if (right < width - MARGIN) context.fillRect(right, TOP, width - right, GRID - TOP);
    context.fillStyle = css("faint");
    context.fillRect(0, GRID, width, 1);
  }

  #threads(context, at) {
    const { values, after, clipped } = this.data;
    const crowd = values.length > 200 ? 0.35 : 0.7;
    this.places().forEach((x, i) => {
      if (x === null) return;
      const chosen = i === at;
      const [colour, end] = [clipped[i] ? "error" : "float", this.x(after[i])];
      context.globalAlpha = chosen ? 1 : crowd;
      context.fillStyle = context.strokeStyle = css(colour);
      context.lineWidth = chosen ? 2 : 0.75;
      context.fillRect(x - (chosen ? 1 : 0.5), TOP, chosen ? 2 : 1, VALUES - TOP);
      context.beginPath();
      context.moveTo(x, VALUES);
      context.lineTo(end, LANDING);
      context.stroke();
      context.globalAlpha = 1;
      context.fillStyle = css("quant");
      context.beginPath();
      context.arc(end, LANDING, chosen ? 4 : 2, 0, 2 * Math.PI);
      context.fill();
    });
  }

  /** Every grid line, with as many codes and below them real numbers as there is room for, counted from 0. */
  #lines(context) {
    const { values, codes } = this.data.lines;
    const step = values.length > 1 ? this.x(values[1]) - this.x(values[0]) : this.width;
    const zero = Math.max(0, values.indexOf(0));
    const rows = [
      [Array.from(codes, (code) => fixed(code, 0)), "quant", CODES],
      [Array.from(values, scalar), "muted", REALS],
    ];
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    for (const [texts, colour, y] of rows) {
      const widest = Math.max(...texts.map((text) => context.measureText(text).width));
      const every = Math.ceil((widest + 10) / step);
      context.fillStyle = css(colour);
      texts.forEach((text, i) => (i - zero) % every || context.fillText(text, this.x(values[i]), y));
    }
    context.fillStyle = css("quant");
    values.forEach((value) => context.fillRect(this.x(value) - 0.5, LANDING + 4, value === 0 ? 2 : 1, GRID - LANDING + 1));
  }

  /** A grid too fine for lines: a band, its ends, and the enlarged piece. */
  #reach(context) {
    const { lowest, highest } = this.data.grid;
    const { zoom } = this.data;
    context.fillStyle = css("quant");
    context.fillRect(this.x(lowest), GRID - 3, this.x(highest) - this.x(lowest), 4);
    context.fillStyle = css("muted");
    context.textBaseline = "alphabetic";
    for (const [value, align, x] of [[lowest, "left", 0], [highest, "right", this.width]]) {
      context.textAlign = align;
      context.fillText(scalar(value), x, CODES);
    }
    if (!zoom) return;
    context.strokeStyle = css("ink");
    context.lineWidth = 1;
    const left = this.x(zoom[0]);
    context.strokeRect(left, TOP, Math.max(3, this.x(zoom[1]) - left), GRID - TOP + 4);
  }
}

/** The error of each value, x̂ − x, over the value: rounding stays within half a step, clipping grows beyond the ends. */
export class ErrorLine extends Values {
  constructor(host, { label, test }) {
    super(host, { label, test, height: 128 });
  }

  draw(context, width, height, at) {
    if (!this.data) return;
    const { half_step: half, maximum } = this.data.grid;
    const most = Math.max(half, maximum) || 1;
    const y = (error) => height / 2 - (error / most) * (height / 2 - ERROR_EDGE);
    context.fillStyle = css("wash");
    context.fillRect(0, y(half), width, y(-half) - y(half));
    context.fillStyle = css("faint");
    context.fillRect(0, y(0), width, 1);
    this.#dots(context, y, at);
  }

  #dots(context, y, at) {
    const { error, clipped } = this.data;
    this.places().forEach((x, i) => {
      if (x === null) return;
      context.fillStyle = css(clipped[i] ? "error" : "quant");
      context.beginPath();
      context.arc(x, y(error[i]), i === at ? 4 : 2, 0, 2 * Math.PI);
      context.fill();
    });
  }
}
