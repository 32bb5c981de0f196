// A whole pre-norm block between grids, in float64: what OnGrids and QuantizedSoftmax make of Block.infer, in one call.
#include "arrays.h"
#include "codes.h"
#include "doubles.h"
#include "grids.h"
#include "products.h"

enum { TOGETHER = 2 }; // sequences whose numbers stay in a cache of the processor meanwhile
enum Layers { QKV, OUT, UP, DOWN, LAYERS };
static void add(double *y, const double *x, size_t n) { for (size_t i = 0; i < n; i++) y[i] += x[i]; }
static int takes(const Py_buffer *b, size_t n) { return (size_t)b->len == 8 * n; }

FUNCTION(grid_sequences, 31) { // x (B T, C); gain and shift of both norms (C); of qkv, out, up and down: w (O, I), int8 or
                               // uint8, factor and shift (O) of its sums. Grids, scales float32 (7), zero points and ends
                               // int32 (7, 3): of q, k, v, and the inputs of those layers. Powers of a Rounding or None
                               // for float scores, its scale, ends, and what is subtracted from scores; 1/√D; heads; T;
                               // y (B Q, C) for the first Q tokens of each sequence, 1 or T; `packed` int16: 4 rows of
                               // the widest input and the weights in panels; scratch (2 T (C + max(3C, hidden)) + T T),
                               // 2 being TOGETHER; status, int32 (1): 1 if a number is not finite
  Py_buffer *x = hold(h, a[0], "f8", 2, READ), *norm[4], *of[LAYERS][3];
  for (int i = 0; i < 4; i++) norm[i] = hold(h, a[1 + i], "f8", 1, READ);
  for (int i = 0; i < LAYERS; i++) {
    of[i][0] = hold(h, a[5 + 3 * i], "?1", 2, READ);
    for (int j = 1; j < 3; j++) of[i][j] = hold(h, a[5 + 3 * i + j], "f8", 1, READ);
  }
  Py_buffer *scales = hold(h, a[17], "f4", 1, READ), *ends = hold(h, a[18], "i4", 2, READ);
  Py_buffer *powers = hold(h, a[19], "f8", 1, OPTIONAL);
  Rounding by = {real(h, a[20]), whole(h, a[21]), whole(h, a[22]), DATA(double, powers)};
  double offset = real(h, a[23]), shrink = real(h, a[24]);
  long heads = whole(h, a[25]), tokens = whole(h, a[26]);
  Py_buffer *y = hold(h, a[27], "f8", 2, WRITE), *packed = hold(h, a[28], "i2", 1, WRITE);
  Py_buffer *scratch = hold(h, a[29], "f8", 1, WRITE), *status = hold(h, a[30], "i4", 1, WRITE);
  if (h->failed) return;
  NEED(tokens > 0 && heads > 0 && SIZE(x, 1) % (size_t)heads == 0 && SIZE(x, 0) % (size_t)tokens == 0 && SIZE(y, 1) == SIZE(x, 1));
  NEED(SIZE(scales, 0) == 7 && SIZE(ends, 0) == 7 && SIZE(ends, 1) == 3 && SIZE(status, 0) == 1);
  NEED(by.low <= by.high && by.low >= -65536 && by.high <= 65536 && by.scale > 0);
  NEED(!powers || (long)SIZE(powers, 0) > by.high - by.low);
  if (h->failed) return;
  size_t C = SIZE(x, 1), H = (size_t)heads, T = (size_t)tokens, D = C / H, B = SIZE(x, 0) / T, Q = B ? SIZE(y, 0) / B : 1;
  size_t hidden = SIZE(of[UP][0], 0), width = 3 * C > hidden ? 3 * C : hidden, widest = C > hidden ? C : hidden;
  const size_t outputs[LAYERS] = {3 * C, C, hidden, C}, inputs[LAYERS] = {C, C, C, hidden};
  size_t room = TILE * 2 * pairs_of(widest), panels[LAYERS];
  for (int i = 0; i < 4; i++) NEED(takes(norm[i], C));
  for (int i = 0; i < LAYERS; i++) {
    const int32_t *its = DATA(int32_t, ends) + 3 * (3 + i);
    NEED(SIZE(of[i][0], 0) == outputs[i] && SIZE(of[i][0], 1) == inputs[i] && takes(of[i][1], outputs[i]) && takes(of[i][2], outputs[i]));
    NEED(its[0] >= -(1 << 22) && its[0] <= 1 << 22 && its[1] >= -255 && its[1] <= its[2] && its[2] <= 255);
    panels[i] = room, room += PANEL * panels_of(outputs[i], i == QKV ? 3 : 1) * 2 * pairs_of(inputs[i]);
  }
  NEED(SIZE(y, 0) == B * Q && (Q == 1 || Q == T) && SIZE(packed, 0) == room);
  NEED(SIZE(scratch, 0) == TOGETHER * T * (C + width) + T * T);
  if (!ready(h)) return;
  OnGrid layer[LAYERS];
  for (int i = 0; i < LAYERS; i++) {
    const int32_t *its = DATA(int32_t, ends) + 3 * (3 + i);
    layer[i] = (OnGrid){of[i][0]->buf, UNSIGNED(of[i][0]), of[i][1]->buf, of[i][2]->buf, inputs[i], outputs[i], i == QKV ? 3 : 1,
        {DATA(float, scales)[3 + i], (float)its[0], (float)its[1], (float)its[2], {0}}, i == QKV ? scales->buf : 0, ends->buf, {0},
        packed->buf, DATA(int16_t, packed) + panels[i]};
    pack_weights(&layer[i]);
  }
  double *narrow = scratch->buf, *wide = narrow + TOGETHER * T * C, *weights = wide + TOGETHER * T * width;
  int32_t wrong = 0;
  for (size_t start = 0; start < B; start += TOGETHER) {
    size_t n = B - start < TOGETHER ? B - start : TOGETHER, rows = n * T, asking = n * Q, apart = T / Q;
    const double *row = DATA(double, x) + start * T * C;
    double *out = DATA(double, y) + start * Q * C;
    norm_rows_double(row, norm[0]->buf, norm[1]->buf, narrow, 0, 0, rows, C);
    if (Q == T) rows_on_grid(&layer[QKV], narrow, C, wide, 3 * C, rows, 0, 3);
    else {
      rows_on_grid(&layer[QKV], narrow, apart * C, wide, apart * 3 * C, asking, 0, 1);
      rows_on_grid(&layer[QKV], narrow, C, wide, 3 * C, rows, 1, 3);
    }
    for (size_t r = 0; r < asking; r++) for (size_t c = 0; c < C; c++) wide[r * apart * 3 * C + c] *= shrink;
    for (size_t i = 0; i < n; i++) for (size_t head = 0; head < H; head++) {
      const double *q = wide + i * T * 3 * C + head * D;
      dot_f64((Dot_f64){q, q + C, 0, weights, 3 * C, 3 * C, T, D, 0}, Q, T);
      if (powers) wrong |= rounded_rows(&by, weights, &offset, 0, weights, Q, T);
      else softmax_rows_double(weights, Q, T);
      outer_f64((Outer_f64){weights, q + 2 * C, 0, narrow + i * Q * C + head * D, T, 1, 3 * C, C, T}, Q, D);
    }
    rows_on_grid(&layer[OUT], narrow, C, out, C, asking, 0, 1);
    for (size_t r = 0; r < asking; r++) add(out + r * C, row + r * apart * C, C);
    norm_rows_double(out, norm[2]->buf, norm[3]->buf, narrow, 0, 0, asking, C);
    rows_on_grid(&layer[UP], narrow, C, wide, hidden, asking, 0, 1);
    gelu_of_double(wide, wide, 0, asking * hidden);
    rows_on_grid(&layer[DOWN], wide, hidden, narrow, C, asking, 0, 1);
    add(out, narrow, asking * C);
  }
  for (int i = 0; i < LAYERS; i++) wrong |= went_wrong(layer[i].in.wrong + layer[i].wrong);
  *DATA(int32_t, status) = wrong;
}
