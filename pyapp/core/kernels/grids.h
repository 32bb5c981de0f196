#pragma once
// Dense layers whose numbers lie on grids, for the kernels that are made of them.
#include "vector.h"

// code = clip(round(x / scale) + zero, low, high); NaN goes to an end. `wrong` is 0 until an x is not finite, then NaN.
typedef struct { float scale, zero, low, high; f32x4 wrong; } Line;
INLINE int32_t went_wrong(f32x4 wrong) { return sum(wrong) != 0; }

// A panel is the weights of 8 outputs, pairs (k, k + 1) of each side by side as dot_pairs takes them, so that no sum lies
// across a vector. What is missing of a panel, or of a pair, is 0.
enum { PANEL = 8, TILE = 4 };
// y = times · Σ codes of x · w + plus, in P equal parts of the columns. Where there are `scales` float32 (P), each part
// goes onto a grid of its own; `ends` int32 (P, 3) are its zero point, lowest and highest code.
typedef struct {
  const uint8_t *w; int is_unsigned; const double *times, *plus; size_t inputs, outputs, parts;
  Line in; const float *scales; const int32_t *ends; f32x4 wrong;
  int16_t *codes, *panels; // room for TILE rows, and for the weights
} OnGrid;
INLINE size_t pairs_of(size_t inputs) { return (inputs + 1) / 2; }
INLINE size_t panels_of(size_t outputs, size_t parts) { return (outputs / parts + PANEL - 1) / PANEL * parts; }
// Bring the weights into panels, before the first rows.
void pack_weights(const OnGrid *d);
// Rows of x, each x_row numbers after the other, to rows of y; only the parts from `first` to before `end`.
void rows_on_grid(OnGrid *d, const double *x, size_t x_row, double *y, size_t y_row, size_t rows, size_t first, size_t end);
