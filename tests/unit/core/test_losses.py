import numpy as np
import pytest

from pyapp.core.losses import softmax, softmax_cross_entropy


def test_softmax_of_known_logits():
    np.testing.assert_allclose(softmax(np.log(np.array([[1.0, 2.0, 5.0]]))), [[0.125, 0.25, 0.625]], rtol=1e-12)


def test_huge_and_tiny_logits_stay_finite():
    logits = np.array([[1e4, -1e4, 0.0]], np.float32)
    loss, gradient, probabilities = softmax_cross_entropy(logits, np.array([1]))
    assert loss == pytest.approx(2e4)  # -log p = max - z, though p itself is 0
    assert np.isfinite(gradient).all() and probabilities.tolist() == [[1, 0, 0]]


def test_uniform_logits_cost_log_n():
    loss, _, _ = softmax_cross_entropy(np.zeros((3, 10)), np.array([0, 4, 9]))
    assert loss == pytest.approx(np.log(10))
