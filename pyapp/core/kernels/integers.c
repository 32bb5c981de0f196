// Integer products and layers: sums of products of 8-bit codes in 32 bits, exact modulo 2^32, then requantisation by the
// three rules of pyapp/quant/fixedpoint.py.
#include "arrays.h"
#include "codes.h"
#include "vector.h"

typedef uint32_t u32_at __attribute__((may_alias));
// 8 codes as int16: one instruction in WebAssembly SIMD, a load that widens.
INLINE i16x8 wide(const int is_unsigned, const uint8_t *p) {
  typedef u8x8 u8x8_at __attribute__((aligned(1), may_alias));
  typedef i8x8 i8x8_at __attribute__((aligned(1), may_alias));
  return is_unsigned ? __builtin_convertvector(*(const u8x8_at *)p, i16x8) :
      __builtin_convertvector(*(const i8x8_at *)p, i16x8);
}

INLINE void tile(const int M, const int N, const int ux, const int uw, const Codes *c, size_t row, size_t out) {
  const uint8_t *x = c->x + row * c->x_row, *w = c->w + out * c->w_row;
  u32x4 acc[4][8]; // unsigned: wraps around
  UNROLL for (int m = 0; m < M; m++) UNROLL for (int n = 0; n < N; n++) acc[m][n] = (u32x4){0};
  size_t k = 0;
  for (; k + 8 <= c->K; k += 8) {
    i16x8 b[8];
    UNROLL for (int n = 0; n < N; n++) b[n] = wide(uw, w + n * c->w_row + k);
    UNROLL for (int m = 0; m < M; m++) {
      i16x8 a = wide(ux, x + m * c->x_row + k);
      UNROLL for (int n = 0; n < N; n++) acc[m][n] += (u32x4)dot_pairs(a, b[n]);
    }
  }
  UNROLL for (int m = 0; m < M; m++) UNROLL for (int n = 0; n < N; n++) {
    uint32_t s = (acc[m][n][0] + acc[m][n][1]) + (acc[m][n][2] + acc[m][n][3]);
    for (size_t i = k; i < c->K; i++) s += (uint32_t)(one(ux, x + m * c->x_row + i) * one(uw, w + n * c->w_row + i));
    c->y[(row + m) * c->y_row + out + n] = (int32_t)s;
  }
}
INLINE void dot_codes(const int ux, const int uw, const Codes *c, size_t rows, size_t outputs) {
  size_t r = 0, o;
  for (; r + 2 <= rows; r += 2) { // 8 sums, 4 factors, another and a product: 14 of the 15 registers that V8 has
    for (o = 0; o + 4 <= outputs; o += 4) tile(2, 4, ux, uw, c, r, o);
    for (; o < outputs; o++) tile(2, 1, ux, uw, c, r, o);
  }
  for (; r < rows; r++) {
    for (o = 0; o + 8 <= outputs; o += 8) tile(1, 8, ux, uw, c, r, o);
    for (; o < outputs; o++) tile(1, 1, ux, uw, c, r, o);
  }
}

#define MULTIPLY(name, ux, uw) \
  SEPARATE void name(Codes c, size_t rows, size_t outputs) { dot_codes(ux, uw, &c, rows, outputs); }
MULTIPLY(multiply_uu, 1, 1)
MULTIPLY(multiply_us, 1, 0)
MULTIPLY(multiply_su, 0, 1)
MULTIPLY(multiply_ss, 0, 0)
void multiply_codes(int ux, int uw, Codes c, size_t rows, size_t outputs) {
  (ux ? uw ? multiply_uu : multiply_us : uw ? multiply_su : multiply_ss)(c, rows, outputs);
}

FUNCTION(product, 3) { // x (B, I) and w (O, I), int8 or uint8 with rows apart; y int32 (B, O) = x wᵀ
  Py_buffer *x = hold(h, a[0], "?1", 2, STRIDED), *w = hold(h, a[1], "?1", 2, STRIDED);
  Py_buffer *y = hold(h, a[2], "i4", 2, WRITE);
  NEED(SIZE(x, 1) == SIZE(w, 1) && SIZE(y, 0) == SIZE(x, 0) && SIZE(y, 1) == SIZE(w, 0));
  if (!ready(h)) return;
  Codes c = {x->buf, w->buf, y->buf, (size_t)x->strides[0], (size_t)w->strides[0], SIZE(w, 0), SIZE(x, 1)};
  multiply_codes(UNSIGNED(x), UNSIGNED(w), c, SIZE(x, 0), SIZE(w, 0));
}

FUNCTION(product_to_float, 6) { // x (B, I), w (O, I) as for product; the zero point of x, Σ w int32 (O), scale float32 (O or 1);
                                // y float32 (B, O) = scale (x wᵀ - zero Σ w), whose integers stand in y first
  Py_buffer *x = hold(h, a[0], "?1", 2, STRIDED), *w = hold(h, a[1], "?1", 2, STRIDED);
  uint32_t zero = (uint32_t)whole(h, a[2]);
  Py_buffer *sums = hold(h, a[3], "i4", 1, READ), *scale = hold(h, a[4], "f4", 1, READ), *y = hold(h, a[5], "f4", 2, WRITE);
  NEED(SIZE(x, 1) == SIZE(w, 1) && SIZE(y, 0) == SIZE(x, 0) && SIZE(y, 1) == SIZE(w, 0));
  NEED(SIZE(sums, 0) == SIZE(w, 0) && (SIZE(scale, 0) == SIZE(w, 0) || SIZE(scale, 0) == 1));
  if (!ready(h)) return;
  size_t rows = SIZE(x, 0), outputs = SIZE(w, 0), each = SIZE(scale, 0) > 1;
  Codes c = {x->buf, w->buf, y->buf, (size_t)x->strides[0], (size_t)w->strides[0], outputs, SIZE(x, 1)};
  multiply_codes(UNSIGNED(x), UNSIGNED(w), c, rows, outputs);
  const uint32_t *sum = sums->buf;
  const float *s = scale->buf;
  float *to = y->buf;
  for (size_t r = 0; r < rows; r++, to += outputs) {
    size_t o = 0;
    for (; o + 4 <= outputs; o += 4) {
      i32x4 acc = (i32x4)(LOAD(u32x4, to + o) - zero * LOAD(u32x4, sum + o));
      f32x4 unit = each ? LOAD(f32x4, s + o) : SPLAT(*s);
      STORE(f32x4, to + o, __builtin_convertvector(acc, f32x4) * unit);
    }
    for (; o < outputs; o++) to[o] = (float)(int32_t)(*(const u32_at *)(to + o) - zero * sum[o]) * s[each ? o : 0];
  }
}

// ---- requantisation; the shifts of negative numbers are arithmetic in every compiler that is used here
INLINE int64_t saturated(int64_t v) { return v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : v; }
INLINE int64_t shifted_down(int64_t total, int32_t exponent) {
  int shift = 31 - exponent; // 1 to 62
  return saturated((int64_t)((uint64_t)total + ((uint64_t)1 << (shift - 1))) >> shift);
}
INLINE int64_t rounded_twice(int32_t acc, int32_t m0, int32_t exponent) {
  int left = exponent > 0 ? exponent : 0, right = exponent < 0 ? -exponent : 0;
  int64_t x = saturated((int64_t)acc * ((int64_t)1 << left));
  x = saturated((x * m0 + ((int64_t)1 << 30)) >> 31);
  int64_t part = x & (((int64_t)1 << right) - 1), half = ((int64_t)1 << right) >> 1;
  return (x >> right) + (part > half || (part == half && x > 0 && right > 0));
}
INLINE int64_t rounded_float(float total) {
  const float low = -2147483648.0f, high = 2147483520.0f; // the float32 nearest to the ends of int32, within them
  total = nearest(SPLAT(total))[0];
  return total > low ? (int64_t)(total < high ? total : high) : INT32_MIN;
}

// One layer: what IntegerLinear.forward does. G groups of `size` inputs; `sums` holds int64 or float32 of (B, O) where
// there is more than one group. `rule` is 0 for one rounding, 1 for two, 2 for float32.
typedef struct {
  const Py_buffer *x, *w, *zero, *offset, *m0, *exponent;
  int32_t *acc; int64_t *sums; int64_t y_zero, lowest, highest; size_t size; int rule;
} Layer;
static size_t at(const Py_buffer *b, size_t o, size_t g) {
  return (SIZE(b, 0) > 1 ? o : 0) * SIZE(b, 1) + (SIZE(b, 1) > 1 ? g : 0);
}

static void layer_rows(const Layer *l, uint8_t *y, size_t rows, size_t outputs, size_t groups, size_t inputs) {
  for (size_t g = 0; g < groups; g++) {
    size_t start = g * l->size, count = start + l->size < inputs ? l->size : inputs - start;
    const uint8_t *x = DATA(uint8_t, l->x) + start, *w = DATA(uint8_t, l->w) + start;
    int any = 0, ux = UNSIGNED(l->x);
    multiply_codes(ux, UNSIGNED(l->w), (Codes){x, w, l->acc, inputs, inputs, outputs, count}, rows, outputs);
    for (size_t o = 0; o < SIZE(l->zero, 0); o++) any |= DATA(int32_t, l->zero)[at(l->zero, o, g)] != 0;
    for (size_t r = 0; r < rows; r++) {
      uint32_t total = 0;
      for (size_t i = 0; any && i < count; i++) total += (uint32_t)one(ux, x + r * inputs + i);
      for (size_t o = 0; o < outputs; o++) {
        size_t cell = r * outputs + o, scale = at(l->m0, o, g);
        uint32_t z = (uint32_t)DATA(int32_t, l->zero)[at(l->zero, o, g)];
        uint32_t offset = (uint32_t)DATA(int32_t, l->offset)[at(l->offset, o, g)];
        int32_t acc = (int32_t)((uint32_t)l->acc[cell] + offset - z * total);
        int64_t result;
        if (l->rule == 2) {
          float part = (float)acc * DATA(float, l->m0)[scale], *sums = (float *)l->sums;
          if (groups > 1) sums[cell] = part = g ? sums[cell] + part : part;
          result = g + 1 == groups ? rounded_float(part) : 0;
        } else {
          int32_t m0 = DATA(int32_t, l->m0)[scale], exponent = DATA(int32_t, l->exponent)[at(l->exponent, o, 0)];
          uint64_t part = l->rule ? 0 : (uint64_t)((int64_t)acc * m0);
          if (groups > 1) part += g ? (uint64_t)l->sums[cell] : 0, l->sums[cell] = (int64_t)part;
          int last = g + 1 == groups;
          result = !last ? 0 : l->rule ? rounded_twice(acc, m0, exponent) : shifted_down((int64_t)part, exponent);
        }
        if (g + 1 < groups) continue;
        int64_t low = l->lowest - l->y_zero, high = l->highest - l->y_zero;
        y[cell] = (uint8_t)((result < low ? low : result > high ? high : result) + l->y_zero);
      }
    }
  }
}

// The shapes that a table of numbers per output and group may have: (O or 1, G or 1).
static int table(const Py_buffer *b, size_t outputs, size_t groups) {
  return (SIZE(b, 0) == outputs || SIZE(b, 0) == 1) && (SIZE(b, 1) == groups || SIZE(b, 1) == 1);
}

FUNCTION(layer, 14) { // x (B, I), w (O, I), both int8 or uint8; zeros, offsets int32 (O or 1, G); multipliers int32 or
                      // float32 (O or 1, G); exponents (O or 1, 1) or None; group size, rule, zero point and ends of y,
                      // int32 (B, O) for sums, int64 (B, O) or None; y int8 or uint8 (B, O)
  long rule = whole(h, a[7]), size = whole(h, a[6]), y_zero = whole(h, a[8]), lowest = whole(h, a[9]),
      highest = whole(h, a[10]);
  Py_buffer *x = hold(h, a[0], "?1", 2, READ), *w = hold(h, a[1], "?1", 2, READ), *zero = hold(h, a[2], "i4", 2, READ);
  Py_buffer *offset = hold(h, a[3], "i4", 2, READ), *m0 = hold(h, a[4], rule == 2 ? "f4" : "i4", 2, READ);
  Py_buffer *exponent = hold(h, a[5], "i4", 2, rule == 2 ? OPTIONAL : READ), *acc = hold(h, a[11], "i4", 2, WRITE);
  Py_buffer *sums = hold(h, a[12], "i8", 2, WRITE | OPTIONAL), *y = hold(h, a[13], "?1", 2, WRITE);
  NEED(rule >= 0 && rule <= 2 && size > 0);
  if (h->failed) return;
  size_t rows = SIZE(x, 0), inputs = SIZE(x, 1), outputs = SIZE(w, 0), groups = SIZE(offset, 1);
  NEED(SIZE(w, 1) == inputs && groups > 0 && (groups - 1) * (size_t)size <= inputs);
  NEED(groups > 1 || (size_t)size >= inputs);
  NEED(table(zero, outputs, groups) && table(offset, outputs, groups) && table(m0, outputs, groups));
  NEED((rule == 2) == !exponent && (!exponent || table(exponent, outputs, 1)));
  for (size_t o = 0; !h->failed && exponent && o < SIZE(exponent, 0); o++)
    NEED(DATA(int32_t, exponent)[o] >= -31 && DATA(int32_t, exponent)[o] <= 30);
  NEED(SIZE(acc, 0) == rows && SIZE(acc, 1) == outputs && SIZE(y, 0) == rows && SIZE(y, 1) == outputs);
  NEED((groups > 1) == (sums != 0) && (!sums || (SIZE(sums, 0) == rows && SIZE(sums, 1) == outputs && rule != 1)));
  if (!ready(h)) return;
  Layer l = {x, w, zero, offset, m0, exponent, acc->buf, DATA(int64_t, sums), y_zero, lowest, highest, (size_t)size,
      (int)rule};
  layer_rows(&l, y->buf, rows, outputs, groups, inputs);
}
