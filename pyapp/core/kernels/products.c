// Matrix products for Python: a dense layer forward and backward, and the products of each head of an attention.
#include "products.h"
#include "arrays.h"

#define REAL float
#define VECTOR_OF f32x4
#define MASK_OF i32x4
#define LANES 4
#define LANES_SUM(v) (((v)[0] + (v)[1]) + ((v)[2] + (v)[3]))
#define NAME(x) x##_f32
#include "products.inc"
#undef REAL
#undef VECTOR_OF
#undef MASK_OF
#undef LANES
#undef LANES_SUM
#undef NAME

#define REAL double
#define VECTOR_OF f64x2
#define MASK_OF i64x2
#define LANES 2
#define LANES_SUM(v) ((v)[0] + (v)[1])
#define NAME(x) x##_f64
#include "products.inc"

#define RUN(name, b, ...) ((b)->itemsize == 8 ? name##_f64(__VA_ARGS__) : name##_f32(__VA_ARGS__))

FUNCTION(linear, 5) { // x (B, I), w (O, I), bias (O) or None, 1 for a ReLU, y (B, O); all float32 or all float64
  Py_buffer *x = hold(h, a[0], "f?", 2, READ), *w = hold(h, a[1], FLOAT_TYPE(x), 2, READ);
  Py_buffer *bias = hold(h, a[2], FLOAT_TYPE(x), 1, OPTIONAL), *y = hold(h, a[4], FLOAT_TYPE(x), 2, WRITE);
  int relu = whole(h, a[3]) != 0;
  NEED(SIZE(x, 1) == SIZE(w, 1) && SIZE(y, 0) == SIZE(x, 0) && SIZE(y, 1) == SIZE(w, 0));
  NEED(!bias || SIZE(bias, 0) == SIZE(w, 0));
  if (ready(h)) RUN(linear, x, x->buf, w->buf, DATA(void, bias), y->buf, SIZE(x, 0), SIZE(x, 1), SIZE(w, 0), relu);
}

FUNCTION(weight_gradient, 4) { // x (B, I), dy (B, O), dW (O, I), db (O) or None
  Py_buffer *x = hold(h, a[0], "f?", 2, READ), *dy = hold(h, a[1], FLOAT_TYPE(x), 2, READ);
  Py_buffer *dw = hold(h, a[2], FLOAT_TYPE(x), 2, WRITE), *db = hold(h, a[3], FLOAT_TYPE(x), 1, WRITE | OPTIONAL);
  NEED(SIZE(x, 0) == SIZE(dy, 0) && SIZE(dw, 0) == SIZE(dy, 1) && SIZE(dw, 1) == SIZE(x, 1));
  NEED(!db || SIZE(db, 0) == SIZE(dy, 1));
  if (ready(h)) RUN(weight_gradient, x, x->buf, dy->buf, dw->buf, DATA(void, db), SIZE(x, 0), SIZE(x, 1), SIZE(dy, 1));
}

FUNCTION(input_gradient, 4) { // dy (B, O), w (O, I), the output (B, I) of a ReLU that x went through or None, dx (B, I)
  Py_buffer *dy = hold(h, a[0], "f?", 2, READ), *w = hold(h, a[1], FLOAT_TYPE(dy), 2, READ);
  Py_buffer *keep = hold(h, a[2], FLOAT_TYPE(dy), 2, OPTIONAL), *dx = hold(h, a[3], FLOAT_TYPE(dy), 2, WRITE);
  NEED(SIZE(dy, 1) == SIZE(w, 0) && SIZE(dx, 0) == SIZE(dy, 0) && SIZE(dx, 1) == SIZE(w, 1));
  NEED(!keep || (SIZE(keep, 0) == SIZE(dx, 0) && SIZE(keep, 1) == SIZE(dx, 1)));
  if (ready(h)) RUN(input_gradient, dy, dy->buf, w->buf, DATA(void, keep), dx->buf, SIZE(dy, 0), SIZE(w, 1), SIZE(w,
      0));
}

// ---- heads: (B, H, rows, columns), float32 or float64, rows apart as they lie in the rows of a whole layer
static size_t step(const Py_buffer *b, int axis) { return (size_t)(b->strides[axis] / b->itemsize); }
static void *head(const Py_buffer *b, size_t i,
    size_t j) { return (char *)b->buf + (Py_ssize_t)i * b->strides[0] + (Py_ssize_t)j * b->strides[1]; }
static int alike(const Py_buffer *a, const Py_buffer *b, int i, int j) { return a->shape[i] == b->shape[j]; }
#define HEADS(b) (alike(b, y, 0, 0) && alike(b, y, 1, 1))
#define EACH_HEAD(product, kind, rows, columns, ...)                                                            \
  for (size_t i = 0; i < SIZE(y, 0); i++) for (size_t j = 0; j < SIZE(y, 1); j++) {                            \
    if (y->itemsize == 8) product##_f64((kind##_f64){__VA_ARGS__}, rows, columns);                              \
    else product##_f32((kind##_f32){__VA_ARGS__}, rows, columns);                                               \
  }
#define HOLD_HEADS(first, second)                                                                               \
  Py_buffer *first = hold(h, a[0], "f?", 4, STRIDED), *second = hold(h, a[1], FLOAT_TYPE(first), 4, STRIDED);   \
  Py_buffer *y = hold(h, a[2], FLOAT_TYPE(first), 4, WRITE | STRIDED)

FUNCTION(scores, 3) { // q (B, H, T, D), k (B, H, S, D), y (B, H, T, S) = q kᵀ
  HOLD_HEADS(q, k);
  NEED(HEADS(q) && HEADS(k) && alike(q, k, 3, 3) && alike(y, q, 2, 2) && alike(y, k, 3, 2));
  if (!ready(h)) return;
  EACH_HEAD(dot, Dot, SIZE(q, 2), SIZE(k, 2), head(q, i, j), head(k, i, j), 0, head(y, i, j), step(q, 2), step(k,
      2), step(y, 2), SIZE(q, 3), 0)
}

FUNCTION(weighted, 3) { // p (B, H, T, S), v (B, H, S, D), y (B, H, T, D) = p v
  HOLD_HEADS(p, v);
  NEED(HEADS(p) && HEADS(v) && alike(p, v, 3, 2) && alike(y, p, 2, 2) && alike(y, v, 3, 3));
  if (!ready(h)) return;
  EACH_HEAD(outer, Outer, SIZE(p, 2), SIZE(v, 3), head(p, i, j), head(v, i, j), 0, head(y, i, j), step(p, 2), 1,
      step(v, 2), step(y, 2), SIZE(p, 3))
}

FUNCTION(weighted_transposed, 3) { // p (B, H, T, S), v (B, H, T, D), y (B, H, S, D) = pᵀ v
  HOLD_HEADS(p, v);
  NEED(HEADS(p) && HEADS(v) && alike(p, v, 2, 2) && alike(y, p, 2, 3) && alike(y, v, 3, 3));
  if (!ready(h)) return;
  EACH_HEAD(outer, Outer, SIZE(p, 3), SIZE(v, 3), head(p, i, j), head(v, i, j), 0, head(y, i, j), 1, step(p, 2),
      step(v, 2), step(y, 2), SIZE(p, 2))
}
