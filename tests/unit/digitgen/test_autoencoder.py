import numpy as np
import pytest

from pyapp.core.gradcheck import numeric_gradient
from pyapp.digitgen.autoencoder import Autoencoder, Loss, Out, Row, sigmoid
from pyapp.digitgen.teacher import CLASSES, PIXELS, STYLES

NAMES = ["encoder1.bias", "encoder3.weight", "decoder1.bias", "decoder2.bias", "decoder3.bias", "judge2.weight"]


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(3)
    labels = np.array([3, 8], np.int64)
    rows = np.concatenate([rng.random((2, PIXELS)), np.eye(CLASSES)[labels], rng.normal(size=(2, 2 * STYLES))], axis=1)
    model = Autoencoder()
    return model, model.initial(1, np.float64), rows, labels, Loss(0.7, 5.0)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_those_of_differences(case, name):
    """The classifier learns from images alone: for its weights what it thinks of made pictures does not count."""
    model, p, rows, labels, loss = case
    of = Loss(loss.beta, 0.0) if name.startswith("judge") else loss
    _, gradient, _ = loss(rows, model.forward(p, rows), labels)
    model.backward(p, gradient)
    some = p[name].reshape(-1)[:12]
    found = p.grad[name].reshape(-1)[:12].copy()
    expected = numeric_gradient(lambda: of(rows, model.forward(p, rows), labels)[0], some, 1e-5)
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=1e-6)


def test_rows_are_cut_where_they_were_joined(case):
    model, p, rows, _, _ = case
    assert [part.shape[1] for part in Row.of(rows)] == [784, 10, 16, 16]
    assert [part.shape[1] for part in Out.of(model.forward(p, rows))] == [784, 16, 16, 10, 10]


def test_sigmoid_does_not_overflow():
    with np.errstate(all="raise", under="ignore"):
        assert sigmoid(np.array([-1e4, 0.0, 1e4])).tolist() == [0.0, 0.5, 1.0]
