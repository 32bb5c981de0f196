from pathlib import Path

import numpy as np
import pytest

from pyapp.core.gradcheck import numeric_gradient
from pyapp.core.losses import distillation_loss, softmax, softmax_cross_entropy

TORCH = np.load(Path(__file__).parents[2] / "oracles" / "fakequant.npz")  # made by record_fakequant.py beside it


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


def test_distillation_equals_torch():
    logits, teacher, labels = (TORCH[f"distil.{name}"] for name in ("logits", "teacher", "labels"))
    loss, gradient, probabilities = distillation_loss(logits, teacher, labels)
    assert loss == pytest.approx(float(TORCH["distil.loss"]), rel=1e-12)
    np.testing.assert_allclose(gradient, TORCH["distil.gradient"], rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(probabilities, softmax(logits), rtol=1e-12)


@pytest.mark.parametrize(("temperature", "share"), [(2.0, 0.5), (1.0, 1.0), (5.0, 0.1)])
def test_distillation_gradient_matches_central_differences(temperature, share):
    rng = np.random.default_rng(3)
    logits, teacher, labels = rng.standard_normal((4, 5)), rng.standard_normal((4, 5)) * 3, np.array([0, 4, 2, 1])
    _, gradient, _ = distillation_loss(logits, teacher, labels, temperature, share)
    numeric = numeric_gradient(lambda: distillation_loss(logits, teacher, labels, temperature, share)[0], logits)
    np.testing.assert_allclose(gradient, numeric, atol=1e-8)


def test_a_student_that_answers_as_its_teacher_learns_from_the_labels_alone():
    logits, labels = np.array([[50.0, -50.0, 0.0]] * 2, np.float32), np.array([0, 2])
    loss, gradient, _ = distillation_loss(logits, logits, labels)
    plain, expected, _ = softmax_cross_entropy(logits, labels)
    assert loss == pytest.approx(plain / 2) and np.isfinite(gradient).all() and gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, expected / 2, atol=1e-7)
