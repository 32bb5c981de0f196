import { count, scalar } from "./format.js";
import { Strip } from "./strip.js";
import { css } from "./theme.js";

const MARGIN = 8; // beside the first and the last bin
const AXIS = 16; // below the bars, for the numbers
const TICK = 10; // of a grid line that is drawn outside of the bars

/**
 * How many numbers lie in each bin: before in ink upwards, after in orange downwards, each to its own height and by the
 * square root, so that a lone outlier is still seen beside the crowd at 0.
 * With `plain` there are no numbers below the bars.
 */
export class Histogram extends Strip {
  #data = null;
  #plain;

  constructor(host, { label, test, height = 140, plain = false }) {
    super(host, { label, test, height });
    this.#plain = plain;
  }

  /** edges: one more than the counts. grid: {lines, used} or {ends}, drawn over the bars, or null. */
  update(edges, before, after, grid = null) {
    this.#data = { edges, before, after, grid };
    this.redraw();
  }

  places() {
    if (!this.#data) return [];
    const { edges, before } = this.#data;
    return Array.from(before, (_, i) => (this.#x(edges[i]) + this.#x(edges[i + 1])) / 2);
  }

  words(i) {
    const { edges, before, after } = this.#data;
    return `${scalar(edges[i])} to ${scalar(edges[i + 1])}: ${count(before[i])} before, ${count(after[i])} after`;
  }

  draw(context, width, tall, at) {
    if (!this.#data) return;
    const { edges, before, after, grid } = this.#data;
    const bottom = this.#plain ? tall : tall - AXIS;
    const middle = Math.round(bottom / 2);
    if (at !== null) this.#bar(context, "hair", at, 0, bottom);
    for (const [counts, colour, sign] of [[before, "float", -1], [after, "quant", 1]]) {
      const most = counts.reduce((a, b) => Math.max(a, b), 1);
      const height = (n) => Math.max(1, Math.sqrt(n / most) * (middle - TICK - 2));
      counts.forEach((n, i) => n && this.#bar(context, colour, i, middle, sign * height(n)));
    }
    context.fillStyle = css("faint");
    context.fillRect(this.#x(edges[0]), middle, this.#x(edges.at(-1)) - this.#x(edges[0]), 1);
    if (grid) this.#grid(context, grid, bottom);
    if (!this.#plain) this.#axis(context, edges, tall);
  }

  #bar(context, colour, i, from, length) {
    const { edges } = this.#data;
    const [left, right] = [this.#x(edges[i]), this.#x(edges[i + 1])];
    context.fillStyle = css(colour);
    context.fillRect(left, from, Math.max(1, right - left - (right - left > 4 ? 1 : 0)), length);
  }

  /** Lines where a number landed in orange, the others in red; on a fine grid only how far it reaches. */
  #grid(context, { lines, used, ends }, bottom) {
    lines?.forEach((value, i) => {
      context.fillStyle = css(used[i] ? "quant" : "error");
      context.fillRect(this.#x(value) - 0.5, bottom - TICK, used[i] ? 1.5 : 1, TICK);
      if (!used[i]) context.fillRect(this.#x(value) - 2.5, bottom - TICK / 2, 5, 1);
    });
    if (lines) return;
    context.fillStyle = css("quant");
    context.fillRect(this.#x(ends[0]), bottom - TICK / 2, this.#x(ends[1]) - this.#x(ends[0]), 3);
  }

  #axis(context, edges, height) {
    context.fillStyle = css("muted");
    context.textBaseline = "bottom";
    const [from, to] = [edges[0], edges.at(-1)];
    const zero = this.#x(0);
    const texts = [[from, MARGIN, "left"], [to, this.width - MARGIN, "right"]];
    if (from < 0 && to > 0 && zero > 80 && zero < this.width - 80) texts.push([0, zero, "center"]);
    for (const [value, x, align] of texts) {
      context.textAlign = align;
      context.fillText(scalar(value), x, height);
    }
  }

  #x(value) {
    const { edges } = this.#data;
    return MARGIN + ((value - edges[0]) / (edges.at(-1) - edges[0])) * (this.width - 2 * MARGIN);
  }
}
