import numpy as np

from pyapp.core.parameters import Parameters


def test_views_share_the_flat_vectors():
    p = Parameters({"a": (2, 3), "b": (4,)})
    p["a"][1, 2] = 5
    p.grad["b"][0] = 7
    assert p.vector.tolist() == [0, 0, 0, 0, 0, 5, 0, 0, 0, 0]
    assert p.gradient.tolist() == [0, 0, 0, 0, 0, 0, 7, 0, 0, 0]
    assert list(p) == ["a", "b"] and p.vector.dtype == np.float32


def test_a_copy_is_independent():
    p = Parameters({"a": (2,)})
    q = p.copy()
    q["a"][:] = 1
    assert p["a"].tolist() == [0, 0] and q.vector.tolist() == [1, 1]
