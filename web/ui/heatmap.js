import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact";
import { painted } from "./colormap.js";
import { ARROWS, ending } from "./keys.js";
import { paint, unpaint } from "./paint.js";
import { inkOf } from "./picture.js";
import { css, onTheme } from "./theme.js";

const clamp = (x, n) => Math.max(0, Math.min(n - 1, x));

/**
 * An array [tiles, rows, columns] (or one tile, [rows, columns]) as a sheet of small images on one shared scale.
 * A cell is a whole number of screen pixels, as large as the width and `maxHeight` allow.
 * `describe(tile, row, column, value)` puts the exact value into words, for hover and for focus: arrow keys move by a cell,
 * with Shift by a tile. With `picked(tile, row, column)` a click or Enter takes a cell, and it stays marked.
 *
 * data, limit   a typed array of that shape, or null; the value that gets the full colour
 * over, kept    an array [rows, columns] of 0 to 1 to lay over every tile; a cell [tile, row, column] or whole tile [tile] to mark
 * across        how many tiles stand in a line, where that is not for the width to decide
 * summary()     what is seen here, in words that end with a full stop
 */
export function Sheet({ label, summary = () => "", test, shape, data, limit, over = null, kept = null, describe, picked, ...look }) {
  const { map = "signed", maxHeight = 440, gap = 2, loupe = false, across = 0 } = look;
  const [host, canvas, lens, drawing] = [useRef(null), useRef(null), useRef(null), useRef(null)];
  const [at, read] = useState(null);
  const [taken, take] = useState(null); // until another is marked
  const [tiles, rows, columns] = shape.length === 2 ? [1, ...shape] : shape;
  const marked = taken ?? kept;
  const shown = at !== null && data !== null;
  const said = useMemo(summary, [data, limit, over?.data]);
  useLayoutEffect(() => { // before a pointer can be on it
    drawing.current = new Drawing(host.current, canvas.current);
    return () => drawing.current.destroy();
  }, []);
  useEffect(() => take(null), [String(kept)]);
  const facts = { tiles, rows, columns, data, limit: limit || 1, over, marked, map, maxHeight, gap, across };
  useLayoutEffect(() => drawing.current.show(facts), [data, limit, over?.data, String(marked)]);
  useEffect(() => void (shown && loupe && drawing.current.enlarge(lens.current, at)), [String(at), data]);

  const point = (event) => read(drawing.current.cell(event));
  const choose = (cell) => {
    if (!cell || !data || !picked) return;
    take(cell);
    picked(...cell);
  };
  const begin = at ?? marked ?? [0]; // of the keyboard: at the cell that was read last, or at the one that was taken
  const start = [begin[0], begin[1] ?? 0, begin[2] ?? 0];
  const key = (event) => {
    if (event.key === "Enter" && at) choose(at);
    const move = ARROWS[event.key];
    if (!move) return;
    event.preventDefault();
    const [tile, row, column] = start;
    if (event.shiftKey) read([clamp(tile + move[1] + move[0] * (drawing.current.layout?.across ?? 1), tiles), row, column]);
    else read([tile, clamp(row + move[0], rows), clamp(column + move[1], columns)]);
  };
  const focus = (event) => event.target.matches(":focus-visible") && read(start);
  const place = shown ? drawing.current.beside(at, loupe) : {};
  return html`<div class="heatmap" ref=${host}>
    <canvas ref=${canvas} tabindex="0" role="application" aria-roledescription="heatmap" data-test=${test}
      aria-label=${`${label} ${said} Arrow keys read the values, with Shift image by image.${picked ? " Enter picks a cell." : ""}`}
      onPointerMove=${point} onPointerDown=${point} ...${ending(() => read(null))} onFocus=${focus} onKeyDown=${key}
      onClick=${(event) => choose(drawing.current.cell(event))}></canvas>
    ${shown && loupe && html`<canvas class="loupe" ref=${lens} style=${place}></canvas>`}
    <output class="heatmap-readout" hidden=${!shown} style=${place} data-test=${test && `${test}-value`}>
      ${shown && describe(...at, data[(at[0] * rows + at[1]) * columns + at[2]])}
    </output>
  </div>`;
}

/** What a sheet paints on its canvas, and where on it a cell is. */
class Drawing {
  layout = null;
  #host;
  #canvas;
  #strip = document.createElement("canvas"); // the tiles below each other, a cell a pixel
  #facts = null;
  #width = null; // of the host, read once: the browser would lay out the page for it

  constructor(host, canvas) {
    [this.#host, this.#canvas] = [host, canvas];
    const resize = new ResizeObserver(() => ((this.#width = null), paint(this.#draw))); // which reads it then
    resize.observe(host);
    const unlisten = onTheme(() => paint(this.#draw));
    this.destroy = () => {
      resize.disconnect();
      unlisten();
      unpaint(this.#draw);
    };
  }

  show(facts) {
    this.#facts = facts;
    paint(this.#draw);
  }

  #draw = () => {
    const { tiles, rows, columns, over, marked } = this.#facts;
    const layout = (this.layout = this.#fit());
    const { across, cell, stepX, stepY } = layout;
    if (this.#canvas.width !== layout.width || this.#canvas.height !== layout.height) {
      Object.assign(this.#canvas, { width: layout.width, height: layout.height });
      this.#canvas.style.width = `${layout.width / devicePixelRatio}px`;
    }
    const context = this.#canvas.getContext("2d");
    context.clearRect(0, 0, layout.width, layout.height);
    context.imageSmoothingEnabled = false;
    painted({ ...this.#facts, rows: tiles * rows }, this.#strip);
    const ink = over && inkOf(over); // anew each time, because its colours follow the theme
    for (let t = 0; t < tiles; t += 1) {
      const [x, y] = [(t % across) * stepX, Math.floor(t / across) * stepY];
      context.drawImage(this.#strip, 0, t * rows, columns, rows, x, y, columns * cell, rows * cell);
      if (ink) context.drawImage(ink, x, y, columns * cell, rows * cell);
    }
    if (marked) this.#mark(context, marked);
  };

  /** A frame around a cell, of ink on paper so that it is seen on any colour, and never too small to be seen. */
  #mark(context, [tile, row, column]) {
    const { across, cell, stepX, stepY } = this.layout;
    const { rows, columns } = this.#facts;
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

  /** The largest cell for which all tiles stay within the height, then even rows, then the spare width into the gaps. */
  #fit() {
    const { tiles, rows, columns, maxHeight, across: told, gap: wanted } = this.#facts;
    const width = Math.floor((this.#width ??= this.#host.clientWidth) * devicePixelRatio);
    const height = maxHeight * devicePixelRatio;
    const gap = tiles > 1 ? Math.round(wanted * devicePixelRatio) : 0;
    const fitting = (size) => Math.floor((width + gap) / (columns * size + gap));
    const count = (size) => Math.min(tiles, told || Math.max(1, fitting(size)));
    const tall = (size) => Math.ceil(tiles / count(size)) * (rows * size + gap) - gap;
    let cell = 1;
    const needed = (size) => (told ? count(size) * (columns * size + gap) - gap : columns * size);
    while (needed(cell + 1) <= width && tall(cell + 1) <= height) cell += 1;
    const lines = Math.ceil(tiles / count(cell));
    const across = Math.ceil(tiles / lines);
    const spare = across > 1 && !told ? Math.floor((width - across * columns * cell) / (across - 1)) : 0;
    const stepX = columns * cell + Math.max(gap, Math.min(spare, 3 * gap));
    const stepY = rows * cell + gap;
    const last = columns * cell;
    return { across, cell, stepX, stepY, width: (across - 1) * stepX + last, height: lines * stepY - gap };
  }

  /** The cell [tile, row, column] below a pointer, or null. */
  cell(event) {
    if (!this.layout) return null;
    const { tiles, rows, columns } = this.#facts;
    const { across, cell, stepX, stepY } = this.layout;
    const box = this.#canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * this.#canvas.width;
    const y = ((event.clientY - box.top) / box.height) * this.#canvas.height;
    const tile = Math.floor(y / stepY) * across + Math.floor(x / stepX);
    const [row, column] = [Math.floor((y % stepY) / cell), Math.floor((x % stepX) / cell)];
    const inside = x >= 0 && y >= 0 && tile < tiles && row < rows && column < columns;
    return inside ? [tile, row, column] : null;
  }

  /** Where the words about a cell stand, as a style: beside its tile. */
  beside([tile], loupe) {
    const { tiles } = this.#facts;
    const { across, stepX, stepY, width } = this.layout ?? this.#fit(); // it may be read before it is painted
    if (tiles === 1 && !loupe) { // a lone one is read below it, where no cell is covered, towards the page's middle
      const { left, right } = this.#host.getBoundingClientRect();
      const atLeft = left + right <= document.documentElement.clientWidth;
      return { top: "calc(100% + 8px)", left: atLeft ? "0" : "auto", right: atLeft ? "auto" : "0" };
    }
    const left = (tile % across) * stepX;
    const side = left > width / 2 ? "right" : "left";
    const edge = (side === "left" ? left + stepX : width - left) / devicePixelRatio;
    const outside = side === "right" ? this.#host.clientWidth - width / devicePixelRatio : 0;
    return { "--top": `${(Math.floor(tile / across) * stepY) / devicePixelRatio}px`, [side]: `${edge + 8 + outside}px` };
  }

  /** The tile of a cell, enlarged, with a frame around the cell. */
  enlarge(lens, [tile, row, column]) {
    const { rows, columns } = this.#facts;
    const size = Math.round(4 * devicePixelRatio);
    Object.assign(lens, { width: columns * size, height: rows * size });
    const context = lens.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(this.#strip, 0, tile * rows, columns, rows, 0, 0, columns * size, rows * size);
    context.strokeStyle = getComputedStyle(this.#canvas).color;
    context.lineWidth = devicePixelRatio;
    context.strokeRect(column * size, row * size, size, size);
  }
}
