"""ONNX models: initialisers and constants. Codes that have scales and zero points come decoded: those of
DequantizeLinear, the weights of QLinearMatMul and QLinearConv, and the biases of the latter.

Format: onnx.proto of https://github.com/onnx/onnx, whose field numbers stand here; data types are those of
TensorProto.DataType. Graphs inside of nodes (If, Loop) are not looked into, and numbers in other files are not read.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from pyapp import protobuf
from pyapp.data.tensors.kinds import KINDS
from pyapp.data.tensors.scaled import decoded, decoded_part
from pyapp.data.tensors.tensor import Damaged, Tensor, checked_shape, few, shown, text
from pyapp.parts import held
from pyapp.protobuf import IN_PLACE, Found, InPlace

TYPES = {1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool",
         10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16",
         17: "float8_e4m3", 18: "float8_e4m3fnuz", 19: "float8_e5m2", 20: "float8_e5m2fnuz", 21: "uint4", 22: "int4",
         23: "float4_e2m1", 24: "float8_e8m0", 25: "uint2", 26: "int2"}
STRING = 8
GRAPH = 7  # of ModelProto
NODE, INITIALIZER = 1, 5  # of GraphProto
INPUT, OUTPUT, OPERATOR, ATTRIBUTE = 1, 2, 4, 5  # of NodeProto
ATTRIBUTE_NAME, ATTRIBUTE_INT, ATTRIBUTE_TENSOR = 1, 3, 5
DIMS, DATA_TYPE, NAME, RAW, LOCATION = 1, 2, 8, 9, 14  # of TensorProto
EXTERNAL = 1
OUTSIDE = "its numbers are in another file; onnx.save(onnx.load('model.onnx'), 'whole.onnx') writes them into one"
FLOATS, INT32S, INT64S, DOUBLES, UINT64S = 4, 5, 7, 10, 11
HELD = {"float32": FLOATS, "float64": DOUBLES, "int64": INT64S, "uint64": UINT64S, "uint32": UINT64S}  # else INT32S
MOST_FIELDS = 2**21  # of all messages together; a model has some dozens for each node
AXIS = 1  # of DequantizeLinear, where it names none
# Which input holds codes, its scale and zero point after it, and the axis of several scales: rows of A, columns of B,
# output channels of a convolution (onnx/defs/quantization and onnx/docs/Operators.md).
QLINEAR = {"QLinearMatMul": ((0, -2), (3, -1)), "QLinearConv": ((3, 0),)}
# In QLinearConv: the scales of input and weights, whose product is the scale of the bias, int32 without a zero point.
INPUT_SCALE, WEIGHT_SCALE, BIAS = 1, 4, 8


class Reader:
    """Fields of one message after another. Damaged if a file has far more than models have."""

    def __init__(self):
        self.left = MOST_FIELDS

    def fields(self, data: InPlace) -> Iterator[tuple[int, Found]]:
        for number, value in protobuf.fields(data):
            self.left -= 1
            if self.left < 0:
                raise Damaged(f"more than {MOST_FIELDS:,} fields")
            yield number, value

    def message(self, data: Found) -> dict[int, list[Found]]:
        if not isinstance(data, IN_PLACE):
            raise Damaged("a number where a message has to be")
        found: dict[int, list[Found]] = {}
        for number, value in self.fields(data):
            found.setdefault(number, []).append(value)
        return found


def read(data: InPlace, name: str) -> list[Tensor]:
    """The tensors of a model. Damaged, or Malformed, if it is none."""
    reader, found, pairs, biases = Reader(), {}, [], []
    graphs = [value for number, value in reader.fields(data) if number == GRAPH and isinstance(value, IN_PLACE)]
    if not graphs:
        raise Damaged("no graph: it is not an ONNX model, or was cut off")
    for number, value in (field for graph in graphs for field in reader.fields(graph)):
        if number == INITIALIZER:
            tensor = _tensor(reader.message(value))
            found[tensor.name] = tensor
        elif number == NODE:
            node = reader.message(value)
            operator = _word(node, OPERATOR)
            if operator == "Constant":
                found |= {tensor.name: tensor for tensor in _constants(reader, node)}
            elif operator == "DequantizeLinear":
                pairs.append(_pair(reader, node))
            elif operator in QLINEAR:
                inputs = _words(node, INPUT)
                pairs += [(inputs[at : at + 3], axis, 0) for at, axis in QLINEAR[operator]]
                biases += [[inputs[at] for at in (BIAS, INPUT_SCALE, WEIGHT_SCALE)]] if len(inputs) > BIAS else []
        few(len(found))
    return _with_scales(found | _biases(found, biases), pairs)


def _word(message: dict[int, list[Found]], number: int) -> str:
    value = message.get(number, [memoryview(b"")])[-1]
    if not isinstance(value, IN_PLACE):
        raise Damaged("a number where a name has to be")
    return text(value)


def _words(message: dict[int, list[Found]], number: int) -> list[str]:
    return [_word({number: [value]}, number) for value in message.get(number, [])]


def _constants(reader: Reader, node: dict[int, list[Found]]) -> Iterator[Tensor]:
    """The tensor of a node Constant, under the name of its output."""
    for attribute in map(reader.message, node.get(ATTRIBUTE, [])):
        for value in attribute.get(ATTRIBUTE_TENSOR, [])[-1:]:
            yield replace(_tensor(reader.message(value)), name=_word(node, OUTPUT))


def _tensor(found: dict[int, list[Found]]) -> Tensor:
    """A TensorProto; its numbers are raw bytes, or in the field for their type."""
    name, (number,) = _word(found, NAME), found.get(DATA_TYPE, [0])[-1:]
    shape = checked_shape(name, _whole(found.get(DIMS, [])))
    if not isinstance(number, int) or number not in TYPES:
        why = "it holds text" if number == STRING else "its data type is not known here"
        return Tensor(name, shape, "string" if number == STRING else "unknown", 0, lambda: None, why)
    kind = KINDS[TYPES[number]]
    why = OUTSIDE if found.get(LOCATION, [0])[-1] == EXTERNAL else kind.why
    return Tensor(name, shape, TYPES[number], 0 if why else kind.nbytes(math.prod(shape)),
                  lambda: _numbers(found, TYPES[number], shape), why,
                  (lambda start, stop: kind.part(found[RAW][-1], start, stop)) if RAW in found else None)


def _numbers(found: dict[int, list[Found]], kind: str, shape: tuple[int, ...]) -> np.ndarray:
    if RAW in found:
        if not isinstance(found[RAW][-1], IN_PLACE):
            raise ValueError("a number where bytes have to be")
        return KINDS[kind].array(found[RAW][-1], shape)
    field = HELD.get(kind, INT32S)
    values = found.get(field, [])
    if field in (FLOATS, DOUBLES):
        dtype = np.dtype("<f4" if field == FLOATS else "<f8")
        packed = (held(value) if isinstance(value, IN_PLACE) else np.array(value, dtype).tobytes() for value in values)
        return np.frombuffer(b"".join(packed), dtype).reshape(shape)
    whole = _whole(values)
    if kind in ("int64", "uint64"):
        return whole.view(kind).reshape(shape)
    width = max(KINDS[kind].bits // 8, 1)  # codes of less than a byte lie in bytes, as in raw data
    return KINDS[kind].array(whole.astype(f"<u{width}").tobytes(), shape)


def _whole(values: list[Found]) -> np.ndarray:
    """Whole numbers, int64: one per field or packed."""
    parts = [protobuf.varints(value) if isinstance(value, IN_PLACE) else np.array([value], np.int64)
             for value in values]
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _pair(reader: Reader, node: dict[int, list[Found]]) -> tuple[list[str], int, int]:
    """Inputs of a DequantizeLinear (codes, scale, zero point), its axis, and its block or 0."""
    numbers = {"axis": AXIS, "block_size": 0}
    for attribute in map(reader.message, node.get(ATTRIBUTE, [])):
        value = attribute.get(ATTRIBUTE_INT, [0])[-1]
        if (name := _word(attribute, ATTRIBUTE_NAME)) in numbers and isinstance(value, int):
            numbers[name] = value
    return _words(node, INPUT), numbers["axis"], numbers["block_size"]


def _with_scales(tensors: dict[str, Tensor], pairs: list[tuple[list[str], int, int]]) -> list[Tensor]:
    """The tensors, with codes that have scales decoded; those scales and zero points are left out."""
    found, parts = dict(tensors), set()
    for inputs, axis, block in pairs:
        own = [tensors.get(name) for name in inputs[:3]]
        if len(own) < 2 or own[0] is None or own[1] is None or (len(own) == 3 and own[2] is None and inputs[2]):
            continue  # its codes or scales are computed
        codes, scale, zero = own[0], own[1], own[2] if len(own) == 3 else None
        nbytes = codes.nbytes + scale.nbytes + (zero.nbytes if zero else 0)
        found[codes.name] = replace(codes, dtype=f"{codes.dtype} scaled", nbytes=nbytes,
                                    load=_decoder(codes, scale, zero, axis, block),
                                    part=None if block or not codes.part else _piecewise(codes, scale, zero, axis))
        parts |= {part.name for part in own[1:] if part is not None}
    return [tensor for name, tensor in found.items() if name not in parts]


def _biases(tensors: dict[str, Tensor], biases: list[list[str]]) -> dict[str, Tensor]:
    """The biases, decoded, of which the file has codes and both scales; these belong to others."""
    found = {}
    for names in biases:
        codes, *scales = (tensors.get(name) for name in names)
        if codes is not None and None not in scales:
            found[codes.name] = replace(codes, dtype=f"{codes.dtype} scaled", load=_bias(codes, *scales), part=None)
    return found


def _bias(codes: Tensor, x_scale: Tensor, w_scale: Tensor) -> Callable[[], np.ndarray]:
    return lambda: decoded(codes.read(), x_scale.read() * w_scale.read())


def _decoder(codes: Tensor, scale: Tensor, zero: Tensor | None, axis: int, block: int) -> Callable[[], np.ndarray]:
    def load() -> np.ndarray:
        if block < 0:
            raise ValueError(f"blocks of {block} for {shown(codes.name)}")
        return decoded(codes.read(), scale.read(), zero.read() if zero else None, axis, block)
    return load


def _piecewise(codes: Tensor, scale: Tensor, zero: Tensor | None, axis: int) -> Callable[[int, int], np.ndarray]:
    return lambda start, stop: decoded_part(codes.part(start, stop), start, codes.shape, scale.read(),
                                            zero.read() if zero else None, axis)
