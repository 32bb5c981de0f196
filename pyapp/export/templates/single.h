/* A sum times m0 * 2^(exponent - 31), rounded once, half up. */
static inline int64_t NAME_product(int32_t sum, int32_t m0, int32_t exponent)
{
  (void)exponent;
  return (int64_t)sum * m0;
}

static inline int64_t NAME_rounded(int64_t total, int32_t exponent)
{
  return NAME_shifted(total + ((int64_t)1 << (30 - exponent)), 31 - exponent);
}
