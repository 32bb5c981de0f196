"""Check this browser: the fixtures of `pyapp.parity.check` against what CPython recorded."""

from collections.abc import Iterator

from pyapp import store
from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.params import Value
from pyapp.parity import check


class Page(Experiment):
    title = "Check"
    summary = "Your browser runs the same calls as CPython did; see how far the results are apart, and what is allowed."
    view = "check"
    order = 900
    untold = "what is compared and what may differ stands above and below the table, which is the whole page"

    def __init__(self, params: dict[str, Value]):
        super().__init__(params)
        self.rows: list[dict] = []

    def steps(self) -> Iterator[Frame]:
        """One fixture a step."""
        recorded = store.load(check.RECORDED)
        for fixture in check.FIXTURES:
            self.rows.append(check.compare(fixture, recorded))
            yield self.frame()

    def frame(self) -> Frame:
        """The latest row, and how many hold so far."""
        return Frame(len(self.rows), {
            **(self.rows[-1] if self.rows else {}), "passed": sum(row["ok"] for row in self.rows),
            "total": len(check.FIXTURES), "done": len(self.rows) == len(check.FIXTURES),
        })
