"""What a network reads, and how the bytes of a proof stand for it: pixels, or other numbers on a grid of 8 bits.

A byte b stands for the input x = (b - zero) / per, in float32; pixels from 0 (paper) to 1 (ink) have zero 0 and per
255. Signals, such as windows of sensors, are first normalised: x = (v - mean) / deviation for a measured value v.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pyapp.quant.calibrate import calibrate
from pyapp.seal import Broken

BITS, TEN, MOST = 8, 10, 2**16  # of a byte; inputs of a proof; numbers of an input
INPUTS = "inputs"  # the field of a manifest


@dataclass(frozen=True, eq=False)
class Reading:
    """The inputs of a network: `count` numbers each. `one` of them is called a digit, or a window, and `doc` says what
    its numbers are. `normal` has the mean and the deviation of each number; pixels have none."""

    one: str = "digit"
    count: int = 784
    zero: int = 0
    per: float = 255.0
    doc: str = "pixels: 28 rows of 28, from 0 (paper) to 1 (ink)"
    normal: tuple[np.ndarray, np.ndarray] | None = None

    @classmethod
    def signals(cls, one: str, doc: str, learned: np.ndarray, normal: tuple[np.ndarray, np.ndarray]) -> "Reading":
        """Of a network that learned rows (N, I), normalised by a mean and a deviation (I,). The bytes are the codes
        that activations of 8 bits have, which are calibrated on the same rows; so each byte is one code."""
        grid = calibrate(learned.astype(np.float32), "minmax", BITS)
        per = float(str(np.float32(1 / float(grid.scale))))  # the fewest digits that identify it in float32
        return cls(one, learned.shape[1], int(grid.zero_point) - grid.low, per, doc,
                   tuple(each.astype(np.float32) for each in normal))

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> "Reading":
        """That of a manifest. Broken if it cannot be used."""
        if INPUTS not in manifest:
            return cls()
        told = manifest[INPUTS]
        try:
            found = cls(told["one"], told["count"], told["zero"], told["per"], told["doc"],
                        tuple(_numbers(told[name], told["count"]) for name in ("mean", "deviation")))
            fits = (all(type(each) is int for each in (found.count, found.zero)) and 1 <= found.count <= MOST
                    and 0 <= found.zero < 2**BITS and found.per > 0 and str.isprintable(found.one + found.doc))
        except (KeyError, TypeError, ValueError) as error:
            raise Broken(f"a manifest with inputs that cannot be read ({error})") from None
        if not fits:
            raise Broken("a manifest with impossible inputs")
        return found

    @property
    def draws(self) -> bool:
        """Whether the inputs are pixels of a drawing."""
        return self.normal is None

    @property
    def told(self) -> dict[str, Any]:
        """What a manifest says of it; nothing of pixels."""
        if self.draws:
            return {}
        mean, deviation = (" ".join(map(str, each)) for each in self.normal)  # the fewest digits that identify each
        return {INPUTS: {"one": self.one, "count": self.count, "zero": self.zero, "per": self.per, "doc": self.doc,
                         "mean": mean, "deviation": deviation}}

    def inputs(self, data: np.ndarray) -> np.ndarray:
        """The inputs float32 that bytes uint8 stand for."""
        return (data.astype(np.float32) - np.float32(self.zero)) / np.float32(self.per)

    def bytes_of(self, x: np.ndarray) -> np.ndarray:
        """The bytes uint8 nearest to inputs; what lies outside of the grid saturates."""
        return np.clip(np.rint(x * self.per) + self.zero, 0, 2**BITS - 1).astype(np.uint8)

    def ten(self, x: np.ndarray) -> np.ndarray:
        """Bytes uint8 (10, I) of ten rows that are evenly spread over inputs (N, I)."""
        return self.bytes_of(x[np.arange(TEN, dtype=np.int64) * len(x) // TEN])


PIXELS = Reading()


def _numbers(text: str, count: int) -> np.ndarray:
    found = np.array([float(word) for word in text.split()], np.float32)
    if found.shape != (count,) or not np.isfinite(found).all():
        raise ValueError(f"{len(found)} numbers where {count} were expected")
    return found
