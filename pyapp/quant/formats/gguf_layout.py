"""Where GGUF's blocks keep their bits: for each field of a block, the place of every bit of every number.

Bit k of a block is bit k mod 8 of its byte k div 8. A field is an integer array (numbers, bits), lowest bit first, so
one rule reads and writes them all. Written from the structures in ggml-common.h and the functions dequantize_row_* of
ggml-quants.c (github.com/ggml-org/llama.cpp).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

SMALL, LARGE = 32, 256  # numbers in a block
NIBBLE = np.arange(4)


@dataclass(frozen=True)
class Layout:
    """A kind of block: its bytes, its fields, and where its float16 numbers are."""

    nbytes: int
    codes: np.ndarray  # (block, bits)
    halves: tuple[int, ...]  # byte offsets of d, and of the minimum's factor
    scales: np.ndarray | None = None  # (sub-blocks, bits)
    minima: np.ndarray | None = None

    @property
    def block(self) -> int:
        return len(self.codes)

    def read(self, blocks: np.ndarray, field: np.ndarray) -> np.ndarray:
        """The numbers of a field in blocks (N, nbytes) uint8, as uint8 (N, numbers)."""
        bits = np.unpackbits(blocks, axis=1, bitorder="little")[:, field]
        return (bits << np.arange(field.shape[1], dtype=np.uint8)).sum(-1, dtype=np.uint8)

    def half(self, blocks: np.ndarray, which: int) -> np.ndarray:
        """A float16 number of each block as float32 (N, 1)."""
        start = self.halves[which]
        return np.ascontiguousarray(blocks[:, start:start + 2]).view("<f2").astype(np.float32)

    def write(self, halves: tuple[np.ndarray, ...], fields: Mapping[str, np.ndarray]) -> np.ndarray:
        """Blocks (N, nbytes) from float numbers (N,) for each half and the numbers (N, numbers) of each field."""
        count = len(halves[0])
        bits = np.zeros((count, 8 * self.nbytes), np.uint8)
        for name, numbers in fields.items():
            field = getattr(self, name)
            bits[:, field] = numbers.astype(np.uint8)[:, :, None] >> np.arange(field.shape[1], dtype=np.uint8) & 1
        blocks = np.packbits(bits, axis=1, bitorder="little")
        for start, half in zip(self.halves, halves, strict=True):
            blocks[:, start:start + 2] = half.astype("<f2").reshape(count, 1).view(np.uint8)
        return blocks


def _at(byte: np.ndarray, bit: np.ndarray, width: int) -> np.ndarray:
    """Places of `width` neighbouring bits from `bit` of `byte` on, (numbers, width)."""
    return (8 * byte + bit)[:, None] + np.arange(width)


def _nibbles(start: int, count: int, run: int) -> np.ndarray:
    """Codes of 4 bits in runs of 2·run: the first half of a run in the low nibbles of its bytes, then the high ones."""
    i = np.arange(count)
    return _at(start + i // (2 * run) * run + i % run, 4 * (i // run % 2), 4)


def _fifth(codes: np.ndarray, places: np.ndarray) -> np.ndarray:
    return np.concatenate([codes, places[:, None]], axis=1)


def _six_bits(start: int) -> tuple[np.ndarray, np.ndarray]:
    """The 8 scales and 8 minima of 6 bits in 12 bytes of Q4_K and Q5_K: four of each whole, and the two upper bits of
    each byte of these belong to the other four."""
    j = np.arange(4)
    low = np.concatenate([_at(start + j, 0 * j, 6), np.concatenate([_at(start + 8 + j, 0 * j, 4),
                                                                    _at(start + j, 0 * j + 6, 2)], axis=1)])
    high = np.concatenate([_at(start + 4 + j, 0 * j, 6), np.concatenate([_at(start + 8 + j, 0 * j + 4, 4),
                                                                         _at(start + 4 + j, 0 * j + 6, 2)], axis=1)])
    return low, high


def _layouts() -> dict[str, Layout]:
    i, n = np.arange(SMALL), np.arange(LARGE)
    pairs = _at(16 + n // 128 * 32 + n % 32, n % 128 // 32 * 2, 2)  # 2 bits: four runs of 32 share 32 bytes, after 16
    third = pairs + 8 * 16  # Q3_K has 32 bytes before them
    sixteen = np.arange(16)
    q3 = np.concatenate([_at(96 + sixteen % 8, sixteen // 8 * 4, 4),
                         _at(104 + sixteen % 4, sixteen // 4 * 2, 2)], axis=1)
    low4, high4 = _six_bits(4)
    q6 = np.concatenate([_at(n // 128 * 64 + n % 64, n % 128 // 64 * 4, 4),
                         _at(128 + n // 128 * 32 + n % 32, n % 128 // 32 * 2, 2)], axis=1)
    return {
        "q8_0": Layout(34, _at(2 + i, 0 * i, 8), (0,)),
        "q4_0": Layout(18, _nibbles(2, SMALL, 16), (0,)),
        "q4_1": Layout(20, _nibbles(4, SMALL, 16), (0, 2)),
        "q5_0": Layout(22, _fifth(_nibbles(6, SMALL, 16), 8 * 2 + i), (0,)),
        "q5_1": Layout(24, _fifth(_nibbles(8, SMALL, 16), 8 * 4 + i), (0, 2)),
        "q2_k": Layout(84, pairs, (80, 82), _at(sixteen, 0 * sixteen, 4), _at(sixteen, 0 * sixteen + 4, 4)),
        "q3_k": Layout(110, _fifth(third, 8 * (n % 32) + n // 32), (108,), q3),
        "q4_k": Layout(144, _nibbles(16, LARGE, 32), (0, 2), low4, high4),
        "q5_k": Layout(176, _fifth(_nibbles(48, LARGE, 32), 8 * (16 + n % 32) + n // 32), (0, 2), low4, high4),
        "q6_k": Layout(210, q6, (208,), _at(192 + sixteen, 0 * sixteen, 8)),
    }


LAYOUTS = _layouts()
