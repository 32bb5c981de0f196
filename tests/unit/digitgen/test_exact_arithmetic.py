import numpy as np
import pytest

from pyapp.core.losses import softmax
from pyapp.digitgen import exact


def test_exp_is_within_two_units_in_the_last_place():
    x = np.concatenate([np.linspace(-700, 0, 200_001), -np.geomspace(1e-300, 1, 2001)])
    np.testing.assert_array_max_ulp(exact.exp(x), np.exp(x), maxulp=2)
    assert exact.exp(np.array([-701.0, -1e9])).tolist() == [0.0, 0.0] and exact.exp(np.zeros(1))[0] == 1


@pytest.mark.parametrize("temperature", [0.35, 0.75, 1.5])
def test_softmax_is_the_usual_one(temperature):
    logits = np.random.default_rng(1).normal(0, 8, (50, 10))
    np.testing.assert_allclose(exact.softmax(logits, temperature), softmax(logits / temperature), rtol=1e-12)


def test_affine_and_blend_are_the_usual_products():
    rng = np.random.default_rng(2)
    x, w, b = rng.normal(size=(5, 10)), rng.normal(size=(4, 10)).astype(np.float32), np.ones(4, np.float32)
    np.testing.assert_allclose(exact.affine(x, w, b), x @ w.T.astype(np.float64) + 1, rtol=1e-12)
    shares, fields = np.array([[0.25, 0.75], [1, 0]]), np.array([[0, 255, 10], [255, 0, 10]], np.uint8)
    assert exact.blend(shares, fields).tolist() == [[191, 64, 10], [0, 255, 10]]
