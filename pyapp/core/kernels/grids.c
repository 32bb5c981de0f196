// Numbers put on a grid of whole numbers, in float32: what pyapp/quant/schemes.py and pyapp/quant/fakequant.py do.
#include "arrays.h"
#include "codes.h"
#include "vector.h"

// code = clip(round(x / scale) + zero, low, high); NaN goes to an end. `wrong` gathers where x is not finite.
typedef struct { float scale, zero, low, high; i32x4 wrong; } Line;
INLINE f32x4 code_of(Line *l, f32x4 x) {
  const f32x4 low = SPLAT(l->low), high = SPLAT(l->high);
  l->wrong |= ~((x <= 3.4028234663852886e38f) & (x >= -3.4028234663852886e38f));
  f32x4 code = nearest(x / l->scale) + l->zero;
  code = choose(code > low, code, low);
  return choose(code < high, code, high);
}
INLINE f32x4 four(const int is_double, const void *x, size_t i) {
  const double *d = (const double *)x + i;
  return is_double ? (f32x4){(float)d[0], (float)d[1], (float)d[2], (float)d[3]} : LOAD(f32x4, (const float *)x + i);
}
INLINE f32x4 some(const int is_double, const void *x, size_t i, size_t count) {
  if (!is_double) return first((const float *)x + i, count, 0);
  f32x4 v = SPLAT(0);
  for (size_t j = 0; j < count; j++) v[j] = (float)((const double *)x)[i + j];
  return v;
}

INLINE void codes_run(const int is_double, const void *x, uint8_t *y, size_t i, size_t end, Line *l) {
  for (; i + 16 <= end; i += 16) {
    i32x4 v[4];
    UNROLL for (size_t j = 0; j < 4; j++)
      v[j] = __builtin_convertvector(code_of(l, four(is_double, x, i + 4 * j)), i32x4);
    STORE(u8x16, y + i, bytes_of(v[0], v[1], v[2], v[3]));
  }
  for (; i < end; i += 4) {
    size_t count = end - i < 4 ? end - i : 4;
    f32x4 code = code_of(l, some(is_double, x, i, count));
    for (size_t j = 0; j < count; j++) y[i + j] = (uint8_t)(int32_t)code[j];
  }
}
INLINE void values_run(const int is_double, const void *x, float *y, size_t i, size_t end, Line *l) {
  for (; i + 4 <= end; i += 4) STORE(f32x4, y + i, (code_of(l, four(is_double, x, i)) - l->zero) * l->scale);
  if (i < end) put_first(y + i, (code_of(l, some(is_double, x, i, end - i)) - l->zero) * l->scale, end - i);
}
INLINE void in_place(double *x, size_t n, Line *l) {
  for (size_t i = 0; i < n; i += 4) {
    size_t count = n - i < 4 ? n - i : 4;
    f32x4 v = (code_of(l, count == 4 ? four(1, x, i) : some(1, x, i, count)) - l->zero) * l->scale;
    for (size_t j = 0; j < count; j++) x[i + j] = (double)v[j];
  }
}

// Both functions: x of any shape, float32 or float64, which is rounded to float32 first; scales float32 and zero points
// int32 (S), S = 1 or one for each group; numbers in a row, and in a group of a row; lowest and highest code; y; status,
// int32 (1): 1 if a number is not finite or a zero point too large for float32, otherwise 0.
INLINE void run_grid(Held *h, PyObject *const *a, const int to_codes) {
  Py_buffer *x = hold(h, a[0], "f?", 0, READ), *scale = hold(h, a[1], "f4", 1, READ);
  Py_buffer *zero = hold(h, a[2], "i4", 1, READ);
  long row = whole(h, a[3]), size = whole(h, a[4]), low = whole(h, a[5]), high = whole(h, a[6]);
  Py_buffer *y = hold(h, a[7], to_codes ? "?1" : "f4", 0, WRITE), *status = hold(h, a[8], "i4", 1, WRITE);
  NEED(SIZE(status, 0) == 1 && row > 0 && size > 0 && SIZE(scale, 0) == SIZE(zero, 0) && SIZE(scale, 0) > 0);
  NEED(low >= -65536 && low <= high && high <= 65536);
  if (h->failed) return;
  size_t n = (size_t)(x->len / x->itemsize), wide = (size_t)row, groups = (wide + (size_t)size - 1) / (size_t)size;
  NEED(n == (size_t)(y->len / y->itemsize) && n % wide == 0);
  NEED(SIZE(scale, 0) == 1 || SIZE(scale, 0) == n / wide * groups);
  if (!ready(h)) return;
  Line l = {0, 0, (float)low, (float)high, {0}};
  int32_t refused = 0;
  for (size_t start = 0, s = 0; start < n; start += wide)
    for (size_t g = 0; g < groups; g++, s++) {
      size_t from = start + g * (size_t)size, end = g + 1 < groups ? from + (size_t)size : start + wide;
      size_t at = SIZE(scale, 0) == 1 ? 0 : s;
      int32_t z = DATA(int32_t, zero)[at];
      refused |= z > 1 << 22 || z < -(1 << 22);
      l.scale = DATA(float, scale)[at], l.zero = (float)z;
      int is_double = x->itemsize == 8;
      if (to_codes && is_double) codes_run(1, x->buf, y->buf, from, end, &l);
      else if (to_codes) codes_run(0, x->buf, y->buf, from, end, &l);
      else if (is_double) values_run(1, x->buf, y->buf, from, end, &l);
      else values_run(0, x->buf, y->buf, from, end, &l);
    }
  *DATA(int32_t, status) = refused || (l.wrong[0] | l.wrong[1] | l.wrong[2] | l.wrong[3]) != 0;
}
FUNCTION(to_codes, 9) { run_grid(h, a, 1); }
FUNCTION(to_values, 9) { run_grid(h, a, 0); }

FUNCTION(dense_on_grid, 14) { // x float64 (R, I) goes onto a grid: scale, zero point, lowest and highest code; w (O, I),
                              // int8 or uint8; y float64 (R, O) = factor (O) · Σ codes · w + shift (O), of which each of
                              // P equal parts of the columns goes onto a grid of its own: scales float32 (P), zero points
                              // and ends int32 (P, 3). Codes (N, I) and sums int32 (N, O) hold N rows meanwhile; status
                              // as above
  Py_buffer *x = hold(h, a[0], "f8", 2, READ);
  double scale = real(h, a[1]);
  long zero = whole(h, a[2]), low = whole(h, a[3]), high = whole(h, a[4]);
  Py_buffer *w = hold(h, a[5], "?1", 2, READ), *factor = hold(h, a[6], "f8", 1, READ), *shift = hold(h, a[7], "f8", 1, READ);
  Py_buffer *scales = hold(h, a[8], "f4", 1, READ), *whole_parts = hold(h, a[9], "i4", 2, READ);
  Py_buffer *codes = hold(h, a[10], "?1", 2, WRITE), *sums = hold(h, a[11], "i4", 2, WRITE);
  Py_buffer *y = hold(h, a[12], "f8", 2, WRITE), *status = hold(h, a[13], "i4", 1, WRITE);
  NEED(zero >= -(1 << 22) && zero <= 1 << 22 && SIZE(status, 0) == 1 && SIZE(codes, 0) > 0);
  NEED(low <= high && low >= (UNSIGNED(codes) ? 0 : -128) && high <= (UNSIGNED(codes) ? 255 : 127));
  if (h->failed) return;
  size_t rows = SIZE(x, 0), inputs = SIZE(x, 1), outputs = SIZE(w, 0), most = SIZE(codes, 0), parts = SIZE(scales, 0);
  NEED(SIZE(w, 1) == inputs && SIZE(codes, 1) == inputs && SIZE(sums, 0) == most && SIZE(sums, 1) == outputs);
  NEED(SIZE(factor, 0) == outputs && SIZE(shift, 0) == outputs && SIZE(y, 0) == rows && SIZE(y, 1) == outputs);
  NEED(SIZE(whole_parts, 0) == parts && SIZE(whole_parts, 1) == 3 && (!parts || outputs % parts == 0));
  if (!ready(h)) return;
  const double *times = factor->buf, *plus = shift->buf;
  Line l = {(float)scale, (float)zero, (float)low, (float)high, {0}};
  for (size_t start = 0; start < rows; start += most) {
    size_t count = rows - start < most ? rows - start : most;
    codes_run(1, DATA(double, x) + start * inputs, codes->buf, 0, count * inputs, &l);
    Codes c = {codes->buf, w->buf, sums->buf, inputs, inputs, outputs, inputs};
    multiply_codes(UNSIGNED(codes), UNSIGNED(w), c, count, outputs);
    const int32_t *sum = sums->buf;
    double *out = DATA(double, y) + start * outputs;
    for (size_t r = 0; r < count; r++, sum += outputs, out += outputs) {
      for (size_t o = 0; o < outputs; o++) out[o] = (double)sum[o] * times[o] + plus[o];
      for (size_t p = 0, wide = parts ? outputs / parts : 0; p < parts; p++) {
        const int32_t *ends = DATA(int32_t, whole_parts) + 3 * p;
        Line part = {DATA(float, scales)[p], (float)ends[0], (float)ends[1], (float)ends[2], l.wrong};
        in_place(out + p * wide, wide, &part);
        l.wrong = part.wrong;
      }
    }
  }
  *DATA(int32_t, status) = (l.wrong[0] | l.wrong[1] | l.wrong[2] | l.wrong[3]) != 0;
}

FUNCTION(steps, 8) { // x (R, C); scales (1 or R); lowest and highest code; ratio x / scale, steps = clip(round(ratio)),
                     // uint8 that is 1 where nothing was clipped; rows of numbers that share a scale
  Py_buffer *x = hold(h, a[0], "f4", 0, READ), *scale = hold(h, a[1], "f4", 1, READ);
  long low = whole(h, a[2]), high = whole(h, a[3]), row = whole(h, a[7]);
  Py_buffer *ratio = hold(h, a[4], "f4", 0, WRITE), *y = hold(h, a[5], "f4", 0, WRITE);
  Py_buffer *inside = hold(h, a[6], "u1", 0, WRITE);
  NEED(row > 0 && ratio->len == x->len && y->len == x->len && inside->len * 4 == x->len);
  if (h->failed) return;
  size_t n = (size_t)x->len / 4, wide = (size_t)row;
  NEED(n % wide == 0 && SIZE(scale, 0) == n / wide);
  if (!ready(h)) return;
  const f32x4 least = SPLAT((float)low), most = SPLAT((float)high);
  for (size_t r = 0, i = 0; r * wide < n; r++)
    for (size_t end = (r + 1) * wide; i < end; ) {
      size_t count = end - i < 4 ? end - i : 4;
      f32x4 v = (count == 4 ? four(0, x->buf, i) : some(0, x->buf, i, count)) / DATA(float, scale)[r];
      f32x4 code = nearest(v), step = choose(code < least, least, choose(code > most, most, code)); // NaN stays
      i32x4 same = code == step;
      if (count == 4) STORE(f32x4, DATA(float, ratio) + i, v), STORE(f32x4, DATA(float, y) + i, step);
      else put_first(DATA(float, ratio) + i, v, count), put_first(DATA(float, y) + i, step, count);
      for (size_t j = 0; j < count; j++) DATA(uint8_t, inside)[i + j] = (uint8_t)(same[j] & 1);
      i += count;
    }
}
