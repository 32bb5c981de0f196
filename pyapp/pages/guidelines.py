"""Guidelines: what is usually said about precision, beside what the digits network measures."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from pyapp.data import mnist
from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.params import Param, Value
from pyapp.pages.base.guidelines import CLAIMS, USES, Claim, Limits
from pyapp.pages.base.lab import Lab, Measured
from pyapp.pages.digits import pretrained

ALL = "all"
VERDICTS = {True: "holds", False: "fails", None: "open"}


class Page(Experiment):
    title = "Guidelines"
    summary = ("Read common claims about precision, each tested in your browser on the digits network: some do not "
               "hold here.")
    group = "Quantise"
    view = "guidelines"
    order = 28
    PARAMS = (
        Param("show", "Show", "choice", ALL, choices=(ALL, "holds", "fails", "open"), widget="select",
              doc="All claims, or those that hold here, do not, or cannot be decided"),
        Param("allowed", "Allowed loss", "float", 1.0, lo=0.05, hi=20.0, log=True, unit="points",
              doc="What counts as too much; the usual claim says less than 1 %"),
        Param("noticeable", "Noticeable loss", "float", 0.2, lo=0.05, hi=5.0, log=True, unit="points",
              doc="Less than this counts as none: 0.2 points are 6 of 3,000 digits, and may be chance"),
    )
    SOURCES = ("pyapp.pages.base.guidelines.needed", "pyapp.pages.base.guidelines.better",
               "pyapp.pages.base.guidelines.Claim", "pyapp.pages.base.lab.Lab", "pyapp.pages.base.lab.to_bfloat16")

    def __init__(self, params: dict[str, Value]):
        super().__init__(params)
        self._lab = Lab(pretrained(), *mnist.shipped("test"), mnist.calibration())
        self._found: dict[str, list[Measured | None]] = {}

    def steps(self) -> Iterator[Frame | None]:
        """Measure a claim an item, a piece of the held-out images at a time."""
        for claim in CLAIMS[len(self._found):]:
            found = []
            for _, trial in claim.trials:
                work = trial(self._lab)
                found.append((yield from work))
            self._found[claim.name] = found
            yield Frame(len(self._found))

    def frame(self) -> Frame:
        limits = Limits(float(self.params["noticeable"]), float(self.params["allowed"]))
        rows = [self._row(claim, limits) for claim in CLAIMS]
        verdicts = [row["verdict"] for row in rows]
        scalars = {"uses": [{"name": name, "title": title} for name, title in USES.items()], "rows": rows,
                   "total": len(CLAIMS), "measured": len(self._found), "held_out": len(mnist.shipped("test")[1]),
                   **{verdict: verdicts.count(verdict) for verdict in VERDICTS.values()}}
        return Frame(len(self._found), scalars)

    def _row(self, claim: Claim, limits: Limits) -> dict[str, Any]:
        found = self._found.get(claim.name)
        verdict = VERDICTS[claim.holds(found, limits)] if found else None
        facts = [{"label": label, "there": result is not None, **(asdict(result) if result else {})}
                 for (label, _), result in zip(claim.trials, found or [], strict=False)]
        rule = claim.rule.format(noticeable=_points(limits.noticeable), allowed=_points(limits.allowed))
        return {"name": claim.name, "use": claim.use, "text": claim.text, "said": claim.said, "rule": rule,
                "link": claim.link, "facts": facts, "verdict": verdict,
                "because": claim.because if verdict == "fails" else ""}


def _points(number: float) -> str:
    return "1 point" if number == 1 else f"{number:g} points"
