static inline void NAME_${LAYER}(const NAME_code *x, NAME_code *y)
{
  int32_t row, group, i, end, at = 0, k = 0;
  for (row = 0; row < NAME_${LAYER}_outputs; row++) {
    const int32_t exponent = NAME_${LAYER}_exponent[row * NAME_${LAYER}_scales];
    int64_t total = 0;
    for (group = 0, i = 0; group < NAME_${LAYER}_groups; group++, at++) {
      const int32_t zero = NAME_${LAYER}_weight_zero[at * NAME_${LAYER}_zeros];
      int32_t sum = NAME_${LAYER}_offset[at];
      end = NAME_${LAYER}_inputs - i < NAME_${LAYER}_size ? NAME_${LAYER}_inputs : i + NAME_${LAYER}_size;
      for (; i < end; i++, k++) {
        sum += (int32_t)x[i] * (NAME_weight(NAME_${LAYER}_weight, k, NAME_${LAYER}_bits, NAME_${LAYER}_half) - zero);
      }
      total += NAME_product(sum, NAME_${LAYER}_m0[at * NAME_${LAYER}_scales], exponent);
    }
    total = NAME_rounded(total, exponent) + NAME_${LAYER}_zero;
    if (total < NAME_${LAYER}_lowest) total = NAME_${LAYER}_lowest;
    if (total > NAME_${LAYER}_highest) total = NAME_${LAYER}_highest;
    y[row] = (NAME_code)total;
  }
}
