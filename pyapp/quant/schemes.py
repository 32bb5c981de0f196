"""Quantisation schemes: how real numbers are put on an integer grid, and brought back.

A quantised value never travels without its scale and zero point: `Grid` has the rule, `QuantizedTensor` codes and rule.
Rounding is half to even and the division is done in float32, as ONNX QuantizeLinear has it.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pyapp.core.engine import accelerated

MIN_BITS, MAX_BITS = 2, 16
SCHEMES = ("symmetric", "affine")
GRID = "grid"  # in place of a number format's name: the uniform grid of a scheme and a number of bits
FLOAT_BYTES = 4
DIGITS = 9  # of a group's size: files keep it as int32
NOT_FINITE = "cannot quantise a tensor with NaN or infinite values; the training has probably diverged"
TOO_FAR_APART = "cannot quantise numbers whose range is beyond float32; scale them down"


@dataclass(frozen=True)
class Granularity:
    """How many numbers share a scale: the whole tensor, each channel, or `size` neighbours.

    As in ONNX, channels lie along any axis, counted from the end if negative; None is axis 0, the output channels.
    Groups are neighbours along the axis; None is the last one. The last group is shorter where `size` does not divide
    the length, as in ONNX blocked quantisation.
    """

    kind: str = "tensor"  # tensor, channel or group
    size: int | None = None
    axis: int | None = None

    @property
    def along(self) -> int:
        """The axis of channels or groups as ONNX counts it, from the end if negative."""
        return self.axis if self.axis is not None else -1 if self.kind == "group" else 0

    def axis_of(self, shape: tuple[int, ...]) -> int:
        """The axis in a tensor of this shape, counted from 0. ValueError if the tensor lacks it."""
        if len(shape) < (2 if self.kind == "group" else 1):
            raise ValueError(f'a tensor of shape {shape} has no {self.kind}s; use per="tensor"')
        axis = self.along
        if not -len(shape) <= axis < len(shape):
            raise ValueError(f"axis is {axis}, and a tensor of shape {shape} has {len(shape)} axes; use "
                             f"{-len(shape)} to {len(shape) - 1}")
        return axis % len(shape)

    @classmethod
    def parse(cls, text: "str | Granularity") -> "Granularity":
        """From "tensor", "channel" or "group:N"; ValueError says so if it is something else."""
        if isinstance(text, cls):
            return text
        kind, colon, size = str(text).partition(":")
        if kind in ("tensor", "channel") and not colon:
            return cls(kind)
        if kind == "group" and size.isascii() and size.isdigit() and len(size) <= DIGITS and int(size) >= 1:
            return cls("group", int(size))
        raise ValueError(f"granularity is {str(text)[:40]!r}; use tensor, channel or group:N with a whole number N "
                         f"from 1, of at most {DIGITS} digits")

    def __str__(self) -> str:
        return f"group:{self.size}" if self.kind == "group" else self.kind

    def scales(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape that the scales of a tensor of this shape have: (), (C,), or with groups for its numbers."""
        if self.kind == "tensor":
            return ()
        axis = self.axis_of(shape)
        if self.kind == "channel":
            return (shape[axis],)
        return (*shape[:axis], -(-shape[axis] // self.size), *shape[axis + 1:])

    def reduce(self, ufunc: np.ufunc, x: np.ndarray) -> np.ndarray:
        """`ufunc` (np.minimum, np.maximum, np.add) over all numbers that share a scale, shape `scales(x.shape)`."""
        if self.kind == "tensor":
            return ufunc.reduce(x, axis=None)
        axis = self.axis_of(x.shape)  # refuses a tensor that lacks the axis
        if self.kind == "channel":
            return ufunc.reduce(np.moveaxis(x, axis, 0).reshape(x.shape[axis], -1), axis=1)
        return ufunc.reduceat(x, np.arange(0, x.shape[axis], self.size, dtype=np.intp), axis=axis)

    def spread(self, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """One value per scale, laid out so that it broadcasts against a tensor of `shape`."""
        if self.kind == "tensor":
            return values
        axis = self.axis_of(shape)
        if self.kind == "channel":
            return np.reshape(values, [shape[axis] if i == axis else 1 for i in range(len(shape))])
        return np.repeat(values, min(self.size, shape[axis]), axis=axis)[(*[slice(None)] * axis, slice(shape[axis]))]


PER_TENSOR = Granularity()


@dataclass(frozen=True)
class Grid:
    """The integer grid: code q stands for the real number (q - zero_point) · scale; low ≤ q ≤ high."""

    scale: np.ndarray  # float32, shape per.scales(...)
    zero_point: np.ndarray  # int32, the same shape
    bits: int
    low: int
    high: int
    per: Granularity = PER_TENSOR

    def __post_init__(self):
        """Scales of another type, such as ONNX's float16, count as the float32 numbers that they are."""
        if np.asarray(self.scale).dtype != np.float32:
            object.__setattr__(self, "scale", np.asarray(self.scale, np.float32))

    @property
    def signed(self) -> bool:
        return self.low < 0

    @cached_property
    def dtype(self) -> np.dtype:
        """The smallest integer type for the codes."""
        return np.dtype(f"{'int' if self.signed else 'uint'}{8 if self.bits <= 8 else 16}")

    def quantize(self, x: np.ndarray) -> np.ndarray:
        """Codes of x: clip(round(x / scale) + zero_point, low, high). ValueError for NaN and infinity."""
        return grid_codes(self, np.asarray(x))

    def clips(self, x: np.ndarray) -> np.ndarray:
        """True where the nearest code is outside low..high, so that the number goes to an end of the grid."""
        codes = self._nearest(np.asarray(x, np.float32))
        return (codes < self.low) | (codes > self.high)

    def _nearest(self, x: np.ndarray) -> np.ndarray:
        """round(x / scale) + zero_point as float32, wherever that lies."""
        scale, zero_point = self.spread(x.shape)
        with np.errstate(over="ignore"):  # an infinite quotient is clipped like any that is too large
            return np.rint(x / scale) + zero_point.astype(np.float32)

    def dequantize(self, codes: np.ndarray) -> np.ndarray:
        """The float32 numbers that codes stand for."""
        scale, zero_point = self.spread(codes.shape)
        return (codes.astype(np.int32) - zero_point).astype(np.float32) * scale

    def fake_quantize(self, x: np.ndarray) -> np.ndarray:
        """x moved onto the grid, still as float32: what a simulation of integer arithmetic computes with."""
        return grid_values(self, np.asanyarray(x))

    def spread(self, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Scale and zero point, laid out to broadcast against a tensor of `shape`."""
        return self.per.spread(self.scale, shape), self.per.spread(self.zero_point, shape)

    @property
    def nbytes(self) -> int:
        """Bytes of scales and zero points; where every zero point is 0, none is stored."""
        one = self.zero_point.size * self.dtype.itemsize if np.any(self.zero_point) else 0
        return self.scale.size * FLOAT_BYTES + one


@accelerated
def grid_codes(grid: Grid, x: np.ndarray) -> np.ndarray:
    """`Grid.quantize`, as a function that may have a kernel. ValueError for NaN and infinity."""
    x = x.astype(np.float32, copy=False)
    if not np.isfinite(x).all():
        raise ValueError(NOT_FINITE)
    return np.clip(grid._nearest(x), grid.low, grid.high).astype(grid.dtype)


@accelerated
def grid_values(grid: Grid, x: np.ndarray) -> np.ndarray:
    """`Grid.fake_quantize`, as a function that may have a kernel."""
    return grid.dequantize(grid_codes(grid, x))


@dataclass(frozen=True)
class QuantizedTensor:
    """Integer codes and the grid that turns them back into real numbers."""

    codes: np.ndarray
    grid: Grid

    @property
    def scale(self) -> np.ndarray:
        return self.grid.scale

    @property
    def zero_point(self) -> np.ndarray:
        return self.grid.zero_point

    @property
    def bits(self) -> int:
        return self.grid.bits

    @property
    def axis(self) -> int | None:
        """The axis along which the scales differ, as ONNX counts: None per tensor; else the one that was asked for,
        or 0 per channel and -1 per group."""
        return None if self.grid.per.kind == "tensor" else self.grid.per.along

    def dequantize(self) -> np.ndarray:
        return self.grid.dequantize(self.codes)

    @property
    def nbytes(self) -> int:
        """Size when the codes are packed bit by bit, scales and zero points included."""
        return (self.codes.size * self.bits + 7) // 8 + self.grid.nbytes


def check_bits(bits: int, name: str = "bits") -> int:
    """Return `bits` if it is a whole number from 2 to 16; otherwise a ValueError says so, with its `name`."""
    if not isinstance(bits, int | float | np.number) or not MIN_BITS <= bits <= MAX_BITS or int(bits) != bits:
        raise ValueError(f"{name} is {bits}; use a whole number from {MIN_BITS} to {MAX_BITS}")
    return int(bits)


def symmetric_grid(largest: np.ndarray, bits: int, signed: bool = True, per: Granularity = PER_TENSOR) -> Grid:
    """Zero in the middle, the same grid on both sides: scale = largest / (2^(b-1) - 1), for `largest` = max |x|.

    The lowest two's-complement code is never used. Unsigned codes are the same grid, counted from 2^(b-1). Where all
    numbers are zero the scale is 1.
    """
    high = (1 << (check_bits(bits) - 1)) - 1
    zero = 0 if signed else high + 1
    scale = _safe_scale(np.asarray(largest, np.float32) / np.float32(high))
    return Grid(scale, np.full(scale.shape, zero, np.int32), bits, zero - high, zero + high, per)


def affine_grid(lowest: np.ndarray, highest: np.ndarray, bits: int, signed: bool = False,
                per: Granularity = PER_TENSOR) -> Grid:
    """All 2^b codes between lowest and highest: scale = (hi - lo) / (2^b - 1), zero_point = round(low - lo / scale).

    The range is first widened to contain 0, and the zero point is a whole number, so that the real 0 (padding, masks,
    the floor of ReLU) is exact: the range is moved by less than a step, not zero. With 8 unsigned bits this is
    ONNX DynamicQuantizeLinear. Where all numbers are zero the scale is 1. ValueError for a range that is no float32.
    """
    levels = (1 << check_bits(bits)) - 1
    low = -(levels + 1) // 2 if signed else 0
    lo = np.minimum(np.asarray(lowest, np.float32), np.float32(0))
    hi = np.maximum(np.asarray(highest, np.float32), np.float32(0))
    with np.errstate(over="ignore"):
        range_ = hi - lo
    if np.isinf(range_[np.isfinite(lo) & np.isfinite(hi)]).any():
        raise ValueError(TOO_FAR_APART)
    scale = _safe_scale(range_ / np.float32(levels))
    zero_point = np.clip(np.rint(np.float32(low) - lo / scale), low, low + levels).astype(np.int32)
    return Grid(scale, zero_point, bits, low, low + levels, per)


def _safe_scale(scale: np.ndarray) -> np.ndarray:
    """1 for a range that is 0 (or so small that its scale underflows); ValueError for one that is not finite."""
    if not np.isfinite(scale).all():
        raise ValueError(NOT_FINITE)
    return np.where(scale == 0, np.float32(1), scale)


def make_grid(lowest: np.ndarray, highest: np.ndarray, bits: int, scheme: str, signed: bool | None = None,
              per: Granularity = PER_TENSOR) -> Grid:
    """The grid of a scheme for numbers from lowest to highest. By default symmetric is signed and affine unsigned.
    ValueError for another scheme, other bits than 2 to 16, and a range that is no float32."""
    if scheme not in SCHEMES:
        raise ValueError(f"scheme is {scheme!r}; use {' or '.join(SCHEMES)}")
    if scheme == "symmetric":
        largest = np.maximum(np.abs(lowest), np.abs(highest))
        return symmetric_grid(largest, bits, True if signed is None else signed, per)
    return affine_grid(lowest, highest, bits, bool(signed), per)


def fit_grid(x: np.ndarray, bits: int, scheme: str = "symmetric", per: str | Granularity = "tensor",
             signed: bool | None = None) -> Grid:
    """The grid from the smallest to the largest number of x. Where an affine one was moved by exactly half a step, for
    the real 0, the number at one end lies half a step beyond the last line and is clipped to it.

    An empty tensor has no codes. Where no number determines a scale, it is 1, as where all numbers are 0. ValueError
    for NaN and infinity, and as `make_grid`.
    """
    x, per = np.asarray(x, np.float32), Granularity.parse(per)
    if not np.isfinite(x).all():
        raise ValueError(NOT_FINITE)
    if not x.size:
        nothing = np.zeros(per.scales(x.shape), np.float32)
        return make_grid(nothing, nothing, bits, scheme, signed, per)
    return make_grid(per.reduce(np.minimum, x), per.reduce(np.maximum, x), bits, scheme, signed, per)


def quantize(x: np.ndarray, bits: int, scheme: str = "symmetric", per: str | Granularity = "tensor",
             signed: bool | None = None, axis: int | None = None) -> QuantizedTensor:
    """Round x to the nearest codes of the grid that just holds it. NaN and infinity are refused with a ValueError.

    `axis` is that of channels or groups, see `Granularity`.
    """
    per = Granularity.parse(per)
    grid = fit_grid(x, bits, scheme, per if axis is None else replace(per, axis=axis), signed)
    return QuantizedTensor(grid.quantize(x), grid)
