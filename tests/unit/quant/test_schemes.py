"""Grids and schemes: codes against ONNX Runtime's, and what must hold for every tensor."""

from itertools import pairwise, product

import numpy as np
import pytest
from oracles.onnx_cases import RECORDED, SHARED, all_agree, cases

from pyapp.core.parameters import Parameters
from pyapp.nets import mlp
from pyapp.quant.parameters import float_nbytes, quantize_parameters, quantized_nbytes, weight_names
from pyapp.quant.schemes import (
    MAX_BITS,
    MIN_BITS,
    SCHEMES,
    Granularity,
    affine_grid,
    check_bits,
    fit_grid,
    make_grid,
    quantize,
    symmetric_grid,
)

PER = ["tensor", "channel", "group:1", "group:8", "group:7", "group:99"]
BITS = range(MIN_BITS, MAX_BITS + 1)
KINDS = [(scheme, signed, per) for scheme in SCHEMES for signed in (False, True) for per in PER]
F = np.float32


def tensor(seed: int, shape=(6, 30), shift: float = 0) -> np.ndarray:
    """Rows of very different size."""
    rng = np.random.default_rng(seed)
    return (rng.standard_normal(shape) * 10.0 ** rng.uniform(-3, 3, (*shape[:-1], 1)) + shift).astype(F)


def parts(x: np.ndarray, per: str) -> list[np.ndarray]:
    """The numbers that share a scale, by slicing: a second way to say what Granularity says."""
    kind, _, size = per.partition(":")
    if kind == "tensor":
        return [x]
    if kind == "channel":
        return list(x)
    return [row[i : i + int(size)] for row in x for i in range(0, len(row), int(size))]


@pytest.mark.parametrize("path", [RECORDED, SHARED], ids=["ours", "shared"])
@pytest.mark.parametrize("kind", ["ql", "dql"])
def test_recorded_onnx_runtime(path, kind):
    if not path.is_file():
        pytest.skip("the shared recorded outputs are not on this machine")
    all_agree(path, kind)


@pytest.mark.parametrize("path", [RECORDED, SHARED], ids=["ours", "shared"])
def test_nothing_in_a_recorded_file_is_passed_over(path):
    if not path.is_file():
        pytest.skip("the shared recorded outputs are not on this machine")
    with np.load(path) as file:
        assert sum(map(len, cases(path).values())) == len([name for name in file if not name.startswith("meta")])


@pytest.mark.parametrize("text, kind, size", [("tensor", "tensor", None), ("channel", "channel", None),
                                              ("group:1", "group", 1), ("group:128", "group", 128)])
def test_granularities_are_read_and_written(text, kind, size):
    per = Granularity.parse(text)
    assert (per.kind, per.size, str(per)) == (kind, size, text)
    assert Granularity.parse(per) is per


@pytest.mark.parametrize("text", ["", "row", "group", "group:", "group:0", "group:-8", "group:8.0", "group:²",
                                  "tensor:3", "channel:", "Group:8", None, 8])
def test_other_granularities_are_refused(text):
    with pytest.raises(ValueError, match="use tensor, channel or group:N"):
        Granularity.parse(text)


@pytest.mark.parametrize("text", PER)
def test_what_shares_a_scale(text):
    per, x = Granularity.parse(text), tensor(1)
    expected = [part.max() for part in parts(x, text)]
    found = per.reduce(np.maximum, x)
    assert found.shape == per.scales(x.shape) and found.ravel().tolist() == expected
    spread = np.broadcast_to(per.spread(np.arange(len(expected)).reshape(found.shape), x.shape), x.shape)
    assert [set(part.ravel().tolist()) for part in parts(spread, text)] == [{i} for i in range(len(expected))]


def test_more_axes():
    x = tensor(2, (3, 4, 5))
    assert Granularity.parse("channel").scales(x.shape) == (3,)
    assert Granularity.parse("group:2").scales(x.shape) == (3, 4, 3)
    for per in ("tensor", "channel", "group:2"):
        found = quantize(x, 8, "affine", per)
        assert found.codes.shape == x.shape
        step = np.broadcast_to(found.grid.spread(x.shape)[0], x.shape)
        assert (np.abs(found.dequantize() - x) <= step * 0.5001).all()


def test_a_vector_has_no_groups_and_a_number_no_channels():
    with pytest.raises(ValueError, match="has no groups"):
        quantize(np.ones(8, F), 8, per="group:4")
    with pytest.raises(ValueError, match="has no channels"):
        quantize(F(3), 8, per="channel")
    assert quantize(np.array([1, -2], F), 8, per="channel").scale.shape == (2,)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_range_of_codes(scheme, signed):
    for bits in BITS:
        grid = make_grid(F(-1), F(3), bits, scheme, signed)
        low = -(2 ** (bits - 1)) if signed else 0
        assert (grid.low, grid.high) == (low + (scheme == "symmetric"), low + 2**bits - 1)  # symmetric has no lowest
        assert grid.dtype == np.dtype(f"{'int' if signed else 'uint'}{8 if bits <= 8 else 16}")
        assert grid.signed == signed
        info = np.iinfo(grid.dtype)
        assert info.min <= grid.low <= int(grid.zero_point) <= grid.high <= info.max


def test_symmetric_is_signed_and_affine_unsigned_unless_said():
    assert fit_grid(tensor(1), 8, "symmetric").signed and not fit_grid(tensor(1), 8, "affine").signed


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.in_pyodide(5, "the cases differ in settings, not in arithmetic")
def test_codes_and_the_numbers_that_they_stand_for(bits):
    for (scheme, signed, per), (seed, shift) in product(KINDS, ((1, 0), (2, 50), (3, -50))):
        x = tensor(seed, shift=shift)
        found = quantize(x, bits, scheme, per, signed)
        grid = found.grid
        scale, zero = (np.broadcast_to(value, x.shape) for value in grid.spread(x.shape))
        assert found.codes.dtype == grid.dtype and found.bits == bits and grid.scale.dtype == np.float32
        assert grid.low <= found.codes.min() and found.codes.max() <= grid.high
        # half a step, and, as the affine range is moved onto whole codes, half a step more at its ends
        slack = {"symmetric": 0.5, "affine": 1}[scheme]
        error = np.abs(found.dequantize().astype(np.float64) - x) / scale
        assert error.max() <= slack + 2 ** (bits - 22), (scheme, signed, per, shift)
        exact = np.clip(np.rint(x / scale) + zero, grid.low, grid.high)
        np.testing.assert_array_equal(found.codes, exact)
        np.testing.assert_array_equal(found.dequantize(), (found.codes.astype(F) - zero.astype(F)) * scale)
        np.testing.assert_array_equal(grid.fake_quantize(x), found.dequantize())


@pytest.mark.parametrize("per", PER)
def test_scales_and_zero_points_are_the_formulas(per):
    x = tensor(4, shift=0.3)
    lo, hi = (np.array([f(part.min(), part.max()) for part in parts(x, per)], F)
              for f in (lambda lo, hi: min(lo, 0), lambda lo, hi: max(hi, 0)))
    for bits in BITS:
        the_formulas(x, lo, hi, bits, per)


def the_formulas(x: np.ndarray, lo: np.ndarray, hi: np.ndarray, bits: int, per: str) -> None:
    symmetric, affine = (quantize(x, bits, scheme, per) for scheme in SCHEMES)
    np.testing.assert_array_equal(symmetric.scale.ravel(), np.maximum(-lo, hi) / F(2 ** (bits - 1) - 1))
    assert not symmetric.zero_point.any()
    np.testing.assert_array_equal(affine.scale.ravel(), (hi - lo) / F(2**bits - 1))
    np.testing.assert_array_equal(affine.zero_point.ravel(), np.rint(-lo / affine.scale.ravel()))
    assert affine.zero_point.dtype == symmetric.zero_point.dtype == np.int32


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.in_pyodide(5, "the cases differ in settings, not in arithmetic")
def test_real_zero_is_exact(bits):
    """Padding, masks and the floor of ReLU: also where the tensor lies on one side of zero, or far from it."""
    zeros = np.zeros((6, 30), F)
    for seed, shift in product(range(4), (0, 1e-3, 10, -10, 1e4)):
        x = tensor(seed, shift=shift)
        for kind in KINDS:
            scheme, signed, per = kind
            grid = fit_grid(x, bits, scheme, per, signed)
            codes = grid.quantize(zeros)
            assert (codes == grid.spread(zeros.shape)[1]).all(), (kind, seed, shift)
            assert not grid.dequantize(codes).any(), (kind, seed, shift)


def test_signed_and_unsigned_affine_are_one_grid_shifted():
    x = tensor(5, shift=2)
    unsigned, signed = (quantize(x, 8, "affine", "channel", signed) for signed in (False, True))
    np.testing.assert_array_equal(unsigned.codes.astype(int) - 128, signed.codes)
    np.testing.assert_array_equal(unsigned.dequantize(), signed.dequantize())


def test_signed_and_unsigned_symmetric_are_one_grid_shifted():
    signed, unsigned = (quantize(tensor(5), 4, "symmetric", "channel", signed) for signed in (True, False))
    np.testing.assert_array_equal(unsigned.codes.astype(int) - 8, signed.codes)
    np.testing.assert_array_equal(unsigned.dequantize(), signed.dequantize())


def test_half_goes_to_even():
    grid = symmetric_grid(F(7), 4)
    assert grid.scale == 1
    assert grid.quantize(np.array([0.5, 1.5, 2.5, -0.5, -1.5, 6.5, 7.5, -99])).tolist() == [0, 2, 2, 0, -2, 6, 7, -7]


def test_the_division_is_in_float32():
    """Where float64, or multiplying with 1 / scale, would give another code."""
    grid = symmetric_grid(np.linspace(1, 2, 99, dtype=F), 4, per=Granularity("channel"))
    scale = grid.scale[:, None]
    x = np.arange(-6.5, 7, dtype=F) * scale  # ties, up to the last bit
    codes = grid.quantize(x)
    np.testing.assert_array_equal(codes, np.clip(np.rint(x / scale), -7, 7))
    assert (codes != np.clip(np.rint(x.astype(np.float64) / scale.astype(np.float64)), -7, 7)).any()
    assert (codes != np.clip(np.rint(x * (F(1) / scale)), -7, 7)).any()


@pytest.mark.parametrize("value", [3.7, -3.7, 1e-30, -1e30])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_constant_tensor_comes_back(scheme, value):
    found = quantize(np.full((2, 5), value, F), 8, scheme, "channel")
    np.testing.assert_allclose(found.dequantize(), F(value), rtol=2e-7)


@pytest.mark.parametrize("per", PER)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_zeros_have_scale_one(scheme, per):
    found = quantize(np.zeros((3, 10), F), 4, scheme, per)
    assert (found.scale == 1).all() and not found.codes.any() and not found.zero_point.any()
    mixed = np.zeros((2, 4), F)
    mixed[1] = 7
    assert quantize(mixed, 4, scheme, "channel").scale[0] == 1


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(scheme, wrong):
    x = tensor(1)
    x[2, 3] = wrong
    for per in PER:
        with pytest.raises(ValueError, match="NaN or infinite"):
            quantize(x, 8, scheme, per)
    with pytest.raises(ValueError, match="NaN or infinite"):
        fit_grid(tensor(1), 8).quantize(x)
    with pytest.raises(ValueError, match="NaN or infinite"):
        make_grid(np.minimum(F(wrong), F(0)), np.maximum(F(wrong), F(0)), 8, scheme)


def test_a_range_that_float32_cannot_hold_is_refused():
    wide = np.array([3e38, -3e38], F)
    with pytest.raises(ValueError, match="range is beyond float32"):
        quantize(wide, 8, "affine")
    found = quantize(wide, 8, "symmetric")  # |x| alone is a float32
    assert found.codes.tolist() == [127, -127] and np.isfinite(found.dequantize()).all()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_denormal_numbers(scheme):
    """A range whose scale is no float32 at all counts as zeros; a denormal scale is a scale like any other."""
    gone = quantize(np.array([1e-45, -1e-45], F), 8, scheme)
    assert gone.scale == 1 and not gone.dequantize().any()
    x = np.array([1e-40, -3e-41, 0], F)
    found = quantize(x, 4, scheme)
    assert 0 < found.scale < 1.2e-38 and (np.abs(found.dequantize() - x) <= found.scale).all()


def test_numbers_far_beyond_the_grid_are_clipped():
    grid = affine_grid(F(-1e-38), F(1e-38), 8)
    assert grid.quantize(np.array([3e38, -3e38, 0], F)).tolist() == [255, 0, int(grid.zero_point)]


@pytest.mark.parametrize("shape", [(0,), (0, 4), (4, 0)])
def test_an_empty_tensor_has_no_codes_whoever_quantises_it(shape):
    for per in ("tensor", "channel"):
        found = quantize(np.zeros(shape, F), 8, per=per)
        assert found.codes.shape == shape and (found.scale == 1).all()
    assert fit_grid(tensor(1), 8).quantize(np.zeros(shape, F)).shape == shape


@pytest.mark.parametrize("bits", [1, 17, 0, -3, 2.5, 8.001, None, "8", np.nan])
def test_bits_out_of_range_are_refused(bits):
    for make in (check_bits, lambda b: quantize(tensor(1), b), lambda b: quantize(tensor(1), b, "affine")):
        with pytest.raises(ValueError, match=f"bits is {bits}; use a whole number from 2 to 16"):
            make(bits)


def test_a_scheme_that_is_none_is_refused():
    with pytest.raises(ValueError, match="scheme is 'linear'; use symmetric or affine"):
        quantize(tensor(1), 8, "linear")


@pytest.mark.parametrize("per, scales", [("tensor", 1), ("channel", 6), ("group:8", 24), ("group:99", 6)])
@pytest.mark.parametrize("bits", [2, 3, 4, 8, 9, 16])
def test_sizes_in_bytes(per, scales, bits):
    """Codes packed bit by bit, four bytes a scale, and the zero points where they are needed."""
    x, wide = tensor(7), 1 + (bits > 8)
    packed = -(-180 * bits // 8)
    assert quantize(x, bits, "symmetric", per).nbytes == packed + 4 * scales
    assert quantize(x, bits, "symmetric", per, signed=False).nbytes == packed + 4 * scales + wide * scales
    assert quantize(x, bits, "affine", per).nbytes == packed + 4 * scales + wide * scales
    assert quantize(np.abs(x), bits, "affine", per).nbytes == packed + 4 * scales  # all zero points are 0


def test_the_axis_is_onnxs():
    assert [quantize(tensor(1), 8, per=per).axis for per in ("tensor", "channel", "group:8")] == [None, 0, -1]
    asked = [quantize(tensor(1), 8, per=per, axis=axis).axis for per, axis in (("channel", 1), ("group:8", 0))]
    assert asked == [1, 0]


def test_the_grids_of_a_group_as_wide_as_the_row_are_the_channels():
    x = tensor(8)
    for scheme in SCHEMES:
        grouped, channels = quantize(x, 5, scheme, "group:30"), quantize(x, 5, scheme, "channel")
        np.testing.assert_array_equal(grouped.codes, channels.codes)
        np.testing.assert_array_equal(grouped.scale[:, 0], channels.scale)


def test_finer_scales_have_smaller_errors():
    x = tensor(9, (16, 64))
    errors = [np.square(quantize(x, 4, "symmetric", per).dequantize() - x).sum(axis=1).mean()
              for per in ("tensor", "channel", "group:8")]
    assert errors[0] > errors[1] > errors[2] > 0
    lines = [np.abs(quantize(x, b, "affine", "channel").dequantize() - x).mean() for b in BITS]
    assert all(a > b for a, b in pairwise(lines))


def network() -> Parameters:
    p = mlp.MLP((30, 8, 4)).initial(3)
    p["layer1.bias"][:] = np.linspace(-1, 1, 8)
    return p


@pytest.mark.parametrize("per", ["tensor", "channel", "group:8"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_networks_weights_are_quantised_and_its_biases_are_not(scheme, per):
    p = network()
    found = quantize_parameters(p, 4, scheme, per)
    assert weight_names(p) == list(found.tensors) == ["layer1.weight", "layer2.weight"]
    for name, part in found.tensors.items():
        np.testing.assert_array_equal(part.codes, quantize(p[name], 4, scheme, per).codes)
        np.testing.assert_array_equal(found.parameters[name], part.dequantize())
    np.testing.assert_array_equal(found.parameters["layer1.bias"], p["layer1.bias"])
    worst = max(np.abs(p[name] - found.parameters[name]).max() for name in found.tensors)
    assert found.weight_error == worst > 0
    assert found.nbytes == sum(part.nbytes for part in found.tensors.values()) + 4 * 12
    assert float_nbytes(p) == 4 * (30 * 8 + 8 + 8 * 4 + 4)
    assert scheme == "affine" or quantized_nbytes(p, 4, per) == found.nbytes


def test_bits_for_each_layer():
    found = quantize_parameters(network(), {"layer1.weight": 3, "layer2.weight": 8})
    assert [part.bits for part in found.tensors.values()] == [3, 8]
    with pytest.raises(ValueError, match="bits is 99"):
        quantize_parameters(network(), {"layer1.weight": 3, "layer2.weight": 99})


def test_the_float_parameters_stay_as_they_are():
    p = network()
    before = p.vector.copy()
    quantize_parameters(p, 2)
    np.testing.assert_array_equal(p.vector, before)
