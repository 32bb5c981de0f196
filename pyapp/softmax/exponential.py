"""I-BERT's exponential taken apart: how far its polynomial is off, and every integer that it makes of one code.

e^x = 2^-z e^p with z whole periods of ln 2 and p in (-ln 2, 0] (Kim et al. 2021, arXiv 2101.01321, section 3.5). All
integers come from the methods of `pyapp.softmax.ibert`; here they are only named, and given the numbers they stand for.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from pyapp.softmax.ibert import CODE, PAPER, PERIODS, IBert, IBertLn2, IBertPaper, Polynomial

METHODS = {method.name: method for method in (IBert, IBertPaper, IBertLn2)}
CONSTANTS = {"code": CODE, "paper": PAPER}
PUBLISHED = 1.9e-3  # the largest error of the polynomial, arXiv 2101.01321, section 3.5
LN2 = math.log(2)
FINE = 20_001  # points at which the polynomial's error is looked for


def error(polynomial: Polynomial, points: int) -> tuple[np.ndarray, np.ndarray]:
    """p evenly over [-ln 2, 0] and L(p) - e^p there, float64."""
    p = np.linspace(-LN2, 0, points, dtype=np.float64)
    return p, polynomial(p) - np.exp(p)


def gap(polynomial: Polynomial) -> dict[str, Any]:
    """The largest distance of L from e^p, with its sign and its place, and the mean distance."""
    p, e = error(polynomial, FINE)
    worst = int(np.abs(e).argmax())
    return {"maximum": float(abs(e[worst])), "value": float(e[worst]), "at": float(p[worst]),
            "mean": float(np.abs(e).mean())}


@dataclass(frozen=True)
class Step:
    """One integer on the way, the real number it stands for, and what exact arithmetic has in its place."""

    name: str
    integer: int
    real: float
    exact: float


class IExp:
    """The exponential of one method and scale, with n of the 30 bits that the code's result has below the parabola's
    unit; the paper's has none, and n is 0."""

    def __init__(self, name: str, scale: float, exponent_bits: int = PERIODS):
        if name not in METHODS or not 0 <= exponent_bits <= PERIODS:
            raise ValueError(f"no exponential is named {name!r} with {exponent_bits} exponent bits; choose from "
                             f"{', '.join(METHODS)} and 0 to {PERIODS}")
        self.method, self.scale = METHODS[name](scale), scale
        self.drop = 0 if name == IBertPaper.name else PERIODS - exponent_bits
        self.bits = 0 if name == IBertPaper.name else exponent_bits
        self.polynomial = self.method.polynomial
        # bits below the point that p and the parabola have; the paper's are whole codes
        self.fraction, self.spare = (getattr(self.method, name, 0) for name in ("fraction", "spare"))
        self.unit = self.polynomial.a * scale**2 / 2**self.bits  # what 1 in the result stands for

    @property
    def constants(self) -> str:
        return "paper" if self.polynomial is PAPER else "code"

    @property
    def codes_to_a_period(self) -> float:
        """The method's value of ln 2 / S, codes per period: a whole number, or one with 12 fraction bits."""
        return int(self.method.period) / 2**self.fraction

    def integers(self, q: np.ndarray) -> np.ndarray:
        """E of codes q <= 0, int64, with n bits: the last 30 - n bits are cut off."""
        return self.method.exp_int(q.astype(np.int64)) >> self.drop

    def values(self, q: np.ndarray) -> np.ndarray:
        """The real numbers that E stands for, float64."""
        return self.integers(q) * self.unit

    def codes(self, lowest: float) -> np.ndarray:
        """All codes from x = lowest to 0, int32, ascending."""
        return np.arange(math.ceil(lowest / self.scale - 1e-9), 1, dtype=np.int32)

    def worst(self, lowest: float) -> float:
        """The largest |E - e^x| over all codes from lowest to 0."""
        q = self.codes(lowest)
        return float(np.abs(self.values(q) - np.exp(q * self.scale)).max())

    def trace(self, q: int, x: float) -> list[Step]:
        """Every integer from the code q, which was made of x, to the result."""
        method, s = self.method, self.scale
        code = np.array([q], np.int64)
        z, r = (int(array[0]) for array in method.split(code))
        period, b, c = int(method.period), int(method.b), int(method.c)
        parabola, result = int(method.parabola(np.array([r], np.int64))[0]), int(self.integers(code)[0])
        whole = math.floor(-q * s / LN2)
        rest, (real_b, real_c) = q * s + whole * LN2, self._real_constants()
        square = self.polynomial.a * s * s
        steps = [
            Step("q", q, q * s, x), Step("period", period, self.codes_to_a_period * s, LN2),
            Step("z", z, z, whole), Step("p", r, r * s / 2**self.fraction, rest),
            Step("b", b, b * s, real_b), Step("c", c, c * s * s, real_c),
            Step("parabola", parabola, parabola * square / 2**self.spare, math.exp(rest)),
            Step("shift", self.bits - self.spare - z, 2.0**-z, 2.0**-whole),
            Step("result", result, result * self.unit, math.exp(q * s)),
        ]
        if isinstance(method, IBert):  # from all 30 bits, whatever n is
            sixteen = int(method.sixteen_bits(code)[0])
            unit = square / 2**PERIODS * method.act_scale
            steps.append(Step("sixteen", sixteen, sixteen * unit, math.exp(q * s)))
        return steps

    def _real_constants(self) -> tuple[float, float]:
        """b and c before the scale: of (p + b) p + c with the code, of (p + b)² + c with the paper."""
        b, c = self.polynomial.b / self.polynomial.a, self.polynomial.c / self.polynomial.a
        return (b / 2, c - b * b / 4) if self.polynomial is PAPER else (b, c)


NOTHING_OVER_NOTHING = "the largest logit's exponential is 0, and the original divides 0 by 0; here it is at least 1"
HALVINGS = "a period is one code, so that every code halves the result, whatever it stands for"
NO_PERIOD = "the period ⌊ln 2 / S⌋ is 0, and the printed algorithm divides by it; here it is one code"
CLIFFS = {  # above which scale what happens; from the paper's second on b and c are 0
    IBert.name: ((CODE.ln2, HALVINGS), (IBert.guarded_above, NOTHING_OVER_NOTHING)),
    IBertPaper.name: ((IBertPaper.guarded_above, NO_PERIOD), (1.353, NOTHING_OVER_NOTHING)),
    IBertLn2.name: ((IBertLn2.guarded_above, NOTHING_OVER_NOTHING),),
}


def breaks(name: str, scale: float) -> list[str]:
    """Where the original breaks at this scale, in sentences; none if it does not."""
    return [f"Above S = {limit:.3g} {what}." for limit, what in CLIFFS[name] if scale > limit]
