import numpy as np
import pytest

from pyapp.core.rng import generator
from pyapp.measure.histogram import BINS, edges, histogram
from pyapp.pages.base.picture import ends, lines
from pyapp.quant.schemes import fit_grid, quantize

X = generator(2, "test").standard_normal((5, 11)).astype(np.float32)


def test_lines_are_what_the_codes_stand_for():
    grid = fit_grid(X, 3, "affine")
    codes, reals = lines(grid)
    assert codes.tolist() == list(range(8)) and ends(grid) == (reals[0], reals[-1])
    np.testing.assert_array_equal(reals, (codes - grid.zero_point).astype(np.float32) * grid.scale)
    assert 0 in reals
    np.testing.assert_array_equal(lines(grid, 2, 5)[1], reals[2:6])


@pytest.mark.parametrize("x", [X, np.zeros((2, 2), np.float32), np.full(3, -1e38, np.float32), np.float32([1e-45])])
def test_histograms_count_every_number(x):
    after = quantize(x, 2).dequantize()
    bins = edges(x, after)
    assert bins.size == BINS + 1 and (np.diff(bins) > 0).all()
    assert histogram(x, bins).sum() == histogram(after, bins).sum() == x.size
