"""Mixed precision: bits for each layer under a budget of bytes, by how much each layer suffers."""

from collections.abc import Iterator
from typing import Any

from pyapp import shipped
from pyapp.data import mnist
from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.params import Param, Value
from pyapp.measure.verification import NEAR, Verification, key
from pyapp.quant.calibrate import CALIBRATIONS, CLIPS
from pyapp.quant.mixed import Choice
from pyapp.quant.parameters import float_nbytes
from pyapp.quant.schemes import SCHEMES
from pyapp.quantized.mixing import Search
from pyapp.quantized.network import Settings

NONE = "none"
MEASURES = ("kl", "loss")
POINTS = 100  # percentage points in a share of 1
NOTICEABLE = 0.2  # points of accuracy; less may be chance


class Page(Experiment):
    title = "Mixed precision"
    summary = ("Give the network a budget of bytes, and each layer gets its bits by how much it suffers from few: see "
               "what each layer loses, and the predicted and the measured loss of the whole network.")
    group = "Quantise"
    view = "mixed"
    order = 26
    PARAMS = (
        Param("budget", "Budget", "int", 45_000, lo=20_000, hi=170_000, step=100, unit="bytes",
              doc="For everything: packed codes, scales, biases, and the grids of the activations"),
        Param("method", "Method", "choice", "gptq", choices=("round", "gptq"), widget="select",
              doc="Round to nearest, or GPTQ, which lets later weights make up for earlier errors"),
        Param("scheme", "Scheme", "choice", "symmetric", choices=SCHEMES, widget="select",
              doc="Of the weights; activations are always affine and unsigned"),
        Param("per", "One scale per", "choice", "channel", widget="select",
              choices=("tensor", "channel", "group:8", "group:16", "group:32", "group:64"),
              doc="Weights that share a scale: all, those of one neuron, or N neighbours of a row"),
        Param("clip", "Range of the weights", "choice", "mse", choices=CLIPS, widget="select",
              doc="All weights lie on the grid, or the largest are clipped where that lessens the squared error"),
        Param("activations", "Bits per activation", "choice", NONE, choices=(NONE, *"8765432"), widget="select",
              doc="Of pixels and hidden layers, in every mixture the same; logits keep at least 8"),
        Param("calibrate", "Calibration", "choice", "minmax", choices=CALIBRATIONS, widget="select",
              doc="How the range of each activation is found"),
        Param("measure", "Sensitivity as", "choice", "kl", choices=MEASURES, widget="select",
              doc="Divergence from the float network, by which bits are chosen, or what is added to the loss"),
    )

    def __init__(self, params: dict[str, Value]):
        super().__init__(params)
        self._step = 0
        self._known: dict[Settings, Verification] = {}  # what was measured once need not be measured again

    @property
    def work(self) -> Verification:
        """The search at these settings, as far as it has come."""
        value = self.params
        activations = None if value["activations"] == NONE else int(value["activations"])
        settings = Settings(scheme=value["scheme"], per=value["per"], activations=activations, method=value["method"],
                            calibrate=value["calibrate"], clip=value["clip"])
        if settings not in self._known:
            search = Search(shipped.mlp(), settings, mnist.calibration(), mnist.calibration_labels())
            self._known[settings] = Verification(search, *mnist.shipped("test"))
        return self._known[settings]

    def steps(self) -> Iterator[Frame | None]:
        """A layer with a number of bits, or a piece of the images, an item; after a change with the new settings."""
        while self._advance():
            self._step += 1
            yield Frame(self._step)

    def _advance(self) -> bool:
        work = self.work
        work.wanted = work.search.best_within(int(self.params["budget"]))
        return work.advance()

    def frame(self) -> Frame:
        work = self.work
        search = work.search
        scalars = {
            "held_out": len(work.labels), "calibration": len(search.labels),
            "near": POINTS * NEAR, "noticeable": NOTICEABLE,
            "bytes_float": float_nbytes(shipped.mlp()), "float_accuracy": work.float_accuracy,
            "found": sum(map(len, search.table.values())), "findings": len(search.table) * len(search.bits),
            "layers": self._layers(), "verified": len(work.verified), "points": [], "refusal": "", "chosen": None,
        }
        if search.front:
            rivals = [self._rivals(uniform) for uniform in work.uniform]
            scalars |= {"points": [self._point(choice) for choice in work.choices.values()], **self._chosen(),
                        "rivals": rivals, "verdict": _verdict(rivals)}
        if ratios := work.ratios():
            scalars |= {"least_ratio": min(ratios), "largest_ratio": max(ratios)}
        return Frame(self._step, scalars)

    def _layers(self) -> list[dict[str, Any]]:
        """What was found of each layer, from the fewest bits to the most."""
        return [{"name": _short(name), "weights": shipped.mlp()[name].size,
                 "rows": [{"bits": b, **rows[b]} for b in sorted(rows)]}
                for name, rows in self.work.search.table.items()]

    def _point(self, choice: Choice | None) -> dict[str, Any] | None:
        """A choice as it was foretold, and as it was measured, if it was yet."""
        if choice is None:
            return None
        found, bits = self.work.of(choice), key(choice)
        return {"bits": list(bits), "bytes": choice.nbytes, "predicted": choice.cost,
                "front": bits in self.work.front, "uniform": bits[0] if len(set(bits)) == 1 else None,
                "kl": found and found.kl, "accuracy": found and found.accuracy}

    def _chosen(self) -> dict[str, Any]:
        """What fits the budget: the search's choice and the largest uniform network; or why nothing does."""
        budget, work = int(self.params["budget"]), self.work
        try:
            chosen = work.search.choose(budget)
        except ValueError as error:
            return {"refusal": str(error)}
        return {"chosen": self._point(chosen), "rival": self._point(work.within(budget)),
                "parts": self._parts(chosen, budget)}

    def _parts(self, chosen: Choice, budget: int) -> list[dict[str, Any]]:
        """Where the bytes of the chosen network go: layers, the rest, and what is left of the budget."""
        search = self.work.search
        parts = [{"name": _short(name), "bits": bits, "bytes": search.table[name][bits]["bytes"],
                  "kl": search.table[name][bits]["kl"]} for name, bits in chosen.bits.items()]
        parts += [{"name": "rest", "bytes": search.fixed_bytes}, {"name": "free", "bytes": budget - chosen.nbytes}]
        return [{**part, "share": part["bytes"] / budget} for part in parts]

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
        facts = {**self._point(rival), "same": rival.bits == uniform.bits, "closer": None, "points": None}
        if ours and theirs:
            facts |= {"closer": ours.kl < theirs.kl, "points": POINTS * (ours.accuracy - theirs.accuracy)}
        return facts


def _verdict(rivals: list[dict[str, Any]]) -> dict[str, list[int]]:
    """The widths of the uniform networks, by what was measured of the search's choices of their size."""
    known = [rival for rival in rivals if rival["near"] and rival["near"]["closer"] is not None
             and rival["within"]["closer"] is not None]
    found = {name: [] for name in ("same", "closer", "further", "near_closer", "near_better", "near_worse")}
    for bits, within, near in ((rival["uniform"]["uniform"], rival["within"], rival["near"]) for rival in known):
        found["same" if within["same"] else "closer" if within["closer"] else "further"].append(bits)
        if near["closer"]:
            found["near_closer"].append(bits)
        if abs(near["points"]) >= NOTICEABLE:
            found["near_better" if near["points"] > 0 else "near_worse"].append(bits)
    return {**found, "known": [rival["uniform"]["uniform"] for rival in known]}


def _short(name: str) -> str:
    return name.removesuffix(".weight")
