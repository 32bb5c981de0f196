"""Arena: matrix products of float32 numbers and of int8 codes race in this runtime, and are checked first."""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.params import Param, Value
from pyapp.pages.base.contestants import CONTESTANTS, FLOAT32, Contestant, Operands, exact_bound, truth, wrong

SIZES = {**{str(n): (n, n, n) for n in (64, 128, 256, 512)}, "32x784x128": (32, 784, 128)}  # M, K, N
TRUTH_ROWS = 64  # of the true product at a time, so that no unit of work takes long
LEAST_MS = 20.0  # of one timing: a browser's clock ticks in tenths of a millisecond
GIVEN, QUANTISED = "given", "quantised"  # the codes are there already; or the input arrives as float32


def ms_per_call(call: Callable[[], Any], calls: int) -> float:
    """Mean time of a call in milliseconds, over so many that the clock's ticks do not matter."""
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - start) * 1000 / calls


def calls_needed(call: Callable[[], Any]) -> int:
    """How many calls take about LEAST_MS together; doubles until they do, which warms up as well."""
    calls = 1
    while ms_per_call(call, calls) * calls < LEAST_MS:
        calls *= 2
    return calls


class Entry:
    """A contestant in one of its races, and its times."""

    def __init__(self, contestant: Contestant, operands: Operands, race: str):
        self.contestant, self.race = contestant, race
        x, w = operands.of(contestant)
        self.weight_bytes = w.nbytes
        if race == QUANTISED:
            grid = operands.a.grid
            self.call = lambda: contestant.run(grid.quantize(operands.x), w)
        else:
            self.call = lambda: contestant.run(x, w)
        self.calls = 0
        self.ms: list[float] = []


class Page(Experiment):
    title = "Arena"
    summary = ("Let float32 and int8 products race in this browser, and notice what NumPy makes of int8, and what it "
               "costs to do it right.")
    group = "Quantise"
    view = "arena"
    order = 27
    PARAMS = (
        Param("size", "Size", "choice", "256", choices=tuple(SIZES), widget="select", live=False,
              doc="Three sides of one length; 32x784x128 is a batch of 32 in the digits network's first layer"),
        Param("rounds", "Rounds", "int", 5, lo=1, hi=25, step=1, live=False,
              doc="Each contestant is timed once a round, in turns; the median of all rounds counts"),
        Param("seed", "Seed", "int", 1, lo=0, hi=2**32 - 1, step=1, live=False, widget="number",
              doc="Decides the numbers in the matrices"),
    )

    def __init__(self, params: dict[str, Value]):
        super().__init__(params)
        self.m, self.k, self.n = SIZES[str(params["size"])]
        self.operands = Operands.draw(self.m, self.k, self.n, int(params["seed"]))
        self.entries = [Entry(each, self.operands, race) for each in CONTESTANTS
                        for race in ((GIVEN, QUANTISED) if each.integer else (GIVEN,))]
        self.verdicts: dict[str, dict[str, Any]] = {}  # the same in every runtime; the times never are
        self.round = 0  # finished ones

    def steps(self) -> Iterator[Frame | None]:
        """The verdicts, then the times: a check or a timing an item, a Frame after each round."""
        for integer in (False, True):
            expected = []
            for first in range(0, self.m, TRUTH_ROWS):
                expected.append(truth(self.operands, slice(first, first + TRUTH_ROWS), integer))
                yield None
            for each in CONTESTANTS:
                if each.integer == integer:
                    self.verdicts[each.name] = self._judge(each, np.concatenate(expected))
                    yield None
        for entry in self.entries:
            entry.calls = calls_needed(entry.call)
            yield None
        for _ in range(int(self.params["rounds"])):
            for entry in self.entries:
                entry.ms.append(ms_per_call(entry.call, entry.calls))
                yield None
            self.round += 1
            yield Frame(self.round)

    def _judge(self, contestant: Contestant, expected: np.ndarray) -> dict[str, Any]:
        """Right or wrong in every element, and the first wrong one."""
        result = contestant.run(*self.operands.of(contestant))
        bad = wrong(self.operands, result, expected, contestant.integer)
        verdict = {"right": not bad.any(), "wrong": int(bad.sum()), "dtype": result.dtype.name, "example": None}
        if bad.any():
            row, column = (int(i) for i in np.argwhere(bad)[0])
            got, right = result[row, column].item(), expected[row, column].item()
            wraps = (right - got) // 256 if result.dtype == np.int8 else None  # int8 keeps the sum modulo 2^8
            verdict["example"] = {"row": row, "column": column, "got": got, "right": right, "lost": right - got,
                                  "wraps": wraps}
        return verdict

    def frame(self) -> Frame:
        rounds = int(self.params["rounds"])
        units = len(CONTESTANTS) + len(self.entries) * (1 + rounds)
        done = len(self.verdicts) + sum(len(entry.ms) + (entry.calls > 0) for entry in self.entries)
        bound, limit = exact_bound(self.k)
        times = self._times()
        return Frame(self.round, {
            "size": {"m": self.m, "k": self.k, "n": self.n, "operations": 2 * self.m * self.k * self.n,
                     "elements": self.m * self.n},
            "round": self.round, "rounds": rounds, "progress": done / units,
            "contestants": [self._facts(each) for each in CONTESTANTS], "times": times,
            "words": self._finding(times) if self.round else None,
            "bound": {"largest": bound, "limit": limit, "exact": bound <= limit}, "traffic": self._traffic(),
        })

    def _facts(self, contestant: Contestant) -> dict[str, Any]:
        """What is the same in every runtime."""
        weight_bytes = next(entry.weight_bytes for entry in self.entries if entry.contestant is contestant)
        return {"name": contestant.name, "title": contestant.title, "doc": contestant.doc,
                "integer": contestant.integer, "weight_bytes": weight_bytes,
                "verdict": self.verdicts.get(contestant.name)}

    def _times(self) -> list[dict[str, Any]]:
        """The entries that were timed, fastest first."""
        timed = [entry for entry in self.entries if entry.ms]
        measure = next((entry.ms for entry in timed if entry.contestant is FLOAT32), None)
        rows = [self._time(entry, measure) for entry in timed]
        fastest = max((row["giga"] for row in rows), default=1.0)
        return sorted(({**row, "share": row["giga"] / fastest} for row in rows), key=lambda row: row["ms"])

    def _time(self, entry: Entry, measure: list[float]) -> dict[str, Any]:
        """Median time, rate, and the median of the rounds' ratios to float32: above 1 is faster."""
        median = statistics.median(entry.ms)
        ratios = [base / own for base, own in zip(measure, entry.ms, strict=False)]  # in mid-round float32 is ahead
        return {"name": entry.contestant.name, "title": entry.contestant.title, "race": entry.race, "ms": median,
                "least": min(entry.ms), "most": max(entry.ms), "calls": entry.calls,
                "giga": 2 * self.m * self.k * self.n / median / 1e6, "ratio": statistics.median(ratios)}

    def _finding(self, times: list[dict[str, Any]]) -> str:
        """What the right products of codes gain over float32, in words that follow from the measured numbers."""
        right = {each.name for each in CONTESTANTS if each.integer and self.verdicts[each.name]["right"]}
        best = {race: max((row for row in times if row["name"] in right and row["race"] == race),
                          key=lambda row: row["ratio"]) for race in (GIVEN, QUANTISED)}
        given, quantised = best[GIVEN], best[QUANTISED]
        return (f"The best right product of codes, {given['title']}, was {given['ratio']:.2f} times as fast as "
                f"float32; where the input had to be quantised first, the best, {quantised['title']}, was "
                f"{quantised['ratio']:.2f} times as fast.")

    def _traffic(self) -> list[dict[str, Any]]:
        """Bytes that have to be read and written at least once."""
        inputs, weights, outputs = self.m * self.k, self.n * self.k, self.m * self.n
        rows = [("float32", 4), ("int8", 1)]
        return [{"title": title, "inputs": size * inputs, "weights": size * weights, "result": 4 * outputs,
                 "all": size * (inputs + weights) + 4 * outputs} for title, size in rows]
