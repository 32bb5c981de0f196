"""Guidelines: what is usually said about precision, beside what the digits network measures."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from pyapp import shipped
from pyapp.data import mnist
from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.panels import Column, Panel, Progress, Table, Words
from pyapp.experiment.params import Param, Values
from pyapp.pages.base.guidelines import CLAIMS, USES, Claim, Limits
from pyapp.pages.base.lab import Lab, Measured

ALL = "all"
VERDICTS = {True: "holds", False: "fails", None: "open"}
JUDGED = {"holds": "[✓ holds here](.good)", "fails": "✗ does not hold here", "open": "? cannot be decided here"}
CLAIMED = Panel("claims", "Claims about precision", (
    Words(text="Every number comes from {held_out:count} test digits, classified by the pretrained network and by "
               "quantised versions of it, in your browser, while you watch."),
    Words(role="summary", name="tally", text="{tally}", when="total"),
    Progress(done="measured", of="total"),
    Words(role="empty", name="no-claims", text="No claim of this kind so far.", when="!rows"),
    Table(name="claims", caption="Claims about precision, what was measured, and whether they hold here", rows="rows",
          group="use", when="rows", columns=(
              Column("what is said", "{text}", prose=True, about="Said by {said}."),
              Column("measured here", "{findings}", name="facts", blocks=(
                  Words(role="empty", text="not measured yet", when="!facts"),
                  Words(role="fact", over="facts", text="{label} {words}"))),
              Column("verdict", "{judged}", name="verdict", blocks=(
                  Words(role="verdict-word", text="{judged}", when="judged"),
                  Words(role="doc", text="The rule: {rule}."),
                  Words(role="doc reason", text="{because}", when="because"),
                  Words(role="doc", text="[See it yourself]({link})", when="link"))))),
), empty="Measuring starts when Python has started.")


class Page(Experiment):
    title = "Guidelines"
    summary = "Common claims about precision, each tested in your browser: some do not hold here."
    entry = "Spend bits"
    order = 41
    NEXT = ("exponential", "What integers do worst is the exponential in softmax: see how one is built.")
    WORK = "auto"
    BAR = "{measured:count} of {total:count} measured"
    PANELS = (CLAIMED,)
    MAIN = ("show", "allowed")
    RECORDED, REHEARSED = (), 6  # the next is measured in milliseconds
    PARAMS = (
        Param("show", "Show", "choice", ALL, choices=(ALL, "holds", "fails", "open"),
              titles={"holds": "those that hold", "fails": "those that do not", "open": "undecided"},
              doc="All claims, or those that hold here, do not, or cannot be decided"),
        Param("allowed", "Allowed loss", "float", 1.0, lo=0.05, hi=20.0, log=True, unit="points",
              doc="What counts as too much; the usual claim says less than 1 %"),
        Param("noticeable", "Noticeable loss", "float", 0.2, lo=0.05, hi=5.0, log=True, unit="points",
              doc="Less than this counts as none: 0.2 points are 6 of 3,000 digits, and may be chance"),
    )

    def __init__(self, params: Values):
        super().__init__(params)
        self._lab = Lab(shipped.mlp(), *mnist.shipped("test"), mnist.calibration())
        self._found: dict[str, list[Measured | None]] = {}

    def steps(self) -> Iterator[Frame | None]:
        """Measure the claims, one piece of the held-out images per item."""
        for claim in CLAIMS[len(self._found):]:
            found = []
            for _, trial in claim.trials:
                work = trial(self._lab)
                found.append((yield from work))
            self._found[claim.name] = found
            yield Frame(len(self._found))

    def frame(self) -> Frame:
        limits = Limits(self.params["noticeable"], self.params["allowed"])
        rows = [self._row(claim, limits) for claim in CLAIMS]
        verdicts = [row["verdict"] for row in rows]
        holds, fails, undecided = (verdicts.count(verdict) for verdict in VERDICTS.values())
        tally = (f"Measuring: {len(self._found)} of {len(CLAIMS)} claims." if len(self._found) < len(CLAIMS) else
                 f"{holds} of {len(CLAIMS)} claims hold on this network; {fails} do not"
                 + (f"; {undecided} cannot be decided." if undecided else "."))
        return Frame(len(self._found), {
            "rows": [row for row in rows if self.params["show"] in (ALL, row["verdict"])], "tally": tally,
            "total": len(CLAIMS), "measured": len(self._found), "held_out": len(mnist.shipped("test")[1])})

    def _row(self, claim: Claim, limits: Limits) -> dict[str, Any]:
        found = self._found.get(claim.name)
        verdict = VERDICTS[claim.holds(found, limits)] if found else None
        facts = [{"label": label, "words": told(result), **(asdict(result) if result else {})}
                 for (label, _), result in zip(claim.trials, found or [], strict=False)]
        rule = claim.rule.format(noticeable=_points(limits.noticeable), allowed=_points(limits.allowed))
        return {"name": claim.name, "use": USES[claim.use], "text": claim.text, "said": claim.said, "rule": rule,
                "link": claim.link, "facts": facts,
                "findings": "; ".join(f"{fact['label']}: {fact['words']}" for fact in facts), "verdict": verdict,
                "judged": JUDGED.get(verdict, ""), "because": claim.because if verdict == "fails" else ""}


def told(found: Measured | None) -> str:
    """A measurement in words, each number with its unit; a loss is said as what the network gains or loses."""
    if found is None:
        return "[not shipped with this page](.muted)"
    gain = None if found.loss is None else 0 - found.loss
    changed = f"{{:,}} changed prediction{'' if found.changed == 1 else 's'}"
    forms = ((found.accuracy, "**{:.2%}**"), (gain, "{:+.2f} points"), (found.changed, changed),
             (found.nbytes, "{:,} bytes"), (found.saved, "saves {:.2%} of the bytes"), (found.ms, "**{:.3g} ms**"))
    words = " · ".join(form.format(value).replace(" ", "\u00a0") for value, form in forms if value is not None)
    numbers = words.replace("+0.00", "0.00").replace("-", "−").replace("%", "\u00a0%")
    return f"[{numbers}](.number)"


def _points(number: float) -> str:
    return "1 point" if number == 1 else f"{number:g} points"
