"""An ONNX graph: built node by node, written as bytes and read back. Field numbers are those of onnx.proto.

Operators are those of opset 21, the first with 4-bit and 16-bit codes and with groups. ONNX Runtime supports it since
1.18, and 4-bit codes and groups since 1.19.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pyapp.protobuf import Fields, message, parsed
from pyapp.quant.packing import pack, unpack
from pyapp.seal import Broken

IR, OPSET, PRODUCER = 10, 21, "Bitladder"
TYPES = {"float32": 1, "uint8": 2, "int8": 3, "uint16": 4, "int16": 5, "int32": 6, "int64": 7, "uint4": 21, "int4": 22}
NAMES = {number: name for name, number in TYPES.items()}
# AttributeProto: the kind of a value, and the field that holds it
FLOAT, INT, STRING, INTS = (1, 2), (2, 3), (3, 4), (7, 8)
Attribute = int | float | str | list[int]


@dataclass(frozen=True)
class Node:
    """An operator with a name for people and the names of its values."""

    op: str
    name: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


class Graph:
    """Nodes in the order in which they run, and the constants that they use; `types` of those that numpy lacks."""

    def __init__(self):
        self.nodes: list[Node] = []
        self.constants: dict[str, np.ndarray] = {}
        self.types: dict[str, str] = {}

    def add(self, op: str, where: str, *inputs: str, out: Sequence[str] = (), **attributes: Any) -> str:
        """A node in the part of the network called `where`; its output, or the first one, by name."""
        node = Node(op, f"{where}/{op}", inputs, tuple(out) or (f"{where}/{op}",), attributes)
        self.nodes.append(node)
        return node.outputs[0]

    def constant(self, name: str, values: np.ndarray | Sequence[int], kind: str = "") -> str:
        """Numbers of the file, once under each name; `kind` is the type of their codes if it is not the array's."""
        array = np.asarray(values)
        self.constants[name], self.types[name] = array, kind or array.dtype.name
        return name

    def encoded(self, name: str, inputs: Mapping[str, Sequence[int | str]],
                outputs: Mapping[str, Sequence[int | str]], doc: str) -> bytes:
        """A GraphProto. Inputs and outputs are float32, with their shapes; an axis of any length is a word."""
        return message((2, name), (10, doc), (11, [value(*each) for each in inputs.items()]),
                       (12, [value(*each) for each in outputs.items()]), (1, [_node(node) for node in self.nodes]),
                       (5, [_tensor(each, array, self.types[each]) for each, array in self.constants.items()]))

    @classmethod
    def decoded(cls, data: bytes) -> "Graph":
        """A GraphProto read back. Broken, or an error of values, if it is not one that this module wrote."""
        found, self = parsed(data), cls()
        for each in map(parsed, found[1]):
            attributes = dict(_attribute(parsed(one)) for one in each.get(5, []))
            self.nodes.append(Node(_text(each, 4), _text(each, 3), [name.decode() for name in each.get(1, [])],
                                   [name.decode() for name in each[2]], attributes))
        for each in map(parsed, found[5]):
            kind, shape = NAMES[each[2][0]], tuple(each.get(1, []))
            self.constant(_text(each, 8), _array(each[9][0], kind, shape), kind)
        return self


def value(name: str, shape: Sequence[int | str] | None = None, kind: str = "float32") -> bytes:
    """A ValueInfoProto."""
    axes = [message((1, axis) if isinstance(axis, int) else (2, axis)) for axis in shape or ()]
    more = [(2, message((1, axes)))] if shape is not None else []
    return message((1, name), (2, message((1, message((1, TYPES[kind]), *more)))))


def _node(node: Node) -> bytes:
    return message((1, node.inputs), (2, node.outputs), (3, node.name), (4, node.op),
                   (5, [_encoded(*each) for each in node.attributes.items()]))


def _encoded(name: str, content: Attribute) -> bytes:
    kind, number = next(way for python, way in ((int, INT), (float, FLOAT), (str, STRING), (list, INTS))
                        if isinstance(content, python))
    return message((1, name), (number, content), (20, kind))


def _attribute(found: Fields) -> tuple[str, Attribute]:
    kind = found[20][0]
    number = next(field for each, field in (INT, FLOAT, STRING, INTS) if each == kind)
    content = found[number] if kind == INTS[0] else found[number][0]
    return _text(found, 1), content.decode() if isinstance(content, bytes) else content


def _tensor(name: str, array: np.ndarray, kind: str) -> bytes:
    """Codes of 4 bits lie two to a byte, the first in the low half, as `pack` has them."""
    data = pack(array, 4) if kind.endswith("int4") else array.astype(array.dtype.newbyteorder("<"))
    return message((1, [int(axis) for axis in array.shape]), (2, TYPES[kind]), (8, name), (9, data.tobytes()))


def _array(data: bytes, kind: str, shape: tuple[int, ...]) -> np.ndarray:
    if kind.endswith("int4"):
        count = int(np.prod(shape, dtype=np.int64))
        return unpack(np.frombuffer(data, np.uint8), 4, count, kind == "int4").reshape(shape)
    return np.frombuffer(data, np.dtype(kind).newbyteorder("<")).astype(kind).reshape(shape)


def _text(found: Fields, number: int) -> str:
    return found[number][0].decode()


def model(graph: bytes, told: Mapping[str, str], doc: str, version: str) -> bytes:
    """A ModelProto. What is `told` about it comes before its numbers, so that a file that was cut off still has it."""
    return message((1, IR), (2, PRODUCER), (3, version), (6, doc), (8, message((1, ""), (2, OPSET))),
                   (14, [message((1, name), (2, text)) for name, text in told.items()]), (7, graph))


def begins_as_model(data: bytes) -> bool:
    """Whether bytes begin as `model` makes them."""
    return data.startswith(message((1, IR), (2, PRODUCER))[:6])


def read(data: bytes) -> tuple[Graph, bytes, dict[str, str]]:
    """The graph in a ModelProto, its bytes, and the properties told about it. Broken if there is no graph."""
    found = parsed(data)
    if 7 not in found:
        raise Broken("no graph")
    told = {_text(each, 1): _text(each, 2) for each in map(parsed, found.get(14, []))}
    return Graph.decoded(found[7][0]), found[7][0], told


def with_outputs(data: bytes, values: Mapping[str, str]) -> bytes:
    """The model with more outputs, by name and type. Its graph then occurs twice, and of a message that does, readers
    join the repeated fields."""
    return data + message((7, message((12, [value(name, None, kind) for name, kind in values.items()]))))
