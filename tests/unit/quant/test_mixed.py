"""The search for bits a layer against every allocation there is."""

import itertools

import numpy as np
import pytest

from pyapp.quant.mixed import Choice, allocate, pareto

WIDTHS = (2, 3, 4, 8)


def tables(seed: int, layers: int = 4):
    """Costs that mostly fall with the bits, and some that do not; sizes in whole bytes."""
    rng = np.random.default_rng(seed)
    names = [f"layer{k}" for k in range(layers)]
    costs = {name: {b: float(rng.exponential(2.0 ** (4 - b)) - 0.05) for b in WIDTHS} for name in names}
    weights = {name: int(rng.integers(10, 4000)) for name in names}
    return costs, {name: {b: (weights[name] * b + 7) // 8 + 4 for b in WIDTHS} for name in names}


def every(costs, sizes, fixed=0) -> list[tuple[int, float]]:
    rows = itertools.product(*sizes.values())
    return [(fixed + sum(sizes[name][b] for name, b in zip(sizes, row, strict=True)),
             sum(costs[name][b] for name, b in zip(sizes, row, strict=True))) for row in rows]


@pytest.mark.parametrize("seed", range(8))
def test_the_front_is_what_nothing_beats(seed):
    costs, sizes = tables(seed)
    all_of_them = every(costs, sizes, 808)
    front = pareto(costs, sizes, 808)
    wanted = sorted({(n, c) for n, c in all_of_them
                     if not any((m <= n and d < c - 1e-12) or (m < n and d <= c + 1e-12) for m, d in all_of_them)})
    assert [choice.nbytes for choice in front] == [n for n, _ in wanted]
    assert [choice.cost for choice in front] == pytest.approx([c for _, c in wanted])


@pytest.mark.parametrize("seed", range(8))
def test_what_a_choice_says_of_itself_is_true(seed):
    costs, sizes = tables(seed)
    for choice in [*pareto(costs, sizes, 10), allocate(costs, sizes, 5000 + 808, 10)]:
        assert list(choice.bits) == list(sizes)
        assert choice.nbytes == 10 + sum(sizes[name][b] for name, b in choice.bits.items())
        assert choice.cost == pytest.approx(sum(costs[name][b] for name, b in choice.bits.items()))


@pytest.mark.parametrize("seed", range(20))
def test_greedy_fits_the_budget_and_is_near_the_best(seed):
    costs, sizes = tables(seed)
    everything = every(costs, sizes)
    smallest, largest = min(n for n, _ in everything), max(n for n, _ in everything)
    for budget in np.linspace(smallest, largest, 7).astype(int).tolist():
        choice = allocate(costs, sizes, budget)
        best = min(c for n, c in everything if n <= budget)
        worst = max(c for n, c in everything if n <= budget)
        assert choice.nbytes <= budget
        assert best - 1e-12 <= choice.cost <= best + 0.5 * (worst - best) + 1e-12


def test_greedy_lowers_what_costs_least_a_saved_byte():
    """A saved byte of big costs 0.001, then 0.01; of small 0.008, then 0.02."""
    costs = {"big": {2: 3.0, 4: 0.5, 8: 0.0}, "small": {2: 0.9, 4: 0.4, 8: 0.0}}
    sizes = {"big": {2: 250, 4: 500, 8: 1000}, "small": {2: 25, 4: 50, 8: 100}}
    bits = {budget: tuple(allocate(costs, sizes, budget).bits.values()) for budget in (1100, 1099, 599, 549, 299)}
    assert bits == {1100: (8, 8), 1099: (4, 8), 599: (4, 4), 549: (2, 4), 299: (2, 2)}


def test_greedy_jumps_over_a_step_that_is_a_bad_bargain():
    costs, sizes = {"a": {2: 0.1, 4: 5.0, 8: 0.0}, "b": {2: 4.0, 8: 0.0}}, {"a": {2: 2, 4: 4, 8: 8}, "b": {2: 2, 8: 8}}
    assert allocate(costs, sizes, 15).bits == {"a": 2, "b": 8}


def test_one_layer_and_one_width_is_the_only_choice():
    assert pareto({"a": {4: 0.5}}, {"a": {4: 10}}, 2) == [Choice({"a": 4}, 12, 0.5)]
    assert allocate({"a": {4: 0.5}}, {"a": {4: 10}}, 12, 2) == Choice({"a": 4}, 12, 0.5)


def test_a_budget_below_the_smallest_names_the_smallest():
    costs, sizes = tables(1)
    smallest = min(n for n, _ in every(costs, sizes, 808))
    assert allocate(costs, sizes, smallest, 808).nbytes == smallest
    with pytest.raises(ValueError, match=f"budget is {smallest - 1:,} bytes.*needs {smallest:,}"):
        allocate(costs, sizes, smallest - 1, 808)


@pytest.mark.parametrize(("costs", "sizes", "says"), [
    ({}, {}, "at least one layer"),
    ({"a": {}}, {"a": {}}, "at least one width"),
    ({"a": {2: 1.0}}, {"a": {2: 1, 4: 2}}, "the same widths"),
    ({}, {"a": {2: 1}}, "the same widths"),
    ({"a": {2: 1.0}, "b": {2: 1.0}}, {"a": {2: 1}}, "costs names b"),
])
def test_tables_that_do_not_match_are_refused(costs, sizes, says):
    for search in (lambda: allocate(costs, sizes, 100), lambda: pareto(costs, sizes)):
        with pytest.raises(ValueError, match=says):
            search()
