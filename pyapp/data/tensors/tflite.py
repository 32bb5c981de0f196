"""LiteRT (TensorFlow Lite) models: the tensors that have numbers in the file, decoded by their own scales.

A FlatBuffer is read from its start: offsets point forward, a table points back to its vtable, which says where each
field is. https://flatbuffers.dev/internals; field numbers and types are those of
tensorflow/compiler/mlir/lite/schema/schema.fbs, version 3. A buffer that several tensors share is listed once.
"""

import math
import struct
from collections.abc import Callable

import numpy as np

from pyapp.data.tensors.kinds import KINDS
from pyapp.data.tensors.scaled import decoded, decoded_part
from pyapp.data.tensors.tensor import Damaged, Tensor, checked_shape, few, shown, text
from pyapp.parts import Parts, held

MAGIC = b"TFL3"  # at byte 4
TYPES = {0: "float32", 1: "float16", 2: "int32", 3: "uint8", 4: "int64", 6: "bool", 7: "int16", 8: "complex64",
         9: "int8", 10: "float64", 11: "complex128", 12: "uint64", 15: "uint32", 16: "uint16", 17: "int4",
         18: "bfloat16", 19: "int2"}
SUBGRAPHS, BUFFERS = 2, 4  # of Model
TENSORS = 0  # of SubGraph
SHAPE, TYPE, BUFFER, NAME, QUANTIZATION, SPARSITY = 0, 1, 2, 3, 4, 6  # of Tensor
DATA, OFFSET, SIZE = 0, 1, 2  # of Buffer; large files have the last two
SCALE, ZERO_POINT, DIMENSION = 2, 3, 6  # of QuantizationParameters
MOST_SUBGRAPHS = 2**10


class Table:
    """A table at a place of the file. Damaged where anything in it points out of the file."""

    def __init__(self, data: memoryview | Parts, at: int):
        self.data, self.at = data, at
        self.vtable = at - _number(data, "i", at)
        self.length = _number(data, "H", self.vtable)

    def place(self, field: int) -> int:
        """Where the field is; 0 if the table lacks it."""
        entry = 4 + 2 * field
        offset = _number(self.data, "H", self.vtable + entry) if entry + 2 <= self.length else 0
        return self.at + offset if offset else 0

    def number(self, field: int, form: str, default: int = 0) -> int:
        at = self.place(field)
        return _number(self.data, form, at) if at else default

    def table(self, field: int) -> "Table | None":
        at = self.place(field)
        return Table(self.data, at + _number(self.data, "I", at)) if at else None

    def vector(self, field: int, size: int) -> tuple[int, int]:
        """Where a vector's items of `size` bytes begin, and how many there are. Damaged if they do not fit the file."""
        at = self.place(field)
        if not at:
            return 0, 0
        at += _number(self.data, "I", at)
        count = _number(self.data, "I", at)
        if at + 4 + size * count > len(self.data):
            raise Damaged(f"{count:,} items of {size} bytes at byte {at:,}, where the file has {len(self.data):,}")
        return at + 4, count

    def slice(self, field: int, size: int = 1) -> memoryview | Parts:
        start, count = self.vector(field, size)
        return self.data[start : start + size * count]

    def tables(self, field: int) -> "list[Table]":
        start, count = self.vector(field, 4)
        few(count)
        return [Table(self.data, at + _number(self.data, "I", at)) for at in range(start, start + 4 * count, 4)]


def _number(data: memoryview | Parts, form: str, at: int) -> int:
    if not 0 <= at <= len(data) - struct.calcsize(form):
        raise Damaged(f"something at byte {at:,}, where the file has {len(data):,}")
    return struct.unpack(f"<{form}", data[at : at + struct.calcsize(form)])[0]


def read(data: memoryview | Parts, name: str) -> list[Tensor]:
    """The tensors of a model. Damaged if it is not as the format has it."""
    model = Table(data, _number(data, "I", 0))
    buffers, subgraphs = model.tables(BUFFERS), model.tables(SUBGRAPHS)
    if len(subgraphs) > MOST_SUBGRAPHS:
        raise Damaged(f"{len(subgraphs):,} subgraphs; at most {MOST_SUBGRAPHS:,} are read")
    found, places, seen = [], {}, 0
    for subgraph in subgraphs:
        tables = subgraph.tables(TENSORS)
        few(seen := seen + len(tables))
        for table in tables:
            number = table.number(BUFFER, "I")
            if number >= len(buffers):
                raise Damaged(f"buffer {number:,} of {len(buffers):,}")
            start, count = _place(data, buffers[number])
            if count and start not in places:
                places[start] = count
                found.append(_tensor(table, data[start : start + count]))
    end = 0
    for start in sorted(places):
        if start < end:
            raise Damaged(f"buffers that overlap at byte {start:,}")
        end = start + places[start]
    return found


def _place(data: memoryview | Parts, buffer: Table) -> tuple[int, int]:
    """Where a buffer's bytes begin, and how many they are."""
    offset, size = buffer.number(OFFSET, "Q"), buffer.number(SIZE, "Q")
    if offset <= 1:  # 1 stands for "not here yet", where a converter did not finish
        return buffer.vector(DATA, 1)
    if offset + size > len(data):
        raise Damaged(f"a buffer to byte {offset + size:,}, where the file has {len(data):,}")
    return offset, size


def _tensor(table: Table, data: memoryview | Parts) -> Tensor:
    name, number = text(table.slice(NAME)), table.number(TYPE, "b")
    shape = checked_shape(name, np.frombuffer(held(table.slice(SHAPE, 4)), "<i4"))
    if number not in TYPES:
        return Tensor(name, shape, "other", len(data), lambda: None, f"its type is {number}, which is not read here")
    kind, grid = KINDS[TYPES[number]], table.table(QUANTIZATION)
    scale = np.frombuffer(held(grid.slice(SCALE, 4)), "<f4") if grid else np.zeros(0, np.float32)
    zero = np.frombuffer(held(grid.slice(ZERO_POINT, 8)), "<i8") if grid else np.zeros(0, np.int64)
    why = "it is sparse" if table.place(SPARSITY) else kind.why
    if not why and len(data) != kind.nbytes(math.prod(shape)):
        raise Damaged(f"{len(data):,} bytes for {shown(name)}, whose shape {shape} of {TYPES[number]} needs "
                      f"{kind.nbytes(math.prod(shape)):,}")
    scaled = scale.size > 0 and not TYPES[number].startswith("float")
    axis = grid.number(DIMENSION, "i") if grid else 0
    return Tensor(name, shape, f"{TYPES[number]} scaled" if scaled else TYPES[number],
                  len(data) + (scale.nbytes + zero.nbytes if scaled else 0),
                  _load(TYPES[number], data, shape, (scale, zero, axis) if scaled else None), why,
                  lambda start, stop: decoded_part(kind.part(data, start, stop), start, shape, scale, zero, axis)
                  if scaled else kind.part(data, start, stop))


def _load(kind: str, data: memoryview | Parts, shape: tuple[int, ...], grid: tuple | None) -> Callable[[], np.ndarray]:
    def load() -> np.ndarray:
        codes = KINDS[kind].array(data, shape)
        return codes if grid is None else decoded(codes, *grid)
    return load
