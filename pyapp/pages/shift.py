"""Shift, fairly: what a constant subtracted before rounding is worth in bits, with a control where it must be 0."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from pyapp.frame import Experiment, Frame
from pyapp.params import Param, Value
from pyapp.softmax.compare import BITS, CLEAR_BITS, gain_bits, probabilities, quantized
from pyapp.softmax.logits import draw
from pyapp.softmax.measures import errors, reference
from pyapp.softmax.methods import METHODS
from pyapp.softmax.shift import RULES

NONE, MEAN, MAXIMUM, CLIPPED = "none", "row-mean", "row-max", "row-max-clip"
CONTROL = "centred"
NOTHING = 0.1  # bits: a smaller gain is none
ABOUT = {
    "none": "the logits as they are, on a symmetric grid",
    "tensor-mean": "one constant for the tensor: its mean",
    "row-mean": "each row's mean",
    "row-midrange": "the middle between each row's smallest and largest logit",
    "row-max": "each row's maximum; all codes lie below it, none is spent above",
    "row-max-clip": "the same, and only the top few nats are kept; the best number of nats is searched for",
}
TITLES = {"offset": "Offset rows", "skewed": "Skewed rows", CONTROL: "Centred rows"}  # in the order of the page


class Page(Experiment):
    title = "Shift, fairly"
    summary = ("Measure what a shift before rounding is worth in bits, for every rule on the same logits, and notice "
               "the control: where the rows are centred, taking their means away must not help.")
    group = "Softmax"
    view = "shift"
    order = 34
    PARAMS = (
        Param("rule", "Rule", "choice", MEAN, choices=RULES[1:], widget="select",
              doc="Which curve is drawn in orange beside the one without a shift"),
        Param("method", "Softmax", "choice", "exact", choices=tuple(METHODS), widget="select",
              doc="What reads the codes: exact is the float softmax, so that only the rounding is measured"),
        Param("other", "Calibrate elsewhere", "bool", False, widget="switch",
              doc="The scale comes from another batch of the same kind, as it does in a deployed model"),
        Param("rows", "Rows", "int", 512, lo=16, hi=1024, step=16, doc="Softmaxes in a batch"),
        Param("length", "Row length", "int", 64, lo=2, hi=256, step=1, doc="Logits in a row, N"),
        Param("seeds", "Batches", "int", 1, lo=1, hi=8, step=1,
              doc="How many seeds are measured, one after the other; the curves are their means"),
        Param("seed", "First seed", "int", 0, lo=0, hi=2**32 - 1, step=1, widget="number",
              doc="Decides the logits; 0 with 512 rows of 64 is the protocol's own batch"),
    )
    SOURCES = ("pyapp.softmax.shift.offsets", "pyapp.softmax.shift.calibrate", "pyapp.softmax.shift.Shift",
               "pyapp.softmax.shift.best_clip", "pyapp.softmax.compare.gain_bits", "pyapp.softmax.logits.draw")

    def __init__(self, params: dict[str, Value]):
        super().__init__(params)
        self._begin()

    def _begin(self) -> None:
        self._found: dict[tuple[int, str, str, int], float] = {}  # seed, family, rule, bits: L1 a row
        self._scales: dict[tuple[int, str, str, int], float] = {}  # the same: the grid's
        self._step = 0

    def change(self, name: str, value: Value) -> list[str]:
        if name not in ("rule", "seeds"):  # the first only chooses, the second keeps what is measured
            self._begin()
        return []

    def _seeds(self) -> range:
        first = int(self.params["seed"])
        return range(first, first + int(self.params["seeds"]))

    def _done(self, seed: int, family: str) -> bool:
        return (seed, family, RULES[-1], BITS[-1]) in self._found

    def steps(self) -> Iterator[Frame | None]:
        """One rule at one number of bits an item; a Frame when all rules have it."""
        while waiting := [(seed, family) for seed in self._seeds() for family in TITLES
                          if not self._done(seed, family)]:
            yield from self._measure(*waiting[0])

    def _measure(self, seed: int, family: str) -> Iterator[Frame | None]:
        """All rules at all bits on one batch, until the reader changes something."""
        found, method = self._found, str(self.params["method"])
        z, calibration = self._batches(seed, family)
        p = reference(z)
        for bits in BITS:
            for rule in RULES:
                codes = quantized(z, bits, rule, calibration=calibration)
                self._scales[seed, family, rule, bits] = codes.scale
                found[seed, family, rule, bits] = errors(probabilities(codes, method), p).l1_per_row
                yield None
                if found is not self._found:
                    return
            self._step += 1
            yield Frame(self._step)

    def _batches(self, seed: int, family: str) -> tuple[np.ndarray, np.ndarray | None]:
        """Logits float64 (R, N), and those that the scale comes from if these are others."""
        shape = int(self.params["rows"]), int(self.params["length"])
        other = draw(family, *shape, seed, batch=1) if self.params["other"] else None
        return draw(family, *shape, seed), other

    def frame(self) -> Frame:
        seeds = self._seeds()
        done = sum(key[0] in seeds for key in self._found)
        families = [self._family(family) for family in TITLES]
        scalars = {
            "bits": list(BITS), "clear_bits": list(CLEAR_BITS), "batches": list(seeds),
            "progress": done / (len(seeds) * len(TITLES) * len(RULES) * len(BITS)),
            "rules": [{"name": rule, "about": ABOUT[rule]} for rule in RULES], "families": families,
            "guarded": self._guards(), "words": self._words({family["name"]: family["gains"] for family in families}),
            "method": METHODS[str(self.params["method"])].title,
        }
        return Frame(self._step, scalars)

    def _family(self, family: str) -> dict[str, Any]:
        seeds = self._seeds()
        curves = {rule: [mean(self._found.get((seed, family, rule, bits)) for seed in seeds) for bits in BITS]
                  for rule in RULES}
        guarded = {rule: [any(self._guarded(seed, family, rule, bits) for seed in seeds) for bits in BITS]
                   for rule in RULES}
        clips = [[self._scales.get((seed, family, CLIPPED, bits)) for seed in seeds] for bits in BITS]
        return {"name": family, "title": TITLES[family], "control": family == CONTROL, "curves": curves,
                "guarded": guarded,
                "gains": {rule: self._gain(family, rule) for rule in RULES[1:]},
                "clips": [mean(scale and scale * ((1 << bits) - 1) for scale in scales)
                          for bits, scales in zip(BITS, clips, strict=True)]}

    def _guarded(self, seed: int, family: str, rule: str, bits: int) -> bool:
        """Whether the original of the method has no answer on this grid."""
        return METHODS[str(self.params["method"])].guarded(self._scales.get((seed, family, rule, bits), 0.0))

    def _guards(self) -> str:
        """What hollow points are; empty if there are none."""
        method = METHODS[str(self.params["method"])]
        if not any(self._guarded(*key) for key in self._scales if key[0] in self._seeds()):
            return ""
        return (f"Hollow points and starred numbers: the grid's step is above {method.guarded_above:.3g} nats, where "
                f"the original of {method.title} breaks. They are those of its guarded form, and count in no gain.")

    def _gain(self, family: str, rule: str) -> dict[str, float] | None:
        """Bits that a rule is worth, against no shift: mean, least and most of the whole batches; None before."""
        gains = [gain_bits(*([self._found[seed, family, each, bits] for bits in self._clear(seed, family, rule)]
                             for each in (NONE, rule)))
                 for seed in self._seeds() if self._done(seed, family)]
        gains = [gain for gain in gains if np.isfinite(gain)]
        return {"mean": float(np.mean(gains)), "least": min(gains), "most": max(gains)} if gains else None

    def _clear(self, seed: int, family: str, rule: str) -> list[int]:
        """At how many bits the rule and no shift can be compared: where the original has an answer to both."""
        return [bits for bits in CLEAR_BITS
                if not any(self._guarded(seed, family, each, bits) for each in (NONE, rule))]

    def _finer(self, family: str, rule: str) -> float:
        """How many bits finer the rule's step is than that without a shift, where both are compared: a mean."""
        return float(np.mean([np.log2(self._scales[seed, family, NONE, bits] / self._scales[seed, family, rule, bits])
                              for seed in self._seeds() if self._done(seed, family)
                              for bits in self._clear(seed, family, rule)]))

    def _words(self, gains: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
        """What was found, and whether the control holds, in sentences that follow from the numbers."""
        if not all(gains[family][rule] for family in TITLES for rule in (MEAN, MAXIMUM, CLIPPED)):
            return None
        worth = {family: {rule: gain["mean"] for rule, gain in rules.items() if gain}
                 for family, rules in gains.items()}
        offset, control = worth["offset"], worth[CONTROL]
        holds = abs(control[MEAN]) < NOTHING
        return {
            "finding": f"On rows with offsets the row mean is worth {bits_text(offset[MEAN])}, the row maximum on an "
                       f"unsigned grid {bits_text(offset[MAXIMUM])}, and with the best clip "
                       f"{bits_text(offset[CLIPPED])}.",
            "holds": holds,
            "control": f"On centred logits the row mean is worth {bits_text(control[MEAN])}: "
                       + ("it does not help where there is nothing to shift." if holds
                          else "that is not nothing, so these logits or this method see more than the shift."),
            "unsigned": f"There the row maximum is worth {bits_text(control[MAXIMUM])}, for two reasons. Its step is "
                        f"finer, which alone is {bits_text(self._finer(CONTROL, MAXIMUM))}: the grid covers the "
                        "longest row, and not twice the largest magnitude. And the largest logit of each row, which "
                        "matters most, has no rounding error.",
        }


def mean(values: Iterable[float | None]) -> float | None:
    """Of those that are there; None if none is."""
    there = [value for value in values if value is not None]
    return float(np.mean(there)) if there else None


def bits_text(gain: float) -> str:
    return f"{gain:+.2f} bits".replace("-", "−")
