"""Codes of every integer method on the same few rows, to be compared between runtimes."""

import numpy as np

from pyapp.core.rng import generator
from pyapp.softmax.methods import INTEGER

ROWS, COLUMNS = 3, 34  # more columns than a block of ITA's and a slice of Softermax's have
CASES = ((0.05, 8, False), (0.3, 8, True), (0.001, 16, False), (1.9, 2, False), (100.0, 4, True))  # scale, bits, masked


def softmax_codes() -> dict[str, np.ndarray]:
    """Codes int32 (cases, R, N) of each method; the first row of each case is constant."""
    return {name: np.stack([method(scale)(*rows(seed, bits, masked))
                            for seed, (scale, bits, masked) in enumerate(CASES)])
            for name, method in INTEGER.items()}


def rows(seed: int, bits: int, masked: bool) -> tuple[np.ndarray, np.ndarray]:
    """Logits int32 (R, N) and their mask, which leaves out a third of them if `masked`, else none."""
    rng, half = generator(seed, "softmax"), 1 << (bits - 1)
    q = rng.integers(-half, half, (ROWS, COLUMNS), dtype=np.int32)
    q[0] = half - 1
    mask = rng.integers(0, 3, q.shape, dtype=np.int32) > 0 if masked else np.ones(q.shape, bool)
    return q, mask
