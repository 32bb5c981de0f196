"""Results of the benchmark: ratios, agreement, growth, comparison of two runs, tables, and files that are none."""

import copy
import json
import math

import made_up
import numpy as np
import pytest

from pyapp.bench import compare, growth, results, table

ROUNDED = {"shape": [1, 2], "values": [1.0, -1.999]}  # what codes come to
GOOD = made_up.result(checks={("numpy-int8", "batch"): ROUNDED})


def cell(result, who, work):
    return results.row(result, who)["works"][work]


def test_a_ratio_is_that_of_the_medians():
    assert cell(GOOD, "numpy", "epoch")["ms"] == {"median": 240.0, "least": 200.0, "most": 250.0}
    assert cell(GOOD, "numpy", "epoch")["ratio"] == pytest.approx(500 / 240, rel=1e-3)
    assert cell(GOOD, "plain", "image")["ratio"] == 1
    assert cell(GOOD, "numpy", "text")["ratio"] == pytest.approx(50 / 60, rel=1e-3)  # plain JavaScript's batch
    assert results.to_numpy(GOOD, results.row(GOOD, "jax"), "batch") == 5
    assert results.characters_per_second(cell(GOOD, "numpy", "text")) == 1000
    assert results.row(GOOD, "jax")["start"] == {"ms": 400.0, "first_ms": 85.0, "bytes": 150_000}
    assert results.row(GOOD, "litert") is None


LOGITS = np.eye(10)[[0] * 500] * 3.0


@pytest.mark.parametrize(("name", "values", "difference", "agrees"), [
    ("epoch", np.zeros((500, 10)) + 7.0, 0.0, True),  # the loss is the same, though the logits are not
    ("epoch", LOGITS, None, False),
    ("image", [[1.0, -2.0001]], 5e-5, True), ("image", [[1.0, -2.001]], 5e-4, False),
    ("image", [[1.0, -2.0, 0.0]], math.inf, False), ("image", [[1.0, math.nan]], math.nan, False),
    ("text", [1.0, 2.0, 3.0, 5.0], 0.25, False), ("vit step", [2.0009], 9e-4, True),
    ("vit step", [2.0011], 1.1e-3, False)])
def test_what_agrees(name, values, difference, agrees):
    found = {"shape": list(np.shape(values)), "values": np.ravel(values).tolist()}
    said = results.agreement(name, "float32", found, made_up.EXPECTED[name])
    assert said["agrees"] is agrees and ("why" in said) is not agrees
    if difference is not None:
        assert said["difference"] == pytest.approx(difference, rel=1e-3, nan_ok=True)
    assert results.agreement(name, "int8", found, made_up.EXPECTED[name])["agrees"] in (None, False)


@pytest.mark.parametrize("power", [0.5, 1, 2])
def test_the_slope_is_the_power(power):
    sizes = [16, 64, 512]
    assert growth.slope(sizes, [3.0 * size**power for size in sizes]) == pytest.approx(power)
    x, y = np.log([[1, 2, 8, 9], [2.0, 3.0, 3.0, 7.0]])
    assert growth.slope([1, 2, 8, 9], [2, 3, 3, 7]) == pytest.approx(np.polyfit(x, y, 1)[0])


@pytest.mark.parametrize(("sizes", "costs"), [([8], [1.0]), ([8, 8], [1.0, 2.0]), ([8, 16], [1.0]),
                                              ([8, 16], [0.0, 1.0])])
def test_what_has_no_slope_is_refused(sizes, costs):
    with pytest.raises(ValueError, match=r"slope|logarithm"):
        growth.slope(sizes, costs)


def test_growth_is_per_epoch_and_per_character():
    epoch, text, _ = GOOD["growth"]
    assert epoch["rows"]["numpy"]["ms"] == [2.0 * n for n in epoch["sizes"]] and epoch["rows"]["numpy"]["slope"] == 1
    assert text["rows"]["numpy"]["ms"] == [2.0] * 6 and text["rows"]["numpy"]["slope"] == 0
    assert growth.grown(growth.GROWTHS[0], {"kernels": {}})["rows"] == {}  # not measured


def slowed(who, work, times):
    found = copy.deepcopy(GOOD)
    cell(found, who, work)["ratio"] /= times
    return found


def test_the_same_run_is_no_slower_and_a_machine_of_half_the_speed_neither():
    assert compare.compare(GOOD, GOOD)["slower"] == []
    slow = made_up.result({who: {name: [2 * ms for ms in each] for name, each in works.items()}
                           for who, works in made_up.TIMES.items()})
    assert compare.compare(slow, GOOD) == {"compared": 40, "slower": [], "missing": []}


def test_what_got_slower_is_named_worst_first():
    worse = slowed("numpy", "text", 1.5)
    cell(worse, "jax", "epoch")["ratio"] /= 2
    cell(worse, "numpy", "image")["ratio"] /= 1.15  # within chance
    cell(worse, "numpy", "epoch")["ratio"] *= 3
    worse["page"]["later_visit_to_published"] = 0.5
    found = compare.compare(worse, GOOD)
    assert [(each["who"], each["work"]) for each in found["slower"]] == [
        ("jax-js", "epoch"), ("Bitladder, NumPy", "text"),
        ("The page's start, to that of Pyodide as published", "later visit")]
    assert [each["times"] for each in found["slower"]] == pytest.approx([2, 1.5, 1.25], rel=1e-3)
    said = compare.text(found)
    assert "jax-js: epoch takes 2.00 times as long as before (5 → 2.5)" in said
    assert said.endswith("3 of 40 figures got more than 20 % slower or larger than in the earlier results; times are "
                         "ratios to plain JavaScript of the same run.")


def test_what_is_not_measured_any_more_is_said_and_what_is_new_is_not():
    fewer = made_up.result({who: works for who, works in made_up.TIMES.items() if who != "jax"})
    assert compare.compare(fewer, GOOD)["missing"] == [
        f"jax-js: {work}" for work in ("epoch", "image", "batch", "start", "sent", "memory")]
    assert "Not measured now: jax-js: epoch" in compare.text(compare.compare(fewer, GOOD))
    assert compare.compare(GOOD, fewer)["missing"] == []


def test_the_tables_say_what_the_results_hold():
    said = table.markdown(GOOD)
    assert "| Plain JavaScript | 500 ms | 0.1 ms | 50 ms |" in said
    assert "| Bitladder, NumPy | 2.1 | 1.0 | 2.0 |" in said and "| jax-js | 5.0 | 1.0 | 10.0 |" in said
    assert "| Bitladder, NumPy, int8 | – | 0.5 | 1.2 |" in said
    assert "| Bitladder, NumPy | 1,000 (1.0×) | 400 ms (1.0×) | 6 ms (1.0×) |" in said
    assert "| Bitladder | 1,000 ms | 2.0 ms | 12.00 MB | 41 MB |" in said
    assert "| Plain JavaScript | 50 ms | 1.0 ms | 0.01 MB | – |" in said
    assert "| epoch, hidden width 32 to 1,024 | Bitladder, NumPy | 64 to 2,048 ms per epoch | 1.00 |" in said
    assert "Chromium 156 on a processor; Pyodide 314.0.4, NumPy 2.4.3; medians of 3 interleaved rounds" in said
    assert "0.50 and 0.40 of what Pyodide with NumPy as published takes" in said
    assert "| Python's download begins | 90 ms | – |" in said and "| the page is ready | 1,500 ms | 900 ms |" in said
    assert "Until then the first visit loads 22.00 MB uncompressed, 8.40 MB with gzip." in said
    assert "Before it, the load average was 0.1." in said
    assert "differ from float32 by what 8 bits cost, in these works by up to 0.05 % of the largest result." in said
    assert "All float32 rows agree" in said and "Absent: litert (npm is not installed)." in said


def test_a_row_that_does_other_work_is_named():
    other = made_up.result(checks={("jax", "epoch"): {"shape": [500, 10], "values": LOGITS.ravel().tolist()}})
    assert cell(other, "jax", "epoch")["agrees"] is False and cell(other, "jax", "image")["agrees"] is True
    said = table.markdown(other)
    expected = results.loss(np.reshape(made_up.EXPECTED["epoch"]["values"], (500, 10)))
    assert (f"Not the same result as NumPy under CPython: jax-js: epoch (a loss of {results.loss(LOGITS):.4f} nats, "
            f"not {expected:.4f}: it was trained otherwise)") in said and "All float32" not in said


@pytest.mark.parametrize(("values", "why"), [
    ([[1.0, -2.0, 0.0]], "the result has the shape (1, 3), not (1, 2)"),
    ([[1.0, math.nan]], "the result holds NaN or infinity"),
    ([[1.0, -2.1]], "more than rounding explains: 0.0001 of the largest")])
def test_a_row_says_why_its_result_differs(values, why):
    found = {"shape": list(np.shape(values)), "values": np.ravel(values).tolist()}
    assert results.agreement("image", "float32", found, made_up.EXPECTED["image"])["why"] == why
    other = made_up.result(checks={("jax", "image"): found})
    assert f"jax-js: image ({why})" in table.markdown(json.loads(results.encoded(other)))


def test_a_text_is_filled_between_its_marks():
    text = f"# Before\n{table.BEGIN}\nold\n{table.END}\nafter"
    done = table.filled(text, table.markdown(GOOD))
    assert done == f"# Before\n{table.BEGIN}\n\n{table.markdown(GOOD)}\n\n{table.END}\nafter"
    assert table.filled(done, table.markdown(GOOD)) == done
    with pytest.raises(ValueError, match="lacks the marks"):
        table.filled("nothing", "")


def test_a_file_of_results_is_read_back(tmp_path):
    path = tmp_path / "r.json"
    path.write_bytes(results.encoded(GOOD))
    assert results.load(path) == GOOD
    cell(GOOD, "numpy", "epoch")  # not changed by it
    broken = made_up.result(checks={("jax", "image"): {"shape": [1, 1], "values": [1.0]}})
    path.write_bytes(results.encoded(broken))
    assert cell(results.load(path), "jax", "image")["difference"] is None  # JSON has no infinity


def without(*path):
    found = copy.deepcopy(GOOD)
    place = found
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    return found


def with_cell(**changes):
    found = copy.deepcopy(GOOD)
    cell(found, "numpy", "epoch").update(changes)
    return found


@pytest.mark.parametrize(("content", "why"), [
    ("", "holds no results"), ("{", "holds no results"), ("[]", "expected kind 'bench'"), ("null", "expected kind"),
    (json.dumps({**GOOD, "version": 2}), "version 1"), (json.dumps(without("rows")), "rows is missing"),
    (json.dumps(without("page")), "page is missing"), (json.dumps(without("rows", 0)), "the row plain is missing"),
    (json.dumps(without("rows", 1)), "the row numpy is missing"),
    (json.dumps(without("rows", 1, "works")), "lacks its"),
    (json.dumps(with_cell(ratio=0)), "above 0"), (json.dumps(with_cell(ratio="2")), "above 0"),
    (json.dumps(with_cell(ms={"median": 1.0})), "ms or ratio is missing"),
    (json.dumps(with_cell(ms=3.0)), "ms or ratio")])
def test_a_file_that_holds_no_results_is_refused(tmp_path, content, why):
    path = tmp_path / "r.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=why):
        results.load(path)
