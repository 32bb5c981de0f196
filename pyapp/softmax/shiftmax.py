"""I-ViT's Shiftmax: shifts, one straight line and a division by a constant in place of the exponential."""

import numpy as np

from pyapp.softmax.integers import bit_length
from pyapp.softmax.method import Hardware, Softmax

DEPTH = 15  # octaves that are kept, and the bits by which the exponential is scaled up
OUTPUT_BITS = 8  # one of them for a sign that is never used
WIDEST = 2.0**36  # codes to an octave: beyond, sums of exponentials leave 63 bits


class Shiftmax(Softmax):
    """e^(S q) = 2^(S p), p = q + (q >> 1) - (q >> 4): 1.4375 for log2 e; then 2^-f = 1 - f/2 within an octave.

    o = -floor(-1/S) codes to an octave, i = p // o, r the rest: E = floor((o - r/2) 2^(15 - i));
    y = E floor((2^31 - 1) / sum E) >> 24. The line is up to 0.043 too high, 6 % of what it should be.
    """

    name = "shiftmax"
    title = "Shiftmax (I-ViT)"
    source = "I-ViT, ICCV 2023, arXiv 2207.01405, section 3.3; code zkkli/I-ViT, IntSoftmax"
    about = "log2 e as 1 + 1/2 - 1/16 and 2^-f as 1 - f/2: shifts and a straight line for the exponential; 7 bits out."
    breaks = ("An octave is rounded up to whole codes, so that rows are softer than they should be: by 12 % at a "
              "scale of 0.14, and without end above 1. Where a row's exponentials, the largest being 1, add up to "
              "65536 scales or more (fine scales, long rows), the original clamps their sum and its codes leave "
              "their range; here the exponentials are then shifted down until the sum has 24 bits. Just below that "
              "limit the reciprocal is 1 and its floor costs up to half of a row, as in the original.")
    hardware = Hardware(
        multiplications="2, and 2 divisions: by a constant, and one per row", table_bytes=0, passes=3,
        accumulator_bits=32,
        source="arXiv 2207.01405, algorithm 1; operations counted in the code")
    unit = 1 / 2 ** (OUTPUT_BITS - 1)

    def __init__(self, scale: float):
        super().__init__(scale)
        self.octave = -np.int64(np.floor(max(-1 / self.scale, -WIDEST)))

    def exponential(self, below: np.ndarray) -> np.ndarray:
        """E for codes below the maximum; octave · 2^15 stands for 1. int64."""
        p = below + (below >> 1) - (below >> 4)
        p = -np.maximum(p, -DEPTH * self.octave)
        octaves = p // self.octave
        rest = p - octaves * self.octave
        return ((2 * self.octave - rest) << (DEPTH - octaves)) >> 1

    def codes(self, below: np.ndarray, mask: np.ndarray) -> np.ndarray:
        e = np.where(mask, self.exponential(below), 0)  # R, N
        bits = bit_length(e.sum(axis=1, keepdims=True))  # R, 1
        e = e >> np.where(bits > 31, bits - 24, 0)  # 24, so that the reciprocal keeps 7 bits
        total = np.maximum(e.sum(axis=1, keepdims=True), 1)  # 1 for a row that is masked as a whole
        return (e * ((2**31 - 1) // total)) >> (31 - OUTPUT_BITS + 1)

    @classmethod
    def real(cls, z: np.ndarray) -> np.ndarray:
        t = (z.max(axis=1, keepdims=True) - z) * 1.4375
        octaves = np.floor(t)
        e = np.where(t < DEPTH, (1 - (t - octaves) / 2) * 2.0**-octaves, 2.0**-DEPTH)
        return e / e.sum(axis=1, keepdims=True)

    def row_sums(self, n: int) -> tuple[float, float]:
        """Up to a code lost in each column, and what the reciprocal's floor loses: up to a half, less in short rows."""
        largest = min(n * int(self.octave) << DEPTH, 2**31 - 1)
        kept = max(0.5, 1 - largest / (2**31 - 1))
        return max(0.0, kept - n * self.unit), 1.0
