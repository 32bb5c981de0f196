"""The table of vectors against central differences and torch."""

import numpy as np
import pytest
from oracles.torch_cases import Case, in_both_precisions

from pyapp.core.embedding import Embedding
from pyapp.core.gradcheck import numeric_gradient
from pyapp.core.parameters import Parameters

RNG = np.random.default_rng(1)
TOKENS = np.array([[2, 0, 2], [4, 2, 0]], np.int32)  # some often, some never


def test_gradient_matches_central_differences():
    layer, dy = Embedding("e", 5, 3), RNG.standard_normal((6, 3))
    p = Parameters(layer.shapes, np.float64)
    p.vector[:] = RNG.standard_normal(p.vector.size)

    def loss() -> float:
        return float((layer.forward(p, TOKENS) * dy).sum())

    loss()
    layer.backward(p, dy)
    np.testing.assert_allclose(p.gradient, numeric_gradient(loss, p.vector), atol=1e-8)


def test_gradient_is_added_to_what_is_there():
    layer, dy = Embedding("e", 5, 3), RNG.standard_normal((6, 3))
    p = Parameters(layer.shapes, np.float64)
    p.gradient[:] = 1
    layer.forward(p, TOKENS)
    layer.backward(p, dy)
    np.testing.assert_allclose(p.grad["e.weight"][4], 1 + dy[3])
    np.testing.assert_array_equal(p.grad["e.weight"][1], 1)


@in_both_precisions
def test_forward_and_gradient_match_torch(dtype):
    case, layer = Case("embedding", "embedding."), Embedding("embedding", 7, 8)
    p = case.parameters(layer.shapes, dtype)
    case.check(layer.forward(p, case.array("x")), "y", dtype)
    layer.backward(p, case.rows("dy", dtype))
    case.check_gradients(p, dtype)


def test_torch_itself_when_it_is_installed():
    torch = pytest.importorskip("torch", reason="pip install torch to compare with fresh torch results")
    layer, tokens = Embedding("e", 65, 32), RNG.integers(0, 65, 400)
    p, dy = Parameters(layer.shapes), RNG.standard_normal((400, 32)).astype(np.float32)
    layer.initialise(p, RNG)
    tw = torch.tensor(p["e.weight"], requires_grad=True)
    ty = torch.nn.functional.embedding(torch.tensor(tokens), tw)
    ty.backward(torch.tensor(dy))
    np.testing.assert_array_equal(layer.forward(p, tokens), ty.detach().numpy())
    layer.backward(p, dy)
    np.testing.assert_allclose(p.gradient.reshape(65, 32), tw.grad.numpy(), rtol=1e-5, atol=1e-5)
