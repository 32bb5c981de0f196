"""The work that the benchmark times runs in every runtime, with every engine, and comes to the same."""

import numpy as np
import pytest

from pyapp.bench import results
from pyapp.bench.workloads import (
    BY_PRECISION,
    CHARACTERS,
    GROWING,
    PRODUCTS,
    WORKLOADS,
    checked,
    first,
    operands,
    timed,
    works,
)
from pyapp.core.engine import available

FLOATS = [("float32", name) for name in WORKLOADS]
EVERY = [*FLOATS, *(("int8", name) for name in BY_PRECISION["int8"])]
SHAPES = {"epoch": [500, 10], "image": [1, 10], "batch": [500, 10], "text": [CHARACTERS], "vit step": [3],
          "vit image": [1, 10], **{f"product {size}": [8, int(size.split("x")[2])] for size in PRODUCTS}}


@pytest.mark.parametrize("workload", ["epoch", "image", "batch"])
@pytest.mark.in_pyodide(1, "the cases differ in settings, not in arithmetic")
def test_workloads_are_timed(workload):
    times = timed(workload, repeats=1)["ms"]
    assert len(times) == 1 and times[0] > 0
    assert first(workload)["ms"][0] > 0


@pytest.mark.parametrize("engine", available())
@pytest.mark.parametrize(("precision", "name"), EVERY)
@pytest.mark.in_pyodide(3, "the runtimes are compared in Chromium, by the benchmark itself")
def test_every_engine_does_the_same_work(precision, name, engine):
    found = checked(name, engine, precision)
    assert found["shape"] == SHAPES[name] and np.isfinite(found["values"]).all()
    apart = results.agreement(name, precision, found, checked(name, "numpy"))
    assert apart["agrees"] is (True if precision == "float32" else None)
    assert apart["difference"] < (1e-3 if precision == "float32" else 0.15)


def test_an_epoch_learns_and_starts_anew_each_time():
    chance, again = results.loss(np.zeros((500, 10))), checked("epoch")
    assert results.loss(np.reshape(again["values"], (500, 10))) < chance / 4
    timed("epoch", repeats=1)
    assert checked("epoch") == again


def test_a_product_is_that_of_its_factors():
    x, w = operands("32x784x128")
    assert (x.shape, w.shape, x.dtype, w.dtype) == ((32, 784), (128, 784), np.float32, np.float32)
    rows = np.reshape(checked("product 32x784x128")["values"], (8, 128))
    whole = x.astype(np.float64) @ w.astype(np.float64).T
    np.testing.assert_allclose(rows[[0, -1]], whole[[0, -1]], atol=1e-4)


def test_the_names_are_those_of_the_results():
    assert works() == [*WORKLOADS, *GROWING]
    assert set(works(precision="int8")) < set(results.WORKS) == set(SHAPES)


@pytest.mark.parametrize(("arguments", "why"), [
    (("epohc", 1), "'epohc' is no work in float32"), (("text", 1, None, "int8"), "'text' is no work in int8"),
    (("image", 0), "repeats is 0"), (("image", 1, "blas"), "'blas'"), (("image", 1, None, "int4"), "'int4'")])
def test_work_that_there_is_not_is_refused(arguments, why):
    with pytest.raises(ValueError, match=why):
        timed(*arguments)
