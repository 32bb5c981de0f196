"""Where in a tensor a number format errs: by channel and block."""

import math
from dataclasses import dataclass

import numpy as np

from pyapp.data.tensors.rows import Flat
from pyapp.measure.number_lines import number_lines
from pyapp.measure.tensor_formats import PIECE, rows_at, spread
from pyapp.quant.formats.catalogue import find

MOST = 2**14  # numbers that are encoded for a map: some formats search for their scales
CHANNELS, CELLS = 64, 64  # of a map, at most about


@dataclass(frozen=True)
class ErrorMap:
    """Some channels of a tensor before and after a format, float32 (C, width), and what each cell of `block` neighbours
    has lost: the root of the mean squared error, over that of the numbers of all these channels, float32 (C, cells)."""

    channels: np.ndarray  # int32 (C,): their places in the tensor
    pieces: bool  # a channel is too long, so these are pieces of 256 neighbours
    block: int
    before: np.ndarray
    after: np.ndarray
    lost: np.ndarray
    levels: list[np.ndarray]  # the numbers that the format has for them, see `number_lines`


def error_map(flat: Flat, of: tuple[int, ...], name: str) -> ErrorMap:
    """The map of a tensor of finite numbers, of the shape `of`, in the format `name`. A channel is one index of the
    first axis; a vector is one channel. If there are more than fit, those shown are spread evenly and include that of
    the largest number.

    ValueError if the format cannot hold them.
    """
    width = math.prod(of[1:]) if len(of) > 1 else flat.size
    if pieces := width > MOST:
        width = PIECE
    channels = spread(flat, width, min(CHANNELS, max(MOST // width, 1)))
    before = rows_at(flat, width, channels)
    shape = before.shape if pieces or len(of) < 3 else (len(channels), *of[1:])
    coded = find(name).encode(before.reshape(shape))
    after = coded.dequantize().reshape(before.shape)
    block = 1
    while block * CELLS < width:
        block *= 2
    starts = np.arange(0, width, block)
    squares = np.add.reduceat(np.square(before.astype(np.float64) - after), starts, axis=1)
    each = np.sqrt(squares / np.diff([*starts, width]))
    whole = np.sqrt(np.square(before, dtype=np.float64).mean()) or 1.0
    return ErrorMap(channels.astype(np.int32), pieces, block, before, after, (each / whole).astype(np.float32),
                    number_lines(coded))
