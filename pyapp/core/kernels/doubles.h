#pragma once
// Rows at a time in float64, as elementwise.h has them in float32.
#include "vector.h"

void softmax_rows_double(double *x, size_t rows, size_t n); // in place
void norm_rows_double(const double *x, const double *gain, const double *shift, double *y, double *x_hat, double *inverse,
    size_t rows, size_t n);
void gelu_of_double(const double *x, double *y, double *gate, size_t n);

// The softmax of scores on a grid: codes clip(round((z - c) / scale), low, high), and exp of how far they are below their
// row's largest, from the table `powers` (high - low + 1), divided by the row's sum. p may be z.
typedef struct { double scale; long low, high; const double *powers; } Rounding;
// c is offsets[r · step] for row r. 1 if a score is not finite, otherwise 0.
int rounded_rows(const Rounding *by, const double *z, const double *offsets, size_t step, double *p, size_t rows, size_t n);
