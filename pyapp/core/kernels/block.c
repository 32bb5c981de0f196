// A whole pre-norm block in one call: for one new token of a text, Block.forward with a cache, and for whole sequences.
#include "arrays.h"
#include "elementwise.h"
#include "products.h"

// y (rows, outputs) = x Wᵀ + b, where x has rows of its own width.
static void dense(const float *x, size_t x_row, const Py_buffer *w, const Py_buffer *b, size_t from, float *y, size_t y_row,
    size_t rows, size_t inputs, size_t outputs) {
  dot_f32((Dot_f32){x, DATA(float, w) + from * inputs, DATA(float, b) + from, y + from, x_row, inputs, y_row, inputs, 0}, rows, outputs);
}
static void add(float *y, const float *x, size_t n) { for (size_t i = 0; i < n; i++) y[i] += x[i]; }
static void scale_by(float *y, float factor, size_t n) { for (size_t i = 0; i < n; i++) y[i] *= factor; }

// Weight and bias of norm1, qkv, out, norm2, up, down for a stream of C columns.
typedef struct { Py_buffer *of[12]; size_t C, hidden; } Block;
static Block hold_block(Held *h, PyObject *const *a, size_t C) {
  Block b = {.C = C};
  for (int i = 0; i < 12; i++) b.of[i] = hold(h, a[i], "f4", 0, READ);
  if (h->failed) return b;
  b.hidden = (size_t)b.of[9]->len / 4;
  const size_t sizes[12] = {C, C, 3 * C * C, 3 * C, C * C, C, C, C, b.hidden * C, b.hidden, b.hidden * C, C};
  for (int i = 0; i < 12; i++) NEED((size_t)b.of[i]->len == 4 * sizes[i]);
  return b;
}
// What follows the attention, x ← x + W₂ GELU(W₁ norm x); `y` (rows, C) and `wide` (rows, hidden) are room for it.
static void perceptron(const Block *b, float *x, size_t rows, float *y, float *wide) {
  norm_rows(x, b->of[6]->buf, b->of[7]->buf, y, 0, 0, rows, b->C);
  dense(y, b->C, b->of[8], b->of[9], 0, wide, b->hidden, rows, b->C, b->hidden);
  gelu_of(wide, wide, 0, rows * b->hidden);
  dense(wide, b->hidden, b->of[10], b->of[11], 0, y, b->C, rows, b->hidden, b->C);
  add(x, y, rows * b->C);
}

FUNCTION(block, 18) { // x (1, C) in place; weight and bias of norm1, qkv, out, norm2, up, down; keys, values (1, H, S, D)
                      // that hold `at` tokens; probabilities (1, H, 1, at + 1); scratch (C + max(3C, hidden)); at
  Py_buffer *x = hold(h, a[0], "f4", 2, WRITE);
  if (h->failed) return;
  size_t C = SIZE(x, 1);
  Block b = hold_block(h, a + 1, C);
  Py_buffer *keys = hold(h, a[13], "f4", 4, WRITE), *values = hold(h, a[14], "f4", 4, WRITE);
  Py_buffer *probabilities = hold(h, a[15], "f4", 4, WRITE), *scratch = hold(h, a[16], "f4", 1, WRITE);
  long signed_at = whole(h, a[17]);
  if (h->failed) return;
  size_t H = SIZE(keys, 1), S = SIZE(keys, 2), D = SIZE(keys, 3);
  NEED(SIZE(x, 0) == 1 && SIZE(keys, 0) == 1 && H * D == C && values->len == keys->len && SIZE(values, 1) == H && SIZE(values, 2) == S);
  NEED(signed_at >= 0 && (size_t)signed_at < S);
  size_t at = (size_t)signed_at, seen = at + 1;
  NEED((size_t)probabilities->len == 4 * H * seen && SIZE(scratch, 0) == C + (3 * C > b.hidden ? 3 * C : b.hidden));
  if (!ready(h)) return;
  float *row = x->buf, *y = scratch->buf, *wide = y + C;
  norm_rows(row, b.of[0]->buf, b.of[1]->buf, y, 0, 0, 1, C);
  dense(y, C, b.of[2], b.of[3], 0, wide, 3 * C, 1, C, 3 * C);
  scale_by(wide, 1 / __builtin_sqrtf((float)D), C);
  for (size_t head = 0; head < H; head++) {
    float *k = DATA(float, keys) + head * S * D, *v = DATA(float, values) + head * S * D;
    float *weights = DATA(float, probabilities) + head * seen;
    const float *q = wide + head * D;
    for (size_t i = 0; i < D; i++) k[at * D + i] = q[C + i], v[at * D + i] = q[2 * C + i];
    dot_f32((Dot_f32){q, k, 0, weights, D, D, seen, D, 0}, 1, seen);
    softmax_rows(weights, weights, 1, seen);
    outer_f32((Outer_f32){weights, v, 0, y + head * D, seen, 1, D, D, seen}, 1, D);
  }
  dense(y, C, b.of[4], b.of[5], 0, wide, C, 1, C, C);
  add(row, wide, C);
  perceptron(&b, row, 1, y, wide);
}

enum { TOGETHER = 4 }; // sequences whose numbers stay in a cache of the processor meanwhile
FUNCTION(sequences, 18) { // x (B T, C); weight and bias as above; 1/√D as float32; heads; T; y (B Q, C) for the first Q
                          // tokens of each sequence, 1 or T, which attend to all T without an order; scratch
                          // (4 T (C + max(3C, hidden)) + T T), 4 being TOGETHER
  Py_buffer *x = hold(h, a[0], "f4", 2, READ);
  if (h->failed) return;
  size_t C = SIZE(x, 1);
  Block b = hold_block(h, a + 1, C);
  float scale = (float)real(h, a[13]);
  long heads = whole(h, a[14]), tokens = whole(h, a[15]);
  Py_buffer *y = hold(h, a[16], "f4", 2, WRITE), *scratch = hold(h, a[17], "f4", 1, WRITE);
  NEED(tokens > 0 && heads > 0 && C % (size_t)heads == 0 && SIZE(x, 0) % (size_t)tokens == 0 && SIZE(y, 1) == C);
  if (h->failed) return;
  size_t H = (size_t)heads, T = (size_t)tokens, D = C / H, B = SIZE(x, 0) / T, Q = B ? SIZE(y, 0) / B : 1;
  size_t width = 3 * C > b.hidden ? 3 * C : b.hidden;
  NEED(SIZE(y, 0) == B * Q && (Q == 1 || Q == T) && SIZE(scratch, 0) == TOGETHER * T * (C + width) + T * T);
  if (!ready(h)) return;
  float *narrow = scratch->buf, *wide = narrow + TOGETHER * T * C, *weights = wide + TOGETHER * T * width;
  for (size_t start = 0; start < B; start += TOGETHER) {
    size_t n = B - start < TOGETHER ? B - start : TOGETHER, rows = n * T, asking = n * Q, apart = T / Q;
    const float *row = DATA(float, x) + start * T * C;
    float *out = DATA(float, y) + start * Q * C;
    norm_rows(row, b.of[0]->buf, b.of[1]->buf, narrow, 0, 0, rows, C);
    dense(narrow, apart * C, b.of[2], b.of[3], 0, wide, apart * 3 * C, asking, C, C);
    for (size_t r = 0; r < asking; r++) scale_by(wide + r * apart * 3 * C, scale, C);
    dense(narrow, C, b.of[2], b.of[3], C, wide, 3 * C, rows, C, 2 * C);
    for (size_t i = 0; i < n; i++) for (size_t head = 0; head < H; head++) {
      const float *q = wide + i * T * 3 * C + head * D;
      dot_f32((Dot_f32){q, q + C, 0, weights, 3 * C, 3 * C, T, D, 0}, Q, T);
      softmax_rows(weights, weights, Q, T);
      outer_f32((Outer_f32){weights, q + 2 * C, 0, narrow + i * Q * C + head * D, T, 1, 3 * C, C, T}, Q, D);
    }
    dense(narrow, C, b.of[4], b.of[5], 0, out, C, asking, C, C);
    for (size_t r = 0; r < asking; r++) add(out + r * C, row + r * apart * C, C);
    perceptron(&b, out, asking, narrow, wide);
  }
}
