#pragma once
// Matrix products, for the kernels that are made of them.
#include "vector.h"

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
