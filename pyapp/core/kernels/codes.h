#pragma once
// Products of 8-bit codes, for the kernels that are made of them.
#include "vector.h"

// y (rows, outputs) = x (rows, K) · w (outputs, K)ᵀ, each with its row stride; exact modulo 2^32.
typedef struct { const uint8_t *x, *w; int32_t *y; size_t x_row, w_row, y_row, K; } Codes;
void multiply_codes(int x_is_unsigned, int w_is_unsigned, Codes c, size_t rows, size_t outputs);
// A code as a number.
INLINE int32_t one(const int is_unsigned, const uint8_t *p) { return is_unsigned ? (int32_t)*p : (int32_t)(int8_t)*p; }
