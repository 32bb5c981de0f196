"""Dropout."""

import numpy as np
import pytest

from pyapp.core.dropout import Dropout


def test_it_drops_its_share_keeps_the_mean_and_passes_the_same_gradient():
    layer, x = Dropout(0.25), np.ones((200, 100), np.float32)
    layer.rng = np.random.default_rng(1)
    y = layer.forward({}, x)
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.75)}
    assert (y == 0).mean() == pytest.approx(0.25, abs=0.01)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(layer.backward({}, x), y)


def test_inference_drops_nothing():
    layer, x = Dropout(0.9), np.arange(6, dtype=np.float32)
    assert layer.forward({}, x) is x
    assert layer.backward({}, x) is x


def test_a_rate_of_one_is_refused():
    with pytest.raises(ValueError, match=r"dropout rate is 1\.0"):
        Dropout(1.0)
