"""Two results of the benchmark compared: what got slower, in ratios to plain JavaScript of the same run."""

from collections.abc import Iterator, Mapping
from typing import Any

SLOWER = 1.2  # times as slow, from which on it is named: repeated runs differ by 10 to 30 %
STARTS = {"first_visit_to_published": "first visit", "later_visit_to_published": "later visit"}


def compare(now: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """{"compared": how many figures, "slower": [{"who", "work", "before", "now", "times"}], worst first, "missing":
    what was measured before and is not now}. `times` is how many times as slow."""
    found = {(one["name"], work): cell["ratio"] for one in now["rows"] for work, cell in one["works"].items()}
    slower, missing, compared = [], [], 0
    for who, work, title, ratio in _figures(before):
        if (who, work) not in found:
            missing.append(f"{title}: {work}")
            continue
        compared += 1
        slower += _slower(title, work, ratio, found[who, work], ratio / found[who, work])
    for name, title in STARTS.items():
        if name in before["page"] and name in now["page"]:
            compared += 1
            old, new = before["page"][name], now["page"][name]
            slower += _slower("The page's start, to that of Pyodide as published", title, old, new, new / old)
    return {"compared": compared, "slower": sorted(slower, key=lambda each: -each["times"]), "missing": missing}


def _figures(result: Mapping[str, Any]) -> Iterator[tuple[str, str, str, float]]:
    for one in result["rows"]:
        for work, cell in one["works"].items():
            yield one["name"], work, one["title"], cell["ratio"]


def _slower(who: str, work: str, before: float, now: float, times: float) -> list[dict[str, Any]]:
    return [{"who": who, "work": work, "before": before, "now": now, "times": times}] if times > SLOWER else []


def text(found: Mapping[str, Any]) -> str:
    """The comparison as lines."""
    lines = [f"{each['who']}: {each['work']} takes {each['times']:.2f} times as long as before ({each['before']:.3g} → "
             f"{each['now']:.3g})" for each in found["slower"]]
    if found["missing"]:
        lines.append(f"Not measured now: {'; '.join(found['missing'])}")
    count = len(found["slower"])
    lines.append(f"{count} of {found['compared']} figures got more than {100 * (SLOWER - 1):.0f} % slower than the "
                 "earlier results, in ratios to plain JavaScript of the same run.")
    return "\n".join(lines)
