"""Watching a network in integers at work: every NumPy operation of a forward pass, its type, and the room left in it.

The arrays that go into an operation, and those that it holds, are replaced by arrays of a subclass that NumPy asks
before it computes anything with them. Each sum, difference, product and shift to the left is computed a second time in
a wider type, so an integer that wraps around is seen to do so; a float is seen where it comes out of a function. What
is not known to stay within its type is reported as an overflow, and so is a result that no longer is such an array:
an operation may have turned its arrays into plain ones and computed unseen.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np

from pyapp.core import engine

GROWING = (np.add, np.subtract, np.multiply, np.left_shift, np.negative, np.absolute, np.matmul, np.power,
           np.square)  # may leave their type
STAYING = (np.right_shift, np.floor_divide, np.remainder, np.minimum, np.maximum, np.sign, np.bitwise_and,
           np.bitwise_or, np.bitwise_xor, np.invert)  # stay within what they are given
SUMMING = (np.einsum, np.sum, np.prod, np.cumsum, np.cumprod, np.dot, np.vdot, np.inner, np.outer, np.tensordot)
CARRYING = {"all", "amax", "amin", "any", "argmax", "argmin", "broadcast_to", "clip", "concatenate", "count_nonzero",
            "empty_like", "expand_dims", "flatnonzero", "full_like", "max", "min", "moveaxis", "ndim", "nonzero",
            "reshape", "shape", "size", "split", "squeeze", "stack", "swapaxes", "take", "take_along_axis", "tile",
            "transpose", "where", "zeros_like"}  # functions that move numbers, choose among them or count
MOVING = {"input", "output", "assignment", "astype", "split", "empty_like", "where"}  # of floats that are not computed


@dataclass
class Operation:
    """What one operation of a pass was seen to do."""

    name: str  # "block1.gelu"
    kind: str  # "GELU"
    inputs: list[str]  # dtypes
    input_shapes: list[tuple[int, ...]]
    output: str = ""
    output_shape: tuple[int, ...] = ()
    largest: dict[int, int] = field(default_factory=dict)  # width of an accumulator in bits: largest magnitude in it
    floats: list[str] = field(default_factory=list)  # "np.multiply float64": where a float came in
    overflows: list[str] = field(default_factory=list)  # "np.add int32 2147483648": what did not fit
    checksum: int = 0  # CRC-32 of the output's bytes: equal in all runtimes if every integer is

    def ends(self, output: np.ndarray) -> None:
        """Note what came out."""
        if _is_float(output):
            self.floats.append(f"output {output.dtype}")
        self.output, self.output_shape = str(output.dtype), output.shape
        self.checksum = crc32(np.ascontiguousarray(_plain(output)).data)

    @property
    def functions(self) -> list[str]:
        """The NumPy functions that were seen to compute floats, each once, "multiply".

        A runtime without BLAS multiplies matrices with `einsum`: that is called "matmul" too.
        """
        names = (where.split()[0].removeprefix("np.").replace("einsum", "matmul") for where in self.floats)
        return [name for name in dict.fromkeys(names) if name not in MOVING]

    @property
    def accumulators(self) -> list["Accumulator"]:
        """The accumulator of each integer width that was computed in, the narrowest first."""
        return [Accumulator(width, largest) for width, largest in sorted(self.largest.items())]

    @property
    def tightest(self) -> "Accumulator | None":
        """The accumulator with the least headroom; None if nothing was added or multiplied."""
        return min(self.accumulators, key=lambda each: each.headroom, default=None)


@dataclass(frozen=True)
class Accumulator:
    """A signed integer type and the largest magnitude that sums and products in it came to."""

    width: int
    largest: int

    @property
    def bits(self) -> int:
        """How many bits hold the number, its sign included."""
        return self.largest.bit_length() + 1

    @property
    def headroom(self) -> int:
        """Bits to spare."""
        return self.width - self.bits


@dataclass
class Trace:
    """The operations of one pass, in their order. It is the `run` that `codes` of an integer network takes."""

    operations: list[Operation] = field(default_factory=list)

    def __call__(self, name: str, operation: Callable, *arrays: np.ndarray) -> np.ndarray:
        found = Operation(name, operation.kind, [str(each.dtype) for each in arrays], [each.shape for each in arrays])
        found.floats += [f"input {each.dtype}" for each in arrays if _is_float(each)]
        with engine.using(engine.NUMPY):  # a kernel's arithmetic cannot be watched; it gives the same integers
            result = _with_watched(operation, found)(*(watched(each, found) for each in arrays))
        if not isinstance(result, _Watched):
            found.overflows.append(f"output {result.dtype}, computed out of sight")
        result = _plain(result)
        found.ends(result)
        self.operations.append(found)
        return result

    @property
    def floats(self) -> list[str]:
        """Every place where a float was seen, "block1.gelu: np.multiply float64"."""
        return [f"{each.name}: {where}" for each in self.operations for where in each.floats]

    @property
    def overflows(self) -> list[str]:
        """Every place where an integer did not fit."""
        return [f"{each.name}: {where}" for each in self.operations for where in each.overflows]


class _Watched(np.ndarray):
    """An array that notes in `found` what is computed with it, and whose results do the same."""

    found: Operation

    def __array_finalize__(self, origin: Any) -> None:
        self.found = getattr(origin, "found", None)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **more: Any) -> Any:
        arrays, more = [_plain(each) for each in inputs], {key: _plain_inside(each) for key, each in more.items()}
        known = ufunc in GROWING and method != "at"
        wide = _in_wider(ufunc, method, arrays, _free(more)) if known else None  # first: inputs may be replaced
        result = getattr(ufunc, method)(*arrays, **more)
        changed = arrays[0] if method == "at" else result
        self._judge(f"np.{ufunc.__name__}", changed, wide, stays=ufunc in STAYING and method != "at")
        return watched(result, self.found)

    def __array_function__(self, function: Callable, types: Any, args: tuple, more: dict[str, Any]) -> Any:
        args, more = _plain_inside(args), {key: _plain_inside(each) for key, each in more.items()}
        wide = function(*(_wider(each) if isinstance(each, np.ndarray) else each for each in args),
                        **_free(more)) if function in SUMMING else None
        result = function(*args, **more)
        self._judge(f"np.{function.__name__}", result, wide, stays=function.__name__ in CARRYING)
        return watched(result, self.found)

    def __getitem__(self, key: Any) -> Any:
        """The item, which is watched too, even if it is a single number."""
        return watched(_plain(self)[_plain_inside(key)], self.found)

    def __setitem__(self, key: Any, value: Any) -> None:
        key, value = _plain_inside(key), _plain_inside(value)
        _plain(self)[key] = value
        self._note("assignment", value)
        if not _is_float(value) and (_plain(self)[key] != value).any():
            self.found.overflows.append(f"assignment to {self.dtype} {_largest(np.asarray(value))}")

    def dot(self, other: Any, *args: Any) -> Any:
        return np.dot(self, other, *args)

    def astype(self, dtype: Any, *args: Any, **more: Any) -> np.ndarray:
        plain = _plain(self)
        result = plain.astype(dtype, *args, **more)
        self._note("astype", result)
        if not _is_float(result) and result.dtype != bool and (result != plain).any():
            self.found.overflows.append(f"astype {result.dtype} {_largest(plain)}")
        return watched(result, self.found)

    def _judge(self, name: str, result: Any, wide: np.ndarray | None, stays: bool) -> None:
        """Note floats in what a function gave, and integers that left their type: those that differ from the `wide`
        result, or without one all of a function of which nobody knows that its numbers stay."""
        for part in result if isinstance(result, (tuple, list)) else [result]:
            self._note(name, part)
            if wide is not None and not _is_float(part):
                self._compare(name, part, wide)
            elif wide is None and not stays and _is_whole(part):
                self.found.overflows.append(f"{name}, which is not known to stay within its type")

    def _note(self, what: str, result: Any) -> None:
        if _is_float(result):
            self.found.floats.append(f"{what} {np.asarray(result).dtype}")

    def _compare(self, what: str, result: np.ndarray, wide: np.ndarray) -> None:
        """`wide` is what the result would be in a type that it cannot leave; float64 where only that is wider."""
        result = np.asarray(result)
        if result.dtype.kind not in "iu" or not result.size:
            return
        ends, largest = np.iinfo(result.dtype), _largest(wide)
        if float(np.max(wide)) > ends.max or float(np.min(wide)) < ends.min:
            self.found.overflows.append(f"{what} {result.dtype} {largest}")
        width = 8 * result.dtype.itemsize
        self.found.largest[width] = max(self.found.largest.get(width, 0), largest)


def watched(x: Any, found: Operation) -> Any:
    """The array or NumPy number as one that is watched; anything else as it is."""
    if isinstance(x, (tuple, list)):
        return type(x)(watched(each, found) for each in x)
    if not isinstance(x, (np.ndarray, np.generic)):
        return x
    view = np.asarray(x).view(_Watched)
    view.found = found
    return view


def _with_watched(x: Any, found: Operation) -> Any:
    """A copy of an operation whose constants are watched too: for `table[index]`, NumPy asks only the table."""
    if isinstance(x, (np.ndarray, np.generic)):
        return watched(x, found)
    if not hasattr(x, "__dict__") or isinstance(x, type):
        return x
    clone = copy(x)
    for name, value in vars(x).items():
        object.__setattr__(clone, name, _with_watched(value, found))
    return clone


def _plain(x: Any) -> Any:
    return x.view(np.ndarray) if isinstance(x, _Watched) else x


def _plain_inside(x: Any) -> Any:
    if isinstance(x, (tuple, list)):
        return type(x)(_plain_inside(each) for each in x)
    return _plain(x)


def _free(more: dict[str, Any]) -> dict[str, Any]:
    """Arguments without those that decide the result's type."""
    return {key: each for key, each in more.items() if key not in ("out", "dtype")}


def _wider(x: Any) -> Any:
    """Numbers of up to 32 bits as int64, those of 64 bits as float64, which is near enough to see 2^63 passed."""
    x = np.asarray(x)
    return x.astype(np.int64) if x.dtype.itemsize < 8 else x.astype(np.float64)


def _in_wider(ufunc: np.ufunc, method: str, arrays: list[Any], more: dict[str, Any]) -> np.ndarray:
    """What the ufunc gives in a type that holds it. Floats cannot be shifted; they are multiplied by a power of two."""
    arrays = [_wider(each) if isinstance(each, (np.ndarray, np.generic, int)) else each for each in arrays]
    if ufunc is np.left_shift and arrays[0].dtype.kind == "f":
        return np.multiply(arrays[0], np.exp2(arrays[1].astype(np.float64)))
    return getattr(ufunc, method)(*arrays, **more)


def _is_whole(x: Any) -> bool:
    return hasattr(x, "dtype") and x.dtype.kind in "iu"


def _is_float(x: Any) -> bool:
    return isinstance(x, float) or (hasattr(x, "dtype") and x.dtype.kind in "fc")


def _largest(x: np.ndarray) -> int:
    return max(abs(int(x.max())), abs(int(x.min()))) if x.size else 0
