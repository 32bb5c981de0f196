import numpy as np
import pytest

from pyapp.nets.mlp import MLP


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


def test_forward_is_the_formula():
    model = MLP((3, 4, 2))
    p = model.initial(seed=1, dtype=np.float64)
    x = np.array([[1.0, -2.0, 0.5]])
    hidden = np.maximum(x @ p["layer1.weight"].T + p["layer1.bias"], 0)
    np.testing.assert_allclose(model.forward(p, x), hidden @ p["layer2.weight"].T + p["layer2.bias"], rtol=1e-12)
