#pragma once
// Products of 8-bit codes, for the kernels that are made of them.
#include <stddef.h>
#include <stdint.h>

// y (rows, outputs) = x (rows, K) · w (outputs, K)ᵀ, each with its row stride; exact modulo 2^32.
typedef struct { const uint8_t *x, *w; int32_t *y; size_t x_row, w_row, y_row, K; } Codes;
void multiply_codes(int x_is_unsigned, int w_is_unsigned, Codes c, size_t rows, size_t outputs);
