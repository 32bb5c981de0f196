"""Speed, float32 against int8: matrix products are raced in this runtime, and checked first."""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.panels import (
    Beside,
    Column,
    Fact,
    Facts,
    Head,
    Heading,
    Panel,
    Progress,
    Table,
    Together,
    Words,
    Work,
)
from pyapp.experiment.params import Param, Values
from pyapp.pages.base import controls
from pyapp.pages.base.contestants import CONTESTANTS, FLOAT32, Contestant, Operands, error, exact_bound, truth, wrong

SIZES = {**{str(n): (n, n, n) for n in (64, 128, 256, 512)}, "32x784x128": (32, 784, 128)}  # M, K, N
TRUTH_ROWS = 64  # of the true product at a time, so that no unit of work takes long
LEAST_MS = 20.0  # of one timing: a browser's clock ticks in tenths of a millisecond
GIVEN, QUANTISED = "given", "quantised"  # from codes to int32 sums; or from float32 to float32
FLOAT, QUANT, BROKEN = "float", "quant", "broken"  # the bars of float32, of right codes, and of wrong results
FROM = {GIVEN: "from codes to sums", QUANTISED: "float32 to float32: quantised first, scaled back last"}

RACE = Panel("race", "How fast", (
    Words(text="Inputs of {size.m} × {size.k} times weights of {size.k} × {size.n}, {size.operations:count} "
               "operations. Bars show operations per second, longest is fastest: [float32 in ink](.float), [8-bit "
               "codes in orange](.quant), [hatched red where the result is wrong](.bad)."),
    Progress(name="progress", done="progress", text="round {round} of {rounds}", when="rounds"),
    Words(role="empty", text="Nothing is timed until you press Measure.", when="untimed"),
    Table(name="times", caption="What was timed, fastest first", rows="times", key="entry", when="times", columns=(
        Column("product", "title", prose=True,
               about="{from}, {least:fixed:3} to {most:fixed:3} ms, {calls:count} call{calls:s} per timing"),
        Column("", bar=("share",), roles=("{role}",)), Column("GOP/s", "giga:fixed:2"), Column("ms", "ms:fixed:3"),
        Column("× float32", "ratio:fixed:2"), Column("error", "error:percent:3"),
        Column("result", "{result}", role="{tone}"))),
    Table(name="awaited", caption="What will be timed", rows="awaited", key="entry", when="untimed", columns=(
        Column("product", "title", prose=True, about="{from}"),)),
    Words(role="finding", name="finding", text="{words}", when="words"),
    Words(role="doc", when="times",
          text="Medians of up to {rounds} round{rounds:s}, in which all take turns, and below each name the range "
               "of its times. “× float32” is how many times as fast as float32 it was: the median of float32 "
               "divided by its own. Repeated runs differ by 10 to 30 %: a ratio from 0.8 to 1.3 may be chance. “error” "
               "is the largest difference from the product of the unquantised numbers, in percent of that product's "
               "largest element."),
), empty="The contestants appear when Python has started.")
WRAP = Panel("wrap", "What NumPy does with int8", (
    Words(role="empty", when="!wrap", text="uint8 @ int8 gives int16. Press Measure to examine one of its elements "
                                           "here."),
    Together(when="wrap", blocks=(
        Beside(width=320, blocks=(
            Words(text="The sum of {size.k} products is kept in 16 bits, which end at 32,767. Anything beyond "
                       "that is lost silently, 65,536 at a time. Row {wrap.row}, column {wrap.column}:"),
            Facts(name="wrap", caption="The wrong element", facts=(
                Fact("the right sum", ("wrap.right:signed:0",), name="wrap-right"),
                Fact("lost, {wrap.wraps:signed:0} × 65,536", ("wrap.lost:signed:0",), name="wrap-lost"),
                Fact("what NumPy returns", ("wrap.got:signed:0",), name="wrap-got", role="bad"))))),
        Words(text="So {wrap.wrong:count} of {size.elements:count} elements are wrong. The others are right by chance: "
                   "their sum happens to lie between −32,768 and 32,767."))),
))
VERDICTS = Panel("verdicts", "Right or wrong", (
    Table(name="verdict", caption="The contestants and their results", rows="contestants", columns=(
        Column("product", "title", prose=True, about="{doc}."), Column("result", "verdict.dtype:text"),
        Column("wrong elements", "verdict.wrong:count", role="{tone}"),
        Column("weights kept as", "weight_bytes:bytes"))),
    Words(text="Before anything is timed, all {size.elements:count} elements of each result are compared with the "
               "product in int64; float32 with one in float64, where it may be off by no more than rounding can "
               "explain."),
), empty="The contestants appear when Python has started.")
MORE = Panel("more", "Exactness and memory", (
    Beside(width=320, blocks=(
        Together(blocks=(
            Heading(text="Whole numbers in float32"),
            Words(name="bound", text="A float32 holds every whole number up to 2²⁴ exactly. The largest sum that input "
                                     "codes from 0 to 255 can reach with these weights is 255 · max Σ|w| = "
                                     "{bound.largest:count}, and 2²⁴ is {bound.limit:count}: "
                                     "[{bound.words}](.{bound.tone})"))),
        Together(blocks=(
            Heading(text="What int8 saves"),
            Words(text="Bytes that have to be read or written at least once. The sums need 32 bits either way."),
            Facts(name="traffic", caption="Bytes of memory traffic",
                  heads=(Head("float32", "float"), Head("int8", "quant")),
                  facts=tuple(Fact(label, (f"traffic.float32.{name}:count", f"traffic.int8.{name}:count"))
                              for label, name in (("inputs", "inputs"), ("weights", "weights"), ("result", "result"),
                                                  ("together", "all")))))))),
), when="bound")


def ms_per_call(call: Callable[[], Any], calls: int) -> float:
    """Mean time of a call in milliseconds, over enough `calls` that the clock's ticks do not matter."""
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
            grid, scale = operands.a.grid, operands.scale
            self.call = lambda: contestant.to_float(grid.quantize(operands.x), w, scale)
        else:
            self.call = lambda: contestant.run(x, w)
        self.calls = 0
        self.ms: list[float] = []


class Page(Experiment):
    title = "Speed: float32 vs int8"
    summary = "Race float32 and int8 matrix products here, and see what correct integer sums cost."
    entry = "Integer network"
    tab = "Speed"
    order = 32
    NEXT = ("mixed", "int8 saves memory: now decide which layers get the bits.")
    WORK = "asked"
    BAR = "{size.m} × {size.k} × {size.n}{best}"
    PANELS = (RACE, VERDICTS, WRAP, MORE)
    MAIN = ("size", "rounds")
    RECORDED = ()
    RUN = Work(name="measure", start="Measure", stop="Stop", on="Continue", again="Measure again", begun="progress")
    PARAMS = (
        Param("size", "Size", "choice", "256", choices=tuple(SIZES), widget="select", live=False,
              titles={"32x784x128": "32 × 784 × 128"},
              doc="Length of all three sides; or 32 × 784 × 128, a batch of 32 in the digits network's first layer"),
        Param("rounds", "Rounds", "int", 5, lo=1, hi=25, live=False,
              doc="Each contestant is timed once per round, in turn; the median of all rounds counts"),
        controls.seed("Decides the numbers in the matrices", live=False),
    )

    def __init__(self, params: Values):
        super().__init__(params)
        self.m, self.k, self.n = SIZES[params["size"]]
        self.operands = Operands.draw(self.m, self.k, self.n, params["seed"])
        self.entries = [Entry(each, self.operands, race) for each in CONTESTANTS
                        for race in ((GIVEN, QUANTISED) if each.integer else (GIVEN,))]
        self.verdicts: dict[str, dict[str, Any]] = {}  # the same in every runtime; the times never are
        self.real = np.empty(0)  # the product of the unquantised numbers, in float64
        self.wrap: dict[str, int] | None = None  # the first wrong element of a product in int16
        self.round = 0  # finished ones

    def steps(self) -> Iterator[Frame | None]:
        """The verdicts, then the times: one check or timing per item, a Frame after each round."""
        for integer in (False, True):
            expected = []
            for first in range(0, self.m, TRUTH_ROWS):
                expected.append(truth(self.operands, slice(first, first + TRUTH_ROWS), integer))
                yield None
            whole = np.concatenate(expected)
            self.real = self.real if integer else whole
            for each in CONTESTANTS:
                if each.integer == integer:
                    self.verdicts[each.name] = self._judge(each, whole)
                    yield None
        for entry in self.entries:
            entry.calls = calls_needed(entry.call)
            yield None
        for _ in range(self.params["rounds"]):
            for entry in self.entries:
                entry.ms.append(ms_per_call(entry.call, entry.calls))
                yield None
            self.round += 1
            yield Frame(self.round)

    def _judge(self, contestant: Contestant, expected: np.ndarray) -> dict[str, Any]:
        """Right or wrong in every element; of sums in int16, which are kept modulo 2^16, the first wrong one."""
        result = contestant.run(*self.operands.of(contestant))
        bad = wrong(self.operands, result, expected, contestant.integer)
        count = int(bad.sum())
        if count and result.dtype == np.int16:
            row, column = (int(i) for i in np.argwhere(bad)[0])
            got, right = result[row, column].item(), expected[row, column].item()
            self.wrap = {"row": row, "column": column, "got": got, "right": right, "lost": right - got,
                         "wraps": (right - got) // 2**16, "wrong": count}
        return {"right": count == 0, "wrong": count, "dtype": result.dtype.name,
                "error": error(self.operands, result, self.real, contestant.integer)}

    def frame(self) -> Frame:
        rounds = self.params["rounds"]
        units = len(CONTESTANTS) + len(self.entries) * (1 + rounds)
        done = len(self.verdicts) + sum(len(entry.ms) + (entry.calls > 0) for entry in self.entries)
        times = self._times()
        return Frame(self.round, {
            "size": {"m": self.m, "k": self.k, "n": self.n, "operations": 2 * self.m * self.k * self.n,
                     "elements": self.m * self.n},
            "round": self.round, "rounds": rounds, "progress": done / units, "untimed": not times,
            "contestants": [self._facts(each) for each in CONTESTANTS], "times": times, "wrap": self.wrap,
            "words": self._finding(times) if self.round else None,
            "awaited": [] if times else [self._who(entry) for entry in self.entries],
            "best": f", {times[0]['giga']:.1f} GOP/s at best" if times else "",
            "bound": self._bound(), "traffic": self._traffic(),
        })

    def _facts(self, contestant: Contestant) -> dict[str, Any]:
        """The facts about a contestant that are equal in every runtime."""
        weight_bytes = next(entry.weight_bytes for entry in self.entries if entry.contestant is contestant)
        verdict = self.verdicts.get(contestant.name)
        return {"name": contestant.name, "title": contestant.title, "doc": contestant.doc,
                "weight_bytes": weight_bytes, "verdict": verdict, "tone": tone(verdict["right"]) if verdict else ""}

    def _times(self) -> list[dict[str, Any]]:
        """The entries that were timed, fastest first."""
        timed = [entry for entry in self.entries if entry.ms]
        measure = next((entry.ms for entry in timed if entry.contestant is FLOAT32), None)
        rows = [self._time(entry, measure) for entry in timed]
        fastest = max((row["giga"] for row in rows), default=1.0)
        return sorted(({**row, "share": row["giga"] / fastest} for row in rows), key=lambda row: row["ms"])

    @staticmethod
    def _who(entry: Entry) -> dict[str, str]:
        """What is known of an entry before it is timed."""
        who = entry.contestant
        return {"name": who.name, "title": who.title, "race": entry.race, "entry": f"{who.name}-{entry.race}",
                "from": FROM[entry.race] if who.integer else "the baseline" if who is FLOAT32 else "no kernel"}

    def _time(self, entry: Entry, measure: list[float]) -> dict[str, Any]:
        """Median time, rate, and the median time of float32 over this one: above 1 is faster. The ratio is that of the
        two times in the table, so that a reader can check it; in mid-round float32 may be a time ahead."""
        median = statistics.median(entry.ms)
        who, verdict = entry.contestant, self.verdicts[entry.contestant.name]
        right = verdict["right"]
        return {**self._who(entry), "ms": median, "least": min(entry.ms), "most": max(entry.ms),
                "calls": entry.calls, "giga": 2 * self.m * self.k * self.n / median / 1e6,
                "ratio": statistics.median(measure) / median, "error": verdict["error"],
                "result": "right" if right else "wrong", "tone": tone(right),
                "role": BROKEN if not right else QUANT if who.integer else FLOAT}

    def _finding(self, times: list[dict[str, Any]]) -> str:
        """What the right products of codes gain over float32, in words that follow from the measured numbers."""
        right = {each.name for each in CONTESTANTS if each.integer and self.verdicts[each.name]["right"]}
        best = {race: max((row for row in times if row["name"] in right and row["race"] == race),
                          key=lambda row: row["ratio"]) for race in (GIVEN, QUANTISED)}
        given, quantised = best[GIVEN], best[QUANTISED]
        return (f"Given the codes, the fastest correct product is {given['title']}: {given['ratio']:.2f} times the "
                f"speed of float32. From float32 to float32, with the input quantised first and the "
                f"sums scaled back last, it is {quantised['title']}: {quantised['ratio']:.2f} times the speed.")

    def _bound(self) -> dict[str, Any]:
        """Why float32 holds the sums of codes exactly, or does not, in numbers."""
        largest, limit = exact_bound(self.operands)
        exact = largest <= limit
        return {"largest": largest, "limit": limit, "tone": tone(exact),
                "words": "the float32 product of codes is exact, in any order of summing." if exact else
                         "the float32 product of codes may round."}

    def _traffic(self) -> dict[str, dict[str, int]]:
        """Bytes that have to be read and written at least once."""
        inputs, weights, outputs = self.m * self.k, self.n * self.k, self.m * self.n
        return {name: {"inputs": size * inputs, "weights": size * weights, "result": 4 * outputs,
                       "all": size * (inputs + weights) + 4 * outputs} for name, size in (("float32", 4), ("int8", 1))}


def tone(right: bool) -> str:
    """The role that colours a verdict."""
    return "good" if right else "bad"
