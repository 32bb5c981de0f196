"""GGUF files, as llama.cpp writes them, versions 2 and 3, little-endian.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md; the numbers of types are those of the enumeration
ggml_type in ggml.h, the sizes of blocks those of ggml-common.h. A header of typed keys, the tensors' names, shapes and
offsets, then their bytes, each tensor at a multiple of the alignment.
"""

import math
import struct
from typing import NamedTuple

import numpy as np

from pyapp.data.tensors.kinds import KINDS
from pyapp.data.tensors.tensor import Damaged, Tensor, checked_shape, few, shown, text
from pyapp.parts import Parts, held
from pyapp.quant.formats.gguf import GGUF
from pyapp.quant.formats.gguf_layout import LAYOUTS
from pyapp.quant.formats.minifloat import E2M1

MAGIC = b"GGUF"
VERSIONS = (2, 3)
ALIGNMENT, ALIGNED = b"general.alignment", 32  # the key, and what holds without it
MOST_STEPS = 2**21  # keys and items of arrays of strings: the words of a tokenizer are a few hundred thousand
MOST_DIMENSIONS, DEEPEST = 8, 4
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # bytes of a key's value, by its type
STRING, ARRAY, UINT32 = 8, 9, 4
PLAIN = {0: "float32", 1: "float16", 24: "int8", 25: "int16", 26: "int32", 27: "int64", 28: "float64", 30: "bfloat16"}
BLOCKS = {2: "q4_0", 3: "q4_1", 6: "q5_0", 7: "q5_1", 8: "q8_0", 10: "q2_k", 11: "q3_k", 12: "q4_k", 13: "q5_k",
          14: "q6_k"}
MXFP4, MXFP4_NAME, MXFP4_BLOCK, MXFP4_BYTES = 39, "mxfp4", 32, 17  # E8M0, then the codes: low halves, high halves
OTHERS = {9: ("q8_1", 32, 36), 15: ("q8_k", 256, 292), 16: ("iq2_xxs", 256, 66), 17: ("iq2_xs", 256, 74),
          18: ("iq3_xxs", 256, 98), 19: ("iq1_s", 256, 50), 20: ("iq4_nl", 32, 18), 21: ("iq3_s", 256, 110),
          22: ("iq2_s", 256, 82), 23: ("iq4_xs", 256, 136), 29: ("iq1_m", 256, 56), 34: ("tq1_0", 256, 54),
          35: ("tq2_0", 256, 66)}  # listed with their size, but not decoded
CHUNK = 4096  # blocks that are decoded at once


class Cursor:
    """A place in the header. Damaged where the file ends before what it announces."""

    def __init__(self, data: memoryview | Parts):
        self.data, self.at, self.steps = data, 0, 0

    def take(self, count: int) -> memoryview | Parts:
        if count > len(self.data) - self.at:
            left = len(self.data) - self.at
            raise Damaged(f"{count:,} bytes announced where {left:,} are left: the file was cut off")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, form: str) -> int:
        return struct.unpack(f"<{form}", self.take(struct.calcsize(form)))[0]

    def string(self) -> memoryview | Parts:
        return self.take(self.number("Q"))

    def step(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Damaged(f"more than {MOST_STEPS:,} keys and words before the tensors")


def read(data: memoryview | Parts, name: str) -> list[Tensor]:
    """The tensors of a file. Damaged if it is not as the format has it."""
    at = Cursor(data)
    at.take(len(MAGIC))
    if (version := at.number("I")) not in VERSIONS:
        raise Damaged(f"version {version:,}; versions 2 and 3, little-endian, are read")
    count, keys = at.number("Q"), at.number("Q")
    few(count)
    alignment = _alignment(at, keys)
    entries = [_entry(at) for _ in range(count)]
    start, end = at.at + -at.at % alignment, 0
    for each in sorted(entries, key=lambda each: (each.offset, each.nbytes)):
        if each.offset % alignment or each.offset < end or start + each.offset + each.nbytes > len(data):
            raise Damaged(f"the tensor {shown(each.name)} at byte {each.offset:,}, which overlaps another, is not "
                          "aligned, or is beyond the end")
        end = each.offset + each.nbytes
    return [_tensor(each, data[start + each.offset : start + each.offset + each.nbytes]) for each in entries]


def _alignment(at: Cursor, keys: int) -> int:
    """The alignment that the keys give, or the default; all other keys are skipped."""
    found = ALIGNED
    for _ in range(keys):
        at.step()
        key, kind = bytes(at.string()[: len(ALIGNMENT) + 1]), at.number("I")
        if key == ALIGNMENT and kind == UINT32:
            found = at.number("I")
        else:
            _pass(at, kind, 0)
    if not 0 < found <= 2**20 or found % 8:
        raise Damaged(f"an alignment of {found:,} bytes")
    return found


def _pass(at: Cursor, kind: int, depth: int) -> None:
    if kind in SIZES:
        at.take(SIZES[kind])
    elif kind == STRING:
        at.string()
    elif kind == ARRAY and depth < DEEPEST:
        inner, count = at.number("I"), at.number("Q")
        if inner in SIZES:
            at.take(count * SIZES[inner])
            return
        for _ in range(count):
            at.step()
            _pass(at, inner, depth + 1)
    else:
        raise Damaged(f"a key of type {kind:,}")


class Entry(NamedTuple):
    """A tensor as the header has it, and the bytes that it takes."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    nbytes: int
    offset: int


def _entry(at: Cursor) -> Entry:
    """The next entry of the header, whose dimensions are stored with the fastest first."""
    name, count = text(at.string()), at.number("I")
    if count > MOST_DIMENSIONS:
        raise Damaged(f"{count:,} axes in {shown(name)}; at most {MOST_DIMENSIONS} are read")
    shape = checked_shape(name, [at.number("Q") for _ in range(count)][::-1])
    dtype, block, nbytes = _block(at.number("I"), name)
    if (width := shape[-1] if shape else 1) % block:
        raise Damaged(f"rows of {width:,} numbers in {shown(name)}, which blocks of {block} do not fill")
    return Entry(name, shape, dtype, math.prod(shape) // block * nbytes, at.number("Q"))


def _block(kind: int, name: str) -> tuple[str, int, int]:
    """The name of a type, and the numbers and bytes of its blocks."""
    if kind in PLAIN:
        return PLAIN[kind], 1, KINDS[PLAIN[kind]].bits // 8
    if kind in BLOCKS:
        return BLOCKS[kind], LAYOUTS[BLOCKS[kind]].block, LAYOUTS[BLOCKS[kind]].nbytes
    if kind == MXFP4:
        return MXFP4_NAME, MXFP4_BLOCK, MXFP4_BYTES
    if kind in OTHERS:
        return OTHERS[kind]
    raise Damaged(f"type {kind:,} in {shown(name)}, which is not known here")


def _tensor(entry: Entry, data: memoryview | Parts) -> Tensor:
    def part(start: int, stop: int) -> np.ndarray:
        if entry.dtype in KINDS:
            return KINDS[entry.dtype].part(data, start, stop)
        decode, block, nbytes = (mxfp4, MXFP4_BLOCK, MXFP4_BYTES) if entry.dtype == MXFP4_NAME else (
            GGUF(entry.dtype).decode, LAYOUTS[entry.dtype].block, LAYOUTS[entry.dtype].nbytes)
        blocks = np.frombuffer(held(data[start // block * nbytes : stop // block * nbytes]), np.uint8)
        blocks = blocks.reshape(-1, nbytes)
        found = np.empty((len(blocks), block), np.float32)
        for i in range(0, len(blocks), CHUNK):
            with np.errstate(invalid="ignore", over="ignore"):  # scales that are infinite, in a damaged file
                found[i : i + CHUNK] = decode(blocks[i : i + CHUNK])
        return found.reshape(-1)

    known = entry.dtype in KINDS or entry.dtype in LAYOUTS or entry.dtype == MXFP4_NAME
    return Tensor(entry.name, entry.shape, entry.dtype, entry.nbytes, lambda: part(0, math.prod(entry.shape)),
                  "" if known else f"{entry.dtype.upper()} is not decoded here; write the file anew with "
                  "`llama-quantize --allow-requantize`, for example as Q8_0", part)


def mxfp4(blocks: np.ndarray) -> np.ndarray:
    """The numbers (N, 32) float32 of blocks (N, 17): OCP's MXFP4 in ggml's order."""
    codes = np.concatenate([blocks[:, 1:] & 15, blocks[:, 1:] >> 4], axis=1)
    return E2M1.decode(codes) * KINDS["float8_e8m0"].array(np.ascontiguousarray(blocks[:, 0]).data, (len(blocks), 1))
