"""Attention with a softmax in integers: the method's own codes, masks, the cache, and no float inside."""

import numpy as np
import pytest

from pyapp.core.attention import Attention, Cache, float_softmax
from pyapp.core.parameters import Parameters
from pyapp.quantized.attention_softmax import QuantizedSoftmax, round_up
from pyapp.softmax.methods import INTEGER, METHODS, make
from pyapp.softmax.shift import RULES, calibrate

CAUSAL = np.tri(6, dtype=bool)


def scores(seed: int = 1, shape: tuple[int, ...] = (3, 2, 6, 6)) -> np.ndarray:
    return np.random.default_rng(seed).normal(1, 3, shape).astype(np.float32)


def calibrated(bits: int, method: str, rule: str, mask: np.ndarray | None = CAUSAL) -> QuantizedSoftmax:
    softmax = QuantizedSoftmax(bits, method, rule)
    softmax.calibrate(scores(), mask)
    return softmax


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", METHODS)
def test_probabilities_are_those_of_the_method_called_by_hand(name, rule):
    softmax, z = calibrated(5, name, rule), scores(2)
    rows, mask = z.reshape(36, 6).astype(np.float64), np.tile(CAUSAL, (6, 1))
    q = softmax.shift.quantize(rows, mask).q
    expected = make(name, softmax.shift.scale).probabilities(q, mask)
    found = softmax(z, CAUSAL)
    assert found.shape == z.shape and found.dtype == np.float32
    np.testing.assert_array_equal(found.reshape(36, 6), expected.astype(np.float32))
    if name in INTEGER:
        codes = softmax.codes(z, CAUSAL)
        np.testing.assert_array_equal(codes.logits.reshape(36, 6), q)
        np.testing.assert_array_equal(codes.probabilities * softmax.method.unit, expected.reshape(z.shape))


@pytest.mark.parametrize("rule", RULES)
def test_the_first_scores_decide_and_masked_ones_do_not_count(rule):
    first, hidden = scores(), scores()
    hidden[..., ~CAUSAL] = 1e9  # would set the scale
    one, other = QuantizedSoftmax(6, "tflite", rule), QuantizedSoftmax(6, "tflite", rule)
    np.testing.assert_array_equal(one(first, CAUSAL), other(hidden, CAUSAL))
    assert one.shift == other.shift
    by_hand = calibrate(first.reshape(36, 6).astype(np.float64), 6, rule, np.tile(CAUSAL, (6, 1)))
    assert by_hand.scale <= one.shift.scale <= by_hand.scale * (1 + 2**-11)
    fixed = one.shift
    one(10 * first, CAUSAL)
    assert one.shift == fixed


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", METHODS)
def test_a_row_is_the_same_whether_later_tokens_are_masked_or_not_there(name, rule):
    softmax, z = calibrated(4, name, rule), scores(3)
    whole = softmax(z, CAUSAL)
    assert (whole[..., ~CAUSAL] == 0).all()
    for t in range(6):
        np.testing.assert_array_equal(softmax(z[:, :, t : t + 1, : t + 1], None), whole[:, :, t : t + 1, : t + 1])


@pytest.mark.parametrize("name", INTEGER)
def test_attention_with_a_cache_gives_the_same_numbers(name):
    layer = Attention("a", 8, 2, causal=True)
    p = Parameters({**layer.qkv.shapes, **layer.out.shapes})
    p.vector[:] = np.random.default_rng(2).standard_normal(p.vector.size).astype(np.float32)
    x = np.random.default_rng(4).standard_normal((2, 6, 8)).astype(np.float32)
    layer.softmax = QuantizedSoftmax(4, name, "row-max")
    layer.forward(p, x.reshape(12, 8), 6)
    whole, expected = layer.forward(p, x.reshape(12, 8), 6).reshape(2, 6, 8), layer.probabilities
    cache = Cache(2, 2, 6, 4)
    for start, stop in ((0, 3), (3, 4), (4, 6)):
        y = layer.forward(p, x[:, start:stop].reshape(-1, 8), stop - start, cache)
        np.testing.assert_array_equal(layer.probabilities, expected[:, :, start:stop, :stop])
        np.testing.assert_allclose(y.reshape(2, -1, 8), whole[:, start:stop], atol=1e-5)


@pytest.mark.parametrize("name", INTEGER)
def test_a_method_is_given_integers_and_answers_with_integers(name, monkeypatch):
    softmax, seen = calibrated(8, name, "row-max"), []
    own = type(softmax.method).__call__

    def spy(self, q, mask=None):
        y = own(self, q, mask)
        seen.append((q.dtype, y.dtype))
        return y

    monkeypatch.setattr(type(softmax.method), "__call__", spy)
    softmax(scores(5), CAUSAL)
    assert seen and set(seen) == {(np.dtype(np.int32), np.dtype(np.int32))}


def test_many_bits_are_the_float_softmax():
    z = scores(6)
    found = QuantizedSoftmax(16, "exact", "none")(z, CAUSAL)
    np.testing.assert_allclose(found, float_softmax(z.copy(), CAUSAL), atol=3e-4)


def test_long_rows_in_pieces_are_the_same_as_at_once(monkeypatch):
    softmax, z = calibrated(6, "ibert", "row-mean"), scores(7, (2, 2, 50, 6))
    at_once = softmax(z, None)
    monkeypatch.setattr("pyapp.quantized.attention_softmax.CHUNK", 40)
    np.testing.assert_array_equal(softmax(z, None), at_once)


def test_scales_have_twelve_bits_so_that_a_last_bit_does_not_matter():
    assert round_up(0.1) == round_up(0.1 * (1 - 1e-7)) > 0.1
    assert round_up(0.25) == 0.25 and round_up(0.1) * 2**16 % 1 == 0 and round_up(0.1) < 0.1 * (1 + 2**-11)


@pytest.mark.parametrize(("given", "message"), [
    ((1, "ibert", "none"), "bits is 1"), ((8, "soft", "none"), "no softmax method is named 'soft'"),
    ((8, "ibert", "up"), "there is no shift 'up'"),
])
def test_settings_without_sense_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        QuantizedSoftmax(*given)


def test_the_exact_softmax_has_no_codes():
    with pytest.raises(ValueError, match="'exact' answers with float numbers"):
        calibrated(8, "exact", "none").codes(scores(), CAUSAL)
