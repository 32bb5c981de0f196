"""LayerNorm against central differences and torch."""

import numpy as np
import pytest
from oracles.torch_cases import Case, in_both_precisions

from pyapp.core.gradcheck import numeric_gradient
from pyapp.core.norm import LayerNorm
from pyapp.core.parameters import Parameters

RNG = np.random.default_rng(1)


def test_gradients_match_central_differences():
    layer, x, dy = LayerNorm("n", 6), RNG.standard_normal((4, 6)) * 3 + 1, RNG.standard_normal((4, 6))
    p = Parameters(layer.shapes, np.float64)
    p.vector[:] = RNG.standard_normal(p.vector.size)

    def loss() -> float:
        return float((layer.forward(p, x) * dy).sum())

    loss()
    dx = layer.backward(p, dy)
    np.testing.assert_allclose(dx, numeric_gradient(loss, x), atol=1e-8)
    np.testing.assert_allclose(p.gradient, numeric_gradient(loss, p.vector), atol=1e-8)


@in_both_precisions
def test_forward_and_gradients_match_torch(dtype):
    case, layer = Case("norm", "norm."), LayerNorm("norm", 8)
    p = case.parameters(layer.shapes, dtype)
    case.check(layer.forward(p, case.array("x", dtype)), "y", dtype)
    case.check(layer.backward(p, case.array("dy", dtype)), "dx", dtype)
    case.check_gradients(p, dtype)


def test_a_constant_row_becomes_the_shift():
    layer = LayerNorm("n", 5)
    p = Parameters(layer.shapes)
    p["n.weight"][:], p["n.bias"][:] = 3.0, 0.25
    np.testing.assert_array_equal(layer.forward(p, np.full((2, 5), 7, np.float32)), np.full((2, 5), 0.25, np.float32))


def test_torch_itself_when_it_is_installed():
    torch = pytest.importorskip("torch", reason="pip install torch to compare with fresh torch results")
    x, g, b, dy = (RNG.standard_normal(shape).astype(np.float32) for shape in ((50, 128), 128, 128, (50, 128)))
    layer = LayerNorm("n", 128)
    p = Parameters(layer.shapes)
    p["n.weight"][:], p["n.bias"][:] = g, b
    y, dx = layer.forward(p, x), layer.backward(p, dy)
    tx, tg, tb = (torch.tensor(a, requires_grad=True) for a in (x, g, b))
    ty = torch.nn.functional.layer_norm(tx, (128,), tg, tb)
    ty.backward(torch.tensor(dy))
    pairs = ((y, ty.detach()), (dx, tx.grad), (p.grad["n.weight"], tg.grad), (p.grad["n.bias"], tb.grad))
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-5, atol=1e-5)
