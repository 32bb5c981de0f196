"""The integer kernels against NumPy, on what hypothesis draws."""

import numpy as np
import pytest
from unit.core.test_block_kernels import assert_as_its_layers, vit

from pyapp.core import engine, kernels
from pyapp.core.clamps import CLAMPS
from pyapp.quant import fakequant, matmul
from pyapp.quant.integer import ROUNDINGS, IntegerLinear
from pyapp.quant.schemes import Granularity, Grid, QuantizedTensor, affine_grid
from pyapp.quantized.on_grids import dense_on_grid
from pyapp.quantized.transformer import TransformerSettings, quantize_vit
from pyapp.softmax import shift
from pyapp.softmax.exact import rounded_softmax

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis is not in Pyodide")
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from hypothesis.extra.numpy import arrays  # noqa: E402

pytestmark = pytest.mark.skipif(not kernels.TABLE, reason=f"no kernels here: {kernels.WHY_NOT}")
types = st.sampled_from([np.int8, np.uint8])
FINITE = {"allow_nan": False, "allow_infinity": False}
scales = st.floats(2.0**-10, 2.0**10, width=32)
cells = st.sampled_from(["tensor", "channel", "group:1", "group:3", "group:8", "group:50"])


def both(function):
    """What NumPy gives, and the kernels."""
    found = []
    for each in (engine.NUMPY, engine.KERNELS):
        with engine.using(each), np.errstate(over="ignore", invalid="ignore"):
            found.append(function())
    return found


@st.composite
def grids(draw, shape):
    """A grid of 8 bits for numbers of this shape, whose scales and zero points owe nothing to each other."""
    per, low = Granularity.parse(draw(cells)), draw(st.sampled_from([-128, -127, 0]))
    found = per.scales(shape)
    zero = draw(arrays(np.int32, found, elements=st.integers(low, low + 255 - (low == -127))))
    return Grid(draw(arrays(np.float32, found, elements=scales)), zero, 8, low, low + 255 - (low == -127), per)


@st.composite
def operands(draw):
    """Codes (B, I) and (O, I) cut out of larger arrays, so at any address and with any gap between their rows."""
    rows, outputs, inputs = (draw(st.integers(0, most)) for most in (9, 13, 40))
    cut = []
    for count in (rows, outputs):
        before, gap = draw(st.integers(0, 5)), draw(st.integers(0, 9))
        full = draw(arrays(draw(types), (count, before + inputs + gap)))
        cut.append(full[:, before : before + inputs])
    return cut


@settings(max_examples=80, deadline=None)
@given(operands())
def test_products(pair):
    a, w = pair
    expected = np.einsum("bi,oi->bo", a.astype(np.int32), w.astype(np.int32))
    np.testing.assert_array_equal(kernels.TABLE["product"](a, w), expected, strict=True)
    with engine.using(engine.NUMPY):
        np.testing.assert_array_equal(matmul.product(a, w), expected, strict=True)


@settings(max_examples=80, deadline=None)
@given(arrays(np.float32, st.integers(1, 40), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)),
       st.floats(0, 2.0**99, width=32), st.floats(0, 2.0**99, width=32), st.integers(2, 8), st.booleans())
def test_numbers_on_a_grid(x, below, above, bits, signed):
    grid = affine_grid(-below, above, bits, signed)
    with np.errstate(over="ignore", invalid="ignore"):
        for function in (grid.quantize, grid.fake_quantize):
            with engine.using(engine.NUMPY):
                expected = function(x)
            with engine.using(engine.KERNELS):
                np.testing.assert_array_equal(function(x), expected, strict=True)


@settings(max_examples=100, deadline=None)
@given(operands(), st.floats(0.01, 100), st.integers(0, 2), st.integers(2, 8))
def test_a_dense_layer_between_grids(pair, size, parts, bits):
    x, w = pair[0] * (size / 64), pair[1]
    grid, *after = (affine_grid(-size * (i + 1), size, bits) for i in range(parts + 1 if len(w) % 2 == 0 else 1))
    given = x, grid, w, np.full(len(w), size / 128), np.arange(len(w), dtype=np.float64), after
    with engine.using(engine.NUMPY):
        expected = dense_on_grid(*given)
    with engine.using(engine.KERNELS):
        np.testing.assert_array_equal(dense_on_grid(*given), expected, strict=True)


@settings(max_examples=80, deadline=None)
@given(st.data(), st.sampled_from([(1, 1), (1, 7), (2, 5), (3, 17), (4, 8), (2, 3, 9)]),
       st.sampled_from([np.float32, np.float64]))
def test_numbers_on_a_grid_per_channel_and_group(data, shape, dtype):
    grid = data.draw(grids(shape))
    x = data.draw(arrays(np.float32, shape, elements=st.floats(width=32, **FINITE))).astype(dtype)
    for function in (grid.quantize, grid.fake_quantize):
        expected, found = both(lambda function=function: function(x))
        np.testing.assert_array_equal(found, expected, strict=True)


@settings(max_examples=80, deadline=None)
@given(st.data(), st.sampled_from([(1, 1), (1, 6), (3, 4), (5, 17), (2, 40)]), st.booleans(),
       st.sampled_from([(-8, 7), (0, 255), (-1, 1)]))
def test_steps_for_training(data, shape, by_row, ends):
    x = data.draw(arrays(np.float32, shape, elements=st.floats(width=32)))
    scale = data.draw(arrays(np.float32, (shape[0], 1) if by_row else (), elements=scales))
    expected, found = both(lambda: fakequant.fake_quantize(x, scale, 0, *ends))
    for name in ("ratio", "steps", "inside"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), strict=True)


@settings(max_examples=80, deadline=None)
@given(st.data(), st.integers(0, 9), st.integers(1, 13), st.integers(1, 40), st.sampled_from(ROUNDINGS))
def test_a_layer_of_integers_by_each_rounding(data, rows, outputs, inputs, rounding):
    grid = data.draw(grids((outputs, inputs)))
    hypothesis.assume(rounding != "double" or grid.per.kind != "group")
    codes = data.draw(arrays(grid.dtype, (outputs, inputs), elements=st.integers(grid.low, grid.high)))
    ends = [affine_grid(-below, above, data.draw(st.integers(2, 8)), signed)
            for below, above, signed in (data.draw(st.tuples(scales, scales, st.booleans())) for _ in range(2))]
    bias = data.draw(arrays(np.float32, outputs, elements=st.floats(-1, 1, width=32))) * ends[0].scale
    clamp = data.draw(st.sampled_from(list(CLAMPS.values())))
    try:
        layer = IntegerLinear.of(QuantizedTensor(codes, grid), bias, *ends, clamp, rounding)
    except ValueError:  # a multiplier or a sum that no integer holds
        hypothesis.reject()
    x = data.draw(arrays(ends[0].dtype, (rows, inputs), elements=st.integers(ends[0].low, ends[0].high)))
    assert kernels.TABLE["integer_layer"](layer, x) is not NotImplemented
    expected, found = both(lambda: layer.forward(x))
    np.testing.assert_array_equal(found, expected, strict=True)


@settings(max_examples=80, deadline=None)
@given(st.data(), st.integers(1, 5), st.integers(1, 40), st.floats(2.0**-8, 4), st.integers(-255, 0),
       st.integers(0, 127))
def test_attention_scores(data, rows, columns, scale, low, high):
    """To the same codes, whatever the numbers; and to probabilities within the rounding of float64."""
    z = data.draw(arrays(np.float64, (rows, columns), elements=st.floats(-1e300, 1e300)))
    offset = data.draw(arrays(np.float64, (rows, 1), elements=st.floats(-100, 100)))
    expected, found = both(lambda: shift.logit_codes(z, offset, scale, low, high))
    np.testing.assert_array_equal(found, expected, strict=True)
    outs = np.empty((2, rows, columns))
    fixed = shift.Shift("none", scale, low, high)
    for name, out in zip((engine.NUMPY, engine.KERNELS), outs, strict=True):
        with engine.using(name), np.errstate(over="ignore"):
            rounded_softmax(z, offset, fixed, out)
    np.testing.assert_allclose(outs[1], outs[0], rtol=1e-14, atol=1e-300)


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 3), st.integers(1, 9), st.integers(1, 40), st.integers(2, 8), st.integers(2, 8),
       st.sampled_from([(None, "none"), (3, "none"), (8, "tensor-mean")]), st.integers(1, 17), st.integers(1, 5))
def test_a_whole_block_between_grids(heads, depth, hidden, bits, activations, rounded, tokens, sequences):
    width = heads * depth
    size, p, images = vit(width, heads, hidden)
    chosen = TransformerSettings(bits, "channel", activations, logit_bits=rounded[0], shift=rounded[1])
    network = quantize_vit(p.astype(np.float64), chosen, images, size)
    x = np.random.default_rng(tokens).standard_normal((sequences * tokens, width)) * 2
    with engine.using(engine.KERNELS):
        assert_as_its_layers(network.model.blocks[1], network.parameters, x, tokens)
