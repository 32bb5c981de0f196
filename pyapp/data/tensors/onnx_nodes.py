"""The nodes of an ONNX graph: operators, the names of what they take and give, and their plain attributes.

Field numbers are those of onnx.proto of https://github.com/onnx/onnx.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pyapp.data.tensors.onnx import ATTRIBUTE, ATTRIBUTE_NAME, GRAPH, INPUT, NODE, OPERATOR, OUTPUT, Reader
from pyapp.data.tensors.tensor import Damaged, text
from pyapp.protobuf import Found, varints

NODE_NAME = 3  # of NodeProto
GRAPH_INPUT, GRAPH_OUTPUT, VALUE_NAME = 11, 12, 1  # of GraphProto, and of ValueInfoProto
ONE_FLOAT, ONE_INT, INTS = 2, 3, 8  # of AttributeProto


@dataclass(frozen=True)
class Node:
    """One operator; `attributes` are those that are a number or whole numbers."""

    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, float | int | tuple[int, ...]]


def nodes(data: memoryview) -> tuple[list[Node], list[str], list[str]]:
    """The nodes of a model in their order, and the names of the graph's inputs and outputs; a graph of older files
    lists its constants among its inputs. Damaged, or Malformed, if it is no model."""
    reader, found, ends = Reader(), [], {GRAPH_INPUT: [], GRAPH_OUTPUT: []}
    for number, value in (field for key, graph in reader.fields(data) if key == GRAPH and isinstance(graph, memoryview)
                          for field in reader.fields(graph)):
        if number == NODE:
            found.append(_node(reader, reader.message(value)))
        elif number in ends:
            ends[number] += _words(reader.message(value), VALUE_NAME)[:1]
    return found, ends[GRAPH_INPUT], ends[GRAPH_OUTPUT]


def _node(reader: Reader, message: dict[int, list[Found]]) -> Node:
    told = dict(_attribute(reader.message(each)) for each in message.get(ATTRIBUTE, []))
    return Node("".join(_words(message, OPERATOR)), "".join(_words(message, NODE_NAME)),
                tuple(_words(message, INPUT)), tuple(_words(message, OUTPUT)),
                {name: value for name, value in told.items() if value is not None})


def _attribute(message: dict[int, list[Found]]) -> tuple[str, float | int | tuple[int, ...] | None]:
    name, value = "".join(_words(message, ATTRIBUTE_NAME)), None
    if INTS in message:
        parts = [tuple(varints(each).tolist()) if isinstance(each, memoryview) else (each,) for each in message[INTS]]
        value = tuple(int(number) for part in parts for number in part)
    elif plain := [each for number in (ONE_FLOAT, ONE_INT) for each in message.get(number, [])]:
        value = plain[-1] if isinstance(plain[-1], int | float) else None
    return name, value


def _words(message: dict[int, list[Found]], number: int) -> list[str]:
    values = message.get(number, [])
    if not all(isinstance(value, memoryview) for value in values):
        raise Damaged("a number where a name has to be")
    return [text(value) for value in values]
