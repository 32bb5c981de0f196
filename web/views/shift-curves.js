import { html } from "preact";
import { Chart } from "../ui/chart.js";
import { count, signed, small } from "../ui/format.js";
import { Strip } from "../ui/strip.js";
import { css } from "../ui/theme.js";

const ticks = ([bottom, top]) => [1, 0.1, 0.01, 0.001, 1e-4, 1e-5, 1e-6].filter((tick) => bottom <= tick && tick <= top);
const MARGIN = { left: 40, right: 76, top: 8, bottom: 32 };
const GAP = 13; // between two labels

/** The chosen error against bits, one line a rule, on the same axes for all logits. */
export function Curves({ page, scalars }) {
  return html`<h2>Error against bits</h2>
    <p class="about">
      An exponential turns a rounding step of the logits into a factor, so in fixed point the step has to be small, and each bit that
      halves it must be paid for. Look how far the orange curve lies to the left of the ink one: so many bits the shift saves.
    </p>
    ${scalars && html`<p class="plot-name" data-test="measure-name">${scalars.measure}, logarithmic; gains in bits are of L1</p>`}
    ${scalars
      ? html`<div class="shift-curves">${scalars.families.map((family) => html`<${Family} key=${family.name} ...${family} page=${page} of=${scalars} />`)}</div>
          ${scalars.guarded && html`<p class="note" data-test="guarded">${scalars.guarded}</p>`}`
      : html`<p class="empty">Four plots appear when Python has started.</p>`}`;
}

function Family({ name, title, control, curves, guarded, gains, page, of }) {
  const { rule } = page.params;
  const gain = gains[rule];
  const options = { label: `${title}: ${of.measure} from 2 to 8 bits for every rule, with ${of.method}.`, test: `curves-${name}`, height: 240 };
  return html`<figure>
    <figcaption>
      <b>${title}</b>${control && html` <span class="muted">(control)</span>`}
      <span class="gain number quant" data-test=${`gain-${name}`}>${gain ? `${signed(gain.mean, 2)} bits` : "measuring"}</span>
    </figcaption>
    <${Chart} kind=${Lines} options=${options} args=${[{ bits: of.bits, curves, guarded, chosen: rule, range: of.range }]} />
  </figure>`;
}

/**
 * The lines: no shift in ink, the chosen rule in orange, the others faint; an item is a number of bits. A point is hollow where the
 * method's original breaks.
 */
class Lines extends Strip {
  #data = null;

  update(data) {
    this.#data = data;
    this.redraw();
  }

  places() {
    return this.#data ? this.#data.bits.map((_, i) => this.#x(i)) : [];
  }

  words(i) {
    const { bits, curves, guarded } = this.#data;
    return `${count(bits[i])} bits: ${Object.entries(curves)
      .map(([rule, values]) => `${rule} ${small(values[i])}${guarded[rule][i] ? " (original breaks)" : ""}`)
      .join(", ")}`;
  }

  draw(context, width, height, at) {
    if (!this.#data) return;
    const { bits, curves, guarded, chosen } = this.#data;
    this.#axes(context, width, height, bits, at);
    const colours = { none: ["float", 2], [chosen]: ["quant", 2] };
    const rules = Object.keys(curves).sort((a, b) => (a in colours) - (b in colours));
    for (const rule of rules) {
      const [colour, thick] = colours[rule] ?? ["faint", 0.75];
      this.#line(context, height, curves[rule], guarded[rule], colour, thick);
    }
    this.#labels(context, height, ["none", chosen].map((rule) => [rule, curves[rule], colours[rule][0]]));
  }

  #axes(context, width, height, bits, at) {
    context.lineWidth = 1;
    context.fillStyle = css("muted");
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const tick of ticks(this.#data.range)) {
      const y = Math.round(this.#y(tick, height)) + 0.5;
      context.strokeStyle = css("hair");
      context.strokeRect(MARGIN.left, y, width - MARGIN.left - MARGIN.right, 0);
      context.fillText(String(tick), MARGIN.left - 6, y);
    }
    context.textAlign = "center";
    context.textBaseline = "bottom";
    bits.forEach((b, i) => context.fillText(String(b), this.#x(i), height - 14));
    context.fillText("bits", (MARGIN.left + width - MARGIN.right) / 2, height);
    if (at === null) return;
    context.fillStyle = css("faint");
    context.fillRect(this.#x(at), MARGIN.top, 1, height - MARGIN.top - MARGIN.bottom);
  }

  #line(context, height, values, guarded, colour, thick) {
    context.strokeStyle = css(colour);
    context.lineWidth = thick;
    context.beginPath();
    values.forEach((value, i) => {
      if (value === null) return;
      const go = i && values[i - 1] !== null ? "lineTo" : "moveTo";
      context[go](this.#x(i), this.#y(value, height));
    });
    context.stroke();
    values.forEach((value, i) => {
      if (value === null) return;
      const r = guarded[i] ? 1.5 * thick : thick;
      const box = [this.#x(i) - r, this.#y(value, height) - r, 2 * r, 2 * r];
      context.fillStyle = css(guarded[i] ? "paper" : colour);
      context.fillRect(...box);
      if (guarded[i]) context.strokeRect(...box);
    });
  }

  /** Rule and last value at the lines' ends, moved apart where they would overlap. */
  #labels(context, height, lines) {
    const labels = lines
      .filter(([, values]) => values.at(-1) !== null)
      .map(([rule, values, colour]) => ({ rule, colour, value: values.at(-1), y: this.#y(values.at(-1), height) }))
      .sort((a, b) => a.y - b.y);
    context.textAlign = "left";
    context.textBaseline = "middle";
    labels.forEach((label, i) => {
      if (i) label.y = Math.max(label.y, labels[i - 1].y + 2 * GAP);
      context.fillStyle = css(label.colour);
      const x = this.#x(this.#data.bits.length - 1) + 8;
      context.fillText(label.rule.replace("row-", "").replace("tensor-", "t. "), x, label.y - GAP / 2);
      context.fillText(small(label.value), x, label.y + GAP / 2);
    });
  }

  #x(i) {
    return MARGIN.left + (i / (this.#data.bits.length - 1)) * (this.width - MARGIN.left - MARGIN.right);
  }

  #y(value, height) {
    const [bottom, top] = this.#data.range;
    const share = Math.log(top / Math.max(value, bottom)) / Math.log(top / bottom);
    return MARGIN.top + share * (height - MARGIN.top - MARGIN.bottom);
  }
}
