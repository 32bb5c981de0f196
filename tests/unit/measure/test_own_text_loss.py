from dataclasses import replace

import numpy as np
import pytest

from pyapp.measure.own_text_loss import BITS, FLOAT, OwnTextLoss, ladder, verdict
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.quantized.calibration_text import own_text
from pyapp.quantized.transformer import TransformerSettings, quantize_gpt

SIZE = GPTSize(width=16, heads=2, blocks=1, context=12, hidden=32)
SOME = TransformerSettings(bits=3, logit_bits=4)


@pytest.fixture
def losses():
    model = GPT(9, SIZE)
    p = model.initial(1)
    p.vector *= 3  # so that it is surer of what it says, and rounding is noticed
    return OwnTextLoss(model, p, own_text(model, p, 2))


def surprise(model, p, text) -> float:
    """Mean -log p of every token but the first of each text, one at a time."""
    found = []
    for row in text:
        for at in range(1, len(row)):
            z = model.forward(p, row[None, :at])[-1].astype(np.float64)
            found.append(np.log(np.exp(z - z.max()).sum()) - (z[row[at]] - z.max()))
    return float(np.mean(found))


def test_losses_are_the_mean_surprise_at_each_token(losses):
    shares = list(losses.measure([FLOAT, SOME]))
    assert shares == sorted(shares) and shares[-1] == 1 and shares[0] < 0.2
    assert losses.text.shape == (4, 12) and losses.characters == 44
    assert losses.known[FLOAT] == pytest.approx(surprise(losses.model, losses.p, losses.text), rel=1e-5)
    twin = quantize_gpt(losses.model, losses.p, SOME, losses.calibration)
    assert losses.known[SOME] == pytest.approx(surprise(twin.model, twin.parameters, losses.text), rel=1e-5)
    assert losses.known[SOME] != losses.known[FLOAT]


def test_nothing_is_measured_twice(losses):
    assert list(losses.measure([FLOAT, FLOAT])) and list(losses.measure([FLOAT])) == []
    assert np.isnan(losses.losses([SOME, FLOAT])).tolist() == [True, False]


def test_measuring_can_stop_anywhere_and_begin_again(losses):
    shares = [share for _, share in zip(range(11), losses.measure([FLOAT, SOME]), strict=False)]
    assert shares == [0] * 11 and losses.text is None  # one token per piece
    for _, _ in zip(range(18), losses.measure([FLOAT, SOME]), strict=False):
        pass
    assert losses.text.tolist() == own_text(losses.model, losses.p, 4, 2).tolist()
    assert FLOAT in losses.known and SOME not in losses.known
    list(losses.measure([FLOAT, SOME]))
    assert np.isfinite(losses.losses([FLOAT, SOME])).all()


def test_a_ladder_changes_bits_and_shift_only():
    rungs = ladder(SOME, "row-max")
    assert [each.logit_bits for each in rungs] == list(BITS) == [8, 7, 6, 5, 4, 3, 2]
    assert {replace(each, logit_bits=4, shift="none") for each in rungs} == {SOME}


@pytest.mark.parametrize(("gains", "expected"), [
    ([0, 0, 0, 0, 0, 0.3, 2], "makes a visible difference at 3 bits (5.00 → 4.70) and 2 bits (5.00 → 3.00). "),
    ([0, 0, 0, 0, 0.06, 0.3, 2], "at 4 bits (5.00 → 4.94), 3 bits (5.00 → 4.70) and 2 bits"),
    ([0, 0, 0, 0, 0, 0.3, -1], "at 3 bits (5.00 → 4.70); it costs more than it brings at 2 bits. "),
    ([0.04] * 7, "lowers the loss visibly at no number of bits. ")])
def test_the_verdict_says_at_which_bits(gains, expected):
    plain = np.full(7, 5.0)
    assert expected in verdict("row-max", plain, plain - np.array(gains))
