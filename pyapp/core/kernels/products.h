#pragma once
// Matrix products, for the kernels that are made of them: in float32, and with _f64 in float64.
#include "vector.h"

// dot: y (rows, outputs) = x (rows, K) · w (outputs, K)ᵀ [+ bias] [ReLU], each with its row stride.
// outer: c (rows, columns) = Σ_k a[row · a_row + k · a_k] b[k · b_row + column]; a_row = 1 is a transposed a. Where keep
// is given, c is 0 where it is not positive: the gradient of a ReLU whose output it was.
#define PRODUCTS(kind, real)                                                                                      \
  typedef struct { const real *x, *w, *bias; real *y; size_t x_row, w_row, y_row, K; int relu; } Dot_##kind;      \
  typedef struct { const real *a, *b, *keep; real *c; size_t a_row, a_k, b_row, c_row, K; } Outer_##kind;         \
  void dot_##kind(Dot_##kind d, size_t rows, size_t outputs);                                                     \
  void outer_##kind(Outer_##kind o, size_t rows, size_t columns);
PRODUCTS(f32, float)
PRODUCTS(f64, double)
