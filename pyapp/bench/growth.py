"""How cost grows with one size, and its slope on logarithmic axes: 1 is proportional, 2 is quadratic."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pyapp.bench.workloads import CONTEXTS, ROWS, WIDTHS


class Growth(NamedTuple):
    """Work of several sizes: `over` says what grows, `unit` what one figure is the cost of."""

    work: str
    over: str
    sizes: tuple[int, ...]
    unit: str
    each: bool = False  # the work's time is divided by its size: a text of so many characters

    def name(self, size: int) -> str:
        """The name in workloads.py of the work of this size."""
        return f"{self.work}, {self.over} {size}"


GROWTHS = (
    Growth("epoch", "hidden width", WIDTHS, "ms per epoch"),
    Growth("text", "context", CONTEXTS, "ms per character", each=True),
    Growth("softmax", "row length", ROWS, "ms per 64 rows"),
)


def slope(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The least-squares slope of log cost against log size. ValueError if there are not two sizes, all above 0."""
    if len(sizes) != len(costs) or len(set(sizes)) < 2:
        raise ValueError(f"{len(sizes)} sizes and {len(costs)} costs have no slope; give two sizes or more, and a cost "
                         "for each")
    if min(*sizes, *costs) <= 0:
        raise ValueError(f"{min(*sizes, *costs)} has no logarithm; sizes and costs are above 0")
    x, y = [math.log(size) for size in sizes], [math.log(cost) for cost in costs]
    middle, height = sum(x) / len(x), sum(y) / len(y)
    return (sum((a - middle) * (b - height) for a, b in zip(x, y, strict=True))
            / sum((a - middle) ** 2 for a in x))


def grown(growth: Growth, medians: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """One growth of the results, from median milliseconds by contestant and by work."""
    rows = {}
    for who, times in medians.items():
        found = [times.get(growth.name(size)) for size in growth.sizes]
        if None in found:
            continue
        costs = [ms / size if growth.each else ms for ms, size in zip(found, growth.sizes, strict=True)]
        rows[who] = {"ms": costs, "slope": slope(growth.sizes, costs)}
    return {"work": growth.work, "over": growth.over, "sizes": list(growth.sizes), "unit": growth.unit, "rows": rows}
