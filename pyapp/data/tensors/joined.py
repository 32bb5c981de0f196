"""Tensors that our own files hold as packed codes, a scale, a zero point and a form: each as one, decoded by its scale.

Format: pyapp/quant/packing.py.
"""

import math
from collections.abc import Mapping

from pyapp.data.tensors.tensor import MOST_AXES, Tensor
from pyapp.quant.packing import CODES, PARTS, tensor_of
from pyapp.quant.schemes import MAX_BITS, MIN_BITS
from pyapp.store import StoreError

TYPES = ["uint8", "float32", "int32", "int32"]  # of codes, scale, zero point and form
GRID = 4  # numbers of a form before the shape


def joined(tensors: list[Tensor]) -> list[Tensor]:
    """The tensors of a file, where NAME.codes and what belongs to it are one tensor NAME. Arrays that only have such
    names stay as they are."""
    named = {tensor.name: tensor for tensor in tensors}
    names = (name.removesuffix(CODES) for name in named if name.endswith(CODES))
    wholes = {name + CODES: whole for name in names if (whole := _whole(named, name))}
    parts = {whole.name + part for whole in wholes.values() for part in PARTS}
    return [wholes.get(tensor.name, tensor) for tensor in tensors if tensor.name in wholes or tensor.name not in parts]


def _whole(named: Mapping[str, Tensor], name: str) -> Tensor | None:
    """The tensor that four arrays are, if they are one. Only the form is read, some dozens of numbers at most."""
    parts = [named[name + part] for part in PARTS if name + part in named]
    if name in named or [part.dtype for part in parts] != TYPES or any(part.unread for part in parts):
        return None
    codes, form = parts[0], parts[-1]
    if len(form.shape) != 1 or not GRID < form.size <= GRID + MOST_AXES:
        return None
    try:
        bits, low, _, _, *shape = form.read().tolist()
    except StoreError:
        return None
    if not MIN_BITS <= bits <= MAX_BITS or min(shape) < 1 or codes.shape != ((math.prod(shape) * bits + 7) // 8,):
        return None
    return Tensor(name, tuple(shape), f"{'int' if low < 0 else 'uint'}{bits} scaled",
                  sum(part.nbytes for part in parts),
                  lambda: tensor_of({part.name: part.read() for part in parts}, name).dequantize())
