"""A chain of dense layers in an ONNX file: Gemm, or MatMul and Add, with Relu or Clip between them.

Before the first layer a file may give the image another shape, and after the last one a Softmax may stand, which
changes no answer. https://onnx.ai/onnx/operators says what each operator computes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from pyapp.core.clamps import CLAMPS, RELU
from pyapp.core.words import counted
from pyapp.data.tensors import onnx
from pyapp.data.tensors.onnx_nodes import Node, nodes
from pyapp.data.tensors.tensor import WRONG, Tensor
from pyapp.nets.chain import Layers, named, strange
from pyapp.safetensors import shown
from pyapp.store import StoreError

READS = "Gemm, MatMul with Add, and between all of them Relu, Clip from 0 to 6 or Clip from -1 to 1"
SHAPING = ("Flatten", "Reshape", "Squeeze", "Unsqueeze")  # of the image
PASSING = ("Identity", "Dropout", "Cast")  # what computes nothing, after training
ENDING = ("Softmax", "LogSoftmax")
DENSE, ACTIVATIONS = ("Gemm", "MatMul", "Add"), ("Relu", "Clip")
LARGEST = 3.4e38  # of float32, as attributes of Clip say that there is no end
Read = Callable[[str], np.ndarray | None]  # the numbers of a constant by its name; None if it is none


def layers(data: bytes, name: str) -> tuple[Layers, str]:
    """The layers of a model, and the activation between them. StoreError names the first operator that does not belong
    to a chain."""
    try:
        view = memoryview(data)
        tensors, (found, inputs, outputs) = onnx.read(view, name), nodes(view)
        constants = {tensor.name: tensor for tensor in tensors}
        chain, read = _Chain(name), _constants(constants, found)
        at = [each for each in inputs if each not in constants]
        if len(at) != 1 or len(outputs) != 1:
            raise strange(name, f"its graph has {len(at)} inputs and {len(outputs)} outputs, a chain one of each")
        (value,) = at
        computed = [node for node in found if any(read(each) is None for each in node.inputs if each)]
        while value != outputs[0]:
            node = _next(computed, value, name)
            chain.take(node, [read(each) if each else None for each in node.inputs])
            value = node.outputs[0]
        return chain.finished()
    except StoreError:
        raise
    except (*WRONG, TypeError, IndexError) as error:  # an attribute of another type than its operator has
        why = " ".join(str(error).split()) or type(error).__name__
        raise StoreError(f"{name}: expected an ONNX model, found {why[:200]}") from None


def _constants(tensors: dict[str, Tensor], found: list[Node]) -> Read:
    """Numbers of the file, those that DequantizeLinear decodes or Transpose turns included."""
    makers = {node.outputs[0]: node for node in found if node.outputs}
    known: dict[str, np.ndarray | None] = {}

    def read(name: str, depth: int = 0) -> np.ndarray | None:
        if name not in known:
            known[name] = _made(name, depth)
        return known[name]

    def _made(name: str, depth: int) -> np.ndarray | None:
        if name in tensors:
            return tensors[name].read()
        node = makers.get(name)
        if node is None or depth > 8 or node.op not in ("DequantizeLinear", "Transpose", "Identity", "Cast"):
            return None
        array = read(node.inputs[0], depth + 1) if node.inputs else None
        if array is None or node.op != "Transpose":
            return array
        return array.transpose(node.attributes.get("perm", tuple(range(array.ndim))[::-1]))

    return read


def _next(computed: list[Node], value: str, name: str) -> Node:
    """The node that takes a value. StoreError unless exactly one does, once, before anything else."""
    takers = [node for node in computed if value in node.inputs]
    if len(takers) != 1 or not takers[0].outputs:
        what = "ends" if not takers else f"branches, to {' and '.join(sorted({node.op for node in takers}))},"
        raise strange(name, f"its graph {what} at {shown(value)}")
    computed.remove(takers[0])
    return takers[0]


@dataclass
class _Chain:
    """The layers so far, (weight, bias) each, the activation after them, and the operator before."""

    name: str
    found: list[tuple[np.ndarray, np.ndarray | None]] = field(default_factory=list)
    activation: str = ""  # none yet
    last: str = ""  # the operator before

    def take(self, node: Node, constants: list[np.ndarray | None]) -> None:
        """Add the next node of the chain. StoreError if it does not belong here."""
        op, first = node.op, not self.found
        if op in ("Gemm", "MatMul") and constants[0] is None and len(constants) > 1 and constants[1] is not None:
            if not first and self.last not in ACTIVATIONS:
                raise self._refused(node, "without an activation between it and the layer before")
            self.found.append(self._layer(node, constants))
        elif op == "Add" and self.last == "MatMul" and any(each is not None for each in constants):
            bias = next(each for each in constants if each is not None)
            self.found[-1] = self._checked(node, self.found[-1][0], bias)
        elif op in ACTIVATIONS and self.last in DENSE:
            self._activate(node, constants)
        elif op in PASSING or (op in SHAPING and first) or (op in ENDING and self.last in DENSE):
            return
        else:
            raise self._refused(node)
        self.last = op

    def _activate(self, node: Node, constants: list[np.ndarray | None]) -> None:
        """Clip keeps numbers between its inputs min and max, before opset 11 its attributes; what is left out has no
        end. All layers of a digits network have the same activation."""
        low, high = [0.0, np.inf] if node.op == "Relu" else [
            self._end(node, constants, i, end, beyond)
            for i, (end, beyond) in enumerate((("min", -np.inf), ("max", np.inf)), 1)]
        found = next((name for name, clamp in CLAMPS.items() if (clamp.low, clamp.high) == (low, high)), "")
        if not found:
            raise self._refused(node, f"from {low:g} to {high:g}")
        if self.activation not in ("", found):
            raise self._refused(node, f"after {CLAMPS[self.activation].title} in the layer before")
        self.activation = found

    def _end(self, node: Node, constants: list[np.ndarray | None], i: int, end: str, beyond: float) -> float:
        if i < len(node.inputs) and node.inputs[i]:
            if constants[i] is None or constants[i].size != 1:
                raise self._refused(node, f"whose {end} is not one number")
            return float(constants[i].reshape(()))
        value = float(node.attributes.get(end, beyond))
        return value if abs(value) < LARGEST else beyond

    def _layer(self, node: Node, constants: list[np.ndarray | None]) -> tuple[np.ndarray, np.ndarray | None]:
        """Gemm computes alpha A B + beta C, with B turned if transB, and A if transA; MatMul A B."""
        told, weight = node.attributes, constants[1]
        if weight.ndim != 2 or told.get("transA", 0):
            raise self._refused(node, f"whose matrix has {weight.ndim} axes" if weight.ndim != 2 else "with transA")
        if node.op == "MatMul":
            return weight.T, None
        weight = (weight if told.get("transB", 0) else weight.T) * np.float32(told.get("alpha", 1.0))
        if len(constants) < 3 or not node.inputs[2]:
            return weight, None
        if constants[2] is None:
            raise self._refused(node, "whose bias is computed")
        return self._checked(node, weight, constants[2] * np.float32(told.get("beta", 1.0)))

    def _checked(self, node: Node, weight: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if bias.size not in (1, len(weight)):
            raise self._refused(node, f"whose bias has {counted(bias.size, 'number')} for "
                                      f"{counted(len(weight), 'output')}")
        return weight, np.broadcast_to(bias.reshape(-1), (len(weight),))

    def finished(self) -> tuple[Layers, str]:
        """The layers under this package's names, and their activation. StoreError if there are none, or the last one
        has an activation."""
        if not self.found or self.last not in DENSE:
            raise strange(self.name, f"its graph ends with {self.last}" if self.found else "it has no dense layer")
        return named(self.found), self.activation or RELU

    def _refused(self, node: Node, why: str = "") -> StoreError:
        label = f" ({shown(node.name)})" if node.name else ""
        which = " ".join(part for part in (f"{node.op}{label}", why) if part)
        return strange(self.name, f"its operator {which} does not fit; a chain is {READS}")
