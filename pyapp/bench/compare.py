"""Two results of the benchmark compared: what got slower or larger. Times are ratios to plain JavaScript of the same
run, so that two machines can be compared; bytes are bytes."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pyapp.bench.results import PLAIN, YARDSTICK, row, workers

SLOWER = 1.2  # times as slow, from which on it is named: repeated runs differ by 10 to 30 %
STARTS = {"first_visit_to_published": "first visit", "later_visit_to_published": "later visit"}


class Figure(NamedTuple):
    """A figure of a result: what it is of, and its value."""

    who: str
    value: float
    fast: bool = True  # a speed, of which more is better; otherwise a share or bytes, of which less is
    harm: str = "takes {:.2f} times as long"


def compare(now: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """{"compared": how many figures, "slower": [{"who", "work", "before", "now", "times", "harm"}], worst first,
    "missing": what was measured before and is not now}. `times` is how many times as slow, or as large."""
    found, slower, missing, compared = dict(_figures(now)), [], [], 0
    for (name, work), old in _figures(before):
        if not (new := found.get((name, work))):
            missing.append(f"{old.who}: {work}")
            continue
        compared += 1
        times = old.value / new.value if old.fast else new.value / old.value
        if times > SLOWER:
            slower.append({"who": old.who, "work": work, "before": old.value, "now": new.value, "times": times,
                           "harm": old.harm.format(times)})
    return {"compared": compared, "slower": sorted(slower, key=lambda each: -each["times"]), "missing": missing}


def _figures(result: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Figure]]:
    """All figures of a result, by row and by name."""
    yardstick = row(result, PLAIN)["works"][YARDSTICK]["ms"]["median"]
    for one in result["rows"]:
        for work, cell in one["works"].items():
            yield (one["name"], work), Figure(one["title"], cell["ratio"])
    for title, one in workers(result):
        yield (one["name"], "start"), Figure(title, yardstick / one["start"]["ms"])
        for work, size in (("sent", one["start"]["bytes"]), ("memory", one["memory"])):
            if size:
                yield (one["name"], work), Figure(title, size, False, "needs {:.2f} times as many bytes")
    for each in result["growth"]:
        for name, costs in each["rows"].items():
            for size, ms in zip(each["sizes"], costs["ms"], strict=True):
                who = (row(result, name) or {"title": name})["title"]
                yield (name, f"{each['work']}, {each['over']} {size:,}"), Figure(who, yardstick / ms)
    for name, title in STARTS.items():
        if name in result["page"]:
            yield ("page", title), Figure("The page's start, to that of Pyodide as published", result["page"][name],
                                          False)


def text(found: Mapping[str, Any]) -> str:
    """The comparison as lines."""
    lines = [f"{each['who']}: {each['work']} {each['harm']} as before ({each['before']:.4g} → {each['now']:.4g})"
             for each in found["slower"]]
    if found["missing"]:
        lines.append(f"Not measured now: {'; '.join(found['missing'])}")
    count = len(found["slower"])
    lines.append(f"{count} of {found['compared']} figures got more than {100 * (SLOWER - 1):.0f} % slower or larger "
                 "than in the earlier results; times are ratios to plain JavaScript of the same run.")
    return "\n".join(lines)
