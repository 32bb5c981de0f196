"""The numbers that a format has for a tensor."""

import numpy as np
import pytest

from pyapp.measure.number_lines import number_lines
from pyapp.quant.formats.catalogue import FORMATS
from pyapp.quant.schemes import Granularity

X = np.random.default_rng(1).standard_normal((2, 256)).astype(np.float32)
X[0, :32] /= 100  # one block is far smaller


@pytest.mark.parametrize("name", FORMATS)
def test_what_a_block_became_is_on_its_line(name):
    """No number lies beyond the line of the largest scale, and where one scale holds for all, each is on its line."""
    coded = FORMATS[name].encode(X)
    lines, after = number_lines(coded), coded.dequantize()
    assert 1 <= len(lines) <= 3 and all((np.diff(line) > 0).all() and np.isfinite(line).all() for line in lines)
    assert np.abs(after).max() <= np.abs(lines[-1]).max() == max(np.abs(line).max() for line in lines)
    if len(lines) == 1:
        assert np.isin(after, lines[0]).all(), "one scale for all"
    assert (len(lines) == 1) == (getattr(FORMATS[name], "per", None) == Granularity())


def test_lines_by_hand():
    """int4 has -7 to 7 times the largest number over 7; MXFP4 the same elements times powers of two."""
    (line,) = number_lines(FORMATS["int4"].encode(np.array([[0.5, -7.0]], np.float32)))
    assert line.tolist() == list(range(-7, 8))
    x = np.ones((1, 64), np.float32)
    x[0, 32:] = 4
    small, large = number_lines(FORMATS["mxfp4"].encode(x))
    assert large.tolist() == (4 * small).tolist() and small.tolist()[-8:] == [0, 0.125, 0.25, 0.375, 0.5, 0.75, 1, 1.5]
    (only,) = number_lines(FORMATS["q4_0"].encode(np.full((1, 32), -8, np.float32)))
    assert only.tolist() == list(range(-8, 8))
    assert number_lines(FORMATS["q4_0"].encode(np.zeros((0, 32), np.float32))) == []
