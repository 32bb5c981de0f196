import { scalar } from "./format.js";
import { Strip } from "./strip.js";
import { css } from "./theme.js";

const [TOP, LEFT, BOTTOM] = [14, 48, 20]; // margins in CSS pixels: for the words of verticals, the numbers of y and of x
const FAR = 10; // items that Shift with an arrow key moves the point by
const LABEL_GAP = 13;

/**
 * Curves over numbers: read by pointer and arrow keys or, with `pick`, a point that both move along the curves.
 *
 * gutter         room at the right for the lines' names, in CSS pixels
 * pick(x)        the point was moved to this one of the items; makes the picture a slider; resolves when that is answered
 */
export class Graph extends Strip {
  #data = null;
  #gutter;
  #canvas;
  #pick;
  #moved = null; // {at}: where the point was moved to while Python has not answered that yet
  #keyed = false; // the point is moved by keys, so that it is read and not what lies below the pointer

  constructor(host, { label, test, height, gutter = 96, pick = null }) {
    super(host, { label, test, height });
    this.#gutter = gutter;
    this.#canvas = host.querySelector("canvas");
    this.#pick = pick;
    if (pick) this.#makeSlider(host, label);
  }

  /**
   * x: the items that are read, ascending; words(i): their exact values; at: the item where the point is
   * view: {x: [from, to], y: [from, to], logX, logY}
   * lines: [{x, y, colour, kind ("line", "steps" or "dots"), width, dash, label}]
   * verticals: [{x, text, colour}]; horizontals: [{y, text, colour}]; bands: [[from, to]] along x
   * points: [{x, y, colour, hollow}]; threads: [{from: [x, y], to: [x, y], colour}]
   */
  update(data) {
    this.#data = { ...data, ...this.#moved };
    if (this.#pick) this.#announce();
    this.redraw();
  }

  places() {
    if (!this.#data) return [];
    const [from, to] = this.#data.view.x;
    return Array.from(this.#data.x, (x) => (x >= from && x <= to ? this.#x(x) : null));
  }

  words(i) {
    return this.#data.words(this.#keyed ? this.#data.at : i);
  }

  draw(context, width, height, at) {
    if (!this.#data) return;
    const { lines, bands = [], verticals = [], horizontals = [], threads = [], points = [] } = this.#data;
    context.fillStyle = css("wash");
    for (const [from, to] of bands) context.fillRect(this.#x(from), TOP, this.#x(to) - this.#x(from), this.#floor() - TOP);
    this.#axes(context);
    if (at !== null && !this.#keyed) this.#rule(context, this.#x(this.#data.x[at]), "faint");
    horizontals.forEach((mark) => this.#horizontal(context, mark));
    this.#verticals(context, verticals);
    context.save();
    context.beginPath();
    context.rect(LEFT - 6, TOP - 6, this.#right() - LEFT + 12, this.#floor() - TOP + 12);
    context.clip();
    lines.forEach((line) => this.#line(context, line));
    threads.forEach((thread) => this.#thread(context, thread));
    points.forEach((point) => this.#point(context, point));
    context.restore();
    this.#labels(context, lines);
  }

  #right() {
    return this.width - Math.min(this.#gutter, this.width * 0.3);
  }

  #floor() {
    return this.#canvas.clientHeight - BOTTOM;
  }

  #x(value) {
    const { x, logX } = this.#data.view;
    return LEFT + share(value, x, logX) * (this.#right() - LEFT);
  }

  #y(value) {
    const { y, logY } = this.#data.view;
    return this.#floor() - share(value, y, logY) * (this.#floor() - TOP);
  }

  #axes(context) {
    const { x, y, logX, logY } = this.#data.view;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const tick of ticks(y, logY, 4)) {
      context.fillStyle = css("hair");
      context.fillRect(LEFT, Math.round(this.#y(tick)), this.#right() - LEFT, 1);
      context.fillStyle = css("muted");
      context.fillText(words(tick, logY), LEFT - 6, this.#y(tick));
    }
    context.textBaseline = "alphabetic";
    context.textAlign = "center";
    for (const tick of ticks(x, logX, this.width < 480 ? 4 : 8)) {
      context.fillText(words(tick, logX), this.#x(tick), this.#canvas.clientHeight - 4);
    }
  }

  #rule(context, x, colour) {
    context.fillStyle = css(colour);
    context.fillRect(Math.round(x), TOP, 1, this.#floor() - TOP);
  }

  /** Lines with their words above them; words that would overlap earlier ones are left out. */
  #verticals(context, marks) {
    const taken = [];
    context.textBaseline = "alphabetic";
    context.textAlign = "center";
    for (const { x, text = "", colour } of marks) {
      const place = this.#x(x);
      if (place < LEFT - 1 || place > this.#right() + 1) continue;
      this.#rule(context, place, colour ?? "hair");
      const reach = context.measureText(text).width / 2 + 3;
      const middle = Math.max(reach, Math.min(place, this.width - reach));
      if (taken.some(([from, to]) => middle + reach > from && middle - reach < to)) continue;
      taken.push([middle - reach, middle + reach]);
      context.fillStyle = css(colour ?? "muted");
      context.fillText(text, middle, TOP - 3);
    }
  }

  #horizontal(context, { y, text = "", colour = "faint" }) {
    context.fillStyle = css(colour);
    for (let x = LEFT; x < this.#right(); x += 6) context.fillRect(x, Math.round(this.#y(y)), 3, 1);
    context.textBaseline = "bottom";
    context.textAlign = "left";
    context.fillText(text, LEFT + 4, this.#y(y) - 1);
  }

  #line(context, { x, y, colour, kind = "line", width = 1.5, dash = [] }) {
    context.strokeStyle = context.fillStyle = css(colour);
    if (kind === "dots") {
      for (let i = 0; i < x.length; i += 1) if (Number.isFinite(y[i])) this.#dot(context, x[i], y[i], 2);
      return;
    }
    context.lineWidth = width;
    context.setLineDash(dash);
    context.beginPath();
    let before = null;
    for (let i = 0; i < x.length; i += 1) {
      const place = Number.isFinite(y[i]) ? [this.#x(x[i]), this.#y(y[i])] : null;
      if (place && before && kind === "steps") {
        const middle = (before[0] + place[0]) / 2;
        context.lineTo(middle, before[1]);
        context.lineTo(middle, place[1]);
      }
      if (place) context[before ? "lineTo" : "moveTo"](...place);
      before = place;
    }
    context.stroke();
    context.setLineDash([]);
  }

  #thread(context, { from, to, colour }) {
    context.strokeStyle = css(colour);
    context.lineWidth = 1;
    context.setLineDash([4, 3]);
    context.beginPath();
    context.moveTo(this.#x(from[0]), this.#y(from[1]));
    context.lineTo(this.#x(to[0]), this.#y(to[1]));
    context.stroke();
    context.setLineDash([]);
  }

  #dot(context, x, y, radius) {
    context.beginPath();
    context.arc(this.#x(x), this.#y(y), radius, 0, 2 * Math.PI);
    context.fill();
  }

  #point(context, { x, y, colour, hollow = false }) {
    context.fillStyle = css(colour);
    this.#dot(context, x, y, 6);
    if (!hollow) return;
    context.fillStyle = css("paper");
    this.#dot(context, x, y, 4);
  }

  /** Each line's name at its right end, moved apart where names would overlap. */
  #labels(context, lines) {
    const named = lines.filter(({ label, y }) => label && Number.isFinite(y.at(-1)));
    const labels = named.map(({ label, y, colour }) => ({ label, colour, y: this.#y(y.at(-1)) })).sort((a, b) => a.y - b.y);
    labels.forEach((item, i) => (item.y = Math.max(item.y, i ? labels[i - 1].y + LABEL_GAP : TOP)));
    let floor = this.#floor() + LABEL_GAP;
    for (const item of labels.toReversed()) floor = item.y = Math.min(item.y, floor - LABEL_GAP);
    context.textAlign = "left";
    context.textBaseline = "middle";
    for (const { label, colour, y } of labels) {
      context.fillStyle = css(colour);
      context.fillText(label, this.#right() + 8, y);
    }
  }

  #makeSlider(host, label) {
    this.#canvas.setAttribute("role", "slider");
    this.#canvas.removeAttribute("aria-roledescription");
    this.#canvas.setAttribute("aria-label", `${label} Left and right arrow keys move the point.`);
    this.#canvas.addEventListener("pointerdown", (event) => {
      this.#canvas.setPointerCapture(event.pointerId);
      this.#take(event);
    });
    this.#canvas.addEventListener("pointermove", (event) => {
      this.#keyed = false;
      if (event.buttons) this.#take(event);
    });
    this.#canvas.addEventListener("focus", () => (this.#keyed = this.#canvas.matches(":focus-visible")));
    host.addEventListener("keydown", (event) => this.#key(event), true); // before the keys of Strip, which only read
  }

  #announce() {
    const { x, at, words } = this.#data;
    const facts = { valuemin: x[0], valuemax: x[x.length - 1], valuenow: x[at], valuetext: words(at) };
    for (const [name, value] of Object.entries(facts)) this.#canvas.setAttribute(`aria-${name}`, value);
  }

  #take(event) {
    if (!this.#data) return;
    const x = event.clientX - this.#canvas.getBoundingClientRect().left;
    const far = this.places().map((place) => (place === null ? Infinity : Math.abs(place - x)));
    this.#move(far.indexOf(Math.min(...far)));
  }

  #key(event) {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined || !this.#data) return;
    event.preventDefault();
    event.stopPropagation();
    this.#keyed = true;
    this.read(this.#data.at); // also where the pointer gave the focus and has left
    this.#move(this.#data.at + by * (event.shiftKey ? FAR : 1));
  }

  /** Python's answer moves the point at last; until then the next key counts from here, whatever older frame comes. */
  async #move(to) {
    const at = Math.max(0, Math.min(this.#data.x.length - 1, to));
    if (at === this.#data.at) return;
    const mine = (this.#moved = { at });
    this.#data = { ...this.#data, at };
    await this.#pick(this.#data.x[at]);
    if (this.#moved === mine) this.#moved = null;
  }
}

/** On a logarithmic axis the ticks are powers of ten. */
function words(tick, log) {
  return log && tick < 1e-3 ? `1e−${Math.round(-Math.log10(tick))}` : scalar(tick);
}

function share(value, [from, to], log) {
  if (log) return Math.log(value / from) / Math.log(to / from);
  return (value - from) / (to - from || 1);
}

/** Round numbers between the ends, about `most` of them; on a logarithmic axis the powers of ten. */
function ticks([from, to], log, most) {
  const within = [];
  if (log) {
    for (let power = Math.ceil(Math.log10(from) - 1e-9); power <= Math.log10(to) + 1e-9; power += 1) within.push(10 ** power);
    return within;
  }
  const rough = (to - from) / most;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * [1, 2, 5, 10].find((factor) => factor * unit >= rough);
  for (let n = Math.ceil(from / step - 1e-9); n * step <= to + step * 1e-9; n += 1) within.push(Number((n * step).toPrecision(12)));
  return within;
}
