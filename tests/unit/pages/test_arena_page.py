"""What the arena says about right and wrong. Times are only looked at for being times: no test depends on speed."""

import math
from types import SimpleNamespace

import names
import numpy as np
import pytest

from pyapp.bench import workloads
from pyapp.bridge import call_json
from pyapp.pages import arena
from pyapp.pages.arena import GIVEN, QUANTISED, SIZES, Entry, calls_needed, ms_per_call
from pyapp.pages.base.contestants import CONTESTANTS, Operands, error, exact_bound, truth, wrong
from pyapp.runner import Runner

ALL = slice(None)
INTEGER = [each for each in CONTESTANTS if each.integer]


@pytest.fixture(autouse=True)
def short_timings(monkeypatch):
    monkeypatch.setattr(arena, "LEAST_MS", 0.01)


def raced(**params):
    runner = Runner()
    run = runner.open("arena", {"size": "64", "rounds": 2, **params})["run"]
    while not (answer := runner.advance(run, ms=100))["done"]:
        pass
    return answer["frame"]


@pytest.mark.parametrize("size", ["64", "128", "32x784x128"])
@pytest.mark.parametrize("seed", [1, 2])
def test_right_and_wrong(size, seed):
    operands = Operands.draw(*SIZES[size], seed)
    for each in CONTESTANTS:
        expected = truth(operands, ALL, each.integer)
        result = each.run(*operands.of(each))
        bad = wrong(operands, result, expected, each.integer)
        assert bad.any() == (each.name == "obvious"), each.name
        if each.integer and each.name != "obvious":
            np.testing.assert_array_equal(result, expected)


def test_the_truth_is_the_product_of_the_codes_and_comes_in_pieces():
    operands = Operands.draw(5, 7, 3, 1)
    a, w = operands.a.codes.tolist(), operands.b.codes.tolist()
    by_hand = [[sum(x * y for x, y in zip(row, column, strict=True)) for column in w] for row in a]
    np.testing.assert_array_equal(truth(operands, ALL, True), by_hand)
    pieces = [truth(operands, slice(first, first + 2), True) for first in range(0, 5, 2)]
    np.testing.assert_array_equal(np.concatenate(pieces), by_hand)


def test_numpys_product_of_codes_wraps_around():
    scalars = raced().scalars
    found = next(each for each in scalars["contestants"] if each["name"] == "obvious")["verdict"]
    example = scalars["wrap"]
    assert found["dtype"] == "int16" and example["wrong"] == found["wrong"] > 0.3 * 64 * 64 and not found["right"]
    assert -(2**15) <= example["got"] < 2**15 and not -(2**15) <= example["right"] < 2**15
    assert example["got"] + 2**16 * example["wraps"] == example["got"] + example["lost"] == example["right"]


def test_a_wrong_float_product_is_found():
    operands = Operands.draw(16, 64, 16, 1)
    expected = truth(operands, ALL, False)
    result = expected.astype(np.float32)
    assert not wrong(operands, result, expected, False).any()
    result[3, 4] += np.float32(0.01)
    result[5, 6] = np.nan
    assert np.argwhere(wrong(operands, result, expected, False)).tolist() == [[3, 4], [5, 6]]


def test_the_error_is_rounding_in_float32_and_half_a_step_or_so_in_codes():
    operands = Operands.draw(16, 64, 16, 1)
    x, w = (each.astype(np.float64) for each in (operands.x, operands.w))
    real, rebuilt = x @ w.T, operands.a.dequantize().astype(np.float64) @ operands.b.dequantize().astype(np.float64).T
    errors = {each.name: error(operands, each.run(*operands.of(each)), real, each.integer) for each in CONTESTANTS}
    assert errors["float32"] < 1e-6
    expected = np.abs(rebuilt - real).max() / np.abs(real).max()
    assert errors["einsum"] == pytest.approx(expected, rel=1e-4) and 1e-3 < expected < 0.05
    assert errors["einsum"] == errors["widened"] == errors["carried"] < errors["obvious"]
    shown = {row["name"]: row["error"] for row in raced().scalars["times"]}
    assert shown["float32"] < 1e-6 < shown["carried"] == shown["int32"]


@pytest.mark.parametrize("size", SIZES)
def test_codes_may_be_carried_in_float32_at_every_size_offered(size):
    operands = Operands.draw(*SIZES[size], 1)
    largest, limit = exact_bound(operands)
    row = np.abs(operands.b.codes.astype(int)).sum(axis=1).argmax()
    worst = np.where(operands.b.codes[row] > 0, 255, 0).astype(int)  # the inputs that come closest to the bound
    assert abs(int(worst @ operands.b.codes[row])) <= largest <= limit == 2**24
    assert np.float32(largest) == largest and np.float32(limit + 1) == limit  # where whole numbers end


def test_the_product_does_what_the_benchmark_times():
    """The same codes, the same integer product, and back to float32: bit for bit what `bench` computes from them."""
    operands = Operands.draw(*SIZES["64"], 1)
    assert operands.a.codes.dtype == np.uint8 and operands.b.codes.dtype == np.int8 and operands.a.grid.zero_point == 0
    entry = Entry(next(each for each in CONTESTANTS if each.name == "product"), operands, QUANTISED)
    given = workloads.Operands(operands.x, operands.w)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workloads, "operands", lambda size: given)
        expected = workloads.product_integers("64x64x64").run()
    np.testing.assert_array_equal(entry.call(), expected, strict=True)
    assert np.abs(expected - operands.x @ operands.w.T).max() < 0.05


def test_every_contestant_is_timed_in_both_races():
    frame = raced()
    scalars, times = frame.scalars, frame.scalars["times"]
    assert {(row["name"], row["race"]) for row in times} == {
        ("float32", GIVEN), ("numpy", GIVEN), *((each.name, race) for each in INTEGER for race in (GIVEN, QUANTISED))}
    for row in times:
        assert all(math.isfinite(row[key]) and row[key] > 0 for key in ("ms", "least", "most", "giga", "ratio"))
        assert row["least"] <= row["ms"] <= row["most"] and 0 < row["share"] <= 1
        assert row["giga"] == pytest.approx(2 * 64**3 / row["ms"] / 1e6)
    assert [row["ms"] for row in times] == sorted(row["ms"] for row in times) and times[0]["share"] == 1
    base = next(row for row in times if row["name"] == "float32")["ms"]
    assert all(row["ratio"] == base / row["ms"] for row in times)  # that of the times beside it
    assert frame.step == scalars["round"] == scalars["rounds"] == 2 and scalars["progress"] == 1
    for row in times:
        said = row["result"], row["tone"], row["role"]
        assert said == (("wrong", "bad", "broken") if row["name"] == "obvious" else
                        ("right", "good", "float" if row["name"] in ("float32", "numpy") else "quant"))
    assert scalars["best"] == f", {times[0]['giga']:.1f} GOP/s at best"
    right = {each.name for each in INTEGER} - {"obvious"}
    best = [max(row["ratio"] for row in times if row["race"] == race and row["name"] in right)
            for race in (GIVEN, QUANTISED)]
    assert all(f"{ratio:.2f} times the speed" in scalars["words"] for ratio in best)


def test_nothing_is_timed_before_it_is_asked_for():
    scalars = Runner().open("arena", {"size": "64"})["frame"].scalars
    assert scalars["times"] == [] and scalars["progress"] == 0 and scalars["words"] is None
    assert [row["entry"] for row in scalars["awaited"]][:3] == ["float32-given", "obvious-given", "obvious-quantised"]
    assert scalars["untimed"] and scalars["wrap"] is None and scalars["best"] == ""
    assert all(each["verdict"] is None and each["tone"] == "" for each in scalars["contestants"])


def test_in_mid_round_the_page_shows_what_there_is():
    runner = Runner()
    opened = runner.open("arena", {"size": "64", "rounds": 2})
    run, seen = opened["run"], []
    while not (answer := runner.advance(run, ms=0))["done"]:  # one unit of work a call
        scalars = answer["frame"].scalars
        assert not names.check(arena.Page, answer["frame"], opened["params"])
        seen.append((scalars["progress"], len(scalars["times"])))
        assert (scalars["words"] is None) == (scalars["round"] == 0)
    assert seen == sorted(seen) and {count for _, count in seen} == set(range(15))


def test_bytes():
    kept = {each["name"]: each["weight_bytes"] for each in raced(size="32x784x128").scalars["contestants"]}
    w = 784 * 128
    assert kept == {"float32": 4 * w, "obvious": w, "widened": w, "int32": 4 * w, "einsum": 4 * w, "carried": 4 * w,
                    "product": w + 4 * 128, "numpy": 4 * w}
    float32, int8 = raced(size="32x784x128").scalars["traffic"].values()
    assert float32["all"] == 4 * (32 * 784 + w + 32 * 128) and int8["all"] == 32 * 784 + w + 4 * 32 * 128


def test_the_verdicts_depend_on_the_seed_alone():
    first, again, other = (raced(seed=seed).scalars["contestants"] for seed in (1, 1, 2))
    assert first == again != other


def test_a_timing_spans_enough_calls(monkeypatch):
    clock = iter(range(1000))  # a second a look
    monkeypatch.setattr(arena, "time", SimpleNamespace(perf_counter=lambda: float(next(clock))))
    calls = []
    assert ms_per_call(lambda: calls.append(1), 4) == 250 and len(calls) == 4
    monkeypatch.setattr(arena, "LEAST_MS", 5.0)
    monkeypatch.setattr(arena, "ms_per_call", lambda call, calls: 0.7)
    assert calls_needed(lambda: None) == 8  # 5.6 ms, where 4 calls take 2.8 ms


def test_all_of_it_crosses_to_the_page():
    reply, _ = call_json("open", '{"page": "arena", "params": {"size": "64", "rounds": "1"}}')
    assert '"ok"' in reply
