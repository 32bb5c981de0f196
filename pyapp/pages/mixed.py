"""Mixed precision: bits for each layer under a budget of bytes, by how much each layer suffers."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import ceil, floor, log10
from typing import Any

from pyapp import shipped
from pyapp.data import mnist
from pyapp.experiment.frame import Experiment, Frame, Outcome
from pyapp.experiment.params import Param, Values, number
from pyapp.measure.mistakes import Mistakes
from pyapp.measure.verification import NEAR, Verification, key
from pyapp.pages.base import controls, export_buttons, mistakes
from pyapp.pages.base.controls import NONE
from pyapp.pages.base.measured import activations_words
from pyapp.pages.panels import mixed as panels
from pyapp.quant.mixed import Choice
from pyapp.quant.parameters import float_nbytes
from pyapp.quantized.mixing import Search
from pyapp.quantized.network import Settings

MEASURES = {"kl": "KL divergence from the float32 network (nats)", "loss": "Increase in loss (nats)"}
OF_SEARCH = ("scheme", "per", "activations", "method", "calibrate", "clip")  # parameters
POINTS = 100  # percentage points in a share of 1
NOTICEABLE = 0.2  # points of accuracy; less may be chance
DASHES = (False, "6 3", "2 3")  # by which the layers' lines are told apart
WRONG = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1)  # shares of the digits: ends and ticks
TITLES = {"rest": "biases, grids", "free": "left over"}


class Page(Experiment):
    title = "Mixed precision"
    summary = "Set a budget of bytes: each layer gets the bits it needs, and you see what that costs."
    entry = "Spend bits"
    order = 40
    NEXT = ("guidelines", "Which rules of thumb about precision hold on this network?")
    WORK = "auto"
    BAR = "{bar}"
    GROUPS = (("Budget", ("budget", "keep")), ("Weights", ("method", "scheme", "per", "clip")),
              ("Activations", ("activations", "calibrate")), ("Chart", ("measure",)), mistakes.GROUP)
    PANELS = panels.PANELS
    ACTIONS = export_buttons.actions()
    IDLE = (controls.idle_in_float("calibrate"),)
    MAIN = ("budget", "method")
    RECORDED, REHEARSED = (), 33  # as far as the measured mixture
    PARAMS = (
        Param("budget", "Budget", "int", 45_000, lo=20_000, hi=170_000, step=100, unit="bytes",
              doc="Bytes for everything: packed codes, scales, biases, and the grids of the activations"),
        controls.weight_method("gptq"),
        controls.scheme(),
        controls.per("channel"),
        controls.weight_range("mse"),
        controls.bits_or_none("activations", "Bits per activation", default=NONE,
                              doc="Bits of the pixels and hidden layers, the same in every mixture; logits keep at "
                                  "least 8"),
        controls.calibration(),
        Param("keep", "Accuracy to keep", "float", 0.985, lo=0.9, hi=0.995, step=0.001,
              doc="The share of test digits that the smallest network must classify correctly"),
        Param("measure", "Sensitivity as", "choice", "kl", choices=tuple(MEASURES), titles={"kl": "KL divergence"},
              doc="Divergence from the float32 network, which decides the bits, or the increase in loss"),
        mistakes.CELL,
    )

    def __init__(self, params: Values):
        super().__init__(params)
        self._step = 0
        self._known: dict[tuple, Verification] = {}  # what was measured once need not be measured again

    @property
    def work(self) -> Verification:
        """The search at these settings, as far as it has come."""
        chosen = tuple(self.params[name] for name in OF_SEARCH)  # asked for hundreds of times in a frame
        if chosen not in self._known:
            settings = Settings(**{name: self.params[name] for name in OF_SEARCH} | {
                "activations": number(self.params["activations"])})
            search = Search(shipped.mlp(), settings, mnist.calibration(), mnist.calibration_labels())
            self._known[chosen] = Verification(search, *mnist.shipped("test"))
        return self._known[chosen]

    def steps(self) -> Iterator[Frame | None]:
        """One layer at one number of bits, or one piece of the images, per item; after a change, for new settings."""
        while self._advance():
            self._step += 1
            yield Frame(self._step)

    def _advance(self) -> bool:
        work = self.work
        work.wanted = work.search.best_within(self.params["budget"])
        return work.advance()

    def act(self, name: str, values: Values) -> Outcome:
        """Export the network within the budget."""
        from pyapp.pages.base import exporting  # here, because no page needs it to begin
        search = self.work.search
        chosen = search.best_within(self.params["budget"]) if search.front else None
        if chosen is None:
            raise ValueError("no network is chosen yet; wait for the search, or give a larger budget")
        scheme = exporting.settings_of(replace(search.settings, bits=tuple(chosen.bits.values())))
        return exporting.exported(self, name, search.network(chosen.bits), exporting.shipped("mlp"), scheme)

    def frame(self) -> Frame:
        work = self.work
        search = work.search
        layers = self._layers()
        scalars = {
            "activations_words": activations_words(self.params["activations"]),
            "held_out": len(work.labels), "calibration": len(search.labels),
            "near_percent": POINTS * NEAR, "noticeable": NOTICEABLE,
            "bytes_float": float_nbytes(shipped.mlp()), "float_accuracy": work.float_accuracy,
            "found": sum(map(len, search.table.values())), "findings": len(search.table) * len(search.bits),
            "layers": layers, "verified": len(work.verified), "points": [], "refusal": "", "chosen": None,
            "rival": None, "parts": [], "searching": not search.front, "rivals": [], "verdict": _verdict([]),
            "unknown": "" if self.params["activations"] == NONE else
                       "; it also ignores the error of the activations, which every network here has",
        }
        if search.front:
            rivals = [self._rivals(uniform) for uniform in work.uniform]
            scalars |= {"points": [self._point(choice) for choice in work.choices.values()], **self._chosen(),
                        "rivals": rivals, "verdict": _verdict(rivals)}
        scalars |= self._smallest(scalars["points"])
        chosen, rival, ratios = scalars["chosen"], scalars["rival"], work.ratios()
        scalars |= {
            "least_ratio": min(ratios, default=None), "largest_ratio": max(ratios, default=None),
            "rival_title": f"all {rival['uniform']} bits" if rival else "uniform",
            "bar": panels.headline(chosen, scalars["refusal"]),
            "sensitivity": self._sensitivity(layers, chosen), "front": self._front(scalars["points"], chosen),
        }
        wrong, pictures = mistakes.shown(*self._mistakes(), mnist.shipped("test")[0], self.params["cell"])
        return Frame(self._step, scalars | wrong, pictures)

    def _mistakes(self) -> tuple[Mistakes | None, Mistakes | None]:
        """The mistakes of the float32 network and of the chosen one, once that is measured."""
        chosen = self.work.search.best_within(self.params["budget"])
        found = chosen and self.work.of(chosen)
        return (self.work.float32, found.mistakes) if found else (None, None)

    def _sensitivity(self, layers: list[dict[str, Any]], chosen: dict[str, Any] | None) -> dict[str, Any]:
        """The lines of the layers by bits, a ring on each where it got its bits."""
        bits, measure = list(self.work.search.bits), self.params["measure"]
        values = [[row[measure] for row in layer["rows"]] for layer in layers]
        return {
            "bits": bits, "title": MEASURES[measure], "ends": decades(v for line in values for v in line),
            "across": [bits[0] - 0.2, bits[-1] + 0.2], "ticks": [{"at": b, "text": str(b)} for b in bits],
            "sunk": any(v <= 0 for line in values for v in line),
            "lines": [{"y": line, "role": "quant", "label": layer["name"], "dash": dash,
                       "hollow": [v <= 0 for v in line]}
                      for layer, line, dash in zip(layers, values, DASHES, strict=True)],
            "marks": [{"kind": "ring", "x": b, "y": line[bits.index(b)]}
                      for b, line in zip(chosen["bits"] if chosen else [], values, strict=False)],
        }

    def _front(self, points: list[dict[str, Any]], chosen: dict[str, Any] | None) -> dict[str, Any]:
        """Both plots of all networks by their bytes: divergence, predicted and measured, and the share read wrongly."""
        budget, exact = self.params["budget"], self.work.float_accuracy
        sizes = [point["bytes"] for point in points]
        low, high = (step * 10_000 for step in (min([*sizes, budget]) // 10_000, max([*sizes, budget]) // 10_000 + 1))
        every = 40_000 if high - low > 100_000 else 20_000
        wrong = [None if point["accuracy"] is None else max(1 - point["accuracy"], WRONG[1]) for point in points]
        known = [share for share in wrong if share is not None] + ([max(1 - exact, WRONG[1])] if exact else [])
        worst = next((share for share in WRONG if share >= max(known, default=1)), 1)
        best = next((share for share in WRONG[::-1] if share < min(known, default=1)), WRONG[0])
        at = [i for i, size in enumerate(sizes) if size <= budget]
        line = [{"kind": "vertical", "x": budget, "text": "budget", "role": "ink"}]

        def marks(heights: list[float | None]) -> list[dict[str, Any]]:
            """Squares of the uniform networks; the chosen one as a larger point in a ring."""
            placed = [(point, {"x": point["bytes"], "y": y}) for point, y in zip(points, heights, strict=True)
                      if y is not None]
            return line + [{"kind": "square", **place, "text": str(point["uniform"])}
                           for point, place in placed if point["uniform"]] + [
                {"kind": kind, **place} for point, place in placed if point == chosen for kind in ("ring", "point")]

        def dots(heights: list[float | None]) -> dict[str, Any]:
            return {"shape": "dots", "role": "quant",
                    "y": [y if point["front"] else None for point, y in zip(points, heights, strict=True)]}

        predicted, measured = ([point[key] for point in points] for key in ("predicted", "kl"))
        gaps = [{"kind": "thread", "x": size, "y": one, "to": [size, other]}
                for size, one, other in zip(sizes, predicted, measured, strict=True) if other is not None]
        return {
            "n": len(points), "bytes": sizes, "at": at[-1] if at else None, "sizes": [low, high],
            "size_ticks": [{"at": at, "text": f"{at / 1000:g}"}
                           for at in range(-(-low // every) * every, high + 1, every)],
            "costs": [{"shape": "dots", "role": "quant", "y": measured, "hollow": [True] * len(points)},
                      dots(predicted)],
            "cost_marks": marks(predicted) + gaps, "cost_ends": decades(v for v in predicted + measured if v),
            "wrong": [dots(wrong)], "wrong_ends": [worst, best],
            "wrong_ticks": [{"at": share, "text": f"{1 - share:.1%}".replace("%", " %")}
                            for share in WRONG if best <= share <= worst],
            "wrong_marks": marks(wrong) + ([{"kind": "horizontal", "y": max(1 - exact, WRONG[1]), "role": "float",
                                             "text": f"float {exact:.2%}".replace("%", " %")}] if exact else []),
        }

    def _layers(self) -> list[dict[str, Any]]:
        """The measurements of each layer, from the fewest bits to the most."""
        return [{"name": name.removesuffix(".weight"), "weights": shipped.mlp()[name].size,
                 "rows": [{"bits": b, **rows[b]} for b in sorted(rows)]}
                for name, rows in self.work.search.table.items()]

    def _point(self, choice: Choice | None) -> dict[str, Any] | None:
        """A choice as predicted and, once it is measured, as measured."""
        if choice is None:
            return None
        found, bits = self.work.of(choice), key(choice)
        return {"bits": list(bits), "bytes": choice.nbytes, "predicted": choice.cost,
                "front": bits in self.work.front, "off": "" if bits in self.work.front else " (not on the front)",
                "uniform": bits[0] if len(set(bits)) == 1 else None,
                "kl": found and found.kl, "accuracy": found and found.accuracy}

    def _smallest(self, points: list[dict[str, Any]]) -> dict[str, Any]:
        """The smallest measured network that keeps the accuracy asked for, `points` being ordered by bytes."""
        known = [point for point in points if point["accuracy"] is not None]
        found = next((point for point in known if point["accuracy"] >= self.params["keep"]), None)
        return {"smallest": found, "measured": len(known), "points_count": len(points),
                "none_keeps": bool(known) and not found}

    def _chosen(self) -> dict[str, Any]:
        """What fits the budget: the search's choice and the largest uniform network; or why nothing does."""
        budget, work = self.params["budget"], self.work
        try:
            chosen = work.search.choose(budget)
        except ValueError as error:
            return {"refusal": str(error)}
        return {"chosen": self._point(chosen), "rival": self._point(work.within(budget)),
                "parts": self._parts(chosen, budget)}

    def _parts(self, chosen: Choice, budget: int) -> list[dict[str, Any]]:
        """Where the bytes of the chosen network go: layers, the rest, and what is left of the budget."""
        search = self.work.search
        parts = [{"name": name.removesuffix(".weight"), "bits": bits, "bytes": search.table[name][bits]["bytes"],
                  "kl": search.table[name][bits]["kl"], "role": "quant"} for name, bits in chosen.bits.items()]
        parts += [{"name": name, "bits": None, "bytes": nbytes, "kl": None, "role": role} for name, nbytes, role in (
            ("rest", search.fixed_bytes, "float"), ("free", budget - chosen.nbytes, "faint"))]
        return [{**part, "title": TITLES.get(part["name"], part["name"]), "share": part["bytes"] / budget}
                for part in parts]

    def _rivals(self, uniform: Choice) -> dict[str, Any]:
        """A uniform network, and the search's choices in its bytes and in a few more."""
        within, near = self.work.rivals(uniform)
        return {"uniform": self._point(uniform), "within": self._against(uniform, within),
                "near": self._against(uniform, near)}

    def _against(self, uniform: Choice, rival: Choice | None) -> dict[str, Any] | None:
        """A choice with what it gains over the uniform network, once both were measured."""
        if rival is None:
            return None
        ours, theirs = self.work.of(rival), self.work.of(uniform)
        same = rival.bits == uniform.bits
        facts = {**self._point(rival), "same": same, "other": not same, "closer": None, "points": None, "gain": ""}
        if ours and theirs:
            closer, points = ours.kl < theirs.kl, POINTS * (ours.accuracy - theirs.accuracy)
            facts |= {"closer": closer, "points": points}
            if not same:
                facts["gain"] = f"{'closer' if closer else 'further off'}, {points:+.2f} points".replace("-", "−")
        return facts


def _verdict(rivals: list[dict[str, Any]]) -> dict[str, Any]:
    """The widths of the uniform networks, by what was measured of the search's choices of their size; and in words."""
    known = [rival for rival in rivals if rival["near"] and rival["near"]["closer"] is not None
             and rival["within"]["closer"] is not None]
    found = {name: [] for name in ("same", "closer", "further", "near_closer", "near_better", "near_worse")}
    for bits, within, near in ((rival["uniform"]["uniform"], rival["within"], rival["near"]) for rival in known):
        found["same" if within["same"] else "closer" if within["closer"] else "further"].append(bits)
        if near["closer"]:
            found["near_closer"].append(bits)
        if abs(near["points"]) >= NOTICEABLE:
            found["near_better" if near["points"] > 0 else "near_worse"].append(bits)
    words = _in_words(**found) if known else "Measured when the search has ended: the uniform networks come first."
    return {**found, "known": [rival["uniform"]["uniform"] for rival in known], "words": words}


def _in_words(same: list, closer: list, further: list, near_closer: list, near_better: list, near_worse: list) -> str:
    more = f"{POINTS * NEAR:.0f}\u00a0%"
    sentences = (
        f"For no more bytes, mixing is closer to the float32 network than {_list(closer, ' and ')} bits everywhere."
        if closer else "For no more bytes, mixing beats none of these uniform networks.",
        same and f"At the size of {_list(same, ' and ')} bits everywhere the search finds the same network.",
        further and f"At the size of {_list(further, ' and ')} bits it chose a mixture that is farther from the "
                    "float32 network: the sum of the layers' losses misled it.",
        f"With up to {more} more bytes it is closer than {_list(near_closer, ' and ')} bits." if near_closer else
        f"Up to {more} more bytes do not help either.",
        f"That gains at least {NOTICEABLE:.1f} points of accuracy over {_list(near_better, ' and ')} bits; "
        "elsewhere accuracy is about the same." if near_better else "No difference in accuracy is larger than chance.",
        near_worse and f"Compared with {_list(near_worse, ' and ')} bits, it gets noticeably fewer digits right.")
    return " ".join(sentence for sentence in sentences if sentence)


def _list(items: list[int], last: str = ", ") -> str:
    *most, end = map(str, items)
    return f"{', '.join(most)}{last}{end}" if most else end


def decades(values: Iterable[float]) -> list[float]:
    """Whole powers of ten around those values that are above 0, and 1."""
    powers = [log10(value) for value in values if value > 0] or [0.0]
    low = floor(min(0.0, *powers))
    return [10.0**low, 10.0 ** max(low + 1, ceil(max(powers)))]
