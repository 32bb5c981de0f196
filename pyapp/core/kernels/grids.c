// Numbers put on a grid of whole numbers, in float32: what pyapp/quant/schemes.py and pyapp/quant/fakequant.py do.
#include "arrays.h"
#include "codes.h"
#include "grids.h"
#include "vector.h"

INLINE f32x4 code_of(Line *l, f32x4 x) {
  const f32x4 low = SPLAT(l->low), high = SPLAT(l->high);
  l->wrong += x - x;
  f32x4 code = nearest(x / l->scale) + l->zero;
  code = choose(code > low, code, low);
  return choose(code < high, code, high);
}
INLINE f32x4 four(const int is_double, const void *x, size_t i) {
  const double *d = (const double *)x + i;
  return is_double ? narrowed(LOAD(f64x2, d), LOAD(f64x2, d + 2)) : LOAD(f32x4, (const float *)x + i);
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
      v[j] = whole_of(code_of(l, four(is_double, x, i + 4 * j)));
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
  *DATA(int32_t, status) = refused || went_wrong(l.wrong);
}
FUNCTION(to_codes, 9) { run_grid(h, a, 1); }
FUNCTION(to_values, 9) { run_grid(h, a, 0); }

// ---- a dense layer on a grid
typedef int32_t i32_at __attribute__((aligned(2), may_alias));
static void pack_codes(const int uw, const uint8_t *w, size_t outputs, size_t inputs, int16_t *panel) {
  for (size_t k = 0; k < inputs; k += 2)
    for (size_t o = 0; o < PANEL; o++)
      for (size_t at = k; at < k + 2; at++)
        *panel++ = o < outputs && at < inputs ? (int16_t)one(uw, w + o * inputs + at) : 0;
}
static void pack_row(const double *x, size_t inputs, int16_t *codes, Line *l) {
  size_t i = 0;
  for (; i + 8 <= inputs; i += 8)
    STORE(i16x8, codes + i, shorts_of(whole_of(code_of(l, four(1, x, i))), whole_of(code_of(l, four(1, x, i + 4)))));
  for (; i < inputs; i += 4) {
    size_t count = inputs - i < 4 ? inputs - i : 4;
    i32x4 code = whole_of(code_of(l, some(1, x, i, count)));
    for (size_t j = 0; j < count; j++) codes[i + j] = (int16_t)code[j];
  }
  if (inputs & 1) codes[inputs] = 0;
}
// y = factor · sum + shift of `count` of a panel's outputs, and onto their grid if they have one.
INLINE void put_outputs(const u32x4 sums, const double *times, const double *plus, double *y, size_t count, Line *grid) {
  f64x2 v[2] = {low_two((i32x4)sums), high_two((i32x4)sums)};
  if (count >= 4) {
    UNROLL for (int i = 0; i < 2; i++) v[i] = v[i] * LOAD(f64x2, times + 2 * i) + LOAD(f64x2, plus + 2 * i);
  } else {
    for (size_t j = 0; j < 4; j++) v[j / 2][j % 2] = j < count ? v[j / 2][j % 2] * times[j] + plus[j] : 0;
  }
  if (grid) {
    f32x4 code = (code_of(grid, narrowed(v[0], v[1])) - grid->zero) * grid->scale;
    v[0] = first_two(code), v[1] = last_two(code);
  }
  if (count >= 4) STORE(f64x2, y, v[0]), STORE(f64x2, y + 2, v[1]);
  else for (size_t j = 0; j < count; j++) y[j] = v[j / 2][j % 2];
}
typedef struct { const double *times, *plus; double *y; size_t y_row, pairs; } Dense;
INLINE void dense_tile(const int M, const Dense *d, const int16_t *x, const int16_t *w, size_t out, size_t count, Line *grid) {
  u32x4 acc[TILE][2];
  UNROLL for (int m = 0; m < M; m++) acc[m][0] = acc[m][1] = (u32x4){0};
  for (size_t k = 0; k < d->pairs; k++, w += 2 * PANEL) {
    i16x8 b[2] = {LOAD(i16x8, w), LOAD(i16x8, w + PANEL)};
    UNROLL for (int m = 0; m < M; m++) {
      int32_t two_codes = *(const i32_at *)(x + 2 * ((size_t)m * d->pairs + k));
      i16x8 a = (i16x8)(i32x4){two_codes, two_codes, two_codes, two_codes};
      UNROLL for (int n = 0; n < 2; n++) acc[m][n] += (u32x4)dot_pairs(a, b[n]);
    }
  }
  UNROLL for (int m = 0; m < M; m++) UNROLL for (size_t n = 0; n < 2; n++) {
    if (count <= 4 * n) break;
    put_outputs(acc[m][n], d->times + out + 4 * n, d->plus + out + 4 * n, d->y + (size_t)m * d->y_row + out + 4 * n, count - 4 * n, grid);
  }
}

void pack_weights(const OnGrid *d) {
  size_t width = d->outputs / d->parts;
  int16_t *panel = d->panels;
  for (size_t p = 0; p < d->parts; p++)
    for (size_t o = 0; o < width; o += PANEL, panel += PANEL * 2 * pairs_of(d->inputs))
      pack_codes(d->is_unsigned, d->w + (p * width + o) * d->inputs, width - o, d->inputs, panel);
}

void rows_on_grid(OnGrid *d, const double *x, size_t x_row, double *y, size_t y_row, size_t rows, size_t first, size_t end) {
  size_t width = d->outputs / d->parts, pairs = pairs_of(d->inputs), step = PANEL * 2 * pairs;
  const int16_t *from = d->panels + panels_of(d->outputs, d->parts) / d->parts * first * step;
  Line in = d->in; // in registers
  f32x4 wrong = d->wrong;
  for (size_t start = 0; start < rows; start += TILE, x += TILE * x_row, y += TILE * y_row) {
    size_t count = rows - start < TILE ? rows - start : TILE;
    for (size_t r = 0; r < count; r++) pack_row(x + r * x_row, d->inputs, d->codes + r * 2 * pairs, &in);
    Dense tile = {d->times, d->plus, y, y_row, pairs};
    const int16_t *panel = from;
    for (size_t p = first; p < end; p++) {
      Line part = {0, 0, 0, 0, wrong}, *grid = d->scales ? &part : 0;
      if (grid) {
        const int32_t *of = d->ends + 3 * p;
        part = (Line){d->scales[p], (float)of[0], (float)of[1], (float)of[2], wrong};
      }
      for (size_t o = 0; o < width; o += PANEL, panel += step) {
        size_t out = p * width + o, left = width - o;
        if (count == TILE) dense_tile(TILE, &tile, d->codes, panel, out, left, grid);
        else for (size_t r = 0; r < count; r++) {
          Dense row = {d->times, d->plus, y + r * y_row, y_row, pairs};
          dense_tile(1, &row, d->codes + r * 2 * pairs, panel, out, left, grid);
        }
      }
      wrong = part.wrong;
    }
  }
  d->in = in, d->wrong = wrong;
}

FUNCTION(dense_on_grid, 13) { // x float64 (R, I) goes onto a grid: scale, zero point, lowest and highest code of 8 bits;
                              // w (O, I), int8 or uint8; y float64 (R, O) = factor (O) · Σ codes · w + shift (O), of
                              // which each of P equal parts of the columns goes onto a grid of its own: scales float32
                              // (P), zero points and ends int32 (P, 3). `packed` int16 (4 + 8 panels, I rounded up to
                              // even) holds the codes of 4 rows and a panel for every 8 outputs of each part meanwhile;
                              // status as above
  Py_buffer *x = hold(h, a[0], "f8", 2, READ);
  double scale = real(h, a[1]);
  long zero = whole(h, a[2]), low = whole(h, a[3]), high = whole(h, a[4]);
  Py_buffer *w = hold(h, a[5], "?1", 2, READ), *factor = hold(h, a[6], "f8", 1, READ), *shift = hold(h, a[7], "f8", 1, READ);
  Py_buffer *scales = hold(h, a[8], "f4", 1, READ), *ends = hold(h, a[9], "i4", 2, READ);
  Py_buffer *packed = hold(h, a[10], "i2", 2, WRITE);
  Py_buffer *y = hold(h, a[11], "f8", 2, WRITE), *status = hold(h, a[12], "i4", 1, WRITE);
  NEED(zero >= -(1 << 22) && zero <= 1 << 22 && SIZE(status, 0) == 1 && low >= -255 && low <= high && high <= 255);
  if (h->failed) return;
  size_t rows = SIZE(x, 0), inputs = SIZE(x, 1), outputs = SIZE(w, 0), grids = SIZE(scales, 0), parts = grids ? grids : 1;
  size_t row = 2 * pairs_of(inputs);
  NEED(SIZE(w, 1) == inputs && SIZE(packed, 0) == TILE + PANEL * panels_of(outputs, parts) && SIZE(packed, 1) == row);
  NEED(SIZE(factor, 0) == outputs && SIZE(shift, 0) == outputs && SIZE(y, 0) == rows && SIZE(y, 1) == outputs);
  NEED(SIZE(ends, 0) == grids && SIZE(ends, 1) == 3 && outputs % parts == 0);
  if (!ready(h)) return;
  OnGrid d = {w->buf, UNSIGNED(w), factor->buf, shift->buf, inputs, outputs, parts,
      {(float)scale, (float)zero, (float)low, (float)high, {0}}, grids ? scales->buf : 0, ends->buf, {0},
      packed->buf, DATA(int16_t, packed) + TILE * row};
  pack_weights(&d);
  rows_on_grid(&d, x->buf, inputs, y->buf, outputs, rows, 0, parts);
  *DATA(int32_t, status) = went_wrong(d.in.wrong + d.wrong);
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
