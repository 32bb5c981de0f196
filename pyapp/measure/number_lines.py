"""The numbers that a format has for a tensor: what its codes stand for under the tensor's own scales."""

import numpy as np

from pyapp.quant.formats.gguf import GGUFTensor
from pyapp.quant.formats.tensor import FormatTensor


def number_lines(coded: FormatTensor | GGUFTensor) -> list[np.ndarray]:
    """For the block with the smallest scale, the middle one and the largest: every finite number that a code can stand
    for there, float32, ascending. Fewer where blocks do not differ, and one where the whole tensor has one scale."""
    reach, levels_of = _gguf(coded) if isinstance(coded, GGUFTensor) else _scaled(coded)
    order = np.argsort(reach, kind="stable")
    found: list[np.ndarray] = []
    for place in order[[0, len(order) // 2, -1]] if len(order) else ():
        levels = np.unique(levels_of(place)) + np.float32(0)  # -0 is 0
        if not found or not np.array_equal(levels, found[-1]):
            found.append(levels)
    return found


def _scaled(coded: FormatTensor):
    """How far each scale reaches, and a function that gives the numbers under one of them."""
    values = np.asarray(coded.format.elements.values, np.float32)
    scale = coded.scale.reshape(-1)
    return scale, lambda place: values[np.isfinite(values)] * scale[place]


def _gguf(coded: GGUFTensor):
    """`_scaled` for every place of every block: each code is written everywhere, and decoded."""
    layout = coded.format.layout
    bits = np.unpackbits(coded.codes, axis=1, bitorder="little")
    width, levels = layout.codes.shape[1], []
    for code in range(1 << width):
        bits[:, layout.codes] = code >> np.arange(width) & 1
        levels.append(coded.format.decode(np.packbits(bits, axis=1, bitorder="little")).reshape(-1))
    of_codes = np.stack(levels)
    return np.abs(of_codes).max(axis=0), lambda place: of_codes[:, place]
