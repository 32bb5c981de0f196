"""What the fit minimises, and by which derivatives."""

import numpy as np
import pytest

from pyapp.core.gradcheck import numeric_gradient
from pyapp.ladder import fit, toy


@pytest.fixture(scope="module")
def data():
    return fit.batch()


@pytest.mark.parametrize("scale", [1.0, 1 / np.sqrt(3)])
def test_the_derivatives_against_central_differences(data, scale):
    rng = np.random.default_rng(2)
    p = {name: rng.normal(size=shape) / 2 for name, shape in toy.SHAPES.items()}
    gradients = fit.loss_and_gradients(p, data, scale)[1]
    for name in toy.SHAPES:
        numeric = numeric_gradient(lambda: fit.loss_and_gradients(p, data, scale)[0], p[name])
        np.testing.assert_allclose(gradients[name], numeric, atol=1e-7, err_msg=name)


def test_it_is_the_toys_own_forward_pass(data):
    """The loss, put together again from toy.forward on each beginning of a sentence."""
    p = toy.load()
    loss = fit.DECAY * sum((p[name] ** 2).sum() for name in fit.DECAYING)
    for row, (numbers, there, target, share) in enumerate(zip(data.numbers, data.there, data.targets, data.shares,
                                                              strict=True)):
        found = toy.forward(numbers[there], p, own=True, scaled=True)
        loss -= share * target @ np.log(found["probabilities"])
        if row == data.look:
            loss -= share * fit.LOOK @ np.log(found["weights"][-1])
    assert fit.loss_and_gradients(p, data, 1 / np.sqrt(3))[0] == pytest.approx(loss, rel=1e-12)


def test_the_targets_are_distributions(data):
    np.testing.assert_allclose(data.targets.sum(1), 1)
    assert data.shares.sum() == pytest.approx(1)
    assert data.targets[data.look].max() == fit.SURE == data.targets[data.look][toy.WORDS.index("roamed")]


def test_adam_goes_down(data):
    p = {name: array.copy() for name, array in toy.load().items()}
    p["E"] += 0.3
    before = fit.loss_and_gradients(p, data)[0]
    fit.adam(p, ("E",), data, 1.0, 50)
    assert fit.loss_and_gradients(p, data)[0] < before - 0.1


@pytest.mark.in_pyodide(0, "the fit is a command's")
def test_every_machine_fits_the_shipped_weights():
    """Also Pyodide, whose sums end in other bits."""
    for name, array in fit.fit(lambda line: None).items():
        np.testing.assert_array_equal(array, toy.load()[name], name)
