"""How weights lie on their grid, counted in parts of a step."""

import numpy as np
import pytest

from pyapp.pages.base.gathering import gathering
from pyapp.quant.formats.catalogue import find
from pyapp.quant.schemes import Granularity, Grid, QuantizedTensor, quantize

RNG = np.random.default_rng(4)
W = RNG.normal(0, 0.1, (12, 40)).astype(np.float32)


def clipping(bits: int, scale: float) -> QuantizedTensor:
    high = (1 << (bits - 1)) - 1
    grid = Grid(np.array(scale, np.float32), np.array(0, np.int32), bits, -high, high)
    return QuantizedTensor(grid.quantize(W), grid)


@pytest.mark.parametrize("bits", range(2, 9))
def test_everything_is_counted_once_and_each_code_in_the_middle_of_its_bin(bits):
    tensor = quantize(W, bits)
    found = gathering(W, tensor)
    assert found.weights.sum() == found.codes.sum() == found.counts.sum() == W.size
    assert found.edges.size == found.weights.size + 1 == found.codes.size + 1
    codes, counts = np.unique(tensor.codes, return_counts=True)
    assert (found.lines[found.counts > 0] == codes).all() and (found.counts[found.counts > 0] == counts).all()
    middles = (found.edges[:-1] + found.edges[1:]) / 2
    np.testing.assert_allclose(middles[found.codes > 0], codes, atol=1e-12)
    assert found.clipped == 0


def test_weights_lie_in_the_bins_where_numpy_finds_them():
    tensor = clipping(3, 0.06)
    found = gathering(W, tensor)
    inner = slice(1, -1)  # the outermost bins hold all that lies further out
    expected = np.histogram((W / np.float32(0.06)).astype(np.float64), found.edges)[0]
    assert (found.weights[inner] == expected[inner]).all()
    beyond = np.abs(W / np.float32(0.06)) > found.edges[-2]
    assert found.weights[0] + found.weights[-1] == beyond.sum() > expected[0] + expected[-1]


def test_what_is_near_a_code_and_what_is_clipped():
    scale = np.float32(0.06)
    found, ratio = gathering(W, clipping(3, 0.06)), (W / scale).astype(np.float64)
    inside = np.abs(ratio) <= 3.5
    assert found.clipped == pytest.approx((~inside).mean()) and 0.01 < found.clipped < 0.5
    assert found.near == pytest.approx((np.abs(ratio - np.rint(ratio))[inside] < 0.25).mean())
    on_the_grid = clipping(3, 0.06)
    again = gathering(on_the_grid.dequantize(), on_the_grid)
    assert again.near == 1 and again.clipped == 0 and (again.weights == again.codes).all()


@pytest.mark.parametrize("per", ["channel", "group:16"])
def test_each_weight_is_measured_by_its_own_scale(per):
    tensor = quantize(W, 4, per=per)
    found = gathering(W, tensor)
    steps = W / Granularity.parse(per).spread(tensor.scale, W.shape)
    expected = np.histogram(steps.astype(np.float64), found.edges)[0]
    assert (found.weights == expected).all()


@pytest.mark.parametrize("name", ["nf4", "binary"])
def test_a_format_counts_between_its_own_levels(name):
    tensor = find(name).encode(W)
    found = gathering(W, tensor)
    place = W / tensor.format.spread(tensor.scale, W.shape)
    stands, counts = np.unique(tensor.format.elements.decode(tensor.codes), return_counts=True)
    assert (found.lines[found.counts > 0] == stands).all()
    assert (found.counts[found.counts > 0] == counts).all()
    assert found.weights.sum() == found.codes.sum() == W.size
    if name == "binary":  # levels -1 and 1: a quarter of their gap is half a unit
        inside = np.abs(place) <= 2
        assert found.clipped == pytest.approx(1 - inside.mean())
        assert found.near == pytest.approx((np.abs(np.abs(place[inside]) - 1) < 0.5).mean())
    else:
        assert found.clipped == 0 and 0.3 < found.near < 0.7
