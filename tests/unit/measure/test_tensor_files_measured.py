"""Statistics of tensors, their formats under a budget, and two files compared."""

import itertools

import numpy as np
import pytest

from pyapp.data.tensors.tensor import Tensor
from pyapp.measure import tensor_statistics
from pyapp.measure.tensor_errors import MOST, error_map
from pyapp.measure.tensor_formats import KEPT, Cost, best, bits_of, cost, described, sample, summary
from pyapp.measure.tensor_pairs import compare_files, difference
from pyapp.measure.tensor_statistics import statistics
from pyapp.quant.error import compare
from pyapp.quant.formats.catalogue import FORMATS

X = np.random.default_rng(2).standard_normal((40, 48)).astype(np.float32)


def tensor(name: str, x: np.ndarray, dtype: str = "float32") -> Tensor:
    return Tensor(name, x.shape, dtype, x.nbytes, lambda: x)


def silent(done: int, total: int) -> None:
    pass


@pytest.mark.parametrize("x", [X, X.T, X.astype(np.float16), np.arange(-9, 9, dtype=np.int8),
                               X.astype(np.float64) * 1e300, np.array([0, 0, 3], np.float32),
                               np.append(np.ones(100, np.float32), 1e-3 * X)])  # the first piece is unlike the others
def test_statistics_are_those_of_numpy(x, monkeypatch):
    monkeypatch.setattr(tensor_statistics, "PIECE", 100)
    found, y = statistics(x.reshape(-1)), x.astype(np.float64) / np.abs(x).max()
    deviation = y - y.mean()
    assert found.mean_magnitude == pytest.approx(np.abs(x.astype(np.float64)).mean(), rel=1e-12)
    assert found.maximum == np.abs(x).max() and found.zeros == (x == 0).mean() and found.not_finite == 0
    assert found.kurtosis == pytest.approx((deviation**4).mean() / (deviation**2).mean() ** 2, rel=1e-9)
    assert found.outliers == (np.abs(deviation) > 4 * deviation.std()).mean()


def test_statistics_of_what_has_none():
    found = statistics(np.array([np.nan, np.inf, 1, -1], np.float32))
    assert (found.not_finite, found.mean_magnitude, found.kurtosis) == (2, 1, 1)
    assert statistics(np.full(9, 0.1)).kurtosis is None and statistics(np.full(2, np.nan)).maximum is None
    assert statistics(np.zeros(0, np.float32)).mean_magnitude is None and statistics(np.zeros(3)).zeros == 1
    assert statistics(np.array([True, False])).mean_magnitude == 0.5


def test_a_sample_holds_the_largest_number_and_whole_rows():
    x = np.random.default_rng(3).standard_normal((999, 64)).astype(np.float32)
    x[777, 3] = 100
    some = sample(x.reshape(-1), x.shape, 640)
    assert some.shape[1] == 64 and 10 <= len(some) <= 11 and some.max() == 100
    assert all((row == x).all(1).any() for row in some) and sample(x.reshape(-1), x.shape, x.size).shape == x.shape
    flat = sample(np.arange(100_000, dtype=np.float64), (100_000,), 1024)
    assert flat.shape[1] == 256 and flat.max() == 256 * (100_000 // 256) - 1 and flat.dtype == np.float32


def test_a_cost_is_that_of_the_whole_tensor():
    found = cost(X, X.shape, "q8_0")
    coded = FORMATS["q8_0"].encode(X)
    assert found.nbytes == coded.nbytes and found.bits == 8 * coded.nbytes / X.size
    assert found.sqnr_db == compare(X, coded.dequantize()).sqnr_db
    assert cost(X * np.float32(1e30), X.shape, "q4_0").sqnr_db is None
    assert bits_of(tensor("v", X[0]), "int4:channel") is not None
    assert bits_of(tensor("one", np.array(1.0)), "int4:channel") is None


def test_each_tensor_gets_the_best_format_in_reach():
    rows = [described(tensor("w", X), ["int8", "int4", "q4_0", "mxfp4"], 4.6, 10**6),
            described(tensor("b", X[0, :3]), ["q4_0"], 4.6, 10**6)]
    assert rows[0]["costs"].keys() == {"int4", "mxfp4"}, "rows of 48 fill one and a half blocks of q4_0"
    found = best(rows, None)
    measured = {name: compare(X, FORMATS[name].encode(X).dequantize()).sqnr_db for name in ("int4", "mxfp4")}
    assert found[0]["format"] == max(measured, key=measured.get) and found[0]["sqnr_db"] == max(measured.values())
    assert (found[1]["format"], found[1]["bits"], found[1]["format_bytes"]) == (KEPT, 32, 12)
    told = summary(found)
    assert told["bytes"] == X.nbytes + 12 and told["kept"] == 1 and told["worst"] == ["w"]


def test_formats_under_a_budget_are_nearly_the_best_of_all_choices():
    """Against all combinations; what a greedy choice leaves unused is at most one step of one tensor."""
    rng, names = np.random.default_rng(4), ["int2", "int4", "int8"]
    rows = [described(tensor(str(i), rng.standard_normal((8, size)) * size), names, None, 10**6)
            for i, size in enumerate((16, 32, 64, 24))]
    budget = 1200
    found = best(rows, budget)

    def lost(row: dict, name: str) -> float:
        return 0.0 if name == KEPT else row["numbers"] * 10 ** (-row["costs"][name].sqnr_db / 10)

    choices = [(sum(lost(*each) for each in zip(rows, chosen, strict=True)), chosen)
               for chosen in itertools.product([*names, KEPT], repeat=4)
               if sum(r["bytes"] if n == KEPT else r["costs"][n].nbytes for r, n in zip(rows, chosen, strict=True))
               <= budget]
    total = sum(lost(row, one["format"]) for row, one in zip(rows, found, strict=True))
    assert sum(row["format_bytes"] for row in found) <= budget
    assert min(choices)[0] <= total <= 3 * min(choices)[0]
    with pytest.raises(ValueError, match="the budget is 10 bytes; the smallest choice needs"):
        best(rows, 10)


def test_a_format_that_is_larger_than_the_file_is_no_choice():
    row = described(tensor("w", X), ["int8"], None, 10**6) | {"bytes": X.size}
    assert best([row], None)[0]["format"] == KEPT and Cost(8, 1, None, None).sqnr_db is None


@pytest.mark.parametrize(("x", "note"), [
    (np.arange(3), "whole numbers without a scale"), (np.array([np.nan, 1]), "1 number NaN or infinite"),
    (np.zeros((0, 3), np.float32), "empty")])
def test_what_has_no_format_says_why(x, note):
    row = described(tensor("w", x), ["int8"], None, 10)
    assert note in row["note"] and not row["costs"] and best([row], None)[0]["format"] == KEPT


def test_what_cannot_be_read_is_a_row():
    row = described(Tensor("w", (2,), "string", 0, lambda: None, "it holds text"), ["int8"], None, 10)
    assert row["note"] == "it holds text" and row["maximum"] is None


def test_two_files_are_compared_worst_first():
    y = FORMATS["int4"].encode(X).dequantize()
    z = FORMATS["int2"].encode(X).dequantize()
    one = [tensor(name, X) for name in ("same", "int4", "int2")] + [tensor("w", X[:3]), tensor("text", X[:2])]
    two = [tensor("int4", y), tensor("int2", z), tensor("same", X), tensor("w", X[:4]),
           Tensor("text", (2, 48), "string", 0, lambda: None, "it holds text")]
    found = compare_files(one, two, silent)
    assert [row["name"] for row in found["rows"]] == ["text", "int2", "int4", "same"]
    for row, other in zip(found["rows"][1:], (z, y, X), strict=True):
        expected = compare(X, other)
        assert row["sqnr_db"] == pytest.approx(expected.sqnr_db) and row["maximum_difference"] == expected.maximum
        assert row["mean_difference"] == pytest.approx(expected.mean)
    assert found["only_first"] == ["w"] == found["only_second"] and "it holds text" in found["rows"][0]["note"]


def test_renamed_and_transposed_tensors_are_offered():
    rng = np.random.default_rng(5)
    noise = X + np.float32(0.05) * rng.standard_normal(X.shape).astype(np.float32)
    square = rng.standard_normal((9, 9)).astype(np.float32)
    one = [tensor("a", X), tensor("b", X[:5]), tensor("c", square), tensor("ones", np.ones(9)),
           tensor("kernel", X[:7]), tensor("other", rng.standard_normal((40, 48))), tensor("square", square),
           tensor("same", square), tensor("even", square + square.T)]
    two = [tensor("A", noise), tensor("B", X[:5].T.copy()), tensor("C", square.T), tensor("zeros", np.ones(9)),
           tensor("kernel", np.asfortranarray(X[:7].T)), tensor("square", square.T), tensor("same", square),
           tensor("even", square + square.T)]
    found = {row["first"]: row for row in compare_files(one, two, silent)["candidates"]}
    assert {name: (row["second"], row["how"]) for name, row in found.items()} == {
        "a": ("A", "renamed"), "b": ("B", "renamed and transposed"), "c": ("C", "renamed and transposed"),
        "kernel": ("kernel", "transposed"), "square": ("square", "transposed")}
    assert found["b"]["correlation"] == pytest.approx(1) and 0.99 < found["a"]["correlation"] < 1


def test_numbers_that_float32_cannot_hold_are_kept_and_said_to_be():
    """Measured in float32 they would all be 0, which every format holds exactly."""
    for unit, note in ((1e-320, "all numbers are below float32's range"),
                       (1e37, "some numbers are beyond float32's range")):
        x = np.arange(64.0).reshape(8, 8) * unit
        row = described(tensor("w", x, "float64"), ["int8"], None, 100)
        assert row["costs"] == {} and row["note"] == note


@pytest.mark.parametrize("unit", [2.0**-600, 2.0**-200, 2.0**600])
def test_two_tensors_are_compared_whose_squares_float64_cannot_hold(unit):
    """One that differs was said to be exactly the other where the squares of the differences became 0."""
    x = np.random.default_rng(6).standard_normal((30, 40))
    y = x + np.random.default_rng(7).standard_normal(x.shape) / 100
    found, expected = (difference(tensor("w", x * scale, "float64"), tensor("w", y * scale, "float64"))
                       for scale in (unit, 1.0))
    assert found["sqnr_db"] == pytest.approx(expected["sqnr_db"], rel=1e-12) and 39 < found["sqnr_db"] < 41
    assert found["maximum_difference"] == expected["maximum_difference"] * unit == np.abs(x - y).max() * unit


@pytest.mark.parametrize("shape", [(40, 48), (300, 200), (6, 7, 3, 3), (2, 20_480), (50,)])
def test_an_error_map_is_by_channel_and_block(shape):
    x = np.random.default_rng(8).standard_normal(shape).astype(np.float32)
    x[-1] *= 3  # of the largest number
    found = error_map(x.reshape(-1), shape, "int4")
    assert found.pieces == (shape == (2, 20_480))
    rows = x.reshape(-1, 256) if found.pieces else x.reshape(1 if x.ndim == 1 else len(x), -1)
    np.testing.assert_array_equal(found.before, rows[found.channels])
    np.testing.assert_allclose(found.after, FORMATS["int4"].encode(x).dequantize().reshape(rows.shape)[found.channels])
    assert np.abs(found.before).max() == np.abs(x).max() and found.before.size <= MOST + rows.shape[1]
    error, whole = found.before.astype(np.float64) - found.after, np.sqrt((found.before.astype(np.float64)**2).mean())
    assert found.lost.shape == (len(found.channels), -(-rows.shape[1] // found.block)) and found.lost.shape[1] <= 64
    last = error[:, (found.lost.shape[1] - 1) * found.block :]
    np.testing.assert_allclose(found.lost[:, -1], np.sqrt((last**2).mean(1)) / whole, rtol=1e-5)
    np.testing.assert_allclose(found.lost[:, 0], np.sqrt((error[:, : found.block] ** 2).mean(1)) / whole, rtol=1e-5)
