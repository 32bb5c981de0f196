import numpy as np
import pytest

from pyapp import shipped
from pyapp.pages.base import tensors


@pytest.mark.parametrize("kind", tensors.DRAWN)
def test_drawn_tensors_repeat_and_are_what_they_say(kind):
    x = tensors.draw(kind, (20, 30), seed=4)
    assert x.dtype == np.float32 and x.shape == (20, 30) and np.isfinite(x).all()
    np.testing.assert_array_equal(x, tensors.draw(kind, (20, 30), seed=4))
    assert (x != tensors.draw(kind, (20, 30), seed=5)).any()


def test_kinds_differ_in_the_way_that_matters():
    x = {kind: tensors.draw(kind, (64, 64), seed=1) for kind in tensors.DRAWN}
    assert x["relu"].min() == 0 and 0.4 < (x["relu"] == 0).mean() < 0.6
    assert -0.3 < x["silu"].min() < 0
    assert np.abs(x["outlier"]).max() > 3 * np.abs(x["normal"]).max()
    reach = np.abs(x["channels"]).max(axis=1)
    assert reach.max() > 10 * reach.min()


def test_weights_are_a_part_of_the_shipped_matrix():
    w = shipped.mlp()["layer3.weight"]
    np.testing.assert_array_equal(tensors.weights("layer3", (64, 64), 1), w)  # it has 10 rows and 64 columns
    part = tensors.weights("layer3", (4, 8), 2)
    assert part.shape == (4, 8) and np.isin(part, w).all()
