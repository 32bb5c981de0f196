// From strokes to the 28x28 image that the network expects, operation for operation as in pyapp/data/drawing.py: the pen in
// float32, so that the same pixels have ink, and the rest in doubles, which differ from Python's float32 by less than 1e-6.

const [SIDE, PEN, BOX, IMAGE, CENTRE, STEPS, FRAME, LARGEST] = [112, 0.08, 20, 28, 14, 1024, 0.5, 16];
const f = Math.fround;
const clip = (x, low, high) => Math.min(Math.max(x, low), high);

/** 784 numbers from 0 (paper) to 1 (ink) for points [x, y, stroke number], x and y in 0..1 of the pad; null without ink. */
export function image(points) {
  return toMnist(raster(framed(points.map((point) => point.map(f)))));
}

/** The drawing centred, the longer side of its box FRAME of the pad, so that its lines have MNIST's width. */
function framed(points) {
  if (!points.length) return points;
  const [low, high] = [Math.min, Math.max].map((pick) => [0, 1].map((axis) => pick(...points.map((point) => point[axis]))));
  const longest = Math.max(high[0] - low[0], high[1] - low[1]);
  const scale = longest > 0 ? Math.min(FRAME / longest, LARGEST) : 1;
  const moved = (value, axis) => f((value - (low[axis] + high[axis]) / 2) * scale + 0.5);
  return points.map(([x, y, stroke]) => [moved(x, 0), moved(y, 1), stroke]);
}

/** Coverage 0..1 of SIDE x SIDE pixels by a round pen. */
function raster(points) {
  const pixels = new Float32Array(SIDE * SIDE);
  points.forEach((point, i) => {
    const from = i > 0 && points[i - 1][2] === point[2] ? points[i - 1] : point;
    segment(pixels, ...[from[0], from[1], point[0], point[1]].map((value) => value * SIDE - 0.5));
  });
  return pixels;
}

function segment(pixels, x0, y0, x1, y1) {
  const [radius, reach] = [(PEN * SIDE) / 2, (PEN * SIDE) / 2 + 1];
  const span = (low, high) => [Math.max(0, Math.floor(low)), Math.min(SIDE, Math.ceil(high) + 1)];
  const [left, right] = span(Math.min(x0, x1) - reach, Math.max(x0, x1) + reach);
  const [top, bottom] = span(Math.min(y0, y1) - reach, Math.max(y0, y1) + reach);
  const [dx, dy] = [f(x1 - x0), f(y1 - y0)];
  const length2 = f(f(dx * dx) + f(dy * dy));
  for (let row = top; row < bottom; row += 1) {
    for (let column = left; column < right; column += 1) {
      const [x, y] = [f(column - f(x0)), f(row - f(y0))];
      const along = length2 > 0 ? clip(f(f(f(x * dx) + f(y * dy)) / length2), 0, 1) : 0;
      const [a, b] = [f(x - f(along * dx)), f(y - f(along * dy))];
      const distance = f(Math.sqrt(f(f(a * a) + f(b * b))));
      const at = row * SIDE + column;
      pixels[at] = Math.max(pixels[at], clip(f(f(radius + 0.5) - distance), 0, 1));
    }
  }
}

/** The ink's box, its longer side scaled to BOX pixels, with its centre of mass at CENTRE. */
function toMnist(ink) {
  const inked = [...ink.keys()].filter((at) => ink[at] > 0);
  if (!inked.length) return null;
  const [top, left] = [Math.floor(inked[0] / SIDE), inked.reduce((least, at) => Math.min(least, at % SIDE), SIDE)];
  const [tall, wide] = [Math.floor(inked.at(-1) / SIDE) - top + 1, inked.reduce((most, at) => Math.max(most, at % SIDE), 0) - left + 1];
  const [height, width] = [tall, wide].map((side) => Math.max(1, even((side * BOX) / Math.max(tall, wide))));
  const box = Array.from({ length: tall }, (_, y) => Array.from({ length: wide }, (__, x) => ink[(top + y) * SIDE + left + x]));
  const transposed = (rows) => rows[0].map((_, i) => rows.map((row) => row[i]));
  const scaled = (rows, size) => resampled(rows.length, size).map((weights) => rows[0].map((_, i) =>
    weights.reduce((sum, weight, k) => sum + weight * rows[k][i], 0)));
  const small = transposed(scaled(transposed(scaled(box, height)), width)).map((row) => row.map((value) => Math.max(value, 0)));
  const most = Math.max(...small.flat());
  const moved = (rows) => {
    const mass = rows.map((row) => row.reduce((sum, value) => sum + value, 0));
    const centre = mass.reduce((sum, value, i) => sum + value * i, 0) / mass.reduce((sum, value) => sum + value, 0);
    return clip(even(CENTRE - even(centre * STEPS) / STEPS), 0, IMAGE - rows.length);
  };
  const [down, across] = [moved(small), moved(transposed(small))];
  const found = new Float32Array(IMAGE * IMAGE);
  small.forEach((row, y) => row.forEach((value, x) => { found[(down + y) * IMAGE + across + x] = value / most; }));
  return found;
}

/** The nearest whole number, halves to the even one, as Python rounds. */
function even(value) {
  const down = Math.floor(value);
  return value - down > 0.5 || (value - down === 0.5 && down % 2 !== 0) ? down + 1 : down;
}

/** The matrix, m rows of n weights, that turns n cells into m: averages of areas, or a cubic curve (Keys 1981) if m > n. */
function resampled(n, m) {
  return Array.from({ length: m }, (_, row) => {
    const weights = new Array(n).fill(0);
    if (n >= m) {
      return weights.map((__, cell) => f(Math.max(Math.min((row + 1) * (n / m), cell + 1) - Math.max(row * (n / m), cell), 0) * (m / n)));
    }
    const place = (row + 0.5) * (n / m) - 0.5;
    const cell = Math.floor(place);
    const t = place - cell;
    const curve = [((-0.5 * t + 1) * t - 0.5) * t, (1.5 * t - 2.5) * t * t + 1, ((-1.5 * t + 2) * t + 0.5) * t, (0.5 * t - 0.5) * t * t];
    curve.forEach((weight, i) => { weights[clip(cell + i - 1, 0, n - 1)] += weight; });
    return weights.map(f);
  });
}
