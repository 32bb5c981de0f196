import { colormap } from "./colormap.js";
import { paint, unpaint } from "./paint.js";
import { css, onTheme } from "./theme.js";

/**
 * Arrays [tiles, rows, columns] (or one tile, [rows, columns]) as a sheet of small images on one shared scale.
 * A cell is a whole number of screen pixels, as large as the width and `maxHeight` allow.
 * `describe(tile, row, column, value)` puts the exact value into words, for hover and for focus: arrow keys move by a cell,
 * with Shift by a tile. With `picked(tile, row, column)` a click or Enter takes a cell, and it stays marked.
 * `across` says how many tiles stand in a line, where that is not for the width to decide.
 */
export class Heatmap {
  #host;
  #canvas = document.createElement("canvas");
  #strip = document.createElement("canvas"); // the tiles below each other, a cell a pixel
  #readout = document.createElement("output");
  #loupe = document.createElement("canvas");
  #options;
  #data = null;
  #shape;
  #limit = 1;
  #layout = null;
  #at = null;
  #kept = null; // the cell that was taken
  #over = null; // makes a picture to lay over every tile
  #stop;

  constructor(host, { label, test, shape, describe, picked, map = "signed", maxHeight = 440, gap = 2, loupe = false, across = 0 }) {
    this.#host = host;
    this.#options = { map, maxHeight, gap, loupe, across, describe, picked };
    this.#shape = shape.length === 2 ? [1, ...shape] : shape;
    host.classList.add("heatmap");
    if (test) [this.#canvas.dataset.test, this.#readout.dataset.test] = [test, `${test}-value`];
    this.#canvas.tabIndex = 0;
    this.#canvas.setAttribute("role", "application");
    this.#canvas.setAttribute("aria-roledescription", "heatmap");
    this.name(label);
    this.#loupe.className = "loupe";
    this.#readout.className = "heatmap-readout";
    this.#readout.hidden = this.#loupe.hidden = true;
    host.append(this.#canvas, this.#loupe, this.#readout);
    const resize = new ResizeObserver(() => paint(this.#draw));
    resize.observe(host);
    const unlisten = onTheme(() => paint(this.#draw));
    this.#canvas.addEventListener("pointermove", (event) => this.#point(event));
    this.#canvas.addEventListener("pointerdown", (event) => this.#point(event));
    this.#canvas.addEventListener("click", (event) => this.#take(this.#cell(event)));
    this.#canvas.addEventListener("pointerleave", () => this.#pick(null));
    this.#canvas.addEventListener("blur", () => this.#pick(null));
    this.#canvas.addEventListener("focus", () => this.#canvas.matches(":focus-visible") && this.#pick(this.#start()));
    this.#canvas.addEventListener("keydown", (event) => this.#key(event));
    this.#stop = () => {
      resize.disconnect();
      unlisten();
      unpaint(this.#draw);
    };
    paint(this.#draw);
  }

  /** What is seen here, in words that end with a full stop. */
  name(words) {
    const take = this.#options.picked ? " Enter picks a cell." : "";
    this.#canvas.setAttribute("aria-label", `${words} Arrow keys read the values, with Shift image by image.${take}`);
  }

  /** data: a typed array of the heatmap's shape; limit: the value that gets the full colour. */
  update(data, limit) {
    if (!this.#at && this.#data && limit === this.#limit && data?.every((value, i) => value === this.#data[i])) return; // it is painted already
    this.#data = data;
    this.#limit = limit || 1;
    paint(this.#draw);
  }

  /** Lay a picture over every tile: a function that makes a new canvas each time, because its colours follow the theme, or null. */
  lay(over) {
    if (over || this.#over) paint(this.#draw);
    this.#over = over;
  }

  /** Mark a cell [tile, row, column] or a whole tile [tile]; null takes the mark away. */
  keep(cell) {
    this.#kept = cell;
    paint(this.#draw);
  }

  destroy() {
    this.#stop();
    this.#host.replaceChildren();
  }

  #draw = () => {
    const [tiles, rows, columns] = this.#shape;
    const layout = (this.#layout = this.#fit());
    const { across, cell, stepX, stepY } = layout;
    if (this.#canvas.width !== layout.width || this.#canvas.height !== layout.height) {
      Object.assign(this.#canvas, { width: layout.width, height: layout.height });
      this.#canvas.style.width = `${layout.width / devicePixelRatio}px`;
    }
    const context = this.#canvas.getContext("2d");
    context.clearRect(0, 0, layout.width, layout.height);
    context.imageSmoothingEnabled = false;
    this.#paintStrip();
    const over = this.#over?.();
    for (let t = 0; t < tiles; t += 1) {
      const [x, y] = [(t % across) * stepX, Math.floor(t / across) * stepY];
      context.drawImage(this.#strip, 0, t * rows, columns, rows, x, y, columns * cell, rows * cell);
      if (over) context.drawImage(over, x, y, columns * cell, rows * cell);
    }
    if (this.#kept) this.#mark(context, this.#kept);
    if (this.#at) this.#inspect();
  };

  /** A frame around a cell, of ink on paper so that it is seen on any colour, and never too small to be seen. */
  #mark(context, [tile, row, column]) {
    const { across, cell, stepX, stepY } = this.#layout;
    const [, rows, columns] = this.#shape;
    const whole = row === undefined;
    const wide = Math.round(2 * devicePixelRatio);
    const margin = whole ? -wide : Math.max(wide, (8 * devicePixelRatio - cell) / 2);
    const x = (tile % across) * stepX + (whole ? 0 : column * cell) - margin;
    const y = Math.floor(tile / across) * stepY + (whole ? 0 : row * cell) - margin;
    const [width, height] = [whole ? columns : 1, whole ? rows : 1].map((cells) => cells * cell + 2 * margin);
    for (const [colour, line] of [["heat-zero", 2 * wide], ["heat-ink", wide]]) {
      context.strokeStyle = css(colour);
      context.lineWidth = line;
      context.strokeRect(x, y, width, height);
    }
  }

  #paintStrip() {
    const [tiles, rows, columns] = this.#shape;
    if (this.#strip.height !== tiles * rows) Object.assign(this.#strip, { width: columns, height: tiles * rows });
    const context = this.#strip.getContext("2d");
    const image = context.createImageData(columns, tiles * rows);
    const pixels = new Uint32Array(image.data.buffer);
    const { words, index } = colormap(this.#options.map);
    if (!this.#data) pixels.fill(words[index(0)]);
    else for (let i = 0; i < pixels.length; i += 1) pixels[i] = words[index(this.#data[i] / this.#limit)];
    context.putImageData(image, 0, 0);
  }

  /** The largest cell for which all tiles stay within the height, then even rows, then the spare width into the gaps. */
  #fit() {
    const [tiles, rows, columns] = this.#shape;
    const width = Math.floor(this.#host.clientWidth * devicePixelRatio);
    const height = this.#options.maxHeight * devicePixelRatio;
    const gap = tiles > 1 ? Math.round(this.#options.gap * devicePixelRatio) : 0;
    const fitting = (size) => Math.floor((width + gap) / (columns * size + gap));
    const count = (size) => Math.min(tiles, this.#options.across || Math.max(1, fitting(size)));
    const tall = (size) => Math.ceil(tiles / count(size)) * (rows * size + gap) - gap;
    let cell = 1;
    const needed = (size) => (this.#options.across ? count(size) * (columns * size + gap) - gap : columns * size);
    while (needed(cell + 1) <= width && tall(cell + 1) <= height) cell += 1;
    const lines = Math.ceil(tiles / count(cell));
    const across = Math.ceil(tiles / lines);
    const spare = across > 1 && !this.#options.across ? Math.floor((width - across * columns * cell) / (across - 1)) : 0;
    const stepX = columns * cell + Math.max(gap, Math.min(spare, 3 * gap));
    const stepY = rows * cell + gap;
    const last = columns * cell;
    return { across, cell, stepX, stepY, width: (across - 1) * stepX + last, height: lines * stepY - gap };
  }

  #point(event) {
    this.#pick(this.#cell(event));
  }

  /** The cell below a pointer, or null. */
  #cell(event) {
    if (!this.#layout) return null;
    const [tiles, rows, columns] = this.#shape;
    const { across, cell, stepX, stepY } = this.#layout;
    const box = this.#canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * this.#canvas.width;
    const y = ((event.clientY - box.top) / box.height) * this.#canvas.height;
    const tile = Math.floor(y / stepY) * across + Math.floor(x / stepX);
    const [row, column] = [Math.floor((y % stepY) / cell), Math.floor((x % stepX) / cell)];
    const inside = x >= 0 && y >= 0 && tile < tiles && row < rows && column < columns;
    return inside ? [tile, row, column] : null;
  }

  /** Where the keyboard begins: at the cell that was read last, or at the one that was taken. */
  #start() {
    const [tile, row = 0, column = 0] = this.#at ?? this.#kept ?? [0];
    return [tile, row, column];
  }

  #key(event) {
    if (event.key === "Enter" && this.#at) this.#take(this.#at);
    const [tiles, rows, columns] = this.#shape;
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!move) return;
    event.preventDefault();
    let [tile, row, column] = this.#start();
    const clamp = (x, n) => Math.max(0, Math.min(n - 1, x));
    if (event.shiftKey) tile = clamp(tile + move[1] + move[0] * this.#layout.across, tiles);
    else [row, column] = [clamp(row + move[0], rows), clamp(column + move[1], columns)];
    this.#pick([tile, row, column]);
  }

  #take(cell) {
    if (!cell || !this.#data || !this.#options.picked) return;
    this.keep(cell);
    this.#options.picked(...cell);
  }

  #pick(at) {
    this.#at = at;
    this.#readout.hidden = !at || !this.#data;
    this.#loupe.hidden = this.#readout.hidden || !this.#options.loupe;
    if (at) this.#inspect();
  }

  /** The exact value, and for small cells the tile enlarged, beside the cell. */
  #inspect() {
    if (!this.#data) return;
    const [tile, row, column] = this.#at;
    const [tiles, rows, columns] = this.#shape;
    const { across, stepX, stepY, width } = this.#layout;
    this.#readout.textContent = this.#options.describe(tile, row, column, this.#data[(tile * rows + row) * columns + column]);
    if (tiles === 1 && !this.#options.loupe) { // a lone one is read below it, where no cell is covered, towards the page's middle
      const { left, right } = this.#host.getBoundingClientRect();
      const atLeft = left + right <= document.documentElement.clientWidth;
      Object.assign(this.#readout.style, { top: "calc(100% + 8px)", left: atLeft ? "0" : "auto", right: atLeft ? "auto" : "0" });
      return;
    }
    const left = (tile % across) * stepX;
    const side = left > width / 2 ? "right" : "left";
    const edge = (side === "left" ? left + stepX : width - left) / devicePixelRatio;
    const top = (Math.floor(tile / across) * stepY) / devicePixelRatio;
    this.#host.style.setProperty("--top", `${top}px`);
    for (const element of [this.#readout, this.#loupe]) {
      element.style.left = element.style.right = "";
      element.style[side] = `${edge + 8 + (side === "right" ? this.#host.clientWidth - width / devicePixelRatio : 0)}px`;
    }
    if (this.#options.loupe) this.#enlarge(tile, row, column);
  }

  #enlarge(tile, row, column) {
    const [, rows, columns] = this.#shape;
    const size = Math.round(4 * devicePixelRatio);
    Object.assign(this.#loupe, { width: columns * size, height: rows * size });
    const context = this.#loupe.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(this.#strip, 0, tile * rows, columns, rows, 0, 0, columns * size, rows * size);
    context.strokeStyle = getComputedStyle(this.#canvas).color;
    context.lineWidth = devicePixelRatio;
    context.strokeRect(column * size, row * size, size, size);
  }
}
