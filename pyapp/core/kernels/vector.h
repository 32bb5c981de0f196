#pragma once
// 16 bytes at once, in the vector extensions that Clang and GCC share: the same source becomes WebAssembly SIMD for the
// page and native code for the sanitizers, and gives the same bits in both, as nothing is fused or reordered.
#include <stddef.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))
#define SEPARATE static __attribute__((noinline)) // a function of its own: engines compile very large ones with less care
#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#define VECTOR(name, element)                                  \
  typedef element name __attribute__((vector_size(16)));       \
  typedef element name##_at __attribute__((vector_size(16), aligned(__alignof__(element)), may_alias));
VECTOR(f32x4, float)
VECTOR(f64x2, double)
VECTOR(i32x4, int32_t)
VECTOR(u32x4, uint32_t)
VECTOR(i64x2, int64_t)
VECTOR(i16x8, int16_t)
VECTOR(i8x16, int8_t)
VECTOR(u8x16, uint8_t)
typedef int8_t i8x8 __attribute__((vector_size(8)));
typedef uint8_t u8x8 __attribute__((vector_size(8)));
#define AT(type) type##_at
#define LOAD(type, p) ((type) * (const AT(type) *)(p))
#define STORE(type, p, v) (*(AT(type) *)(p) = (v))
#define SPLAT(x) ((f32x4){(x), (x), (x), (x)})

// a where the mask is all ones, b where it is all zeros.
INLINE f32x4 choose(i32x4 mask, f32x4 a, f32x4 b) { return (f32x4)(((i32x4)a & mask) | ((i32x4)b & ~mask)); }
INLINE f32x4 largest(f32x4 a, f32x4 b) { return choose(a > b, a, b); }
INLINE f64x2 choose_two(i64x2 mask, f64x2 a, f64x2 b) { return (f64x2)(((i64x2)a & mask) | ((i64x2)b & ~mask)); }
INLINE f64x2 both(double v) { return (f64x2){v, v}; }
INLINE float sum(f32x4 v) { return (v[0] + v[1]) + (v[2] + v[3]); }

#ifdef __wasm_simd128__
INLINE f32x4 nearest(f32x4 v) { return __builtin_wasm_nearest_f32x4(v); }
INLINE f64x2 nearest_two(f64x2 v) { return __builtin_wasm_nearest_f64x2(v); }
INLINE f32x4 root(f32x4 v) { return __builtin_wasm_sqrt_f32x4(v); }
INLINE i32x4 dot_pairs(i16x8 a, i16x8 b) { return __builtin_wasm_dot_s_i32x4_i16x8(a, b); }
INLINE i16x8 shorts_of(i32x4 a, i32x4 b) { return __builtin_wasm_narrow_s_i16x8_i32x4(a, b); }
#else
#include <math.h>
INLINE f32x4 nearest(f32x4 v) { return (f32x4){rintf(v[0]), rintf(v[1]), rintf(v[2]), rintf(v[3])}; }
INLINE f64x2 nearest_two(f64x2 v) { return (f64x2){rint(v[0]), rint(v[1])}; }
INLINE f32x4 root(f32x4 v) { return (f32x4){sqrtf(v[0]), sqrtf(v[1]), sqrtf(v[2]), sqrtf(v[3])}; }
INLINE i32x4 dot_pairs(i16x8 a, i16x8 b) { // a₀b₀ + a₁b₁, a₂b₂ + a₃b₃, ...
  i32x4 y;
  for (int i = 0; i < 4; i++) y[i] = a[2 * i] * b[2 * i] + a[2 * i + 1] * b[2 * i + 1];
  return y;
}
INLINE i16x8 shorts_of(i32x4 a, i32x4 b) { // of whole numbers that int16 holds
  i16x8 y = {0};
  for (int i = 0; i < 4; i++) y[i] = (int16_t)a[i], y[i + 4] = (int16_t)b[i];
  return y;
}
#endif

// Whole numbers of less than 2^22, of which 1.5 · 2^23 leaves nothing but the bits of the integer.
INLINE i32x4 whole_of(f32x4 v) { return (i32x4)(v + 12582912.0f) - 0x4B400000; }
// Halves of four numbers as float64, and two pairs of those as float32.
typedef int32_t i32x2 __attribute__((vector_size(8)));
typedef float f32x2 __attribute__((vector_size(8)));
INLINE f64x2 low_two(i32x4 v) { return __builtin_convertvector(((i32x2){v[0], v[1]}), f64x2); }
INLINE f64x2 high_two(i32x4 v) { return __builtin_convertvector(((i32x2){v[2], v[3]}), f64x2); }
INLINE f64x2 first_two(f32x4 v) { return __builtin_convertvector(((f32x2){v[0], v[1]}), f64x2); }
INLINE f64x2 last_two(f32x4 v) { return __builtin_convertvector(((f32x2){v[2], v[3]}), f64x2); }
INLINE f32x4 narrowed(f64x2 a, f64x2 b) {
#ifdef __wasm_simd128__
  const f64x2 none = {0, 0}; // these are one instruction each
  return __builtin_shufflevector(__builtin_convertvector(__builtin_shufflevector(a, none, 0, 1, 2, 3), f32x4),
                                 __builtin_convertvector(__builtin_shufflevector(b, none, 0, 1, 2, 3), f32x4), 0, 1, 4, 5);
#else
  return (f32x4){(float)a[0], (float)a[1], (float)b[0], (float)b[1]};
#endif
}

// The lowest bytes of 16 whole numbers.
INLINE u8x16 bytes_of(i32x4 a, i32x4 b, i32x4 c, i32x4 d) {
#ifdef __clang__
#define BYTES(v, w) \
  __builtin_shufflevector((u8x16)(v), (u8x16)(w), 0, 4, 8, 12, 16, 20, 24, 28, 0, 4, 8, 12, 16, 20, 24, 28)
  return __builtin_shufflevector(BYTES(a, b), BYTES(c, d), 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
#else
  u8x16 y;
  for (int i = 0; i < 4; i++) {
    y[i] = (uint8_t)a[i], y[i + 4] = (uint8_t)b[i], y[i + 8] = (uint8_t)c[i], y[i + 12] = (uint8_t)d[i];
  }
  return y;
#endif
}

// The first n < 4 numbers, and `fill` after them: nothing beyond an array's end is read.
INLINE f32x4 first(const float *x, size_t n, float fill) {
  f32x4 v = SPLAT(fill);
  for (size_t i = 0; i < n; i++) v[i] = x[i];
  return v;
}
INLINE void put_first(float *y, f32x4 v, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] = v[i];
}

// exp of N <= 4 vectors, in place: x = n log 2 + r, and a polynomial of degree 7 in r whose coefficients are those of
// Cephes (Moshier 1992, expf). Relative error below 1.2e-7; under x = -87.3, where the result is no normal number, it is
// 0, and above 88.3 infinity; NaN stays. Four at once, as engines make a vector of a constant wherever it is used.
INLINE void exponentials(const int N, f32x4 *x) {
  const f32x4 low = SPLAT(-87.33f), high = SPLAT(88.37f);
  const float magic = 12582912.0f; // 1.5 · 2²³: what is added to it is rounded to a whole number
  static const float factors[] = {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};
  f32x4 inside[4], n[4], r[4], p[4];
  i32x4 power[4];
  UNROLL for (int i = 0; i < N; i++) inside[i] = choose(x[i] < low, low, choose(x[i] > high, high, x[i]));
  UNROLL for (int i = 0; i < N; i++) n[i] = inside[i] * 1.44269504088896341f + magic;
  UNROLL for (int i = 0; i < N; i++) power[i] = ((i32x4)n[i] + 127) << 23, n[i] -= magic;
  UNROLL for (int i = 0; i < N; i++) r[i] = inside[i] - n[i] * 0.693359375f; // log 2 in two parts: this product is exact
  UNROLL for (int i = 0; i < N; i++) r[i] -= n[i] * -2.12194440e-4f, p[i] = SPLAT(1.9875691500e-4f);
  UNROLL for (int k = 0; k < 5; k++) UNROLL for (int i = 0; i < N; i++) p[i] = p[i] * r[i] + factors[k];
  UNROLL for (int i = 0; i < N; i++) p[i] = p[i] * r[i] * r[i] + r[i] + 1.0f;
  UNROLL for (int i = 0; i < N; i++)
    x[i] = choose(x[i] < low, SPLAT(0), choose(x[i] > high, SPLAT(__builtin_inff()), p[i] * (f32x4)power[i]));
}
INLINE f32x4 exponential(f32x4 x) {
  exponentials(1, &x);
  return x;
}
