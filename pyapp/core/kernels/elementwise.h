#pragma once
// Rows at a time: what a token's whole block is made of.
#include "vector.h"

// y = softmax x over rows of n numbers; y may be x.
void softmax_rows(const float *x, float *y, size_t rows, size_t n);
// y = gain x̂ + shift with x̂ = (x - mean x) / √(var x + 1e-5); x̂ and 1/√ are kept where asked for.
void norm_rows(const float *x, const float *gain, const float *shift, float *y, float *x_hat, float *inverse, size_t rows, size_t n);
// y = x σ(w), w = 2 √(2/π) (x + 0.044715 x³), and σ(w) where asked for; y may be x.
void gelu_of(const float *x, float *y, float *gate, size_t n);
