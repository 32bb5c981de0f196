/* A sum times m0 * 2^(exponent - 31), rounded twice, as TensorFlow Lite does in 32 bits: the upper half of the doubled
   product, half up; then the rest of the shift, half away from zero. */
static inline int64_t NAME_product(int32_t sum, int32_t m0, int32_t exponent)
{
  int64_t wide = (int64_t)sum * ((int64_t)1 << (exponent > 0 ? exponent : 0));
  if (wide < INT32_MIN) wide = INT32_MIN;
  if (wide > INT32_MAX) wide = INT32_MAX;
  return wide * m0;
}

static inline int64_t NAME_rounded(int64_t total, int32_t exponent)
{
  const int32_t right = exponent < 0 ? -exponent : 0;
  const int64_t high = NAME_shifted(total + ((int64_t)1 << 30), 31), half = ((int64_t)1 << right) >> 1;
  return high < 0 ? -((half - high) >> right) : (high + half) >> right;
}
