/* $WHAT, in integers: C99, no library, no allocation, no float. By Bitladder.

     NAME_code codes[NAME_CODES];            room for the codes of every layer; from NAME_LOGITS they are the logits'
     int found = NAME_run(pixels, codes);

   $READS
   A logit is (code - zero) * scale, with NAME_${LAST}_zero below and the last of the manifest's scales.
   NAME_test.c runs the proof at the end of this file. Its manifest:
$MANIFEST
*/
#ifndef NAME_H_$PRINT
#define NAME_H_$PRINT

#include <stdint.h>

/* The network. */

$DATA
/* Weight k of a stream of codes of `bits` bits, the lowest bit first; two's complement if `half` is 2^(bits - 1). */
static inline int32_t NAME_weight(const uint8_t *stream, int32_t k, int32_t bits, int32_t half)
{
  const uint32_t bit = (uint32_t)k * (uint32_t)bits;
  uint32_t code = stream[bit >> 3];
  if (8 % bits != 0) code |= (uint32_t)stream[(bit >> 3) + 1] << 8; /* it may begin in one byte and end in the next */
  code = (code >> (bit & 7)) & ((UINT32_C(1) << bits) - 1);
  return (int32_t)(code ^ (uint32_t)half) - half;
}

/* value / 2^bits, rounded down; C leaves the shift of a negative number to the compiler. */
static inline int64_t NAME_shifted(int64_t value, int32_t bits)
{
  return value >= 0 ? value >> bits : ~(~value >> bits);
}

$ROUNDING
$LAYERS
/* The place of the largest logit. `codes` takes the codes of the pixels, then those of each layer. */
static inline int NAME_run(const uint8_t *pixels, NAME_code *codes)
{
  const NAME_code *logits = codes + NAME_LOGITS;
  int i, found = 0;
  for (i = 0; i < NAME_INPUTS; i++) codes[i] = NAME_pixel[pixels[i]];
$CALLS
  for (i = 1; i < NAME_OUTPUTS; i++) if (logits[i] > logits[found]) found = i;
  return found;
}

/* The proof. */

#ifdef NAME_PROOF
$PROOF
#endif
#endif
