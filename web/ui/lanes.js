import { Strip } from "./strip.js";
import { css, FONT } from "./theme.js";

const TITLE = 20; // above each row of bars
const AXIS = 16; // below the last, for the labels
const NARROW = 9; // pixels; in narrower columns only the picked label is written

/** Rows of bars below each other, one bar an item, all on one scale. */
export class Lanes extends Strip {
  #data = null;

  /**
   * lanes: [{title, colour (of the style sheet), values}]; labels: one an item; limit: the value of a full bar
   * picked: the item whose label is bold, or null; words(i): the exact values of item i
   */
  update(data) {
    this.#data = { ...data, limit: data.limit || 1 };
    this.redraw();
  }

  places() {
    return this.#data ? Array.from(this.#data.labels, (_, i) => this.#left(i + 0.5)) : [];
  }

  words(i) {
    return this.#data.words(i);
  }

  draw(context, width, height, at) {
    if (!this.#data) return;
    const { lanes, labels, picked } = this.#data;
    const tall = (height - AXIS) / lanes.length;
    if (at !== null) this.#column(context, "hair", at, 0, height - AXIS);
    lanes.forEach((lane, i) => this.#lane(context, lane, i * tall, tall));
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    Array.from(labels).forEach((label, i) => {
      if (this.#left(1) < NARROW && i !== picked) return;
      context.fillStyle = css(i === picked ? "ink" : "muted");
      context.font = i === picked ? `bold ${FONT}` : FONT;
      context.fillText(label, this.#left(i + 0.5), height - 3);
    });
    context.font = FONT;
  }

  #lane(context, { title, colour, values }, top, tall) {
    const bottom = Math.round(top + tall) - 1;
    values.forEach((value, i) => {
      if (value > 0) this.#column(context, colour, i, bottom, -Math.max(1, (value / this.#data.limit) * (tall - TITLE)));
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
    return (i * this.width) / this.#data.labels.length;
  }
}
