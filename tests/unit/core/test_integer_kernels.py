"""The integer kernels give NumPy's integers on every input, in Pyodide with the built file and natively where
BITLADDER_KERNELS names a build (tests/cli/test_kernels_build.py runs this file again, under sanitizers)."""

from functools import partial

import numpy as np
import pytest
from unit.quant.test_integer_network import PER_AND_ROUNDING, Network

from pyapp.core import activations, attention, engine, kernels, norm, ops
from pyapp.core.kernels import known, known_integers
from pyapp.quant import fakequant, matmul
from pyapp.quant.schemes import NOT_FINITE, Grid, affine_grid, fit_grid
from pyapp.quantized.on_grids import dense_on_grid
from pyapp.softmax import shift
from pyapp.softmax.exact import Exact, rounded_softmax

pytestmark = pytest.mark.skipif(not kernels.TABLE, reason=f"no kernels here: {kernels.WHY_NOT}")
TYPES = (np.int8, np.uint8)
CASES = 150


def both(function):
    """What NumPy gives, and the kernels."""
    with engine.using(engine.NUMPY):
        expected = function()
    with engine.using(engine.KERNELS):
        return expected, function()


def assert_equal(function):
    expected, found = both(function)
    np.testing.assert_array_equal(found, expected, strict=True)


def drawn(rng, rows, columns, dtype):
    """Codes of the whole range or of its ends only, not aligned, with gaps between the rows, backwards, or turned."""
    ends = np.iinfo(dtype).min, np.iinfo(dtype).max
    shape = (2 * rows + 1, columns + 7)
    full = rng.choice(np.array(ends, dtype), shape) if rng.integers(2) else rng.integers(*ends, shape, dtype, True)
    start, step = rng.integers(0, 8), rng.integers(1, 3)
    codes = full[: rows * step : step, start : start + columns]
    return (codes, codes[::-1], codes[:, ::-1], np.asfortranarray(codes))[rng.integers(4)]


def test_products_are_exact_for_any_shape_order_and_codes():
    for seed in range(CASES):
        rng = np.random.default_rng(seed)
        rows, outputs, inputs = rng.integers(0, 20), rng.integers(0, 20), rng.integers(0, 70)
        x, w = drawn(rng, rows, inputs, TYPES[seed % 2]), drawn(rng, outputs, inputs, TYPES[seed // 2 % 2])
        y = kernels.TABLE["product"](x, w)
        assert y.dtype == np.int32
        assert np.array_equal(y, np.einsum("bi,oi->bo", x.astype(np.int64), w.astype(np.int64)))


def test_products_that_are_scaled_to_float_have_numpys_bits():
    for seed in range(CASES):
        rng = np.random.default_rng(seed)
        rows, outputs, inputs = rng.integers(0, 9), rng.integers(0, 20), rng.integers(0, 70)
        x, w = drawn(rng, rows, inputs, TYPES[seed % 2]), drawn(rng, outputs, inputs, TYPES[seed // 2 % 2])
        scale = rng.random(outputs, np.float32) if seed % 3 else np.float32(rng.random())
        zero, sums = int(rng.integers(-128, 256)), matmul.row_sums(w)
        assert kernels.TABLE["matmul_integer_to_float"](x, w, scale, zero, sums) is not NotImplemented
        expected, found = both(partial(matmul.matmul_integer_to_float, x, w, scale, zero, sums))
        np.testing.assert_array_equal(found, expected, strict=True)
    with engine.using(engine.KERNELS), pytest.raises(ValueError, match="int32"):
        many = np.full((1, 70_000), 255, np.uint8)
        matmul.matmul_integer_to_float(many, many, np.float32(1), 0, matmul.row_sums(many))


def test_a_product_wraps_around_as_numpys_does():
    x, w = np.full((1, 70_000), 255, np.uint8), np.full((2, 70_000), 255, np.uint8)
    exact = 255 * 255 * 70_000
    assert exact > 2**32 and kernels.TABLE["product"](x, w).tolist() == [[(exact + 2**31) % 2**32 - 2**31] * 2]
    assert_equal(lambda: matmul.product(x, w))


def test_other_codes_are_left_to_numpy():
    x, w = np.ones((2, 3), np.int16), np.ones((4, 3), np.int8)
    assert kernels.TABLE["product"](x, w) is NotImplemented
    assert_equal(lambda: matmul.product(x, w))
    with engine.using(engine.KERNELS), pytest.raises(ValueError, match="operand"):
        matmul.product(np.ones((2, 5), np.int8), w)


@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
@pytest.mark.parametrize("per, rounding", PER_AND_ROUNDING)
def test_a_layer_gives_the_same_codes(per, rounding, scheme):
    for seed in range(3):
        for signed in (None, True, False):
            network = Network.random(seed, scheme, per, bits=8 - seed, signed=signed)
            integer = network.integer(rounding)
            codes = network.codes
            for layer in integer.layers:
                for rows in (codes, codes[:1], codes[::-3], codes[:0]):
                    assert_equal(lambda layer=layer, rows=rows: layer.forward(rows))
                codes = layer.forward(codes)


def test_a_layer_runs_in_the_kernel():
    network = Network.random(1).integer()
    assert kernels.TABLE["integer_layer"](network.layers[0], Network.random(1).codes) is not NotImplemented


def test_layers_of_longer_codes_are_left_to_numpy():
    network = Network.random(1, bits=12, activations=10)
    assert_equal(lambda: network.integer().forward(network.codes))


@pytest.mark.parametrize("per", ["tensor", "channel", "group:3", "group:8", "group:100"])
@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
def test_numbers_go_to_the_same_codes(per, scheme):
    for seed in range(CASES // 5):
        rng = np.random.default_rng(seed)
        shape = tuple(rng.integers(1, 20, rng.integers(2, 4)))
        x = (rng.standard_normal(shape) * 10.0 ** rng.integers(-3, 4)).astype((np.float32, np.float64)[seed % 2])
        grid = fit_grid(0.7 * x, rng.integers(2, 12), scheme, per, (None, True, False)[seed % 3])
        for numbers in (x, x[..., ::-1], np.asfortranarray(x)):
            assert_equal(lambda grid=grid, numbers=numbers: grid.quantize(numbers))
            assert_equal(lambda grid=grid, numbers=numbers: grid.fake_quantize(numbers))


def test_ties_ends_and_zeros_of_a_grid():
    grid = Grid(np.float32(0.5), np.int32(3), 8, 0, 255)
    x = np.array([0.25, 0.75, 1.25, -0.25, -0.0, 0.0, 1e38, -1e38, 125.75, 126.25, -1.75, 5e-324], np.float32)
    for numbers in (x, x[:7], np.repeat(x, 5), x.astype(np.float64), x[:0], x[3]):
        assert_equal(lambda numbers=numbers: grid.quantize(numbers))
        assert_equal(lambda numbers=numbers: grid.fake_quantize(numbers))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e39])
def test_what_no_grid_holds_is_refused_as_ever(wrong):
    grid = fit_grid(np.arange(4.0), 8)
    with engine.using(engine.KERNELS), np.errstate(over="ignore"):
        for at in (0, 6, 17):
            x = np.zeros(18)
            x[at] = wrong
            for function in (grid.quantize, grid.fake_quantize):
                with pytest.raises(ValueError, match=NOT_FINITE[:30]):
                    function(x)


def test_a_zero_point_beyond_float32_is_left_to_numpy():
    grid = Grid(np.float32(1), np.int32(2**24 + 1), 8, 0, 255)
    assert_equal(lambda: grid.fake_quantize(np.array([-1.0, -(2.0**24), 3.0])))


@pytest.mark.parametrize("scale", [np.float32(0.3), np.float32([[0.3], [0.1], [2.0]])])
def test_steps_for_training(scale):
    for columns in (1, 2, 3, 4, 5, 8, 31):
        x = np.random.default_rng(columns).standard_normal((3, columns)).astype(np.float32) * 3
        for numbers in (x, np.where(x > 2, np.float32(np.nan), x), x[:, ::-1]):
            expected, found = both(lambda numbers=numbers: fakequant.fake_quantize(numbers, scale, 0, -4, 7))
            for name in ("ratio", "steps", "inside"):
                np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), strict=True)


@pytest.mark.parametrize("rule", shift.RULES)
def test_attention_scores_go_to_the_same_codes_and_their_softmax_is_as_exact(rule):
    for seed in range(CASES // 10):
        rng = np.random.default_rng(seed)
        z = rng.standard_normal(rng.integers(1, 30, 2)) * 3
        z[rng.random(z.shape) < 0.1] = (2.5, -0.5, 1e300, -1e300)[seed % 4]  # ties where the scale is 1; ends
        ends = ((-7, 0), (-127, 127), (-3, 3))[seed % 3]
        for scale in (1.0, 0.1 + rng.random()):
            for numbers in (z, z[:, ::-1], np.asfortranarray(z)):
                fixed = shift.Shift(rule, scale, *ends, 0.5)
                expected, found = both(lambda fixed=fixed, numbers=numbers: fixed.quantize(numbers).q)
                np.testing.assert_array_equal(found, expected, strict=True)
            expected, found = both(lambda q=expected, scale=scale: Exact(scale).probabilities(q))
            np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-300)
            offset = shift.offsets(z, rule, None, 0.5)
            expected, found = both(lambda z=z, offset=offset, fixed=fixed: rounded(z, offset, fixed))
            np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-300)


def rounded(z, offset, fixed):
    out = np.empty(z.shape)
    rounded_softmax(z, offset, fixed, out)
    return out


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_scores_that_are_not_finite_are_refused_as_ever(wrong):
    for at in (0, 6, 17):
        z = np.zeros((2, 9))
        z.flat[at] = wrong
        with engine.using(engine.KERNELS), pytest.raises(ValueError, match="NaN or infinity"):
            rounded(z, np.zeros((2, 1)), shift.Shift("none", 1.0, -7, 7))


def test_a_dense_layer_between_grids_gives_the_same_numbers():
    for seed in range(CASES // 3):
        rng = np.random.default_rng(seed)
        rows, inputs, parts = rng.integers(1, 60), rng.integers(1, 40), int(rng.integers(0, 4))
        outputs = max(parts, 1) * int(rng.integers(1, 14))
        grid, *after = (affine_grid(-rng.random(), rng.random(), int(rng.integers(2, 9)), bool(rng.integers(2)))
                        for _ in range(parts + 1))
        x, w = rng.standard_normal((rows, inputs)), drawn(rng, outputs, inputs, TYPES[seed % 2])
        factor, plus = (0.001 * rng.random(outputs) if seed % 3 else np.float64(0.01)), rng.standard_normal(outputs)
        assert_equal(lambda x=x, grid=grid, w=w, factor=factor, plus=plus, after=after:
                     dense_on_grid(x, grid, w, factor, plus, after))
    with engine.using(engine.KERNELS), pytest.raises(ValueError, match=NOT_FINITE[:30]):
        dense_on_grid(x + np.nan, grid, w, factor, plus, after)


def test_codes_too_far_apart_for_a_table_are_left_to_numpy():
    assert kernels.TABLE["code_softmax"](np.array([[-(2**31), 2**31 - 1]], np.int32), 1.0) is NotImplemented
    assert_equal(lambda: Exact(1.0).probabilities(np.array([[-(2**31), 2**31 - 1], [5, 5]], np.int32)))


def test_wrong_arguments_are_exceptions():
    simd, x, y = kernels.simd, np.ones((2, 8), np.uint8), np.empty((2, 3), np.int32)
    w, status, one = np.ones((3, 8), np.int8), np.empty(1, np.int32), np.ones(1, np.float32)
    zero, numbers = np.zeros(1, np.int32), np.ones(8, np.float32)
    table, real = np.zeros((1, 1), np.int32), np.ones((1, 1), np.float32)
    layer = (x, w, table, table, table, table, 8, 0, 0, 0, 255, y, None, np.empty((2, 3), np.uint8))

    def changed(**at):
        return tuple(at.get(f"a{i}", value) for i, value in enumerate(layer))

    grids = (np.ones((2, 8)), 1.0, 0, 0, 255, w, np.ones(3), np.ones(3), one, table.repeat(3, 1),
             np.empty((12, 8), np.int16), np.empty((2, 3)), status)

    def other(**at):
        return tuple(at.get(f"a{i}", value) for i, value in enumerate(grids))

    real_rows = np.ones((1, 4))
    scores = (real_rows, np.zeros((1, 1)), 1.0, -2, 1, np.ones(4), np.empty((1, 4)), status)
    simd.layer(*layer)
    between, softmax = simd.dense_on_grid, simd.rounded_softmax
    between(*grids)
    softmax(*scores)
    for function, arguments in (
        (simd.product, (x, w[:, :7], y)), (simd.product, (x, w, y[:1])), (simd.product, (x, w, y.astype(np.int64))),
        (simd.product, (x.astype(np.int32), w, y)), (simd.product, (x[:, ::-1], w, y)),
        (simd.product, (y.view(np.uint8)[:, :8], w, y)), (simd.product, (x, w)), (simd.product, (x, w, None)),
        (simd.product_to_float, (x, w, 0, zero, one, np.empty((2, 3), np.float32))),
        (simd.product_to_float, (x, w, 0, zero.repeat(3), one.repeat(2), np.empty((2, 3), np.float32))),
        (simd.product_to_float, (x, w, 0, zero.repeat(3), one, y)),
        (simd.product_to_float, (x, w, None, zero.repeat(3), one, np.empty((2, 3), np.float32))),
        (simd.layer, changed(a5=table + 31)), (simd.layer, changed(a5=table - 32)), (simd.layer, changed(a6=0)),
        (simd.layer, changed(a6=7)), (simd.layer, changed(a7=3)), (simd.layer, changed(a7=2)),
        (simd.layer, changed(a4=real, a7=2)), (simd.layer, changed(a2=np.zeros((2, 1), np.int32))),
        (simd.layer, changed(a12=np.empty((2, 3), np.int64))), (simd.layer, changed(a13=x)),
        (simd.to_codes, (numbers, one, zero, 8, 8, 0, 255, np.empty(7, np.uint8), status)),
        (simd.to_codes, (numbers, one, zero, 3, 3, 0, 255, np.empty(8, np.uint8), status)),
        (simd.to_codes, (numbers, one, zero, 8, 0, 0, 255, np.empty(8, np.uint8), status)),
        (simd.to_values, (numbers, one, zero, 8, 8, 0, 255, numbers, status)),
        (simd.logit_codes, (real.astype(np.float64), np.zeros((2, 1)), 1.0, 0, 1, table.copy())),
        (simd.logit_codes, (real.astype(np.float64), np.zeros((1, 1)), 0.0, 0, 1, table.copy())),
        (simd.code_softmax, (table, np.ones(0), np.empty((1, 1)))),
        (simd.code_softmax, (y, np.ones(1), np.empty((2, 2)))),
        (between, other(a2=1 << 23)), (between, other(a4=256)), (between, other(a3=-256)), (between, other(a9=table)),
        (between, other(a6=np.ones(2))), (between, other(a0=np.ones((2, 7)))), (between, other(a11=np.ones((3, 3)))),
        (between, other(a8=np.ones(2, np.float32), a9=np.zeros((2, 3), np.int32))),
        (between, other(a10=np.empty((11, 8), np.int16))), (between, other(a10=np.empty((12, 7), np.int16))),
        (softmax, (*scores[:5], np.ones(3), *scores[6:])), (softmax, (*scores[:6], real_rows, status)),
        (softmax, (*scores[:6], np.empty((1, 3)), status)), (softmax, (*scores[:2], 0.0, *scores[3:])),
        (simd.steps, (numbers, one, -4, 7, np.empty(8, np.float32), np.empty(8, np.float32), np.empty(7, np.uint8), 8)),
    ):
        with pytest.raises((ValueError, TypeError, BufferError)):
            function(*arguments)


class Inexact:
    """The kernels, of which those that are given spoil what they wrote."""

    def __init__(self, **spoils):
        self.spoils, self.places = spoils, {}

    def __getattr__(self, name):
        def run(*arguments):
            kernel = getattr(kernels.simd, name)
            if name not in self.places:
                self.places[name] = list(written(kernel, arguments))
            kernel(*arguments)
            if name in self.spoils:
                self.spoils[name](*arguments)
        return run


def test_known_questions_find_what_is_inexact():
    """Sums in 16 bits, as some engines' relaxed dot products have them, are found out."""
    saturating = Inexact(product=lambda x, w, y: np.clip(y, -(2**15), 2**15 - 1, out=y))
    assert known_integers.right(kernels.simd) and not known_integers.right(saturating)


def written(kernel, arguments):
    """The places of the arrays that a kernel writes: those that it refuses if they are read-only."""
    for i, each in enumerate(arguments):
        if isinstance(each, np.ndarray):
            copies = [other.copy() if isinstance(other, np.ndarray) else other for other in arguments]
            copies[i].flags.writeable = False
            try:
                kernel(*copies)
            except (ValueError, BufferError):
                yield i


def test_every_kernel_is_asked_and_each_answer_counts():
    """No function is left out, and one bit that is other in what any of them wrote is found out."""
    honest = Inexact()
    assert known.right(honest) and known_integers.right(honest)
    inside = {"softmax_double", "gelu_double", "norm_double"}  # grid_sequences computes with them
    assert honest.places.keys() | inside == {name for name in dir(kernels.simd) if not name.startswith("_")}
    for name, places in honest.places.items():
        def spoil(*arguments, places=places):
            for array in (arguments[i] for i in places):
                first, real = (0,) * array.ndim, array.dtype.kind == "f"
                array[first] = np.nextafter(array[first], array.dtype.type(9)) if real else array[first] ^ 1

        spoilt = Inexact(**{name: spoil})
        assert not (known.right(spoilt) and known_integers.right(spoilt)), name


@pytest.mark.parametrize("function, shapes", [
    (activations.gelu, [(5, 7)]), (norm.norm, [(5, 13), (13,), (13,)]), (norm.norm, [(3, 64), (64,), (64,)]),
    (attention.scores_of, [(2, 3, 7, 5), (2, 3, 6, 5)]),
])
def test_float64_is_within_its_own_rounding(function, shapes):
    rng = np.random.default_rng(3)
    arguments = [rng.standard_normal(shape) * 4 for shape in shapes]
    expected, found = (each if isinstance(each, tuple) else (each,) for each in both(lambda: function(*arguments)))
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-14, atol=2e-15, strict=True)


def test_the_float64_softmax_and_its_ends():
    rng = np.random.default_rng(4)
    for columns in (1, 2, 7, 50):
        z = rng.standard_normal((2, 3, 4, columns)) * 30
        z[0, 0, 0, 0] = 800
        mask = rng.random((4, columns)) < 0.7
        mask[:, 0] = True
        for chosen in (None, mask):
            expected, found = both(lambda z=z, chosen=chosen: attention.float_softmax(z.copy(), chosen))
            np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-300)
    z[0, 0, 0, 0] = np.nan
    with engine.using(engine.KERNELS):
        assert np.isnan(attention.float_softmax(z, None)[0, 0, 0]).all()


def test_weighted_sums_in_float64():
    rng = np.random.default_rng(5)
    p, v, out = rng.random((2, 3, 7, 6)), rng.standard_normal((2, 6, 3, 5)), np.empty((2, 7, 3, 5))
    kernels.TABLE["weighted"](p, v.transpose(0, 2, 1, 3), out.transpose(0, 2, 1, 3))
    np.testing.assert_allclose(out.transpose(0, 2, 1, 3), p @ v.transpose(0, 2, 1, 3), atol=1e-14)


def test_a_dense_layer_of_float32_numbers_and_float64_weights():
    rng = np.random.default_rng(6)
    x, w, bias = rng.standard_normal((4, 9), np.float32), rng.standard_normal((5, 9)), rng.standard_normal(5)
    for left, right in ((x, w), (w, x)):
        expected, found = both(lambda left=left, right=right: ops.linear(left, right))
        np.testing.assert_allclose(found, expected, rtol=1e-13, strict=True)
    expected, found = both(lambda: ops.linear(x, w, bias))
    np.testing.assert_allclose(found, expected, rtol=1e-13, strict=True)
