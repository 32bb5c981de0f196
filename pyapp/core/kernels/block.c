// A whole pre-norm block for one new token of a text: Block.forward with a cache, in one call.
#include "arrays.h"
#include "elementwise.h"
#include "products.h"

FUNCTION(block, 18) { // x (1, C) in place; weight and bias of norm1, qkv, out, norm2, up, down; keys, values (1, H, S, D)
                      // that hold `at` tokens; probabilities (1, H, 1, at + 1); scratch (C + max(3C, hidden)); at
  Py_buffer *x = hold(h, a[0], "f4", 2, WRITE), *p[12];
  for (int i = 0; i < 12; i++) p[i] = hold(h, a[1 + i], "f4", 0, READ);
  Py_buffer *keys = hold(h, a[13], "f4", 4, WRITE), *values = hold(h, a[14], "f4", 4, WRITE);
  Py_buffer *probabilities = hold(h, a[15], "f4", 4, WRITE), *scratch = hold(h, a[16], "f4", 1, WRITE);
  long signed_at = whole(h, a[17]);
  if (h->failed) return;
  size_t C = SIZE(x, 1), H = SIZE(keys, 1), S = SIZE(keys, 2), D = SIZE(keys, 3), hidden = (size_t)p[9]->len / 4;
  const size_t sizes[12] = {C, C, 3 * C * C, 3 * C, C * C, C, C, C, hidden * C, hidden, hidden * C, C};
  NEED(SIZE(x, 0) == 1 && SIZE(keys, 0) == 1 && H * D == C && values->len == keys->len && SIZE(values, 1) == H && SIZE(values, 2) == S);
  NEED(signed_at >= 0 && (size_t)signed_at < S);
  for (int i = 0; i < 12; i++) NEED((size_t)p[i]->len == 4 * sizes[i]);
  size_t at = (size_t)signed_at, seen = at + 1;
  NEED((size_t)probabilities->len == 4 * H * seen && SIZE(scratch, 0) == C + (3 * C > hidden ? 3 * C : hidden));
  if (!ready(h)) return;
  float *row = x->buf, *y = scratch->buf, *wide = y + C;
  norm_rows(row, p[0]->buf, p[1]->buf, y, 0, 0, 1, C);
  linear_f32(y, p[2]->buf, p[3]->buf, wide, 1, C, 3 * C, 0);
  float scale = 1 / __builtin_sqrtf((float)D);
  for (size_t i = 0; i < C; i++) wide[i] *= scale;
  for (size_t head = 0; head < H; head++) {
    float *k = DATA(float, keys) + head * S * D, *v = DATA(float, values) + head * S * D;
    float *weights = DATA(float, probabilities) + head * seen;
    const float *q = wide + head * D;
    for (size_t i = 0; i < D; i++) k[at * D + i] = q[C + i], v[at * D + i] = q[2 * C + i];
    dot_f32((Dot_f32){q, k, 0, weights, D, D, seen, D, 0}, 1, seen);
    softmax_rows(weights, weights, 1, seen);
    outer_f32((Outer_f32){weights, v, 0, y + head * D, seen, 1, D, D, seen}, 1, D);
  }
  linear_f32(y, p[4]->buf, p[5]->buf, wide, 1, C, C, 0);
  for (size_t i = 0; i < C; i++) row[i] += wide[i];
  norm_rows(row, p[6]->buf, p[7]->buf, y, 0, 0, 1, C);
  linear_f32(y, p[8]->buf, p[9]->buf, wide, 1, C, hidden, 0);
  gelu_of(wide, wide, 0, hidden);
  linear_f32(wide, p[10]->buf, p[11]->buf, y, 1, hidden, C, 0);
  for (size_t i = 0; i < C; i++) row[i] += y[i];
}
