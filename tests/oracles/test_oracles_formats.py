"""Number formats against ml_dtypes, torch and the gguf package: recorded, and on fresh numbers where the first and the
last are installed."""

from pathlib import Path

import numpy as np
import pytest

from pyapp.quant.formats.catalogue import FORMATS
from pyapp.quant.formats.gguf import WRITERS
from pyapp.quant.formats.gguf_layout import LAYOUTS

RECORDED = dict(np.load(Path(__file__).with_name("formats.npz")))
FLOATS = [name.removesuffix(".values") for name in RECORDED if name.endswith(".values")]


def same_numbers(one: np.ndarray, other: np.ndarray) -> bool:
    """The same bits, where a number is not NaN."""
    missing = np.isnan(one)
    return np.array_equal(missing, np.isnan(other)) and np.array_equal(one[~missing].view(np.uint32),
                                                                       other[~missing].view(np.uint32))


@pytest.mark.parametrize("name", FLOATS)
def test_every_code_of_a_small_float_stands_for_its_number(name):
    assert same_numbers(FORMATS[name].elements.values, RECORDED[f"{name}.values"])


@pytest.mark.parametrize("name", FLOATS)
def test_every_number_tie_and_special_has_its_code(name):
    """ml_dtypes does not saturate where a format has codes for what is too large."""
    elements, x = FORMATS[name].elements, RECORDED[f"{name}.x"]
    found, codes = elements.encode(x, saturate=elements.special == "none"), RECORDED[f"{name}.codes"]
    assert same_numbers(elements.values[found], elements.values[codes])
    numbers = ~np.isnan(elements.values[codes])
    assert np.array_equal(found[numbers], codes[numbers])  # NaN has several codes


@pytest.mark.parametrize("name", ["fp8-e4m3", "fp8-e5m2"])
def test_torchs_casts_give_the_same_codes(name):
    """torch 2.13 saturates float8_e4m3fn, infinity too, and not float8_e5m2, which has an infinity."""
    elements, codes = FORMATS[name].elements, RECORDED[f"{name}.torch"]
    found = elements.encode(RECORDED[f"{name}.x"], saturate=name == "fp8-e4m3")
    numbers = ~np.isnan(elements.values[codes])
    assert np.array_equal(found[numbers], codes[numbers]) and np.isnan(elements.values[found[~numbers]]).all()


@pytest.mark.parametrize("name", LAYOUTS)
def test_blocks_of_gguf_are_read_exactly(name):
    assert same_numbers(FORMATS[name].decode(RECORDED[f"{name}.raw"]).ravel(), RECORDED[f"{name}.numbers"].ravel())


@pytest.mark.parametrize("name", WRITERS)
def test_blocks_of_gguf_are_written_exactly(name):
    assert np.array_equal(FORMATS[name].encode(RECORDED["rows"]).codes, RECORDED[f"{name}.written"])


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_gguf_package_reads_what_is_written(name):
    gguf = pytest.importorskip("gguf", reason='pip install -e ".[oracle]" brings it')
    kind, x = getattr(gguf.GGMLQuantizationType, name.upper()), RECORDED["rows"]
    coded = FORMATS[name].encode(x)
    assert np.array_equal(gguf.quants.dequantize(coded.codes, kind).reshape(x.shape), coded.dequantize())
    fresh = np.random.default_rng().standard_normal((64, 256)).astype(np.float32)
    if name in WRITERS:
        assert np.array_equal(gguf.quants.quantize(fresh, kind).reshape(-1, LAYOUTS[name].nbytes),
                              FORMATS[name].encode(fresh).codes)


@pytest.mark.parametrize("name", FLOATS)
def test_ml_dtypes_agrees_on_fresh_numbers(name):
    ml_dtypes = pytest.importorskip("ml_dtypes", reason='pip install -e ".[oracle]" brings it')
    kinds = {"fp8-e4m3": "float8_e4m3fn", "fp8-e5m2": "float8_e5m2", "fp6-e3m2": "float6_e3m2fn",
             "fp6-e2m3": "float6_e2m3fn", "fp4": "float4_e2m1fn"}
    elements = FORMATS[name].elements
    x = np.random.default_rng().standard_normal(10_000).astype(np.float32) * np.float32(elements.largest / 5)
    x = np.clip(x, -elements.largest, elements.largest)
    assert np.array_equal(elements.encode(x), x.astype(getattr(ml_dtypes, kinds[name])).view(np.uint8))
