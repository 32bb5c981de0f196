// Attention scores as whole numbers, and the float softmax of those: pyapp/softmax/shift.py and exact.py do the same.
#include "arrays.h"
#include "doubles.h"
#include "vector.h"

FUNCTION(logit_codes, 6) { // z (R, N), finite; what is subtracted from each row (R, 1); scale, lowest and highest code;
                           // codes int32 (R, N) = clip(round((z - offset) / scale), low, high)
  Py_buffer *z = hold(h, a[0], "f8", 2, READ), *offset = hold(h, a[1], "f8", 2, READ);
  double scale = real(h, a[2]);
  long low = whole(h, a[3]), high = whole(h, a[4]);
  Py_buffer *y = hold(h, a[5], "i4", 2, WRITE);
  NEED(low <= high && low >= -65536 && high <= 65536 && scale > 0);
  NEED((size_t)offset->len == 8 * SIZE(z, 0) && SIZE(y, 0) == SIZE(z, 0) && SIZE(y, 1) == SIZE(z, 1));
  if (!ready(h)) return;
  const double least = (double)low, most = (double)high, *row = z->buf;
  size_t n = SIZE(z, 1);
  int32_t *out = y->buf;
  for (size_t r = 0; r < SIZE(z, 0); r++, row += n, out += n) {
    double c = DATA(double, offset)[r];
    for (size_t i = 0; i < n; i += 2) {
      size_t second = i + 1 < n;
      f64x2 code = nearest_two(((f64x2){row[i], row[i + second]} - c) / scale);
      for (size_t j = 0; j <= second; j++) // what is no number, which was to be refused before, goes to the lowest
        out[i + j] = (int32_t)(code[j] > least ? code[j] < most ? code[j] : most : least);
    }
  }
}

FUNCTION(code_softmax, 3) { // codes (R, N); powers (K), of what lies 0, 1, ... K - 1 below the largest code of its row;
                            // probabilities (R, N) = power / the sum of the row's powers. 0 further below
  Py_buffer *q = hold(h, a[0], "i4", 2, READ), *powers = hold(h, a[1], "f8", 1, READ);
  Py_buffer *p = hold(h, a[2], "f8", 2, WRITE);
  NEED(SIZE(p, 0) == SIZE(q, 0) && SIZE(p, 1) == SIZE(q, 1) && SIZE(powers, 0) > 0 && SIZE(q, 1) > 0);
  if (!ready(h)) return;
  const double *power = powers->buf;
  const int32_t *row = q->buf;
  size_t n = SIZE(q, 1), known = SIZE(powers, 0);
  double *out = p->buf;
  for (size_t r = 0; r < SIZE(q, 0); r++, row += n, out += n) {
    int32_t top = row[0];
    for (size_t i = 1; i < n; i++) top = row[i] > top ? row[i] : top;
    double total[2] = {0, 0};
    for (size_t i = 0; i < n; i++) {
      size_t below = (size_t)((int64_t)top - row[i]);
      total[i & 1] += out[i] = below < known ? power[below] : 0;
    }
    double inverse = total[0] + total[1];
    for (size_t i = 0; i < n; i++) out[i] /= inverse;
  }
}

enum { SHARES = 256 };
INLINE int32_t lowest_bits(double v) {
  union { double value; int32_t words[2]; } u = {v};
  return u.words[0]; // WebAssembly and what the tests run on are little-endian
}
int rounded_rows(const Rounding *by, const double *z, const double *offsets, size_t step, double *p, size_t rows, size_t n) {
  const f64x2 least = both((double)by->low), most = both((double)by->high);
  const double magic = 6755399441055744.0; // 1.5 · 2⁵²: what is added to it is rounded, to its lowest bits
  const double *power = by->powers, *row = z;
  double *out = p, share[SHARES], scale = by->scale;
  size_t span = (size_t)(by->high - by->low) + 1;
  f64x2 wrong = {0, 0};
  for (size_t r = 0; r < rows; r++, row += n, out += n) {
    double c = offsets[r * step];
    f64x2 top = least + magic;
    for (size_t i = 0; i < n; i += 2) { // out holds the codes meanwhile
      size_t second = i + 1 < n;
      f64x2 v = second ? LOAD(f64x2, row + i) : (f64x2){row[i], row[i]}, code = (v - c) / scale;
      wrong += v - v;
      code = choose_two(code > least, choose_two(code < most, code, most), least) + magic;
      top = choose_two(code > top, code, top);
      if (second) STORE(f64x2, out + i, code);
      else out[i] = code[0];
    }
    int32_t largest = lowest_bits(top[0] > top[1] ? top[0] : top[1]);
    double total[2] = {0, 0};
    size_t i = 0;
    for (; i + 2 <= n; i += 2) {
      total[0] += power[(size_t)(largest - lowest_bits(out[i]))];
      total[1] += power[(size_t)(largest - lowest_bits(out[i + 1]))];
    }
    if (i < n) total[0] += power[(size_t)(largest - lowest_bits(out[i]))];
    double inverse = total[0] + total[1];
    if (span <= SHARES && span < n) { // fewer quotients than numbers
      for (i = 0; i < span; i++) share[i] = power[i] / inverse;
      for (i = 0; i < n; i++) out[i] = share[(size_t)(largest - lowest_bits(out[i]))];
    } else {
      for (i = 0; i < n; i++) out[i] = power[(size_t)(largest - lowest_bits(out[i]))] / inverse;
    }
  }
  return wrong[0] + wrong[1] != 0;
}

FUNCTION(rounded_softmax, 8) { // both of the above at once: z (R, N), what is subtracted (R, 1), scale, lowest and highest
                               // code, powers of what lies 0, 1, ... highest - lowest below the largest, p (R, N), and
                               // status, int32 (1): 1 if a score is not finite
  Py_buffer *z = hold(h, a[0], "f8", 2, READ), *offset = hold(h, a[1], "f8", 2, READ);
  double scale = real(h, a[2]);
  long low = whole(h, a[3]), high = whole(h, a[4]);
  Py_buffer *powers = hold(h, a[5], "f8", 1, READ), *p = hold(h, a[6], "f8", 2, WRITE);
  Py_buffer *status = hold(h, a[7], "i4", 1, WRITE);
  NEED(low <= high && low >= -65536 && high <= 65536 && scale > 0 && SIZE(status, 0) == 1 && SIZE(z, 1) > 0);
  NEED((size_t)offset->len == 8 * SIZE(z, 0) && SIZE(p, 0) == SIZE(z, 0) && SIZE(p, 1) == SIZE(z, 1));
  NEED((long)SIZE(powers, 0) > high - low);
  if (!ready(h)) return;
  Rounding by = {scale, low, high, powers->buf};
  *DATA(int32_t, status) = rounded_rows(&by, z->buf, offset->buf, 1, p->buf, SIZE(z, 0), SIZE(z, 1));
}
