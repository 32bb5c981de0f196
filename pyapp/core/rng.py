"""Seeded random numbers that are the same in every runtime.

PCG64 draws, permutations and bounded integers agree bit for bit between CPython and Pyodide as long as every integer
draw names its dtype: Pyodide is a 32-bit platform, where NumPy's default integer is int32.
"""

import zlib

import numpy as np


def generator(seed: int, stream: str) -> np.random.Generator:
    """A generator for one named use of a seed.

    Different streams ("weights", "batches", ...) of one seed are independent, so that drawing more numbers for one
    purpose never changes another. ValueError for a negative seed.
    """
    if seed < 0:
        raise ValueError(f"seed is {seed}; use a whole number from 0")
    return np.random.Generator(np.random.PCG64([seed, zlib.crc32(stream.encode())]))
