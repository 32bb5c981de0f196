"""What a person does on the page that compares symmetric and affine."""

import pytest

from pyapp.pages.affine import numbers
from pyapp.quant.error import quantization_error
from pyapp.quant.schemes import quantize


def ratio(kind: str, bits: int, scheme: str) -> float:
    x = numbers(kind, 1)
    return quantization_error(x, quantize(x, bits, scheme)).sqnr_db


def test_both_schemes_stand_side_by_side(visit):
    tab = visit("#affine")
    for name, kind in (("skewed", "relu"), ("centred", "normal")):
        for scheme in ("symmetric", "affine"):
            assert tab.number(f"{name}-{scheme}-sqnr_db") == pytest.approx(ratio(kind, 4, scheme), abs=0.006)
    left, right = tab.boxes("skewed-symmetric", "skewed-affine")
    assert left["y"] == right["y"] and left["x"] < right["x"]
    tab.slide("bits", 8)
    tab.wait_number("skewed-affine-sqnr_db", f"Math.abs(x - {ratio('relu', 8, 'affine')}) < 0.006")
    assert "bits=8" in tab.page.url


def test_the_sentence_says_what_was_measured(visit):
    tab = visit("#affine?skewed=activations&centred=weights")
    gain = ratio("activations", 4, "affine") - ratio("activations", 4, "symmetric")
    assert f"gains {gain:.1f} dB" in tab.text("verdict-skewed") and "8 of its 16 codes" in tab.text("verdict-skewed")
    assert "is 0, because their smallest number is 0" in tab.text("cost")
    tab["skewed"].select_option("silu")
    tab.wait_text("cost", "so they need the correction")
    assert f"{ratio('silu', 4, 'affine'):.2f}" == tab.text("skewed-affine-sqnr_db").removesuffix(" dB")


@pytest.mark.thorough
def test_zero_is_exact_only_where_the_range_was_nudged(visit):
    tab = visit("#affine?centred=laplace")
    assert tab.number("centred-affine-zero_error") == tab.number("centred-symmetric-zero_error") == 0
    assert tab.text("centred-unnudged-zero_error") == "−0.4807"


@pytest.mark.thorough
def test_the_way_to_the_matrix_product_and_values_by_keyboard(visit):
    tab = visit("#affine")
    assert tab.page.get_by_role("link", name="Integer matmul").last.get_attribute("href") == "#matmul"
    tab["skewed-affine"].focus()
    tab.page.keyboard.press("End")
    tab.wait_text("skewed-affine-value", "before")
