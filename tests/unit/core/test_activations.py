"""GELU against central differences and torch."""

import numpy as np
import pytest
from oracles.torch_cases import Case, in_both_precisions

from pyapp.core.activations import GELU
from pyapp.core.gradcheck import numeric_gradient

RNG = np.random.default_rng(1)


def test_gradient_matches_central_differences():
    layer, x, dy = GELU(), RNG.standard_normal((6, 7)) * 3, RNG.standard_normal((6, 7))

    def loss() -> float:
        return float((layer.forward({}, x) * dy).sum())

    loss()
    np.testing.assert_allclose(layer.backward({}, dy), numeric_gradient(loss, x), atol=1e-8)


@in_both_precisions
def test_forward_and_gradient_match_torch(dtype):
    case, layer = Case("gelu"), GELU()
    case.check(layer.forward({}, case.array("x", dtype)), "y", dtype)
    case.check(layer.backward({}, case.array("dy", dtype)), "dx", dtype)


def test_the_form_with_tanh_stays_as_near_to_erf_as_it_says():
    case = Case("erf")
    error = np.abs(GELU().forward({}, case.array("x")) - case.array("y")).max()
    assert 1e-5 < error < 4.8e-4


def test_far_from_zero_it_is_a_gate():
    x = np.array([-1e6, -30, 0, 30, 1e6], np.float32)
    layer = GELU()
    np.testing.assert_array_equal(layer.forward({}, x), [0, 0, 0, 30, 1e6])
    np.testing.assert_array_equal(layer.backward({}, np.ones_like(x)), [0, 0, 0.5, 1, 1])


def test_torch_itself_when_it_is_installed():
    torch = pytest.importorskip("torch", reason="pip install torch to compare with fresh torch results")
    x, dy = (RNG.standard_normal((40, 200)).astype(np.float32) * 3 for _ in range(2))
    layer, tx = GELU(), torch.tensor(x, requires_grad=True)
    ty = torch.nn.functional.gelu(tx, approximate="tanh")
    ty.backward(torch.tensor(dy))
    np.testing.assert_allclose(layer.forward({}, x), ty.detach().numpy(), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(layer.backward({}, dy), tx.grad.numpy(), rtol=1e-5, atol=1e-5)
