import { fixed } from "../ui/format.js";
import { Strip } from "../ui/strip.js";
import { css, FONT } from "../ui/theme.js";

const LANES = [
  { name: "float", title: "float", colour: "float" },
  { name: "plain", title: "no shift", colour: "quant" },
  { name: "shifted", title: "shifted", colour: "quant" },
];
const TITLE = 20; // above each row of bars
const AXIS = 16; // below the last, for the keys

/** A row of attention as rows of bars below each other, all on one scale: float in ink, quantised in orange. */
export class RowBars extends Strip {
  #data = null;

  constructor(host) {
    super(host, { label: "The picked row: float, quantised without and with shift.", test: "row-bars", height: 256 });
  }

  /** rows: {float, plain, shifted, mask} of N numbers; keys: N labels; limit: the value of a full bar. */
  update(rows, keys, limit, column) {
    this.#data = { rows, keys, limit: limit || 1, column };
    this.redraw();
  }

  places() {
    return this.#data ? this.#data.keys.map((_, i) => this.#left(i + 0.5)) : [];
  }

  words(i) {
    const { rows, keys } = this.#data;
    const place = `key ${i} (${keys[i]})`;
    if (!rows.mask[i]) return `${place}: masked, exactly ${fixed(rows.shifted[i], 0)}`;
    return `${place}: ${LANES.map(({ name, title }) => `${title} ${fixed(rows[name][i], 4)}`).join(", ")}`;
  }

  draw(context, width, height, at) {
    if (!this.#data) return;
    const { keys, column } = this.#data;
    const tall = (height - AXIS) / LANES.length;
    if (at !== null) this.#column(context, "hair", at, 0, height - AXIS);
    LANES.forEach((lane, i) => this.#lane(context, lane, i * tall, tall));
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    keys.forEach((key, i) => {
      if (this.#left(1) < 9 && i !== column) return;
      context.fillStyle = css(i === column ? "ink" : "muted");
      context.font = i === column ? `bold ${FONT}` : FONT;
      context.fillText(key, this.#left(i + 0.5), height - 3);
    });
    context.font = FONT;
  }

  #lane(context, { name, title, colour }, top, tall) {
    const { rows, limit } = this.#data;
    const bottom = Math.round(top + tall) - 1;
    rows[name].forEach((p, i) => {
      if (p > 0) this.#column(context, colour, i, bottom, -Math.max(1, (p / limit) * (tall - TITLE)));
    });
    context.fillStyle = css("faint");
    context.fillRect(0, bottom, this.width, 1);
    context.fillStyle = css(colour);
    context.textAlign = "left";
    context.textBaseline = "top";
    context.fillText(title, 0, top + 5);
  }

  #column(context, colour, i, from, length) {
    const [left, right] = [this.#left(i), this.#left(i + 1)];
    context.fillStyle = css(colour);
    context.fillRect(left, from, Math.max(1, right - left - (right - left > 4 ? 1 : 0)), length);
  }

  #left(i) {
    return (i * this.width) / this.#data.keys.length;
  }
}
