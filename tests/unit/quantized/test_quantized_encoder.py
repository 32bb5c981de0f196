"""An encoder with quantised attention scores, and what is measured of it."""

import numpy as np
import pytest

from pyapp.core.attention import float_softmax
from pyapp.measure.encoder import Tally, compared, head_errors, pieces, read
from pyapp.nets.encoder.model import Encoder, EncoderSize
from pyapp.quantized.encoder import ScoreSettings, quantize_scores
from pyapp.softmax.methods import METHODS

SIZE = EncoderSize(vocabulary=20, embedding=6, width=16, inner=8, hidden=12, layers=2, networks=2, heads=2, context=12,
                   classes=3)
MODEL = Encoder(SIZE)
P = MODEL.initial(1, np.float64)
RNG = np.random.default_rng(2)
TEXTS = [RNG.integers(1, 20, n).astype(np.int32) for n in (5, 9, 5, 7, 12, 9, 9, 5)]
IDS = np.array([np.pad(text, (0, 12 - len(text))) for text in TEXTS])


def network(*settings) -> Encoder:
    return quantize_scores(MODEL, P, ScoreSettings(*settings), IDS, IDS != 0)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.in_pyodide(4, "the cases differ in settings, not in arithmetic")
def test_eight_bits_are_near_the_float_network(method):
    quantised = network(8, method, "row-max")
    errors = [head_errors(read(MODEL, P, piece).attention, read(quantised, P, piece).attention)
              for piece in pieces(TEXTS)]
    coarse = ("softermax-native", "exaq2")  # temperature 1 / ln 2; a table of 4 levels
    assert np.mean(np.concatenate(errors)) < (0.4 if method in coarse else 0.2)


def test_more_bits_are_nearer():
    def error(bits: int) -> float:
        *_, tally = compared(MODEL, network(bits, "exact", "none"), P, pieces(TEXTS), np.full(len(TEXTS), -1))
        return float(tally.errors.mean())

    assert error(8) < error(5) < error(3)


def test_padding_decides_no_range():
    """Whatever vectors padding would get, the scales are those of the same texts without it."""
    def scales(rows, mask):
        found = quantize_scores(MODEL, P, ScoreSettings(6, "exact", "none"), rows, mask)
        return [layer.attention.softmax.shift.scale for layer in found.layers]

    rows = IDS[[0, 2, 7]]
    assert scales(rows, rows != 0) == scales(rows[:, :5], None)


def test_pieces_hold_every_text_once_and_only_alike_ones():
    parts = pieces(TEXTS, most=18)
    assert sorted(n for part in parts for n in part.numbers) == list(range(len(TEXTS)))
    for part in parts:
        assert part.ids.size <= 18
        np.testing.assert_array_equal(part.ids, [TEXTS[n] for n in part.numbers])


def test_a_tally_counts_answers_and_heads():
    labels = read(MODEL, P, pieces([TEXTS[1]])[0]).logits.argmax(axis=1)
    piece = pieces([TEXTS[1]])[0]
    exact = read(MODEL, P, piece)
    tally = Tally(labels)
    assert tally.accuracy is None and tally.errors is None
    tally.add(piece, exact, exact._replace(logits=-exact.logits, attention=np.flip(exact.attention, axis=-1)))
    tally.add(piece, exact._replace(attention=None), exact)
    assert (tally.counted, tally.right, tally.changed, tally.compared) == (2, 1, 1, 1)
    expected = np.abs(np.flip(exact.attention, -1) - exact.attention).sum(-1).mean(-1)[:, 0]
    np.testing.assert_allclose(tally.errors, expected)


def test_the_float_network_is_left_as_it_was():
    network(2, "ibert", "none")
    assert all(layer.attention.softmax is float_softmax for layer in MODEL.layers)


@pytest.mark.parametrize("settings, words", [((1,), "bits"), ((8, "sum"), "no softmax method"), ((8, "exact", "left"),
                                                                                              "no shift")])
def test_settings_that_make_no_sense_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        network(*settings)
