import { rgb } from "./theme.js";

const LEVELS = 256;
const ends = {
  signed: ["heat-negative", "heat-zero", "heat-positive"], // −1, −1/4, 0, +1/4, +1 are equally far apart
  grey: ["heat-zero", "heat-ink"], // 0 .. 1
  bands: ["heat-zero", "band-middle", "heat-positive"], // 0, 1, 2: nothing in between
};
const WORDS = { bands: 3 }; // how many colours a map has, if not all levels

/** 256 colours (for bands: 3) of RGBA, a word each. The style sheet has the colours. */
function colormap(kind) {
  const stops = ends[kind].map(rgb);
  const levels = WORDS[kind] ?? LEVELS;
  const table = new Uint8ClampedArray(4 * levels);
  for (let level = 0; level < levels; level += 1) {
    const at = (level / (levels - 1)) * (stops.length - 1);
    const i = Math.min(Math.floor(at), stops.length - 2);
    for (let c = 0; c < 3; c += 1) table[4 * level + c] = stops[i][c] + (at - i) * (stops[i + 1][c] - stops[i][c]);
    table[4 * level + 3] = 255;
  }
  return new Uint32Array(table.buffer);
}

/**
 * An array of rows * columns values as a canvas, a cell a pixel; limit: the value with the full colour. Without data all are 0.
 * The signed map goes by the square root: most weights are small beside the largest, and would all look like paper.
 */
export function painted({ data, rows, columns, map, limit = 1 }, canvas = document.createElement("canvas")) {
  if (canvas.width !== columns || canvas.height !== rows) Object.assign(canvas, { width: columns, height: rows });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  const words = colormap(map);
  const [top, signed, scale] = [words.length - 1, map === "signed", map === "bands" ? 1 : words.length - 1];
  for (let i = 0; i < pixels.length; i += 1) { // 50,000 weights in each frame of a training: no calls in here
    const x = data ? data[i] / limit : 0;
    const level = signed ? (top / 2) * (1 + (x < 0 ? -Math.sqrt(-x) : Math.sqrt(x))) : scale * x;
    pixels[i] = words[level > top ? top : level > 0 ? (level + 0.5) | 0 : level <= 0 ? 0 : -1]; // what is no number has none
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
