"""Attention against central differences and torch; its cache; the place for another softmax."""

import numpy as np
import pytest
from oracles.torch_cases import Case, in_both_precisions

from pyapp.core.attention import Attention, Cache, float_softmax
from pyapp.core.gradcheck import numeric_gradient
from pyapp.core.parameters import Parameters, Shapes

RNG = np.random.default_rng(1)
either_way = pytest.mark.parametrize("causal", [False, True])


def shapes_of(layer: Attention) -> Shapes:
    return {**layer.qkv.shapes, **layer.out.shapes}


def random(layer: Attention, dtype: type = np.float64) -> Parameters:
    p = Parameters(shapes_of(layer), dtype)
    p.vector[:] = np.random.default_rng(2).standard_normal(p.vector.size) * 0.5
    return p


@either_way
def test_gradients_match_central_differences(causal):
    layer = Attention("a", 6, 3, causal)
    p, x, dy = random(layer), RNG.standard_normal((8, 6)), RNG.standard_normal((8, 6))  # two sequences of four tokens

    def loss() -> float:
        return float((layer.forward(p, x, 4) * dy).sum())

    loss()
    dx = layer.backward(p, dy)
    np.testing.assert_allclose(dx, numeric_gradient(loss, x), atol=1e-8)
    np.testing.assert_allclose(p.gradient, numeric_gradient(loss, p.vector), atol=1e-8)


@in_both_precisions
@either_way
def test_forward_and_gradients_match_torch(causal, dtype):
    case, layer = Case("causal" if causal else "attention", "self_attn."), Attention("attention", 8, 2, causal)
    p = case.parameters(shapes_of(layer), dtype)
    case.check(layer.forward(p, case.rows("x", dtype), 5), "y", dtype)
    case.check(layer.probabilities, "probabilities", dtype)
    case.check(layer.backward(p, case.rows("dy", dtype)), "dx", dtype)
    case.check_gradients(p, dtype)


def test_a_token_sees_only_what_is_before_it():
    layer = Attention("a", 4, 2, causal=True)
    layer.forward(random(layer), RNG.standard_normal((3, 4)), 3)
    above = np.triu(np.ones((3, 3), bool), 1)
    assert (layer.probabilities[..., above] == 0).all()
    assert (layer.probabilities[..., ~above] > 0).all()


def test_the_cache_gives_what_the_whole_sequence_gives():
    layer, x = Attention("a", 6, 2, causal=True), RNG.standard_normal((2, 5, 6))
    p = random(layer)
    whole = layer.forward(p, x.reshape(10, 6), 5).reshape(2, 5, 6)
    cache = Cache(2, 2, 5, 3, np.float64)
    for start, stop in ((0, 2), (2, 3), (3, 5)):
        part = layer.forward(p, x[:, start:stop].reshape(-1, 6), stop - start, cache)
        np.testing.assert_allclose(part.reshape(2, -1, 6), whole[:, start:stop], atol=1e-12)
    with pytest.raises(ValueError, match="the cache holds 5 tokens; 6 do not fit"):
        layer.forward(p, x[:, :1].reshape(2, 6), 1, cache)


def test_another_softmax_is_given_scores_and_mask_and_decides():
    layer, seen = Attention("a", 4, 2, causal=True), {}

    def even(scores: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
        seen.update(scores=scores.copy(), mask=mask)
        return np.broadcast_to(mask / mask.sum(axis=1, keepdims=True), scores.shape).astype(scores.dtype)

    p, x = random(layer), RNG.standard_normal((3, 4))
    layer.softmax = even
    layer.forward(p, x, 3)
    assert layer.probabilities[0, 1, 2].tolist() == pytest.approx([1 / 3] * 3)
    np.testing.assert_array_equal(seen["mask"], np.tril(np.ones((3, 3), bool)))
    q, k, _ = np.split(x @ p["a.qkv.weight"].T + p["a.qkv.bias"], 3, axis=1)
    np.testing.assert_allclose(seen["scores"][0, 1], q[:, 2:] @ k[:, 2:].T / np.sqrt(2), atol=1e-12)
    layer.softmax = float_softmax
    layer.forward(p, x, 3)
    np.testing.assert_allclose(layer.probabilities.sum(axis=-1), 1)


def test_large_scores_do_not_overflow():
    p = float_softmax(np.array([[[[1e30, 1e30, -1e30]]]], np.float32), None)
    np.testing.assert_array_equal(p[0, 0], [[0.5, 0.5, 0]])


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="3 heads cannot share 8 columns"):
        Attention("a", 8, 3)


@either_way
def test_torch_itself_when_it_is_installed(causal):
    torch = pytest.importorskip("torch", reason="pip install torch to compare with fresh torch results")
    layer = Attention("a", 32, 4, causal)
    p, (x, dy) = random(layer, np.float32), RNG.standard_normal((2, 40, 32)).astype(np.float32)
    p.vector *= np.float32(0.3)
    module = torch.nn.MultiheadAttention(32, 4, batch_first=True)
    weights = [module.in_proj_weight, module.in_proj_bias, module.out_proj.weight, module.out_proj.bias]
    with torch.no_grad():
        for w, name in zip(weights, p, strict=True):
            w.copy_(torch.tensor(p[name]))
    tx = torch.tensor(x.reshape(2, 20, 32), requires_grad=True)
    mask = torch.nn.Transformer.generate_square_subsequent_mask(20) if causal else None
    ty, _ = module(tx, tx, tx, attn_mask=mask)
    ty.backward(torch.tensor(dy.reshape(2, 20, 32)))
    y, dx = layer.forward(p, x, 20), layer.backward(p, dy)
    pairs = [(y, ty.detach()), (dx, tx.grad), *((p.grad[n], w.grad) for n, w in zip(p, weights, strict=True))]
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours, theirs.numpy().reshape(ours.shape), rtol=1e-5, atol=1e-5)
