"""ITAMax against its definition in Python's integers, where it breaks, and the comparison of methods."""

import math
from fractions import Fraction

import numpy as np
import pytest
from comparison import reproduced

from pyapp.core.losses import softmax
from pyapp.softmax.itamax import ITAMax, ITAMaxStreaming, ITAMaxWide, ITAMaxWideStreaming, one_pass, streaming

ROWS = np.random.default_rng(7).integers(-128, 128, (12, 41), dtype=np.int8)
OWN = math.log(2) / 32  # ITA's scale with eps' = 1/32


def halvings(difference: int, bits: int) -> int:
    return math.floor(Fraction(difference, 2**bits) + Fraction(1, 2))


def exact(row: list[int], bits: int) -> list[int]:
    """fastSoftmax of PyITA in rational numbers: the sum is rounded down, not its terms."""
    s = [halvings(max(row) - q, bits) for q in row]
    total = math.floor(sum(Fraction(256, 2**n) for n in s))
    return [65280 // total >> n for n in s]


@pytest.mark.parametrize("bits", [0, 5])
@pytest.mark.parametrize("spread", [256, 40, 14])
def test_one_pass_is_as_defined(bits, spread):
    """Rows of 1 to 60 columns; with a small spread many terms are below 1 and add up."""
    rng = np.random.default_rng(spread)
    for n in range(1, 61):
        row = rng.integers(-128, spread - 128, n, dtype=np.int8)
        assert one_pass(row[None], bits)[0].tolist() == exact(row.tolist(), bits)


@pytest.mark.parametrize(("row", "codes"), [
    ([12, 3, 3], [254, 0, 0]), ([0, 0, 9], [0, 0, 254]), ([12, 3, 2], [255, 0, 0]), ([9, 0], [255, 0]),
    ([12, 2, 2, 2, 2], [254, 0, 0, 0, 0]), ([18] + [0] * 1024, [254] + [0] * 1024),
])
def test_terms_below_one_add_up_in_one_pass_and_not_where_the_maximum_streams_in_first(row, codes):
    q = np.array([row], np.int8)
    assert one_pass(q, 0)[0].tolist() == codes == exact(row, 0)
    assert streaming(np.sort(q)[:, ::-1], 0)[0].max() == 255


@pytest.mark.parametrize("last", [49, 120, 254])
def test_a_sum_is_exact_however_small_its_terms_are(last):
    """1/2 + 1/4 + ... and the last term twice is 1, past every bit that int64 has; without one of the two it is not."""
    row = [127, *(127 - s for s in range(9, last + 1)), 127 - last]
    assert one_pass(np.array([row, [*row[:-1], -128]], np.int8), 0)[:, 0].tolist() == [254, 255]
    assert exact(row, 0)[0] == 254 and exact([*row[:-1], -128], 0)[0] == 255
    mask = np.arange(len(row)) < len(row) - 1
    assert one_pass(np.array([row], np.int8), 0, mask[None])[0, 0] == 255


@pytest.mark.parametrize("bits", [0, 5])
@pytest.mark.parametrize("width", [1, 16, 20, 64])
def test_streaming_is_as_defined(bits, width):
    for row in ROWS.tolist():
        largest, total = -128, 0
        for start in range(0, len(row), width):
            block = row[start: start + width]
            if max(block) > largest:
                total >>= halvings(max(block) - largest, bits)
                largest = max(block)
            total += sum(256 >> halvings(largest - q, bits) for q in block)
        wanted = [65280 // total >> halvings(largest - q, bits) for q in row]
        assert streaming(np.array([row], np.int8), bits, width=width)[0].tolist() == wanted


def test_streaming_in_one_block_is_one_pass_where_every_term_is_whole():
    np.testing.assert_array_equal(streaming(ROWS, 5, width=41), one_pass(ROWS, 5))


def test_masked_columns_have_no_part():
    mask = np.random.default_rng(1).random(ROWS.shape) < 0.5
    for bits in (0, 5):
        y = one_pass(ROWS, bits, mask)
        for row in range(len(ROWS)):
            np.testing.assert_array_equal(y[row][mask[row]], one_pass(ROWS[row: row + 1, mask[row]], bits)[0])
        masked = np.where(mask, ROWS, np.int8(-128))
        assert (streaming(ROWS, bits, mask)[~mask] == 0).all()
        assert (streaming(masked, bits, mask) == streaming(ROWS, bits, mask)).all()


@pytest.mark.parametrize("method, own", [(ITAMax, OWN), (ITAMaxWide, math.log(2))])
@pytest.mark.parametrize("scale", [1e-6, 0.004, 0.05, 0.3, 2.0, 100.0])
def test_requantised_to_its_own_scale_with_the_maximum_at_the_top(method, own, scale):
    below = -np.concatenate([np.arange(300), [10**4, 10**6, 2**31 - 1, 2**32 - 1]]).astype(np.int64)
    wanted = np.clip(127 + np.floor(below * scale / own + 0.5), -128, 127)
    found = method(scale).requantized(below)
    assert found[0] == 127 and np.abs(found - wanted).max() <= (1 if scale == 1e-6 else 0)
    assert (found != wanted).sum() <= 1  # where the product is next to a half


def test_comparison():
    """Streaming is not in the published table."""
    reproduced(ITAMax, (0.209, 0.183, 0.157))
    reproduced(ITAMaxWide, (0.209, 0.175, 0.094))
    reproduced(ITAMaxWideStreaming, (0.209, 0.175, 0.094))


@pytest.mark.parametrize("n, percent", [(32, 0.511), (64, 0.318), (128, 0.199), (256, 0.135)])
def test_mean_error_on_its_own_grid(n, percent):
    """int8 uniform logits: 3000 rows. 3 % for N up to 128; long rows depend on the draw a little more."""
    q = np.random.default_rng(1).integers(-128, 128, (3000, n), dtype=np.int32)
    p = softmax(q * OWN)
    apart = 100 * np.abs(ITAMax(OWN).probabilities(q) - p).mean()
    best = 100 * np.abs(np.rint(p * 255) / 255 - p).mean()
    assert apart == pytest.approx(percent, rel=0.03)
    assert best == pytest.approx({32: 0.105, 64: 0.097, 128: 0.089, 256: 0.077}[n], rel=0.02)


def test_streaming_costs_a_little_more():
    q = np.random.default_rng(2).integers(-128, 128, (3000, 32), dtype=np.int32)
    p = softmax(q * OWN)
    apart = [100 * np.abs(method(OWN).probabilities(q) - p).mean() for method in (ITAMax, ITAMaxStreaming)]
    assert apart == pytest.approx([0.511, 0.53], rel=0.03) and apart[1] > apart[0]


def test_ties_and_the_span():
    """Powers of two only: logits 15 codes apart are one; the lowest code stands for all from 5.52 nats on."""
    assert one_pass(np.array([[127, 112, 111, -128]], np.int8), 5)[0].tolist() == [101, 101, 50, 0]
    assert len(set(ITAMax(1.0)(np.array([[0, -6, -7, -100]], np.int8))[0, 1:].tolist())) == 1


def test_where_the_original_breaks():
    wide = np.array([[127, 60, -128]], np.int8)  # shifts of 67 and 255
    assert one_pass(wide, 0)[0].tolist() == [255, 0, 0] == streaming(wide, 0)[0].tolist()
    for n, code in ((255, 1), (256, 0), (3000, 0)):
        same = np.zeros((1, n), np.int8)
        assert {*one_pass(same, 5)[0].tolist(), *streaming(same, 0)[0].tolist()} == {code}


def test_rows_whose_maximum_grows_in_steps():
    """One logit a block counts. Steps of 16 codes, 0.35 nats, halve the sum each time; steps of 15 never do."""
    steps = [np.full((1, 256), -128, np.int8) for _ in range(2)]
    for q, step in zip(steps, (15, 16), strict=True):
        q[0, ::16] = np.arange(16) * step - 128 + 15
    sums = [float(streaming(q, 5).sum() / 255) for q in steps]
    exact = [float(one_pass(q, 5).sum() / 255) for q in steps]
    assert sums[0] < 0.5 < exact[0] and sums[1] > 1.3 > 1 >= exact[1]


@pytest.mark.parametrize("n", [16, 17, 33, 80])
def test_streaming_sums_stay_within_bounds_that_say_something(n):
    """Blocks that rise by just what is rounded away, or up."""
    method, rng = ITAMaxStreaming(OWN), np.random.default_rng(n)
    low, high = method.row_sums(n)
    assert (high == 1) == (n == 16) and high < 1 + np.sqrt(n) and (low > 0.2) == (n < 80)
    sums = []
    for step in (15, 16):
        for down in (0, 1, 8, 15):
            q = -step * (np.arange(n)[::-1] // 16) - rng.integers(0, down + 1, (50, n))
            sums += (method(q.astype(np.int32)).sum(axis=1) * method.unit).tolist()
    assert low <= min(sums) and max(sums) <= high


def test_real_form():
    """2^-s is within half an octave of the exponential; a row's sum within the same."""
    z = np.random.default_rng(4).normal(0, 2, (50, 20))
    ratio = ITAMaxWide.real(z) / softmax(z)
    assert 0.5 < ratio.min() < 0.8 and 1.2 < ratio.max() < 2
    assert (ITAMax.real(z)[softmax(z) > 0.01] == ITAMaxWide.real(z)[softmax(z) > 0.01]).mean() < 1  # the span is short
