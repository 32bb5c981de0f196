// Softmax and its loss, GELU, layer normalisation and the optimisers' steps: formulas and names as in pyapp/core.
#include "elementwise.h"
#include "arrays.h"

void softmax_rows(const float *x, float *y, size_t rows, size_t n) {
  const float lowest = -__builtin_inff();
  size_t whole_part = n & ~(size_t)3, rest = n - whole_part;
  for (size_t r = 0; r < rows; r++, x += n, y += n) {
    f32x4 m = SPLAT(lowest), total = SPLAT(0);
    for (size_t i = 0; i < whole_part; i += 4) m = largest(LOAD(f32x4, x + i), m);
    if (rest) m = largest(first(x + whole_part, rest, lowest), m);
    float top = m[0];
    UNROLL for (int l = 1; l < 4; l++) if (m[l] > top) top = m[l];
    size_t i = 0;
    for (f32x4 e[4]; i + 16 <= whole_part; i += 16) {
      UNROLL for (size_t j = 0; j < 4; j++) e[j] = LOAD(f32x4, x + i + 4 * j) - top;
      exponentials(4, e);
      UNROLL for (size_t j = 0; j < 4; j++) STORE(f32x4, y + i + 4 * j, e[j]), total += e[j];
    }
    for (; i < whole_part; i += 4) {
      f32x4 e = exponential(LOAD(f32x4, x + i) - top);
      STORE(f32x4, y + i, e);
      total += e;
    }
    float all = sum(total);
    if (rest) {
      f32x4 e = exponential(first(x + whole_part, rest, top) - top);
      put_first(y + whole_part, e, rest);
      for (i = 0; i < rest; i++) all += e[i];
    }
    for (i = 0; i < whole_part; i += 4) STORE(f32x4, y + i, LOAD(f32x4, y + i) / all);
    for (; i < n; i++) y[i] /= all;
  }
}

FUNCTION(softmax, 2) { // x, rows along the last axis; y of its shape, or None to write into x
  int in_place = a[1] == &_Py_NoneStruct;
  Py_buffer *x = hold(h, a[0], "f4", 0, in_place ? WRITE : READ), *y = hold(h, a[1], "f4", 0, WRITE | OPTIONAL);
  NEED(!y || (x->len == y->len && x->shape[x->ndim - 1] == y->shape[y->ndim - 1]));
  if (!ready(h) || !x->len) return;
  size_t n = SIZE(x, x->ndim - 1);
  softmax_rows(x->buf, y ? y->buf : x->buf, (size_t)x->len / 4 / n, n);
}

// log x for a normal x >= 1: x = 2ⁿ m, log m = 2 artanh((m - 1)/(m + 1)) as a series; error below 2e-16 relative to 1.
static double logarithm(double x) {
  union { double value; uint64_t bits; } u = {x};
  int64_t n = (int64_t)(u.bits >> 52) - 1023;
  u.bits = (u.bits & 0xFFFFFFFFFFFFFull) | 0x3FF0000000000000ull;
  if (u.value > 1.4142135623730951) u.value *= 0.5, n++;
  double s = (u.value - 1) / (u.value + 1), q = s * s, series = 0;
  for (int k = 21; k >= 1; k -= 2) series = series * q + 1.0 / k;
  return (double)n * 0.6931471805599453 + 2 * s * series;
}

FUNCTION(cross_entropy, 5) { // logits (B, C), labels int64 (B), p, dlogits (B, C), float64 (1): the mean loss
  Py_buffer *z = hold(h, a[0], "f4", 2, READ), *label = hold(h, a[1], "i8", 1, READ);
  Py_buffer *p = hold(h, a[2], "f4", 2, WRITE), *dz = hold(h, a[3], "f4", 2, WRITE), *loss = hold(h, a[4], "f8", 1, WRITE);
  NEED(SIZE(label, 0) == SIZE(z, 0) && p->len == z->len && dz->len == z->len && SIZE(p, 1) == SIZE(z, 1) && SIZE(loss, 0) == 1);
  for (size_t r = 0; !h->failed && r < SIZE(z, 0); r++)
    NEED(DATA(int64_t, label)[r] >= 0 && DATA(int64_t, label)[r] < z->shape[1]);
  NEED(z->len > 0);
  if (!ready(h)) return;
  size_t rows = SIZE(z, 0), n = SIZE(z, 1);
  float share = 1 / (float)rows;
  double sum = 0;
  for (size_t r = 0; r < rows; r++) {
    const float *x = DATA(float, z) + r * n;
    float *probability = DATA(float, p) + r * n, *gradient = DATA(float, dz) + r * n, top = x[0];
    size_t at = (size_t)DATA(int64_t, label)[r];
    softmax_rows(x, probability, 1, n);
    for (size_t i = 1; i < n; i++) if (x[i] > top) top = x[i];
    double total = 0; // Σ exp(x - top), from the probabilities: the largest is 1 / total
    for (size_t i = 0; i < n; i++) total = probability[i] > total ? probability[i] : total;
    for (size_t i = 0; i < n; i++) gradient[i] = probability[i] * share;
    gradient[at] -= share;
    sum += logarithm(1 / total) - ((double)x[at] - (double)top) + 0 * (double)probability[at]; // NaN stays NaN
  }
  *DATA(double, loss) = sum / (double)rows;
}

INLINE void gates(const int N, const f32x4 *v, f32x4 *sigma) {
  UNROLL for (int i = 0; i < N; i++) sigma[i] = (v[i] * v[i] * -0.07135481282f - 1.5957691216f) * v[i];
  exponentials(N, sigma);
  UNROLL for (int i = 0; i < N; i++) sigma[i] = 1 / (sigma[i] + 1);
}
void gelu_of(const float *x, float *y, float *gate, size_t n) {
  size_t i = 0;
  f32x4 v[4], sigma[4];
  for (; i + 16 <= n; i += 16) {
    UNROLL for (size_t j = 0; j < 4; j++) v[j] = LOAD(f32x4, x + i + 4 * j);
    gates(4, v, sigma);
    UNROLL for (size_t j = 0; j < 4; j++) {
      STORE(f32x4, y + i + 4 * j, v[j] * sigma[j]);
      if (gate) STORE(f32x4, gate + i + 4 * j, sigma[j]);
    }
  }
  for (; i < n; i += 4) {
    size_t count = n - i < 4 ? n - i : 4;
    *v = first(x + i, count, 0);
    gates(1, v, sigma);
    put_first(y + i, *v * *sigma, count);
    if (gate) put_first(gate + i, *sigma, count);
  }
}

FUNCTION(gelu, 3) { // x, y, σ(w)
  Py_buffer *x = hold(h, a[0], "f4", 0, READ), *y = hold(h, a[1], "f4", 0, WRITE), *gate = hold(h, a[2], "f4", 0, WRITE);
  NEED(x->len == y->len && gate->len == x->len);
  if (ready(h)) gelu_of(x->buf, y->buf, gate->buf, (size_t)x->len / 4);
}

FUNCTION(gelu_gradient, 4) { // x, σ(w), dy, dx
  Py_buffer *x = hold(h, a[0], "f4", 0, READ), *gate = hold(h, a[1], "f4", 0, READ);
  Py_buffer *dy = hold(h, a[2], "f4", 0, READ), *dx = hold(h, a[3], "f4", 0, WRITE);
  NEED(x->len == gate->len && x->len == dy->len && x->len == dx->len);
  if (!ready(h)) return;
  const float *v = x->buf, *s = gate->buf, *d = dy->buf;
  float *y = dx->buf;
  for (size_t i = 0, n = (size_t)x->len / 4; i < n; i++)
    y[i] = ((v[i] * v[i] * 0.21406443846f + 1.5957691216f) * v[i] * (1 - s[i]) + 1) * s[i] * d[i];
}

void norm_rows(const float *x, const float *gain, const float *shift, float *y, float *x_hat, float *inverse, size_t rows, size_t n) {
  size_t whole_part = n & ~(size_t)3;
  for (size_t r = 0; r < rows; r++, x += n, y += n) {
    f32x4 s = SPLAT(0);
    size_t i = 0;
    for (; i < whole_part; i += 4) s += LOAD(f32x4, x + i);
    float mean = sum(s), variance;
    for (; i < n; i++) mean += x[i];
    mean /= (float)n;
    for (s = SPLAT(0), i = 0; i < whole_part; i += 4) {
      f32x4 d = LOAD(f32x4, x + i) - mean;
      s += d * d;
    }
    for (variance = sum(s); i < n; i++) variance += (x[i] - mean) * (x[i] - mean);
    float scale = 1 / __builtin_sqrtf(variance / (float)n + 1e-5f), *hat = x_hat ? x_hat + r * n : 0;
    if (inverse) inverse[r] = scale;
    for (i = 0; i < whole_part; i += 4) {
      f32x4 v = (LOAD(f32x4, x + i) - mean) * scale;
      if (hat) STORE(f32x4, hat + i, v);
      STORE(f32x4, y + i, v * LOAD(f32x4, gain + i) + LOAD(f32x4, shift + i));
    }
    for (; i < n; i++) {
      float v = (x[i] - mean) * scale;
      if (hat) hat[i] = v;
      y[i] = v * gain[i] + shift[i];
    }
  }
}

FUNCTION(norm, 6) { // x (R, C), gain, shift (C), y, x̂ (R, C), 1/√ (R, 1)
  Py_buffer *x = hold(h, a[0], "f4", 2, READ), *gain = hold(h, a[1], "f4", 1, READ), *shift = hold(h, a[2], "f4", 1, READ);
  Py_buffer *y = hold(h, a[3], "f4", 2, WRITE), *hat = hold(h, a[4], "f4", 2, WRITE), *inverse = hold(h, a[5], "f4", 2, WRITE);
  NEED(SIZE(gain, 0) == SIZE(x, 1) && SIZE(shift, 0) == SIZE(x, 1));
  NEED(y->len == x->len && hat->len == x->len && inverse->len == 4 * x->shape[0]);
  if (ready(h)) norm_rows(x->buf, gain->buf, shift->buf, y->buf, hat->buf, inverse->buf, SIZE(x, 0), SIZE(x, 1));
}

FUNCTION(norm_gradient, 7) { // dy, x̂ (R, C), 1/√ (R, 1), gain (C), dx (R, C), dgain, dshift (C)
  Py_buffer *dy = hold(h, a[0], "f4", 2, READ), *hat = hold(h, a[1], "f4", 2, READ), *inverse = hold(h, a[2], "f4", 2, READ);
  Py_buffer *gain = hold(h, a[3], "f4", 1, READ), *dx = hold(h, a[4], "f4", 2, WRITE);
  Py_buffer *dgain = hold(h, a[5], "f4", 1, WRITE), *dshift = hold(h, a[6], "f4", 1, WRITE);
  NEED(hat->len == dy->len && dx->len == dy->len && SIZE(hat, 1) == SIZE(dy, 1) && inverse->len == 4 * dy->shape[0]);
  NEED(SIZE(gain, 0) == SIZE(dy, 1) && dgain->len == gain->len && dshift->len == gain->len);
  if (!ready(h)) return;
  size_t n = SIZE(dy, 1);
  const float *d = dy->buf, *v = hat->buf, *g = gain->buf;
  float *out = dx->buf, *dg = dgain->buf, *db = dshift->buf;
  for (size_t c = 0; c < n; c++) dg[c] = db[c] = 0;
  for (size_t r = 0; r < SIZE(dy, 0); r++, d += n, v += n, out += n) {
    f32x4 sums = SPLAT(0), alongs = SPLAT(0);
    size_t c = 0;
    for (; c + 4 <= n; c += 4) {
      f32x4 y = LOAD(f32x4, d + c), x = LOAD(f32x4, v + c), z = y * LOAD(f32x4, g + c);
      STORE(f32x4, dg + c, LOAD(f32x4, dg + c) + y * x);
      STORE(f32x4, db + c, LOAD(f32x4, db + c) + y);
      STORE(f32x4, out + c, z);
      sums += z;
      alongs += z * x;
    }
    float mean = sum(sums), along = sum(alongs), scale = DATA(float, inverse)[r];
    for (; c < n; c++) {
      float z = d[c] * g[c];
      dg[c] += d[c] * v[c], db[c] += d[c], out[c] = z, mean += z, along += z * v[c];
    }
    mean /= (float)n, along /= (float)n;
    for (c = 0; c + 4 <= n; c += 4)
      STORE(f32x4, out + c, (LOAD(f32x4, out + c) - mean - LOAD(f32x4, v + c) * along) * scale);
    for (; c < n; c++) out[c] = (out[c] - mean - v[c] * along) * scale;
  }
}

FUNCTION(adam, 5) { // w, g, m, v (N), float32 (7): β₁, 1-β₁, β₂, 1-β₂, 1/(1-β₂ᵗ), ε, rate/(1-β₁ᵗ); the bits of NumPy
  Py_buffer *weights = hold(h, a[0], "f4", 1, WRITE), *gradient = hold(h, a[1], "f4", 1, READ);
  Py_buffer *first_moment = hold(h, a[2], "f4", 1, WRITE), *second_moment = hold(h, a[3], "f4", 1, WRITE);
  Py_buffer *numbers = hold(h, a[4], "f4", 1, READ);
  NEED(gradient->len == weights->len && first_moment->len == weights->len && second_moment->len == weights->len);
  NEED(SIZE(numbers, 0) == 7);
  if (!ready(h)) return;
  float *w = weights->buf, *m = first_moment->buf, *v = second_moment->buf;
  const float *g = gradient->buf, *k = numbers->buf;
  size_t n = SIZE(weights, 0), i = 0;
  for (; i + 4 <= n; i += 4) {
    f32x4 d = LOAD(f32x4, g + i), mean = LOAD(f32x4, m + i) * k[0] + d * k[1];
    f32x4 square = LOAD(f32x4, v + i) * k[2] + d * d * k[3];
    STORE(f32x4, m + i, mean);
    STORE(f32x4, v + i, square);
    STORE(f32x4, w + i, LOAD(f32x4, w + i) - mean / (root(square * k[4]) + k[5]) * k[6]);
  }
  for (; i < n; i++) {
    m[i] = m[i] * k[0] + g[i] * k[1];
    v[i] = v[i] * k[2] + g[i] * g[i] * k[3];
    w[i] -= m[i] / (__builtin_sqrtf(v[i] * k[4]) + k[5]) * k[6];
  }
}

FUNCTION(sgd, 3) { // w, g (N), rate: w - rate g
  Py_buffer *weights = hold(h, a[0], "f4", 1, WRITE), *gradient = hold(h, a[1], "f4", 1, READ);
  float rate = (float)real(h, a[2]);
  NEED(gradient->len == weights->len);
  if (!ready(h)) return;
  float *w = weights->buf;
  const float *g = gradient->buf;
  size_t n = SIZE(weights, 0), i = 0;
  for (; i + 4 <= n; i += 4) STORE(f32x4, w + i, LOAD(f32x4, w + i) - LOAD(f32x4, g + i) * rate);
  for (; i < n; i++) w[i] -= g[i] * rate;
}
