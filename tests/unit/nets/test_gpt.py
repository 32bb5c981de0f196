"""The GPT: gradients, causality, the cache, files."""

import numpy as np
import pytest
from oracles.torch_cases import Case, in_both_precisions

from pyapp import store
from pyapp.core.gradcheck import numeric_gradient
from pyapp.core.losses import softmax_cross_entropy
from pyapp.data.text import Vocabulary
from pyapp.nets import gpt
from pyapp.nets.gpt import GPT, GPTSize

SMALL = GPTSize(width=8, heads=2, blocks=2, context=6, hidden=16)


def tokens(batch: int, length: int, n: int = 5) -> np.ndarray:
    return np.random.default_rng(batch + length).integers(0, n, (batch, length)).astype(np.int32)


def random(model: GPT, dtype: type = np.float64):
    """Larger weights than at the start, so that all parts matter."""
    p = model.initial(1, dtype)
    p.vector[:] += np.random.default_rng(3).standard_normal(p.vector.size).astype(dtype) * 0.3
    return p


def test_the_shipped_size():
    p = GPT(65).initial(1)
    assert p.vector.size == 818_048
    assert p.vector.dtype == np.float32


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.in_pyodide(1, "the cases differ in settings, not in arithmetic")
def test_gradients_match_central_differences(dropout):
    model = GPT(5, GPTSize(width=4, heads=2, blocks=2, context=4, hidden=6), dropout)
    p, x, following = random(model), tokens(2, 3), tokens(3, 2)

    def logits() -> np.ndarray:
        model.drop(np.random.default_rng(7))
        return model.forward(p, x)

    model.backward(p, softmax_cross_entropy(logits(), following.reshape(-1))[1])
    numeric = numeric_gradient(lambda: softmax_cross_entropy(logits(), following.reshape(-1))[0], p.vector)
    np.testing.assert_allclose(p.gradient, numeric, atol=1e-7)


@in_both_precisions
def test_forward_and_gradients_match_torch(dtype):
    case, model = Case("gpt"), GPT(7, GPTSize(8, 2, 2, 5, hidden=12))
    p = case.parameters(model.shapes, dtype)
    case.check(model.forward(p, case.array("x")), "y", dtype)
    model.backward(p, case.rows("dy", dtype))
    case.check_gradients(p, dtype)


def test_everything_stays_float32():
    model = GPT(5, SMALL, 0.1)
    model.drop(np.random.default_rng(1))
    p = model.initial(1)
    logits = model.forward(p, tokens(2, 6))
    model.backward(p, logits)
    assert logits.dtype == p.gradient.dtype == np.float32
    assert model.forward(p, tokens(2, 3), model.caches(2)).dtype == np.float32


def test_no_token_sees_what_follows_it():
    model = GPT(5, SMALL)
    p, x = random(model), tokens(1, 6)
    before = model.forward(p, x)
    changed = x.copy()
    changed[0, 4] = (x[0, 4] + 1) % 5
    after = model.forward(p, changed)
    np.testing.assert_array_equal(before[:4], after[:4])
    assert (before[4:] != after[4:]).any(axis=1).all()


def test_the_cache_gives_the_logits_of_the_whole_text():
    model = GPT(5, SMALL)
    p, x = random(model, np.float32), tokens(2, 6)
    whole = model.forward(p, x).reshape(2, 6, 5)
    caches = model.caches(batch=2)
    parts = [model.forward(p, x[:, part], caches).reshape(2, -1, 5)
             for part in (slice(0, 3), slice(3, 4), slice(4, 6))]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=2e-6)
    with pytest.raises(ValueError, match="7 tokens do not fit into a context of 6"):
        model.forward(p, x[:, :1], caches)


def test_a_text_longer_than_the_context_is_refused():
    model = GPT(5, SMALL)
    with pytest.raises(ValueError, match="7 tokens do not fit into a context of 6"):
        model.forward(model.initial(1), tokens(1, 7))


def test_without_random_numbers_dropout_does_nothing():
    x = tokens(2, 6)
    plain, dropping = GPT(5, SMALL), GPT(5, SMALL, 0.5)
    p = random(plain)
    np.testing.assert_array_equal(plain.forward(p, x), dropping.forward(p, x))
    dropping.drop(np.random.default_rng(1))
    assert (plain.forward(p, x) != dropping.forward(p, x)).any()
    dropping.drop(None)
    np.testing.assert_array_equal(plain.forward(p, x), dropping.forward(p, x))


def test_a_file_keeps_the_network_in_half_precision_with_its_vocabulary(tmp_path):
    vocabulary = Vocabulary("abc é\n")
    p = GPT(len(vocabulary)).initial(2)
    store.save(tmp_path / "gpt.npz", gpt.arrays_of(p, vocabulary), {})
    _, q, read = gpt.load(tmp_path / "gpt.npz")
    assert read.characters == "\n abcé"
    np.testing.assert_array_equal(q.vector, p.vector.astype(np.float16).astype(np.float32))
    assert (tmp_path / "gpt.npz").stat().st_size < 1_700_000


def test_a_file_without_a_vocabulary_is_refused(tmp_path):
    store.save(tmp_path / "x.npz", store.arrays_of(GPT(5).initial(1)), {})
    with pytest.raises(store.StoreError, match="expected the array vocabulary"):
        gpt.load(tmp_path / "x.npz")
