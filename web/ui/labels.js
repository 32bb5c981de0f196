const [LETTER, ABOVE, BELOW] = [6.8, 9, 3]; // of a monospaced text of 11 pixels: a letter's width, room over and under its baseline
const AWAY = [8, 18, 30, 42]; // distances from a point at which its name may stand
const SIDES = [[1, 0], [-1, 0], [0, -1], [0, 1], [0.8, -0.8], [-0.8, -0.8], [0.8, 0.8], [-0.8, 0.8]];
const DOT = 4;
const ALONG = 5; // a line is kept free by boxes so far apart

/**
 * Where the names of points have room, [{x, y, anchor, far}] with x and y of the text's anchor on its baseline; null for a
 * name without room. Earlier points choose first. far: so far away that a line has to lead there.
 *
 * points: [{text, x, y}]; lines: [[x, y, toX, toY]] that no name should cross; boxes: [[left, top, right, bottom]] that are taken
 */
export function placeLabels({ points, lines = [], boxes = [], width, height }) {
  const taken = [...boxes, ...points.map(({ x, y }) => around(x, y, DOT)), ...lines.flatMap(dots)];
  const free = (box) => box[0] > 0 && box[1] > 0 && box[2] < width && box[3] < height && !taken.some((other) => overlap(box, other));
  return points.map(({ text, x, y }) => {
    if (!text) return null;
    for (const away of AWAY) {
      for (const side of SIDES) {
        const label = beside(x, y, side, away);
        const box = boxOf(label, text.length * LETTER);
        if (!free(box)) continue;
        taken.push(box);
        return { ...label, far: away > AWAY[0] };
      }
    }
    return null;
  });
}

function beside(x, y, [dx, dy], away) {
  const anchor = dx > 0 ? "start" : dx < 0 ? "end" : "middle";
  return { x: x + dx * away, y: y + dy * away + (dy < 0 ? 0 : dy > 0 ? ABOVE - BELOW : BELOW + 1), anchor };
}

function boxOf({ x, y, anchor }, width) {
  const left = x - { start: 0, middle: width / 2, end: width }[anchor];
  return [left, y - ABOVE, left + width, y + BELOW];
}

function dots([x, y, toX, toY]) {
  const count = Math.ceil(Math.hypot(toX - x, toY - y) / ALONG);
  return Array.from({ length: count }, (_, i) => around(x + ((toX - x) * i) / count, y + ((toY - y) * i) / count, 1));
}

const around = (x, y, radius) => [x - radius, y - radius, x + radius, y + radius];
const overlap = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
