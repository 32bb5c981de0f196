"""The integer kernels against NumPy, on what hypothesis draws."""

import numpy as np
import pytest

from pyapp.core import engine, kernels
from pyapp.quant import matmul
from pyapp.quant.schemes import affine_grid
from pyapp.quantized.on_grids import dense_on_grid

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis is not in Pyodide")
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from hypothesis.extra.numpy import arrays  # noqa: E402

pytestmark = pytest.mark.skipif(not kernels.TABLE, reason=f"no kernels here: {kernels.WHY_NOT}")
types = st.sampled_from([np.int8, np.uint8])


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


@settings(max_examples=200, deadline=None)
@given(operands())
def test_products(pair):
    a, w = pair
    expected = np.einsum("bi,oi->bo", a.astype(np.int32), w.astype(np.int32))
    np.testing.assert_array_equal(kernels.TABLE["product"](a, w), expected, strict=True)
    with engine.using(engine.NUMPY):
        np.testing.assert_array_equal(matmul.product(a, w), expected, strict=True)


@settings(max_examples=200, deadline=None)
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
