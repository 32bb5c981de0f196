"""The Vision Transformer: shapes, gradients, files."""

import numpy as np
import pytest
from oracles.torch_cases import Case, in_both_precisions

from pyapp import store
from pyapp.core.gradcheck import numeric_gradient
from pyapp.core.losses import softmax_cross_entropy
from pyapp.nets import vit
from pyapp.nets.vit import ViT, ViTSize, patches_of

SMALL = ViTSize(patch=14, width=4, heads=2, blocks=2, hidden=6)


def images(n: int, dtype: type = np.float64) -> np.ndarray:
    return np.random.default_rng(n).random((n, 784)).astype(dtype)


def test_the_shipped_size_is_within_its_budget():
    p = ViT().initial(1)
    assert p.vector.size == 139_018 <= 150_000
    assert p.vector.dtype == np.float32


def test_patches_are_squares_in_reading_order():
    x = np.arange(2 * 784).reshape(2, 784)
    patches = patches_of(x, 7).reshape(2, 16, 7, 7)
    np.testing.assert_array_equal(patches[1, 6], x[1].reshape(28, 28)[7:14, 14:21])


@pytest.mark.in_pyodide(0, "test_gpt.py differentiates the same block there")
def test_gradients_match_central_differences():
    model, x, labels = ViT(SMALL), images(2), np.array([3, 7])
    p = model.initial(2, np.float64)

    def loss() -> float:
        return softmax_cross_entropy(model.forward(p, x), labels)[0]

    model.backward(p, softmax_cross_entropy(model.forward(p, x), labels)[1])
    np.testing.assert_allclose(p.gradient, numeric_gradient(loss, p.vector), atol=1e-8)


@in_both_precisions
def test_forward_and_gradients_match_torch(dtype):
    case, model = Case("vit"), ViT(ViTSize(patch=14, width=8, heads=2, blocks=2, hidden=12))
    p = case.parameters(model.shapes, dtype)
    case.check(model.forward(p, case.array("x", dtype)), "y", dtype)
    model.backward(p, case.rows("dy", dtype))
    case.check_gradients(p, dtype)


def test_everything_stays_float32():
    model = ViT(SMALL)
    p = model.initial(1)
    logits = model.forward(p, images(3, np.float32))
    model.backward(p, logits)
    assert logits.dtype == p.gradient.dtype == np.float32
    assert {each.dtype for each in model.attention()} == {np.dtype(np.float32)}


def test_an_image_alone_gives_what_it_gives_in_a_batch():
    model, x = ViT(SMALL), images(4, np.float32)
    p = model.initial(1)
    np.testing.assert_allclose(model.forward(p, x[2:3]), model.forward(p, x)[2:3], atol=1e-6)


def test_attention_has_a_row_for_every_token_and_sums_to_one():
    model = ViT(SMALL)
    model.forward(model.initial(1), images(3, np.float32))
    assert model.attention().shape == (2, 3, 2, 5, 5)
    np.testing.assert_allclose(model.attention().sum(axis=-1), 1, atol=1e-6)


def test_a_patch_that_does_not_cover_the_image_is_refused():
    with pytest.raises(ValueError, match="patches of 5 pixels do not cover 28"):
        ViT(ViTSize(patch=5))


def test_a_file_gives_the_same_network_and_another_is_refused(tmp_path):
    p = ViT().initial(5)
    store.save(tmp_path / "vit.npz", store.arrays_of(p), {})
    np.testing.assert_array_equal(vit.load(tmp_path / "vit.npz").vector, p.vector)
    store.save(tmp_path / "other.npz", {"places": p["places"]}, {})
    with pytest.raises(store.StoreError, match=r'other\.npz holds the array "places"'):
        vit.load(tmp_path / "other.npz")
