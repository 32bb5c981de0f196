"""Mixed precision: how many bits each layer gets, from what the bits cost and what they weigh.

A pure search over two tables, {layer: {bits: number}}: `costs` is what is lost when only this layer has so many bits
(accuracy, loss or divergence), `sizes` its bytes. Costs are added up over layers, which is only roughly true of a
network: what the search finds is to be measured as a whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Width = int | str  # bits on a uniform grid, or a number format by its name
Table = Mapping[str, Mapping[Width, float]]


@dataclass(frozen=True)
class Choice:
    """Bits for every layer, the bytes of the whole network, and the sum of the layers' costs."""

    bits: dict[str, Width]
    nbytes: int
    cost: float


def allocate(costs: Table, sizes: Mapping[str, Mapping[Width, int]], budget: int, fixed_bytes: int = 0) -> Choice:
    """Greedy: from the most bits everywhere, lower the layer that costs the least per saved byte, until all fit.

    A layer may be lowered by several steps at once, where the step in between is a bad bargain. The result fits the
    budget but need not be the best that does; `pareto` finds that. ValueError if not even the fewest bits fit.
    """
    _check(costs, sizes)
    least = fixed_bytes + sum(min(row.values()) for row in sizes.values())
    if budget < least:
        raise ValueError(f"the budget is {budget:,} bytes; the smallest choice needs {least:,}: give at least that")
    bits = {layer: max(row, key=lambda b: (row[b], b)) for layer, row in sizes.items()}
    nbytes = total(costs, sizes, bits, fixed_bytes).nbytes
    moves = {layer: _cheapest(costs[layer], row, bits[layer]) for layer, row in sizes.items()}
    while nbytes > budget:
        layer = min((layer for layer, move in moves.items() if move), key=lambda layer: moves[layer][0])
        _, lower = moves[layer]
        nbytes -= sizes[layer][bits[layer]] - sizes[layer][lower]
        bits[layer] = lower
        moves[layer] = _cheapest(costs[layer], sizes[layer], lower)
    return total(costs, sizes, bits, fixed_bytes)


def pareto(costs: Table, sizes: Mapping[str, Mapping[Width, int]], fixed_bytes: int = 0) -> list[Choice]:
    """All choices that no other beats in bytes and cost at once, from the smallest to the largest; exact.

    Bytes and costs are sums, so a choice for the first layers that is beaten can be no part of the best for all:
    it is dropped at once, and the lists stay short.
    """
    _check(costs, sizes)
    front = [Choice({}, fixed_bytes, 0.0)]
    for layer, row in sizes.items():
        front = _unbeaten([Choice({**choice.bits, layer: b}, choice.nbytes + nbytes, choice.cost + costs[layer][b])
                           for choice in front for b, nbytes in row.items()])
    return front


def total(costs: Table, sizes: Mapping[str, Mapping[Width, int]], bits: dict[str, Width],
          fixed_bytes: int = 0) -> Choice:
    """These bits for every layer, their bytes and costs added up."""
    return Choice(bits, fixed_bytes + sum(sizes[layer][b] for layer, b in bits.items()),
                  sum(costs[layer][b] for layer, b in bits.items()))


def _unbeaten(choices: list[Choice]) -> list[Choice]:
    """Those with a lower cost than every smaller one; of equals the first."""
    kept: list[Choice] = []
    for choice in sorted(choices, key=lambda c: (c.nbytes, c.cost)):
        if not kept or choice.cost < kept[-1].cost:
            kept.append(choice)
    return kept


def _check(costs: Table, sizes: Table) -> None:
    if not sizes or any(not row for row in sizes.values()):
        raise ValueError(f"sizes is {dict(sizes)!r}; give at least one layer, and every layer at least one width")
    for layer, row in sizes.items():
        if set(costs.get(layer, ())) != set(row):
            raise ValueError(f"{layer} has sizes for {sorted(row)} bits and costs for {sorted(costs.get(layer, ()))}; "
                             "both tables need the same widths")
    if extra := set(costs) - set(sizes):
        raise ValueError(f"costs names {', '.join(sorted(extra))}, which sizes does not; name the same layers in both")


def _cheapest(costs: Mapping[Width, float], sizes: Mapping[Width, int], now: Width) -> tuple[float, Width] | None:
    """The least that a layer loses per saved byte, and the width that does so; None if no width is smaller."""
    lower = [((costs[b] - costs[now]) / (sizes[now] - sizes[b]), b) for b in sizes if sizes[b] < sizes[now]]
    return min(lower, key=lambda move: move[0], default=None)
