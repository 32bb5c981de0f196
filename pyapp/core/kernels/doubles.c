// Softmax, GELU and layer normalisation in float64, for pages whose networks compute in it: formulas as in pyapp/core.
#include "arrays.h"
#include "doubles.h"
#include "vector.h"

INLINE f64x2 two(const double *x, size_t count, double fill) {
  return count > 1 ? LOAD(f64x2, x) : (f64x2){x[0], fill};
}
INLINE void put_two(double *y, f64x2 v, size_t count) {
  if (count > 1) STORE(f64x2, y, v);
  else y[0] = v[0];
}

// exp of N <= 4 vectors, in place: x = n log 2 + r with |r| < 0.35, and the Taylor series of exp r up to r¹³. Error below
// 2 units in the last place; 0 below -708, where the result is no normal number, and infinity above 709.
INLINE void exponentials_two(const int N, f64x2 *x) {
  const f64x2 low = both(-708), high = both(709);
  const double magic = 6755399441055744.0; // 1.5 · 2⁵²: what is added to it is rounded to a whole number
  static const double factors[] = {1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320,
                                   1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1, 1};
  f64x2 inside[4], n[4], r[4], p[4];
  i64x2 power[4];
  UNROLL for (int i = 0; i < N; i++) inside[i] = choose_two(x[i] < low, low, choose_two(x[i] > high, high, x[i]));
  UNROLL for (int i = 0; i < N; i++) n[i] = inside[i] * 1.4426950408889634 + magic;
  UNROLL for (int i = 0; i < N; i++) power[i] = ((i64x2)n[i] + 1023) << 52, n[i] -= magic;
  UNROLL for (int i = 0; i < N; i++) r[i] = inside[i] - n[i] * 0.693145751953125; // log 2 in two parts: this is exact
  UNROLL for (int i = 0; i < N; i++) r[i] -= n[i] * 1.4286068203094172e-6, p[i] = both(1.0 / 6227020800.0);
  UNROLL for (int k = 0; k < 13; k++) UNROLL for (int i = 0; i < N; i++) p[i] = p[i] * r[i] + factors[k];
  UNROLL for (int i = 0; i < N; i++)
    x[i] = choose_two(x[i] < low, both(0), choose_two(x[i] > high, both(__builtin_inf()), p[i] * (f64x2)power[i]));
}

void softmax_rows_double(double *x, size_t rows, size_t n) {
  for (double *end = x + rows * n; x < end; x += n) {
    double top = x[0], all = 0;
    for (size_t i = 1; i < n; i++) top = x[i] > top || x[i] != x[i] ? x[i] : top;
    f64x2 total = {0, 0};
    for (size_t i = 0; i < n; i += 2) {
      f64x2 e = two(x + i, n - i, -__builtin_inf()) - top;
      exponentials_two(1, &e);
      put_two(x + i, e, n - i);
      total += e; // what fills up the last pair adds exp(-inf) = 0
    }
    all = total[0] + total[1];
    for (size_t i = 0; i < n; i++) x[i] /= all;
  }
}
FUNCTION(softmax_double, 1) { // x, rows along the last axis, in place
  Py_buffer *x = hold(h, a[0], "f8", 0, WRITE);
  if (!ready(h) || !x->len) return;
  size_t n = SIZE(x, x->ndim - 1);
  softmax_rows_double(x->buf, (size_t)x->len / 8 / n, n);
}

INLINE void gelu_two(const int N, const f64x2 *v, f64x2 *sigma, f64x2 *y) {
  const double slope = 1.5957691216057308, cubic = 0.044715;
  UNROLL for (int i = 0; i < N; i++) sigma[i] = (v[i] * v[i] * -(slope * cubic) - slope) * v[i];
  exponentials_two(N, sigma);
  UNROLL for (int i = 0; i < N; i++) sigma[i] = 1 / (sigma[i] + 1), y[i] = v[i] * sigma[i];
}
void gelu_of_double(const double *x, double *y, double *gate, size_t n) {
  size_t i = 0;
  f64x2 v[4], sigma[4], found[4];
  for (; i + 8 <= n; i += 8) {
    UNROLL for (size_t j = 0; j < 4; j++) v[j] = LOAD(f64x2, x + i + 2 * j);
    gelu_two(4, v, sigma, found);
    UNROLL for (size_t j = 0; j < 4; j++) {
      if (gate) STORE(f64x2, gate + i + 2 * j, sigma[j]);
      STORE(f64x2, y + i + 2 * j, found[j]);
    }
  }
  for (; i < n; i += 2) {
    *v = two(x + i, n - i, 0);
    gelu_two(1, v, sigma, found);
    if (gate) put_two(gate + i, *sigma, n - i);
    put_two(y + i, *found, n - i);
  }
}
FUNCTION(gelu_double, 3) { // x; y = x σ(w) and σ(w), w = 2 √(2/π) (x + 0.044715 x³)
  Py_buffer *x = hold(h, a[0], "f8", 0, READ), *y = hold(h, a[1], "f8", 0, WRITE);
  Py_buffer *gate = hold(h, a[2], "f8", 0, WRITE);
  NEED(x->len == y->len && x->len == gate->len);
  if (ready(h)) gelu_of_double(x->buf, y->buf, gate->buf, (size_t)x->len / 8);
}

void norm_rows_double(const double *row, const double *g, const double *b, double *out, double *x_hat, double *inverse,
    size_t rows, size_t n) {
  for (size_t r = 0; r < rows; r++, row += n, out += n) {
    double *centred = x_hat ? x_hat + r * n : out;
    f64x2 total = {0, 0}, squares = {0, 0};
    for (size_t i = 0; i < n; i += 2) total += two(row + i, n - i, 0);
    double mean = (total[0] + total[1]) / (double)n;
    for (size_t i = 0; i < n; i += 2) {
      f64x2 c = two(row + i, n - i, mean) - mean;
      put_two(centred + i, c, n - i);
      squares += c * c;
    }
    double scale = 1 / __builtin_sqrt((squares[0] + squares[1]) / (double)n + 1e-5);
    if (inverse) inverse[r] = scale;
    for (size_t i = 0; i < n; i++) centred[i] *= scale, out[i] = centred[i] * g[i] + b[i];
  }
}
FUNCTION(norm_double, 6) { // x (R, C), gain, shift (C); y, x̂ (R, C) and 1 / √(var x + 1e-5) (R, 1)
  Py_buffer *x = hold(h, a[0], "f8", 2, READ), *gain = hold(h, a[1], "f8", 1, READ), *shift = hold(h, a[2], "f8", 1, READ);
  Py_buffer *y = hold(h, a[3], "f8", 2, WRITE), *x_hat = hold(h, a[4], "f8", 2, WRITE);
  Py_buffer *inverse = hold(h, a[5], "f8", 2, WRITE);
  NEED(y->len == x->len && x_hat->len == x->len && SIZE(gain, 0) == SIZE(x, 1) && SIZE(shift, 0) == SIZE(x, 1));
  NEED((size_t)inverse->len == 8 * SIZE(x, 0));
  if (ready(h))
    norm_rows_double(x->buf, gain->buf, shift->buf, y->buf, x_hat->buf, inverse->buf, SIZE(x, 0), SIZE(x, 1));
}
