"""Check this browser: the fixtures of `pyapp.parity.check` against what CPython recorded."""

from collections.abc import Iterator
from typing import Any, ClassVar

from pyapp import store
from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.panels import Column, Panel, Table, Words, Work
from pyapp.experiment.params import Values
from pyapp.parity import check

CHECKS = Panel("checks", "CPython's results, computed here again", (
    Words(role="summary", name="check-summary", text="{summary}", when="running"),
    Words(role="summary", name="check-summary", text="{summary}", when="done", good="proven"),
    Table(name="checks", rows="rows", caption="Differences between this browser and CPython", columns=(
        Column("call", "`{name}`"), Column("what is compared", "{what}", prose=True),
        Column("largest difference", "difference:scientific", flag="not comparable", flagged="lost"),
        Column("allowed", "{allowed}"), Column("verdict", "{verdict}", name="verdict", role="{tone}"))),
    Work(again="Run again", name="check-run"),
    Words(text="Whole numbers must be equal ([parity](?parity)): there the difference is how many are not. Real "
               "numbers may differ in their last digits, because browsers and processors add in different orders; a "
               "bound marked relative is a share of the recorded value. The fingerprint is a short hash of all "
               "integers in the row `export`: an exported file, its JavaScript and its C print the same."),
), empty="The check runs as soon as Python has started.")


class Page(Experiment):
    title = "Check this browser"
    summary = "Your browser runs what CPython ran: see how far apart the results are, and may be."
    entry = None
    order = 900
    NEXT = ("start", "Back to the beginning: what do 2 bits break?")
    WORK = "auto"
    BAR = "{summary}"
    RECORDED = ()
    PANELS = (CHECKS,)
    UNSHOWN: ClassVar = {"proof": "The status line shows it."}
    untold = "what is compared and what may differ stands above and below the table, which is the whole page"

    def __init__(self, params: Values):
        super().__init__(params)
        self.rows: list[dict] = []
        self.recorded = store.load(check.RECORDED)  # here, where a page may wait for a file

    def steps(self) -> Iterator[Frame]:
        """One fixture per step."""
        for fixture in check.FIXTURES:
            self.rows.append(check.compare(fixture, self.recorded))
            yield Frame(len(self.rows))

    def frame(self) -> Frame:
        """All rows, also those still to come. The proof holds only once all have run and every row holds."""
        passed, total = sum(row["ok"] for row in self.rows), len(check.FIXTURES)
        done = len(self.rows) == total
        found = next((row["fingerprint"] for row in self.rows if "fingerprint" in row), "")
        summary = (f"{len(self.rows)} of {total} compared." if not done else f"{passed} of {total} hold."
                   if passed < total else f"All {total} hold: this browser computes what CPython computes. "
                   f"Fingerprint {found}.")
        return Frame(len(self.rows), {
            "rows": [*map(told, self.rows), *map(awaited, check.FIXTURES[len(self.rows):])],
            "summary": summary, "running": not done, "done": done,
            "proven": done and passed == total,
            "proof": {"ok": passed == total, "passed": passed, "total": total, "fingerprint": found} if done else None})


def awaited(fixture: check.Fixture) -> dict[str, Any]:
    """The row of a fixture that has not run yet."""
    row = told(check.row(fixture, None))
    return {**row, "verdict": "to come", "tone": "muted"}


def told(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the proof, with its bound and its outcome in words."""
    allowed = "equal" if row["exact"] else f"{row['bound']:.0e}".replace("e-0", "e−")
    return {**row, "allowed": allowed + (" relative" if row["relative"] else ""),
            "lost": row["difference"] == float("inf"), "verdict": "holds" if row["ok"] else "differs",
            "tone": "good" if row["ok"] else "bad"}
