import uPlot from "uplot";
import { align, Curves } from "./curves.js";
import { fixed } from "./format.js";
import { paint, unpaint } from "./paint.js";
import { css, FONT, onTheme } from "./theme.js";

const LABELS_WIDTH = 120;

/**
 * A line plot over training steps. lines: [{name, label, colour (a colour of the style sheet), thin, format, aside}]; a line
 * without points is not drawn, and one that is `aside` does not stretch the axis: out of its range only the label is seen.
 * Each line is labelled at its end with its last value; a pinned run is a thin dashed line.
 * `append` is cheap: drawing happens at most once a frame. Arrow keys or the pointer read exact values.
 */
export class Plot {
  #curves = new Curves();
  #pinned = null;
  #lines;
  #format;
  #plot;
  #host;
  #readout;
  #stop;

  constructor(host, { title, yLabel, lines, format = (y) => fixed(y, 3), tick = format, range = null, empty = "" }) {
    this.#host = host;
    this.#lines = lines;
    this.#format = format;
    const figure = document.createElement("div");
    figure.className = "plot";
    figure.tabIndex = 0;
    figure.setAttribute("role", "application");
    figure.setAttribute("aria-label", `${title}. Left and right arrow keys read its values.`);
    figure.dataset.empty = empty;
    const name = document.createElement("p");
    name.className = "plot-name";
    name.textContent = yLabel;
    this.#readout = document.createElement("output");
    this.#readout.className = "plot-readout";
    host.append(name, figure, this.#readout);
    this.#plot = new uPlot(this.#options(figure, tick, range), this.#data(), figure);
    const resize = new ResizeObserver(() => this.#plot.setSize({ width: figure.clientWidth, height: figure.clientHeight }));
    resize.observe(figure);
    const unlisten = onTheme(() => paint(this.#show));
    figure.addEventListener("keydown", (event) => this.#key(event));
    figure.addEventListener("blur", () => this.#plot.setCursor({ left: -10, top: -10 }));
    this.#stop = () => {
      resize.disconnect();
      unlisten();
      unpaint(this.#show);
      this.#plot.destroy();
    };
    this.#show();
  }

  append(history) {
    this.#curves.append(history);
    paint(this.#show);
  }

  clear() {
    this.#curves.clear();
    paint(this.#show);
  }

  /** Keep the curves of this run to compare with. */
  pin() {
    this.#pinned = this.#curves.copy();
    paint(this.#show);
  }

  unpin() {
    this.#pinned = null;
    paint(this.#show);
  }

  destroy() {
    this.#stop();
    this.#host.replaceChildren();
  }

  #show = () => {
    const data = this.#data();
    this.#plot.root.parentElement.classList.toggle("plot-empty", data[0].length === 0);
    this.#plot.setData(data);
  };

  #data() {
    const runs = [this.#pinned ?? new Curves(), this.#curves];
    return align(runs.flatMap((curves) => this.#lines.map(({ name }) => curves.points(name))));
  }

  #options(figure, tick, range) {
    const axis = {
      font: FONT,
      labelFont: FONT,
      labelSize: 16,
      labelGap: 0,
      stroke: () => css("muted"),
      grid: { stroke: () => css("hair"), width: 1 },
      ticks: { show: false },
    };
    const whole = (t) => (Number.isInteger(t) ? t.toLocaleString("en-GB") : "");
    const line = ({ colour, thin, aside }, pinned) => ({
      auto: !aside,
      stroke: () => css(colour),
      width: pinned || thin ? 1 : 2,
      dash: pinned ? [4, 3] : undefined,
      spanGaps: true,
      points: { show: false },
    });
    return {
      width: figure.clientWidth || 300,
      height: figure.clientHeight || 160,
      padding: [8, LABELS_WIDTH, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 5 } },
      scales: { x: { time: false, range: (_, from, to) => [from ?? 0, Math.max(to ?? 0, (from ?? 0) + 10)] }, y: { range } },
      axes: [
        { ...axis, label: "training step", size: 24, values: (_, ticks) => ticks.map(whole) },
        { ...axis, size: 44, values: (_, ticks) => ticks.map((t) => tick(t)) },
      ],
      series: [{}, ...this.#lines.map((l) => line(l, true)), ...this.#lines.map((l) => line(l, false))],
      hooks: { draw: [(u) => this.#labels(u)], setCursor: [(u) => this.#read(u)] },
    };
  }

  /** Names and last values at the lines' ends, moved apart where they would overlap. */
  #labels(u) {
    const dpr = devicePixelRatio;
    const labels = [];
    const collect = (curves, pinned) => {
      for (const { name, label, colour } of this.#lines) {
        const last = curves.points(name).value.at(-1);
        if (last === undefined || last === null) continue;
        const text = `${pinned ? "pinned" : label} ${this.#format(last)}`.trim();
        labels.push({ y: u.valToPos(last, "y", true), text, colour });
      }
    };
    collect(this.#curves, false);
    if (this.#pinned) collect(this.#pinned, true);
    labels.sort((a, b) => a.y - b.y);
    const gap = 13 * dpr;
    const { left, top, width, height } = u.bbox;
    labels.forEach((label, i) => {
      label.y = Math.max(label.y, i ? labels[i - 1].y + gap : top + gap / 2);
    });
    let floor = top + height - gap / 2; // below are the steps
    for (const label of labels.reverse()) floor = (label.y = Math.min(label.y, floor)) - gap;
    u.ctx.save();
    u.ctx.font = FONT.replace("11px", `${11 * dpr}px`);
    u.ctx.textBaseline = "middle";
    u.ctx.textAlign = "left";
    for (const { y, text, colour } of labels) {
      u.ctx.fillStyle = css(colour);
      u.ctx.fillText(text, left + width + 8 * dpr, y);
    }
    u.ctx.restore();
  }

  #read(u) {
    const at = u.cursor.idx;
    const there = at !== null && at !== undefined && u.cursor.left >= 0 && u.data[0].length > 0;
    if (!there) return void (this.#readout.textContent = "");
    const n = this.#lines.length;
    const values = this.#lines.flatMap(({ label }, i) =>
      [[u.data[1 + n + i][at], label], [u.data[1 + i][at], `${label} (pinned)`]]
        .filter(([value]) => value !== null)
        .map(([value, text]) => `${text} ${this.#format(value)}`),
    );
    this.#readout.textContent = `step ${u.data[0][at]}: ${values.join(", ")}`;
  }

  #key(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const steps = this.#plot.data[0];
    if (!by || !steps.length) return;
    event.preventDefault();
    const last = steps.length - 1;
    const from = this.#plot.cursor.left >= 0 ? (this.#plot.cursor.idx ?? last) : last + 1;
    const to = Math.min(last, Math.max(0, from + by));
    this.#plot.setCursor({ left: this.#plot.valToPos(steps[to], "x"), top: 1 });
  }
}
