"""What a shift is worth: the bits that a constant subtracted before rounding gains, with a control where it gains 0."""

from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from typing import Any, ClassVar

import numpy as np

from pyapp.experiment.frame import Frame
from pyapp.experiment.params import Param, Values
from pyapp.measure.attention_logits import TRAINED
from pyapp.pages.base import controls, softmax_controls
from pyapp.pages.base.controls import NETWORK_TITLES
from pyapp.pages.base.softmax_controls import SHIFT_TITLES
from pyapp.pages.base.softmax_lab import SoftmaxLab
from pyapp.pages.panels import shift as panels
from pyapp.softmax.compare import BITS, CLEAR_BITS, gain_bits, probabilities, quantized
from pyapp.softmax.logits import draw
from pyapp.softmax.measures import SoftmaxErrors, errors, reference
from pyapp.softmax.methods import METHODS
from pyapp.softmax.shift import RULES

NONE, MEAN, MAXIMUM, CLIPPED = "none", "row-mean", "row-max", "row-max-clip"
CONTROL = "centred"
NOTHING = 0.1  # bits: a smaller gain is none
TITLES = {"offset": "Offset rows", "skewed": "Skewed rows", CONTROL: "Centred rows"}  # in the order of the page
MEASURES: dict[str, tuple[str, Callable[[SoftmaxErrors], float]]] = {  # what a curve shows: 0 is best
    "l1": ("L1 per row", lambda found: found.l1_per_row),
    "mae": ("MAE, which is L1 / N", lambda found: found.mae),
    "max-error": ("largest error", lambda found: found.max_error),
    "top-1": ("share of rows whose largest probability has moved", lambda found: 1 - found.top1),
    "row-sum": ("distance of the mean row sum from 1", lambda found: abs(1 - found.row_sum)),
    "kl": ("KL divergence in nats", lambda found: found.kl),
}
MEASURE_TITLES = {"l1": "L1 per row", "mae": "MAE", "max-error": "largest error", "top-1": "rows with another top",
                  "row-sum": "row sum", "kl": "KL divergence"}
L1_RANGE = [0.002, 2]  # from little to all there is
DECADES = 4  # that are shown of other measures at most
NOISE = 1e-12  # of sums in float64: an exact row sum is off by less
TIE = 1e-9  # of a logarithm: an error of exactly 1 may be one unit in the last place above it
ELSEWHERE = 1 << 16  # seeds from a trained network's batch to the one that calibrates


class Page(SoftmaxLab):
    title = "What a shift is worth"
    summary = "Measure in bits what a shift before rounding is worth, by every rule on the same logits."
    tab, order = "Shift", 54
    NEXT = ("vision", "Try it in a real network: a Vision Transformer that reads your digit.")
    SHARES: ClassVar = {**SoftmaxLab.SHARES, "logits": "net", "shift": "rule"}
    WORK, BAR, MAIN, RECORDED, REHEARSED = "auto", "{bar}", ("net", "rule", "method"), (), 1000
    GROUPS = (("Chart", ("rule", "measure")), ("Protocol", ("method", "other")),
              ("Logits", ("rows", "length", "net", "seeds", "seed")))
    PANELS = panels.PANELS
    PARAMS = (
        Param("rule", "Shift", "choice", MEAN, choices=RULES[1:], titles=SHIFT_TITLES,
              doc="The rule of shifting whose curve is drawn in orange beside the one without a shift"),
        softmax_controls.softmax(
            name="method",
            doc="The softmax of the codes: Exact is the float softmax, so only the rounding is measured"),
        Param("measure", "Error", "choice", "l1", choices=tuple(MEASURES), titles=MEASURE_TITLES,
              doc="The error in the curves and in the table of all numbers, where 0 is best; gains always use L1"),
        Param("other", "Calibrate on another batch", "bool", False,
              doc="The scale comes from another batch of the same kind, as it does in a deployed model"),
        controls.rows(512, 1024, "Softmaxes per batch", lo=16, step=16),
        controls.row_length(2, "Logits per row, N"),
        Param("net", "Trained logits", "choice", "vision transformer", choices=tuple(TRAINED), titles=NETWORK_TITLES,
              doc="The network whose real attention is the fourth kind of rows: all heads, each on its own grid"),
        Param("seeds", "Batches", "int", 1, lo=1, hi=8,
              doc="How many seeds are measured, one after the other; the curves are their means"),
        controls.seed("Decides the logits; 0 with 512 rows of 64 is the protocol's own batch",
                      label="First seed", default=0),
    )

    def __init__(self, params: Values):
        super().__init__(params)
        self._load()
        self._begin()

    def _begin(self) -> None:
        self._found: dict[tuple[int, str, str, int], SoftmaxErrors] = {}  # by seed, family, rule and bits
        self._scales: dict[tuple[int, str, str, int], list[float]] = {}  # of each grid
        self._step = 0

    def _load(self) -> None:
        """Ask for the network's files now, when the host can still bring them and call again: `steps` cannot go on."""
        TRAINED[self.params["net"]](2, False, 0)

    def change(self, name: str, value: Any) -> list[str]:
        if name == "net":
            self._load()
        if name not in ("rule", "measure", "net", "seeds"):  # these choose, or keep what is measured
            self._begin()
        return []

    def _seeds(self) -> range:
        first = self.params["seed"]
        return range(first, first + self.params["seeds"])

    def _families(self) -> dict[str, str]:
        """The titles of all kinds of logits by name, the network's last."""
        net = self.params["net"]
        return {**TITLES, net: f"Trained, {NETWORK_TITLES[net]}"}

    def _done(self, seed: int, family: str) -> bool:
        return (seed, family, RULES[-1], BITS[-1]) in self._found

    def steps(self) -> Iterator[Frame | None]:
        """One rule at one number of bits per item; a Frame when all rules have been measured at it."""
        while waiting := [(seed, family) for seed in self._seeds() for family in self._families()
                          if not self._done(seed, family)]:
            yield from self._measure(*waiting[0])

    def _measure(self, seed: int, family: str) -> Iterator[Frame | None]:
        """All rules at all bits on one batch, until the reader changes something."""
        found, method = self._found, self.params["method"]
        batches = self._batches(seed, family)
        p = np.concatenate([reference(z, mask) for z, mask, _ in batches])
        masks = None if batches[0][1] is None else np.concatenate([mask for _, mask, _ in batches])
        for bits in BITS:
            for rule in RULES:
                codes = [(quantized(z, bits, rule, mask, other), mask) for z, mask, other in batches]
                self._scales[seed, family, rule, bits] = [each.scale for each, _ in codes]
                p_hat = np.concatenate([probabilities(each, method, mask) for each, mask in codes])
                found[seed, family, rule, bits] = errors(p_hat, p, masks)
                yield None
                if found is not self._found:
                    return
            self._step += 1
            yield Frame(self._step)

    def _batches(self, seed: int, family: str) -> list[tuple[np.ndarray, np.ndarray | None, np.ndarray | None]]:
        """For each grid logits float64 (R, N), the mask, and the logits that the scale comes from if these are others.

        A network has a grid for each head, drawn logits have one.
        """
        length, elsewhere = self.params["length"], self.params["other"]
        if family in TRAINED:
            source, others = TRAINED[family](length, False, seed), repeat(None)
            if elsewhere:
                others = TRAINED[family](length, False, seed + ELSEWHERE).logits
            return [(z, source.mask, other) for z, other in zip(source.logits, others, strict=False)]
        shape = self.params["rows"], length
        return [(draw(family, *shape, seed), None, draw(family, *shape, seed, batch=1) if elsewhere else None)]

    def frame(self) -> Frame:
        seeds = self._seeds()
        done = sum(key[0] in seeds and key[1] in self._families() for key in self._found)
        families = [self._family(*family) for family in self._families().items()]
        progress = done / (len(seeds) * len(families) * len(RULES) * len(BITS))
        guarded, gain = self._guards(), families[0]["gain"]
        scalars = {
            "bits": list(BITS), "batches": list(seeds), "progress": progress,
            "over_batches": f", then over {len(seeds)} batches; in brackets the least and the most"
                            if len(seeds) > 1 else "",
            "answered": ", where the original has an answer" if guarded else "",
            "bar": f"{SHIFT_TITLES[self.params['rule']]}: {bits_text(gain)}" if progress == 1 and gain else
                   f"{progress:.0%}",
            "rules": [self._worth(rule, families) for rule in RULES[1:]], "families": families,
            "numbers": [row for family in families for row in self._numbers(family)],
            "guarded": guarded, "words": self._words({family["name"]: family["gains"] for family in families}),
            "method": METHODS[self.params["method"]].title, "measure": MEASURES[self.params["measure"]][0],
            "range": self._range([family["curves"] for family in families]),
        }
        return Frame(self._step, scalars)

    def _range(self, curves: list[dict[str, list[float | None]]]) -> list[float]:
        """The ends of the error axis: powers of ten around what the plots show, except for L1."""
        if self.params["measure"] == "l1":
            return L1_RANGE
        values = [value for family in curves for line in family.values() for value in line if value and value > NOISE]
        low, high = np.floor(np.log10(min(values, default=1)) + TIE), np.ceil(np.log10(max(values, default=1)) - TIE)
        return [float(10 ** max(min(low, high - 1), high - DECADES)), float(10**high)]

    def _family(self, family: str, title: str) -> dict[str, Any]:
        seeds, (_, measure) = self._seeds(), MEASURES[self.params["measure"]]

        def over_seeds(number: Callable[[tuple[int, str, str, int]], float], rule: str, bits: int) -> float | None:
            keys = [(seed, family, rule, bits) for seed in seeds]
            return mean(number(key) for key in keys if key in self._found)

        curves = {rule: [over_seeds(lambda key: measure(self._found[key]), rule, b) for b in BITS] for rule in RULES}
        guarded = {rule: [any(self._guarded(seed, family, rule, bits) for seed in seeds) for bits in BITS]
                   for rule in RULES}
        scales = [over_seeds(lambda key: float(np.mean(self._scales[key])), CLIPPED, bits) for bits in BITS]
        chosen, control = self.params["rule"], family == CONTROL
        gains = {rule: self._gain(family, rule) for rule in RULES[1:]}
        return {"name": family, "title": title, "control": control, "curves": curves, "guarded": guarded,
                "gains": gains, "gain": gains[chosen] and gains[chosen]["mean"],
                "comma": ", control" if control else "",
                "lines": [drawn(rule, chosen, curves[rule], guarded[rule]) for rule in RULES],
                "read": [reading(bits, i, curves, guarded) for i, bits in enumerate(BITS)],
                "clips": [scale and scale * ((1 << bits) - 1) for bits, scale in zip(BITS, scales, strict=True)],
                "n": over_seeds(lambda key: self._found[key].n, NONE, BITS[0])}

    def _worth(self, rule: str, families: list[dict[str, Any]]) -> dict[str, Any]:
        """A row of the table of gains: mean and range over batches for each kind of logits."""
        row: dict[str, Any] = {"name": rule, "title": SHIFT_TITLES[rule], "about": panels.ABOUT[rule]}
        for kind, family in zip(panels.KINDS, families, strict=True):
            gain = family["gains"][rule] or {"mean": None, "least": 0, "most": 0}
            spread = f" ({signed(gain['least'])} to {signed(gain['most'])})" if gain["least"] < gain["most"] else ""
            row[kind] = {"mean": gain["mean"], "range": spread}
        return row

    def _numbers(self, family: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Every error behind the curves of one kind of logits, one row per rule; a star where the original breaks."""
        for rule, values in family["curves"].items():
            yield {"name": f"{family['name']}-{rule}", "title": family["title"], "errors": values,
                   "rule": SHIFT_TITLES[rule],
                   "stars": [" *" if breaks else "" for breaks in family["guarded"][rule]],
                   "chosen": rule == self.params["rule"]}

    def _guarded(self, seed: int, family: str, rule: str, bits: int) -> bool:
        """Whether the method's original breaks on this grid."""
        method = METHODS[self.params["method"]]
        return any(map(method.guarded, self._scales.get((seed, family, rule, bits), [])))

    def _guards(self) -> str:
        """A sentence about hollow points; empty if there are none."""
        method = METHODS[self.params["method"]]
        shown = [key for key in self._scales if key[0] in self._seeds() and key[1] in self._families()]
        if not any(self._guarded(*key) for key in shown):
            return ""
        return (f"Hollow points and starred numbers: the grid's step is above {method.guarded_above:.3g} nats, where "
                f"the original {method.title} breaks. They come from its guarded form and count in no gain.")

    def _gain(self, family: str, rule: str) -> dict[str, float] | None:
        """Bits that a rule is worth, against no shift: mean, least and most of the whole batches; None before."""
        gains = [gain_bits(*([self._found[seed, family, each, bits].l1_per_row
                              for bits in self._clear(seed, family, rule)] for each in (NONE, rule)))
                 for seed in self._seeds() if self._done(seed, family)]
        gains = [gain for gain in gains if np.isfinite(gain)]
        return {"mean": float(np.mean(gains)), "least": min(gains), "most": max(gains)} if gains else None

    def _clear(self, seed: int, family: str, rule: str) -> list[int]:
        """The numbers of bits at which a rule can be compared with no shift: the original breaks at neither."""
        return [bits for bits in CLEAR_BITS
                if not any(self._guarded(seed, family, each, bits) for each in (NONE, rule))]

    def _finer(self, family: str, rule: str) -> float:
        """How many bits finer the rule's step is than that without a shift, where both are compared: a mean."""
        keys = [(seed, bits) for seed in self._seeds() if self._done(seed, family)
                for bits in self._clear(seed, family, rule)]
        without, shifted = (np.array([self._scales[seed, family, each, bits] for seed, bits in keys])
                            for each in (NONE, rule))
        return float(np.log2(without / shifted).mean())

    def _words(self, gains: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
        """What was found, and whether the control holds, in sentences that follow from the numbers."""
        if not all(gains[family][rule] for family in self._families() for rule in (MEAN, MAXIMUM, CLIPPED)):
            return None
        worth = {family: {rule: gain["mean"] for rule, gain in rules.items() if gain}
                 for family, rules in gains.items()}
        offset, control, net = worth["offset"], worth[CONTROL], self.params["net"]
        trained = worth[net]
        holds = abs(control[MEAN]) < NOTHING
        return {
            "finding": f"On rows with offsets the row mean is worth {bits_text(offset[MEAN])}, the row maximum on an "
                       f"unsigned grid {bits_text(offset[MAXIMUM])}, and with the best clip "
                       f"{bits_text(offset[CLIPPED])}. On the trained logits of the {NETWORK_TITLES[net]} these are "
                       f"{bits_text(trained[MEAN])}, {bits_text(trained[MAXIMUM])} and {bits_text(trained[CLIPPED])}.",
            "holds": holds, "verdict": "✓ The control holds." if holds else "✗ The control does not hold.",
            "control": f"On centred logits the row mean is worth {bits_text(control[MEAN])}: "
                       + ("it does not help where there is nothing to shift." if holds
                          else "that is more than chance, so something other than the shift is at work here."),
            "unsigned": f"There the row maximum is worth {bits_text(control[MAXIMUM])}, for two reasons. Its step is "
                        f"finer by {bits_text(self._finer(CONTROL, MAXIMUM))}, because the grid covers the "
                        "longest row instead of twice the largest magnitude. And the largest logit of each row, which "
                        "matters most, has no rounding error.",
        }


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of the numbers that are not None; None if all are."""
    there = [value for value in values if value is not None]
    return float(np.mean(there)) if there else None


def drawn(rule: str, chosen: str, errors: list[float | None], guarded: list[bool]) -> dict[str, Any]:
    """The line of a rule: no shift in ink, the chosen rule in orange, the others faint; hollow where the original
    breaks."""
    role, word = {NONE: ("float", "no shift"), chosen: ("quant", "shifted")}.get(rule, ("faint", ""))
    last = errors[-1]
    label = f"{word} {last:.4f}" if word and last is not None else ""
    return {"y": errors, "role": role, "thin": role == "faint", "label": label, "hollow": guarded}


def reading(bits: int, i: int, curves: dict[str, list[float | None]], guarded: dict[str, list[bool]]) -> str:
    """All errors at one number of bits, in words."""
    return f"{bits} bits: " + ", ".join(
        f"{SHIFT_TITLES[rule]} {'–' if errors[i] is None else f'{errors[i]:.4f}'}"
        f"{' (original breaks)' if guarded[rule][i] else ''}"
        for rule, errors in curves.items())


def signed(gain: float) -> str:
    return f"{gain:+.2f}".replace("-", "−")


def bits_text(gain: float) -> str:
    return f"{signed(gain)} bits"
