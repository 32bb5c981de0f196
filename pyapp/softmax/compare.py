"""Methods, shifts and bits on the same logits: one cell of a table, and whole tables.

Every cell is measured alike: the same logits, one scale for the tensor, and the distance to the float softmax of the
logits as they were before rounding. "exact" is the float softmax of the codes: what rounding alone costs.
"""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np

from pyapp.softmax.measures import SoftmaxErrors, errors, reference
from pyapp.softmax.methods import METHODS, make
from pyapp.softmax.shift import Logits, calibrate, quantize_logits

BITS = (2, 3, 4, 5, 6, 7, 8)
CLEAR_BITS = (4, 5, 6, 7, 8)  # with less, some rules have so few codes that their error is about 1 whatever they do


def quantized(z: np.ndarray, bits: int, rule: str, mask: np.ndarray | None = None,
              calibration: np.ndarray | None = None) -> Logits:
    """Logits as codes. With a `calibration`, other logits under the same mask, the scale comes from these."""
    if calibration is None:
        return quantize_logits(z, bits, rule, mask)
    return calibrate(calibration, bits, rule, mask).quantize(z, mask)


def compare(z: np.ndarray, method: str, bits: int, rule: str, mask: np.ndarray | None = None,
            calibration: np.ndarray | None = None) -> SoftmaxErrors:
    """Errors of a method on logits float64 (R, N), quantised to `bits` after the shift of a rule."""
    logits = quantized(z, bits, rule, mask, calibration)
    return errors(probabilities(logits, method, mask), reference(z, mask), mask)


def probabilities(logits: Logits, method: str, mask: np.ndarray | None = None) -> np.ndarray:
    """The probabilities that a method gives for quantised logits, float64 (R, N)."""
    return make(method, logits.scale).probabilities(logits.q, mask)


def methods_table(z: np.ndarray, bits: int, rule: str) -> list[dict[str, Any]]:
    """All methods on the same codes, in the order of METHODS."""
    logits, p = quantize_logits(z, bits, rule), reference(z)
    return [{"method": name, "title": METHODS[name].title, **asdict(errors(probabilities(logits, name), p))}
            for name in METHODS]


def gain_bits(before: Iterable[float], after: Iterable[float]) -> float:
    """How many bits a rule is worth: the mean of log2(L1 before / L1 after), for a bit more halves the error.

    NaN if there are no errors, or if one is not finite or not above 0.
    """
    before, after = np.array(list(before), np.float64), np.array(list(after), np.float64)
    usable = np.isfinite(before) & np.isfinite(after) & (before > 0) & (after > 0)
    return float(np.log2(before / after).mean()) if usable.size and usable.all() else float("nan")
