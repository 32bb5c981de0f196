"""The error of a layer's output: worked out independently, and what GPTQ is for."""

import numpy as np
import pytest

from pyapp.data.tensors.tensor import Tensor
from pyapp.measure.layer_output import BITS, MOST, inputs_for, layer_of, output_errors
from pyapp.quant.gptq import gptq
from pyapp.quant.schemes import quantize
from pyapp.store import StoreError

RNG = np.random.default_rng(3)
W = RNG.standard_normal((6, 12)).astype(np.float32)
X = (RNG.standard_normal((80, 4)) @ RNG.standard_normal((4, 12)) + 0.1 * RNG.standard_normal((80, 12))).astype(
    np.float32)  # inputs that depend on one another, as a network's do


def tensor(name: str, x: np.ndarray) -> Tensor:
    return Tensor(name, x.shape, x.dtype.name, x.nbytes, lambda: x)


def test_the_errors_are_those_of_the_formula_on_inputs_that_gptq_did_not_see():
    found = list(output_errors(layer_of(W, X)))
    assert [row["bits"] for row in found] == list(BITS)
    y = X[1::2].astype(np.float64) @ W.T.astype(np.float64)
    for row in found:
        rounded = quantize(W, row["bits"], per="channel")
        for name, tensor_ in (("nearest", rounded), ("gptq", gptq(W, X[::2], rounded.grid))):
            other = X[1::2].astype(np.float64) @ tensor_.dequantize().T.astype(np.float64)
            assert row[name] == pytest.approx(np.linalg.norm(y - other) / np.linalg.norm(y), rel=1e-9)
    assert all(row["gptq"] < row["nearest"] for row in found), "inputs that depend on one another are what it is for"


def test_weights_in_the_other_orientation_give_the_same():
    turned = layer_of(np.ascontiguousarray(W.T), X)
    assert turned.turned and not layer_of(W, X).turned
    assert turned.said() == ("The file has the weights as (inputs, outputs). GPTQ and AWQ saw 40 rows of inputs, and "
                             "errors are measured on 40 others.")
    assert list(output_errors(turned, (3,))) == list(output_errors(layer_of(W, X), (3,)))


def test_rows_are_those_of_all_leading_axes_and_not_too_many():
    assert np.array_equal(layer_of(W, X.reshape(8, 10, 12)).seen, X[::2])
    layer = layer_of(W, np.tile(X, (100, 1)))
    assert len(layer.seen) + len(layer.kept) <= MOST + 1
    assert f"GPTQ saw {len(layer.seen)} rows of inputs, AWQ the first 128 of them, and" in layer.said()
    alone = layer_of(W, X[:1])
    assert np.array_equal(alone.seen, alone.kept)


def test_awq_helps_where_a_few_inputs_are_large():
    x = RNG.standard_normal((80, 12)).astype(np.float32) * np.float32([30, 20] + 10 * [1])
    row, = output_errors(layer_of(W, x), (4,))
    assert row["awq"] < 0.8 * row["nearest"]
    row, = output_errors(layer_of(W, np.sign(x)), (4,))  # all inputs are as large: no column deserves more
    assert row["awq"] == pytest.approx(row["nearest"], rel=1e-9)


def test_which_tensor_holds_the_inputs():
    w, x, y = tensor("w", W), tensor("x", X), tensor("y", X[:, :5])
    assert inputs_for(w, [y, x]) is x and inputs_for(w, [x, y, tensor("w", X)]).name == "w"
    assert inputs_for(tensor("v", W.T), [y, x]) is x


@pytest.mark.parametrize(("w", "others", "said"), [
    (W[0], [X], "'w' has 1 axes; inputs are for a matrix"), (W, [X[:, :5]], "no tensor there has rows of 12 numbers"),
    (W, [X, X], "2 tensors there have rows that fit 'w'; keep only one")])
def test_inputs_that_cannot_be_found_are_refused(w, others, said):
    with pytest.raises(StoreError, match=said):
        inputs_for(tensor("w", w), [tensor(f"x{i}", x) for i, x in enumerate(others)])


def test_numbers_that_are_none_and_outputs_of_0():
    with pytest.raises(ValueError, match="finite"):
        layer_of(W, np.where(X > 0, np.nan, X))
    with pytest.raises(ValueError, match="there are no inputs"):
        layer_of(W, X[:0])
    assert list(output_errors(layer_of(W, 0 * X), (4,))) == [{"bits": 4, "nearest": None, "gptq": None, "awq": None}]
