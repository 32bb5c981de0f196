import numpy as np
import pytest

from pyapp.core.rng import generator
from pyapp.pages.base.matrix import levels, matrix
from pyapp.quant.formats.catalogue import FORMATS
from pyapp.quant.formats.elements import Integers
from pyapp.quant.schemes import fit_grid, quantize

X = generator(2, "test").standard_normal((5, 11)).astype(np.float32)
WIDE = generator(3, "test").standard_normal((2, 300)).astype(np.float32)  # no block fills its rows


@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
@pytest.mark.parametrize("per", ["tensor", "channel", "group:4", "group:11", "group:20"])
def test_the_cells_cover_the_matrix_and_each_has_its_own_grid(per, scheme):
    grid, seen = fit_grid(X, 4, scheme, per), np.zeros(X.shape, int)
    shown = matrix(quantize(X, 4, scheme, per))
    for index in range(grid.scale.size):
        cell = shown.cell(index)
        seen[cell.rows, cell.columns] += 1
        numbers = (cell.codes - cell.zero_point).astype(np.float32) * np.float32(cell.scale)
        np.testing.assert_array_equal(cell.lines, numbers)
    assert (seen == 1).all()
    assert shown.cell(10**6).index == grid.scale.size - 1


@pytest.mark.parametrize("name", ["int4", "fp8-e4m3", "nf4-double", "ternary", "mxfp6", "mxint8", "nvfp4", "q8_0",
                                  "q4_0", "q4_1", "q3_k", "q4_k"])
def test_every_number_lies_on_the_line_of_its_code(name):
    tensor = FORMATS[name].encode(WIDE)
    shown, after, seen = matrix(tensor), tensor.dequantize(), np.zeros(WIDE.shape, int)
    clipped = shown.clips(WIDE)
    for index in range(shown.scales.size):
        cell = shown.cell(index)
        seen[cell.rows, cell.columns] += 1
        line = dict(zip(cell.codes.tolist(), cell.lines.tolist(), strict=True))
        assert all(line.get(code, 0) == number for code, number in
                   zip(cell.of_matrix(shown.codes).tolist(), cell.of_matrix(after).tolist(), strict=True))  # -0 is 0
        outside = (cell.of_matrix(WIDE) < cell.lines[0]) | (cell.of_matrix(WIDE) > cell.lines[-1])
        assert outside[cell.of_matrix(clipped)].all()
        moved = np.abs(cell.of_matrix(WIDE) - cell.of_matrix(after))[~cell.of_matrix(clipped)]
        assert (moved <= cell.half_step * (1.3 if "_" in name else 1.0001)).all()  # GGUF's codes are not all nearest
    assert (seen == 1).all() and np.isin(shown.codes, shown.all_codes).all()


def test_what_a_rule_of_scales_leaves_outside_is_clipped():
    x = np.float32([[7.9, 1, 6.9, -7.1]])  # MXFP4: the scale is 1, the last lines are 4 and 6
    assert matrix(FORMATS["mxfp4"].encode(x)).clips(x).tolist() == [[True, False, False, True]]
    x = np.float32([[-8, 7.4, 7.6, 0]])  # Q4_0: from -8 to 7
    assert matrix(FORMATS["q4_0"].encode(x)).clips(x).tolist() == [[False, False, True, False]]
    assert matrix(FORMATS["q4_0"].encode(-x)).clips(-x).tolist() == [[False, False, True, False]]


def test_a_block_of_zeros_has_one_line():
    for name in ("nf4", "mxfp4", "q4_k", "binary"):
        tensor = FORMATS[name].encode(np.zeros((1, 3), np.float32))
        cell = matrix(tensor).cell(0)
        assert cell.lines.tolist() == [0] and cell.half_step == 0 and cell.codes[0] == matrix(tensor).codes[0, 0]


def test_codes_of_whole_numbers_are_their_own():
    codes, reals = levels(Integers(3))
    assert codes.tolist() == reals.tolist() == [-3, -2, -1, 0, 1, 2, 3]
