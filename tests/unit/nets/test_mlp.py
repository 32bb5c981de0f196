import numpy as np
import pytest

from pyapp.core.parameters import Parameters
from pyapp.nets.mlp import MLP
from pyapp.quant.parameters import quantize_parameters


def test_the_digits_network_has_109386_parameters():
    p = MLP().initial(seed=1)
    assert p.vector.size == 784 * 128 + 128 + 128 * 64 + 64 + 64 * 10 + 10 == 109_386


def test_he_initialisation_has_its_variance_and_keeps_activations_alive():
    model = MLP()
    p = model.initial(seed=1)
    for name, inputs in (("layer1.weight", 784), ("layer2.weight", 128), ("layer3.weight", 64)):
        assert p[name].std() == pytest.approx(np.sqrt(2 / inputs), rel=0.05)
    assert not p["layer1.bias"].any()
    assert (MLP().initial(seed=1).vector == p.vector).all() and (MLP().initial(seed=2).vector != p.vector).any()


@pytest.mark.parametrize(("activation", "low", "high"), [("relu", 0, np.inf), ("relu6", 0, 6), ("hard-tanh", -1, 1)])
def test_forward_is_the_formula(activation, low, high):
    model = MLP((3, 4, 2))
    p = model.initial(seed=1, dtype=np.float64, activation=activation)
    x = np.array([[1.0, -2.0, 0.5]]) * np.array([[1], [-19], [19]])
    hidden = np.clip(x @ p["layer1.weight"].T + p["layer1.bias"], low, high)
    assert {low, high} - {np.inf} <= set(hidden.flat)  # all ends are reached
    np.testing.assert_allclose(model.forward(p, x), hidden @ p["layer2.weight"].T + p["layer2.bias"], rtol=1e-12)


def test_the_activation_goes_with_the_parameters():
    p = MLP((3, 4, 2)).initial(seed=1, activation="relu6")
    assert p.copy().activation == p.astype(np.float64).activation == "relu6"
    assert quantize_parameters(p, 4).parameters.activation == "relu6"
    assert Parameters(p.shapes).activation == "relu"
