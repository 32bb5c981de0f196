/* Runs the proof of a Bitladder header, or inputs of your own.

     cc -std=c99 -O2 -o NAME_test NAME_test.c
     ./NAME_test         the proof, its fingerprint, the bytes of constants and of buffers, and the time
     ./NAME_test FILE    for every NAME_INPUTS bytes of FILE (- is standard input) what NAME_run gives, and the codes
                         of the logits; a digit is one byte for each of its 784 pixels */
#define NAME_PROOF
#include "$HEADER"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TEN = 10, ROUNDS = 100 };

static uint8_t pixels[TEN * NAME_INPUTS];
static NAME_code codes[NAME_CODES];

/* The proof's pixels are stored as runs: how many zeros, how many others, those others, and so on. */
static void unroll(void)
{
  const uint8_t *run = NAME_proof_pixels, *end = run + sizeof NAME_proof_pixels;
  uint8_t *to = pixels;
  while (run < end) {
    memset(to, 0, run[0]);
    memcpy(to + run[0], run + 2, run[1]);
    to += run[0] + run[1];
    run += 2 + run[1];
  }
}

/* FNV-1a over the four bytes of an integer, the lowest first. */
static uint32_t hashed(uint32_t hash, int32_t number)
{
  int bit;
  for (bit = 0; bit < 32; bit += 8) hash = (hash ^ (((uint32_t)number >> bit) & 255)) * UINT32_C(0x01000193);
  return hash;
}

static int prove(void)
{
  uint32_t hash = UINT32_C(0x811c9dc5);
  long largest = 0;
  int at, i, failed = 0;
  for (at = 0; at < TEN; at++) {
    NAME_run(pixels + at * NAME_INPUTS, codes);
    for (i = NAME_INPUTS; i < NAME_CODES; i++) hash = hashed(hash, codes[i]);
    for (i = 0; i < NAME_OUTPUTS; i++) {
      const long found = codes[NAME_LOGITS + i], expected = NAME_proof_logits[at * NAME_OUTPUTS + i];
      if (found != expected && !failed) {
        printf("PARITY FAILS at logit code %d of input %d: expected %ld, found %ld\n", i, at, expected, found);
        failed = 1;
      }
      if (labs(found - expected) > largest) largest = labs(found - expected);
    }
  }
  if (!failed && hash != NAME_proof_fingerprint) {
    printf("PARITY FAILS at the fingerprint: expected %08lx\n", (unsigned long)NAME_proof_fingerprint);
    failed = 1;
  }
  if (!failed) printf("PARITY OK, largest difference %ld\n", largest);
  printf("fingerprint %08lx\n", (unsigned long)hash);
  return failed;
}

static void measure(void)
{
  const clock_t start = clock();
  volatile int answer;
  unsigned long nanoseconds;
  int i;
  for (i = 0; i < ROUNDS * TEN; i++) answer = NAME_run(pixels + i % TEN * NAME_INPUTS, codes);
  (void)answer;
  nanoseconds = (unsigned long)((uint64_t)(clock() - start) * 1000000000 / CLOCKS_PER_SEC / (ROUNDS * TEN));
  printf("flash %lu bytes, RAM %lu bytes, time %lu.%03lu microseconds per input\n", (unsigned long)NAME_FLASH,
         (unsigned long)sizeof codes, nanoseconds / 1000, nanoseconds % 1000);
}

static int read_inputs(FILE *file)
{
  size_t length;
  int i;
  while ((length = fread(pixels, 1, NAME_INPUTS, file)) == NAME_INPUTS) {
    printf("%d", NAME_run(pixels, codes));
    for (i = 0; i < NAME_OUTPUTS; i++) printf(" %ld", (long)codes[NAME_LOGITS + i]);
    putchar('\n');
  }
  if (length) fprintf(stderr, "%lu bytes are left over; an input has %d\n", (unsigned long)length, (int)NAME_INPUTS);
  return length ? 2 : 0;
}

int main(int count, char **words)
{
  int failed;
  FILE *file = stdin;
  if (count > 1) {
    if (strcmp(words[1], "-") != 0 && (file = fopen(words[1], "rb")) == NULL) {
      perror(words[1]);
      return 2;
    }
    return read_inputs(file);
  }
  unroll();
  failed = prove();
  measure();
  return failed;
}
