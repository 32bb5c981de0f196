"""Properties of every integer softmax, on rows that hypothesis makes up.

Two kinds of method are exempt from one of them: ITA streaming and Softermax take a row in blocks, and what they have
summed is shifted, and loses bits, when a later block has a larger maximum. Moving columns from block to block may
change their codes; moving them within a block may not.
"""

import numpy as np
import pytest

from pyapp.softmax.itamax import WIDTH
from pyapp.softmax.methods import INTEGER, make

hypothesis = pytest.importorskip("hypothesis", reason='pip install -e ".[test]" to test properties')
st = pytest.importorskip("hypothesis.strategies")

ORDERED = [name for name, method in INTEGER.items() if method.ordered]
LONGEST = 80


@st.composite
def rows(draw):
    """A scale, logits int32 (R, N) of 2 to 16 bits, and which of them count."""
    bits, columns = draw(st.integers(2, 16)), draw(st.integers(1, LONGEST))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    half = 1 << (bits - 1)
    q = rng.integers(-half, half, (3, columns), dtype=np.int32)
    q[0] = q[0] >> np.int32(draw(st.integers(0, bits)))  # a row of near or equal logits
    return 10 ** draw(st.floats(-6, 2)), q, rng.random(q.shape) < draw(st.sampled_from([0.1, 0.6, 1.0]))


def holds_for_every_method(check):
    """A property, once for each method and for 60 drawn rows; the same ones in every run."""
    drawn = hypothesis.given(rows(), st.data())(check)
    quiet = hypothesis.settings(max_examples=60, deadline=None, derandomize=True, database=None)(drawn)
    return pytest.mark.parametrize("name", INTEGER)(quiet)


@holds_for_every_method
def test_adding_a_constant_to_the_row_changes_nothing(name, row, data):
    scale, q, mask = row
    by = data.draw(st.integers(-(2**30), 2**30))
    np.testing.assert_array_equal(make(name, scale)(q + np.int32(by), mask), make(name, scale)(q, mask))


@holds_for_every_method
def test_permuting_the_row_permutes_the_codes(name, row, data):
    scale, q, mask = row
    columns, block = np.arange(q.shape[1]), WIDTH if name in ORDERED else q.shape[1]
    parts = [columns[start: start + block].tolist() for start in range(0, len(columns), block)]
    order = np.array([i for part in parts for i in data.draw(st.permutations(part))], np.int64)
    method = make(name, scale)
    np.testing.assert_array_equal(method(q[:, order], mask[:, order]), method(q, mask)[:, order])


@holds_for_every_method
def test_codes_are_probabilities_and_add_up_as_stated(name, row, data):
    scale, q, mask = row
    method = make(name, scale)
    y = method(q, mask)
    assert y.dtype == np.int32 and y.min() >= 0 and y.max() * method.unit <= 1 and (y[~mask] == 0).all()
    low, high = method.row_sums(q.shape[1])
    sums = y[mask.any(axis=1)].sum(axis=1) * method.unit
    assert ((low <= sums) & (sums <= high)).all()


@pytest.mark.parametrize("name", ORDERED)
def test_methods_that_are_exempt_need_to_be(name):
    """Rows in growing order have another sum than the same rows in falling order."""
    method = make(name, 0.05)
    q = np.sort(np.random.default_rng(0).integers(-128, 128, (200, 96), dtype=np.int32), axis=1)
    assert (method(q) != method(q[:, ::-1])[:, ::-1]).any()
