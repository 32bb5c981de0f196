"""The block against central differences and torch's own."""

import numpy as np
import pytest
from oracles.torch_cases import Case, in_both_precisions

from pyapp.core.gradcheck import numeric_gradient
from pyapp.core.parameters import Parameters
from pyapp.nets.transformer import Block

RNG = np.random.default_rng(1)


@pytest.mark.parametrize("causal", [False, True])
def test_gradients_match_central_differences(causal):
    block = Block("b", 4, 2, 6, causal)
    p, x, dy = Parameters(block.shapes, np.float64), RNG.standard_normal((6, 4)), RNG.standard_normal((6, 4))
    p.vector[:] = RNG.standard_normal(p.vector.size) * 0.5

    def loss() -> float:
        return float((block.forward(p, x, 3) * dy).sum())

    loss()
    dx = block.backward(p, dy)
    np.testing.assert_allclose(dx, numeric_gradient(loss, x), atol=1e-7)
    np.testing.assert_allclose(p.gradient, numeric_gradient(loss, p.vector), atol=1e-7)


@in_both_precisions
def test_forward_and_gradients_match_torch(dtype):
    case, block = Case("block", "block."), Block("block", 8, 2, 12, causal=True)
    p = case.parameters(block.shapes, dtype)
    case.check(block.forward(p, case.rows("x", dtype), 5), "y", dtype)
    case.check(block.backward(p, case.rows("dy", dtype)), "dx", dtype)
    case.check_gradients(p, dtype)


def test_at_the_start_the_stream_does_not_grow_with_the_depth():
    x, sizes = RNG.standard_normal((64, 32)).astype(np.float32), []
    for depth in (2, 12):
        y, rng = x, np.random.default_rng(2)
        for block in [Block("b", 32, 4, 64)] * depth:
            p = Parameters(block.shapes)
            block.initialise(p, rng, depth)
            y = block.forward(p, y, 8)
        sizes.append(y.std())
    assert sizes[1] == pytest.approx(sizes[0], rel=0.15)


def test_the_callers_rows_are_left_alone():
    block, x = Block("b", 4, 2, 6), RNG.standard_normal((6, 4))
    p, before = Parameters(block.shapes, np.float64), x.copy()
    p.vector[:] = 0.1
    block.backward(p, block.forward(p, x, 3))
    np.testing.assert_array_equal(x, before)
