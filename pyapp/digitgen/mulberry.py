"""Mulberry32: 32 bits of state, any of its numbers at once, and the seed that a person typed."""

import math
import re
import zlib

import numpy as np

STEP, WORDS = 0x6D2B79F5, 2**32
DEFAULT_SEED = 1337
PLAIN = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]*))?")
ENOUGH = 32  # 10³² is a multiple of 2³², so what stands before the last 32 digits only says that a number is too large
SAID = 40  # characters of a seed that are repeated in a sentence


def words(seeds: np.ndarray, count: int, start: int = 0) -> np.ndarray:
    """The numbers `start` to `start + count` of Mulberry32 (T. Ettinger 2017), uint32 (S, count), for seeds (S,).

    a += 0x6D2B79F5; t = (a ^ a>>>15) · (a | 1); t ^= t + (t ^ t>>>7) · (t | 61); the answer is t ^ t>>>14, everything
    modulo 2³². Since the state only ever grows by a constant, each number is had without those before it.
    """
    turns = np.arange(start + 1, start + count + 1, dtype=np.uint32) * np.uint32(STEP)  # wraps, as it should
    a = np.asarray(seeds, np.uint32)[:, None] + turns
    t = (a ^ (a >> np.uint32(15))) * (a | np.uint32(1))
    t ^= t + (t ^ (t >> np.uint32(7))) * (t | np.uint32(61))
    return t ^ (t >> np.uint32(14))


def uniform(seeds: np.ndarray, count: int, start: int = 0) -> np.ndarray:
    """`words` as float64 in [0, 1), exactly word / 2³², which is what the public JavaScript function returns."""
    return words(seeds, count, start) / np.float64(WORDS)


def bell(seeds: np.ndarray, count: int, start: int = 0) -> np.ndarray:
    """Numbers with mean 0 and variance 1, float64 (S, count): the sum of twelve uniform ones less six.

    Close to a normal distribution (Irwin 1927, Hall 1927) and, being a sum of multiples of 2⁻³², exact everywhere;
    logarithm and cosine of the usual way (Box and Muller 1958) are not the same in every runtime.
    """
    twelve = uniform(seeds, 12 * count, start).reshape(len(seeds), count, 12)
    return twelve.sum(axis=2) - 6.0


def seed_of(value: object) -> tuple[int, str | None]:
    """The 32-bit seed for what a person typed, and a sentence if the two differ.

    A whole number is taken modulo 2³² (so -1 is 4294967295), a fraction first loses what follows the point, as
    JavaScript's `>>> 0` has it; other text counts by its CRC-32; nothing is the usual seed.
    """
    text = str(value).strip()
    if not text:
        return DEFAULT_SEED, f"no seed was given; using {DEFAULT_SEED}"
    said = text if len(text) <= SAID else f"{text[:SAID]}…"
    meant = _number(text)
    if meant is None:
        seed = zlib.crc32(text.encode(errors="surrogatepass"))  # a shell may pass on bytes that are no text
        return seed, f"the seed {said!r} is not a number; using its CRC-32, {seed}"
    number, lost = meant
    seed = number % WORDS
    if text == str(seed):
        return seed, None
    why = "" if 0 <= number < WORDS else f", modulo 2^32: a seed has 32 bits, 0 to {WORDS - 1}"
    return seed, f"the seed {said} {'loses its fraction and ' if lost else ''}becomes {seed}{why}"


def _number(text: str) -> tuple[int, bool] | None:
    """The whole number that a text stands for, cut towards 0 (of a very long one another that is the same modulo 2³²),
    and whether something was cut; None if it is no finite number."""
    if plain := PLAIN.fullmatch(text):  # exactly, where float would round
        sign, digits, fraction = plain.groups("")
        digits = digits.lstrip("0") or "0"
        if len(digits) > ENOUGH:
            digits = digits[0] + digits[-ENOUGH:]
        return int(sign + digits), fraction.strip("0") != ""
    try:
        number = float(text)
    except ValueError:
        return None
    return (int(number), number != int(number)) if math.isfinite(number) else None
