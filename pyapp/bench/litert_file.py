"""A network of dense layers as a LiteRT (TensorFlow Lite) file: just enough of FlatBuffers to write one.

A FlatBuffer is read from its start: offsets point forward, a table points back to its vtable, which says where each
field is. Field numbers and enumerations are those of tensorflow/compiler/mlir/lite/schema/schema.fbs, version 3.
"""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

FULLY_CONNECTED, FULLY_CONNECTED_OPTIONS, RELU, FLOAT32, VERSION = 9, 8, 1, 0, 3
ALIGNED = 16  # bytes: of a buffer of numbers


class Table(dict):
    """A FlatBuffers table, {field number: value}: a struct format with a number, a str, an array, a Table, or a list
    of Tables."""


def network(layers: Sequence[tuple[np.ndarray, np.ndarray]], rows: int) -> bytes:
    """Layers W (O, I), b (O,) with ReLU between them, for float32 inputs (rows, I)."""
    buffers, tensors, operators = [Table()], [], []  # by convention buffer 0 is empty

    def tensor(name: str, shape: Sequence[int], data: np.ndarray | None = None) -> int:
        if data is not None:
            buffers.append(Table({0: np.ascontiguousarray(data, np.float32).view(np.uint8).ravel()}))
        number = len(buffers) - 1 if data is not None else 0
        tensors.append(Table({0: np.array(shape, np.int32), 1: ("b", FLOAT32), 2: ("I", number), 3: name}))
        return len(tensors) - 1

    x = first = tensor("x", (rows, layers[0][0].shape[1]))
    for i, (w, b) in enumerate(layers):
        inputs = [x, tensor(f"w{i}", w.shape, w), tensor(f"b{i}", b.shape, b)]
        x = tensor(f"y{i}", (rows, len(w)))
        options = Table({0: ("b", RELU if i < len(layers) - 1 else 0)})
        operators.append(Table({1: np.array(inputs, np.int32), 2: np.array([x], np.int32),
                                3: ("B", FULLY_CONNECTED_OPTIONS), 4: options}))
    graph = Table({0: tensors, 1: np.array([first], np.int32), 2: np.array([x], np.int32), 3: operators, 4: "main"})
    code = Table({0: ("b", FULLY_CONNECTED), 2: ("i", 1), 3: ("i", FULLY_CONNECTED)})
    return encoded(Table({0: ("I", VERSION), 1: [code], 2: [graph], 3: "Bitladder", 4: buffers}), b"TFL3")


def encoded(root: Table, identifier: bytes) -> bytes:
    """The FlatBuffer: every object stands after the offset that points to it."""
    out = bytearray(4) + identifier
    _point(out, 0, root)
    return bytes(out)


def _point(out: bytearray, at: int, value: Any) -> None:
    """Write the value at the end, and its distance from `at` there."""
    start = _written(out, value)
    struct.pack_into("<I", out, at, start - at)


def _written(out: bytearray, value: Any) -> int:
    """Append an object, and return where it starts."""
    if isinstance(value, Table):
        return _table(out, value)
    if isinstance(value, str):
        _pad(out, 4)
        start = len(out)
        out += struct.pack("<I", len(value.encode())) + value.encode() + b"\0"
        return start
    if isinstance(value, np.ndarray):
        _pad(out, ALIGNED, 4)
        start = len(out)
        out += struct.pack("<I", len(value)) + value.tobytes()
        return start
    _pad(out, 4)
    start = len(out)
    out += struct.pack("<I", len(value)) + bytes(4 * len(value))
    for i, each in enumerate(value):
        _point(out, start + 4 + 4 * i, each)
    return start


def _table(out: bytearray, fields: Table) -> int:
    """Append a vtable and its table: the distance back to the vtable, and four bytes for each field."""
    count = max(fields, default=-1) + 1
    _pad(out, 4, 2 * (count % 2))  # so that the table, after 4 + 2·count bytes, starts at a multiple of four
    vtable = len(out)
    places = {number: 4 + 4 * i for i, number in enumerate(sorted(fields))}
    out += struct.pack("<HH", 4 + 2 * count, 4 + 4 * len(fields))
    out += b"".join(struct.pack("<H", places.get(number, 0)) for number in range(count))
    start = len(out)
    out += struct.pack("<i", start - vtable) + bytes(4 * len(fields))
    for number, place in places.items():
        value = fields[number]
        if isinstance(value, tuple):
            struct.pack_into(f"<{value[0]}", out, start + place, value[1])
        else:
            _point(out, start + place, value)
    return start


def _pad(out: bytearray, to: int, ahead: int = 0) -> None:
    """Append zeros until the byte `ahead` of the end is at a multiple of `to`."""
    out += bytes(-(len(out) + ahead) % to)
