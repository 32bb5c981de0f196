"""IntAttention against the public pipeline, written out in float64 with its own rounding; and as a layer."""

import numpy as np
import pytest

from pyapp.core.attention import Attention, Cache, float_softmax
from pyapp.core.parameters import Parameters
from pyapp.quantized.int_attention import IntAttention, int_attention

TABLE = np.rint(255 * np.exp(-6.6 * np.arange(32) / 31))
TABLE[31] = 0


def public(q, k, v, mask, scale):
    """int_attention of the public simulation: probabilities (whole numbers) and the context in float."""
    def tensor_wise(x):
        factor = np.abs(x).max() / np.float32(127)
        return np.clip(np.rint(x / factor), -128, 127).astype(np.float64), float(factor)

    (q8, of_q), (k8, of_k), (v8, of_v) = map(tensor_wise, (q, k, v))
    scores = np.where(mask, q8 @ k8.swapaxes(2, 3), -1048576)
    threshold = int(6.6 / of_q / of_k / scale)
    d = np.minimum(scores.max(axis=-1, keepdims=True) - scores, threshold)
    e = np.where(mask, TABLE[(d * 31 / threshold).astype(np.int64)], 0)
    y = np.rint(e * 255.0 / e.sum(axis=-1, keepdims=True))
    return y, (y @ v8) * of_v / 255


def drawn(seed: int, spread: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return tuple((np.random.default_rng(seed).normal(0, spread, (3, 2, 4, 30, 16))).astype(np.float32))


@pytest.mark.parametrize("mask", [np.tri(30, dtype=bool), np.ones((30, 30), bool)], ids=["causal", "all"])
@pytest.mark.parametrize("spread", [0.3, 1.0, 3.0])
def test_all_integers_are_the_public_pipelines(spread, mask):
    q, k, v = drawn(int(10 * spread), spread)
    found = int_attention(q, k, v, mask, 0.25)
    y, context = public(q, k, v, mask, 0.25)
    np.testing.assert_array_equal(found.probabilities, y)
    np.testing.assert_allclose(found.dequantize(), context, rtol=1e-6, atol=1e-7)
    assert {each.dtype for each in found[:3]} == {np.dtype(np.int32)}
    exact = float_softmax(0.25 * q @ k.swapaxes(2, 3), mask) @ v
    assert np.abs(found.dequantize() - exact).mean() < 0.05 * spread


def test_the_largest_numbers_do_not_overflow():
    """Sums of 127² · D, and of one probability that has it all: whole numbers that int32 holds."""
    ones = np.ones((1, 1, 5, 64), np.float32)
    found = int_attention(ones, ones, ones, None)
    assert found.scores.min() == found.scores.max() == 127 * 127 * 64
    assert (found.probabilities == 51).all() and (found.context == 255 * 127).all()
    np.testing.assert_allclose(found.dequantize(), ones, rtol=1e-6)


@pytest.mark.parametrize("causal", [True, False])
def test_a_layer_is_close_to_the_float_one(causal):
    layer = Attention("a", 32, 4, causal)
    p = Parameters({**layer.qkv.shapes, **layer.out.shapes})
    p.vector[:] = 0.3 * np.random.default_rng(2).standard_normal(p.vector.size).astype(np.float32)
    x = np.random.default_rng(4).standard_normal((40, 32)).astype(np.float32)
    exact = layer.forward(p, x, 20)
    found = IntAttention(layer).forward(p, x, 20)
    assert found.dtype == np.float32 and np.abs(found - exact).mean() < 0.1 * np.abs(exact).mean()


def test_a_layer_works_with_a_cache():
    """Its grids depend on all that it is given, so numbers differ a little from those of the whole text."""
    layer = Attention("a", 32, 4, causal=True)
    p = Parameters({**layer.qkv.shapes, **layer.out.shapes})
    p.vector[:] = 0.3 * np.random.default_rng(2).standard_normal(p.vector.size).astype(np.float32)
    x = np.random.default_rng(4).standard_normal((20, 32)).astype(np.float32)
    cache, exact = Cache(1, 4, 20, 8), layer.forward(p, x, 20)
    found = np.concatenate([IntAttention(layer).forward(p, x[i : i + 1], 1, cache) for i in range(20)])
    assert np.abs(found - exact).mean() < 0.1 * np.abs(exact).mean()
