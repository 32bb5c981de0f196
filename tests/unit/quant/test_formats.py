"""Number formats: their numbers by definition, scales, sizes, edges."""

import numpy as np
import pytest

from pyapp.quant.error import compare
from pyapp.quant.formats.catalogue import FORMATS, find
from pyapp.quant.formats.elements import BINARY, NF2, NF4, TERNARY, Integers, normal_float
from pyapp.quant.formats.minifloat import E2M1, E2M3, E3M2, E4M3, E5M2
from pyapp.quant.formats.scales import PowerOfTwo
from pyapp.quant.schemes import Granularity, quantize

X = np.random.default_rng(0).standard_t(5, size=(64, 512)).astype(np.float32)


def sqnr(name: str, x: np.ndarray = X) -> float:
    return compare(x, find(name).encode(x).dequantize()).sqnr_db


def test_small_floats_have_the_numbers_of_their_specifications():
    assert E2M1.magnitudes.tolist() == [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    assert (E2M3.largest, E3M2.largest, E4M3.largest, E5M2.largest) == (7.5, 28, 448, 57344)
    assert (E4M3.magnitudes[1], E5M2.magnitudes[1]) == (2.0**-9, 2.0**-16)  # the smallest subnormal ones
    assert np.isnan(E4M3.values[[0x7F, 0xFF]]).all() and E5M2.values[0x7C] == np.inf and E5M2.values[0xFC] == -np.inf
    assert np.isnan(E5M2.values[[0x7D, 0x7E, 0x7F]]).all()


@pytest.mark.parametrize("kind", [E4M3, E5M2, E3M2, E2M3, E2M1])
def test_every_number_comes_back_and_the_nearest_is_taken(kind):
    finite = np.flatnonzero(np.isfinite(kind.values))
    assert np.array_equal(kind.encode(kind.values[finite]), finite)
    x = np.linspace(-1.2 * kind.largest, 1.2 * kind.largest, 20_001).astype(np.float32)
    away = np.abs(kind.values[finite].astype(np.float64)[:, None] - x)
    assert np.array_equal(np.abs(kind.decode(kind.encode(x)) - x.astype(np.float64)), away.min(0))


@pytest.mark.parametrize("kind", [NF4, NF2, TERNARY, BINARY, Integers(8, 2.0**-6)], ids=str)
def test_every_level_and_tie_has_its_code(kind):
    """In the middle between two levels a codebook takes the lower one, whole numbers the even one (MXINT8's elements,
    of which OCP leaves out -2); beside the middle the nearer one, beyond the ends the end."""
    values = kind.values.astype(np.float64)
    codes = np.arange(len(values)) - (kind.high if isinstance(kind, Integers) else 0)
    assert np.array_equal(kind.encode(values), codes) and np.array_equal(kind.decode(kind.encode(values)), kind.values)
    low, middles = codes[:-1], (values[1:] + values[:-1]) / 2
    even = low + low % 2 if isinstance(kind, Integers) else low
    assert np.array_equal(kind.encode(middles), even)
    assert np.array_equal(kind.encode(np.nextafter(middles, -9)), low)
    assert np.array_equal(kind.encode(np.nextafter(middles, 9)), codes[1:])
    assert kind.encode(np.array([-9.0, 9])).tolist() == [codes[0], codes[-1]]


def test_too_large_numbers_saturate_or_become_infinity_or_nan():
    x = np.array([465, -1e9, np.inf], np.float32)
    assert E4M3.decode(E4M3.encode(x)).tolist() == [448, -448, 448]
    assert np.isnan(E4M3.decode(E4M3.encode(x, saturate=False))).all()
    assert E4M3.decode(E4M3.encode(np.float32(464), saturate=False)) == 448  # the middle to 480 goes to the even code
    assert E5M2.decode(E5M2.encode(np.float32([61439, 61440, -np.inf]), saturate=False)).tolist() == [
        57344, np.inf, -np.inf]
    assert np.isnan(E5M2.decode(E5M2.encode(np.float32(np.nan))))
    with pytest.raises(ValueError, match="FP4 E2M1 has no code for NaN; remove them, or choose FP8"):
        E2M1.encode(np.float32([np.nan]))
    with pytest.raises(ValueError, match="no code for numbers that large"):
        E2M1.encode(np.float32([7]), saturate=False)


def test_normal_floats_are_the_published_ones():
    """NF4 as bitsandbytes has it, whose outermost quantile is typed with seven digits (0.9677083)."""
    published = [-1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
                 -0.18477343022823334, -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725,
                 0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
                 0.7229568362236023, 1]
    assert np.abs(NF4.values - published).max() < 3e-7
    assert np.abs(NF2.values - [-1, 0, 0.4358, 1]).max() < 5e-5
    normal = np.random.default_rng(1).standard_normal((256, 64)).astype(np.float32)
    assert sqnr("nf4", normal) > sqnr("int4:64", normal) + 0.5  # it is made for normal numbers
    assert len(normal_float(3).levels) == 8


def test_a_uniform_grid_is_a_format_too():
    for bits in (2, 4, 8):
        assert np.array_equal(find(f"int{bits}").encode(X).dequantize(), quantize(X, bits).dequantize())
        one, other = find(f"int{bits}:32").encode(X), quantize(X, bits, per="group:32")
        assert np.array_equal(one.codes, other.codes) and np.array_equal(one.scale, other.scale)
        assert one.nbytes == other.nbytes


def test_ternary_is_what_symmetric_2_bits_has_with_another_scale():
    assert np.array_equal(Integers(2).values, TERNARY.values)
    coded = find("ternary").encode(X)
    assert coded.scale == np.abs(X.astype(np.float64)).mean().astype(np.float32)
    assert np.array_equal(coded.codes, np.clip(np.rint(X / coded.scale), -1, 1) + 1)
    assert sqnr("ternary") > sqnr("int2")


def test_binary_keeps_signs_with_the_best_scale():
    coded = find("binary").encode(X)
    assert np.array_equal(coded.dequantize() > 0, X > 0)
    other = [compare(X, np.sign(X) * coded.scale * factor).mse for factor in (0.95, 1.05)]
    assert compare(X, coded.dequantize()).mse < min(other)


def test_a_power_of_two_is_found_by_the_exponents():
    rule, row = PowerOfTwo(), Granularity("group", 2)
    x = np.float32([[6, 1, 7.9, 0, 8, -1, 0, 0, 2.0**-130, 0, 1e30, 0]])
    assert rule.fit(x, E2M1, row).tolist() == [[1, 1, 2, 0, 2.0**-127, 2.0**97]]
    coded = find("mxfp4").encode(np.float32([[7.9, 1]]))
    assert coded.dequantize().tolist() == [[6, 1]]  # the specification's rule clips
    assert find("mxint8").encode(np.float32([[1.99, -1.99]])).codes.tolist() == [[127, -127]]


def test_two_levels_of_scales():
    coded = find("nvfp4").encode(X)
    whole = np.abs(X).max() / np.float32(6) / np.float32(448)
    assert np.isin(coded.scale, E4M3.values * whole).all() and coded.scale.shape == (64, 32)
    double = find("nf4-double").encode(X)
    assert abs(sqnr("nf4-double") - sqnr("nf4")) < 0.1 and double.nbytes < find("nf4").encode(X).nbytes


@pytest.mark.parametrize("name", FORMATS)
def test_sizes_are_what_is_said(name):
    """With scales; of rows that blocks fill."""
    kind = FORMATS[name]
    assert 8 * kind.encode(X).nbytes / X.size == pytest.approx(kind.bits(X.shape))
    said = {"mxfp4": 4.25, "nvfp4": 4.5, "mxfp8": 8.25, "q8_0": 8.5, "q4_0": 4.5, "q4_k": 4.5, "q6_k": 6.5625,
            "q2_k": 2.625, "q3_k": 3.4375, "nf4": 4.5, "nf4-double": 4.127, "ternary": 1.6, "binary": 1}
    if name in said:
        assert kind.bits((4096, 4096)) == pytest.approx(said[name], abs=1e-3)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("shape", [(), (0,), (0, 5), (3, 0), (1,), (7,), (2, 3, 5), (3, 300)])
def test_any_shape_comes_back_and_zeros_are_zero(name, shape):
    assert not FORMATS[name].encode(np.zeros(shape, np.float32)).dequantize().any()
    x = np.random.default_rng(2).standard_normal(shape).astype(np.float32)
    out = FORMATS[name].encode(x).dequantize()
    assert out.shape == shape and out.dtype == np.float32 and np.isfinite(out).all()


@pytest.mark.parametrize("name", FORMATS)
def test_the_smallest_and_largest_numbers_are_kept_or_refused(name):
    for x in (X * np.float32(1e-42), np.clip(X, -3, 3) * np.float32(1e38)):
        try:
            assert np.isfinite(FORMATS[name].encode(x).dequantize()).all()
        except ValueError as error:
            assert "beyond float16" in str(error) and name in ("q8_0", *[n for n in FORMATS if n.startswith("q")])
    with pytest.raises(ValueError, match="NaN or infinite"):
        FORMATS[name].encode(np.float32([[1, np.inf]]))


def test_more_bits_lose_less_within_a_family():
    for family in (("q2_k", "q3_k", "q4_k", "q5_k", "q6_k"), ("q4_0", "q5_0", "q8_0"), ("mxfp4", "mxfp6", "mxint8"),
                   ("int2:32", "int3:32", "int4:32", "int8:32")):
        found = [sqnr(name) for name in family]
        assert found == sorted(found)
    assert sqnr("q4_k") > sqnr("q4_0") + 1  # at the same 4.5 bits, our search for scales against the rule of Q4_0


@pytest.mark.parametrize(("asked", "said"), [
    ("fp9", "there is no format 'fp9'; use one of int8"), ("q4_0:16", "q4_0 has blocks of its own; leave out ':16'"),
    ("mxfp4:16", "mxfp4 has blocks of its own"), ("int4:0", "granularity is 'group:0'"),
    ("int4:row", "granularity is 'row'"),
])
def test_a_name_that_cannot_be_is_refused(asked, said):
    with pytest.raises(ValueError, match=said):
        find(asked)


@pytest.mark.parametrize("name", ["q2_k", "q3_k", "q4_k", "q5_k", "q6_k"])
def test_blocks_whose_scales_are_searched_together_do_not_matter_to_each_other(name):
    alone = [find(name).encode(row).codes for row in X[:40, :256]]
    assert np.array_equal(find(name).encode(X[:40, :256]).codes, np.concatenate(alone))
