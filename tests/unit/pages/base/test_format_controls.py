"""How pages name the format of the weights."""

import pytest

from pyapp.pages.base.format_controls import in_words
from pyapp.pages.base.measured import weights_words
from pyapp.pages.inference import Page
from pyapp.quant.alone import HQQ
from pyapp.quant.schemes import quantize
from pyapp.runner import Runner


@pytest.mark.parametrize(("chosen", "said"), [
    ({"bits": 2, "scheme": "symmetric"}, "2 bits (ternary)"), ({"bits": 2}, "2 bits (ternary)"),
    ({"bits": 2, "scheme": "affine"}, "2 bits"), ({"bits": 3, "scheme": "symmetric"}, "3 bits"),
    ({"bits": 2, "scheme": "symmetric", "method": HQQ}, "2 bits"),
    ({"bits": 2, "scheme": "symmetric", "format": "nf4"}, "NF4")])
def test_a_symmetric_grid_of_2_bits_is_called_ternary(chosen, said):
    assert in_words({"format": "grid"} | chosen) == said


@pytest.mark.parametrize(("page", "name", "said"), [
    ("simulator", "form", "2 bits (ternary)"), ("errors", "form", "2 bits (ternary)"),
    ("qat", "size_words", "Sizes are for weights in 2 bits (ternary); they include scales and float32 biases.")])
def test_pages_of_grids_say_it(page, name, said):
    assert Runner().open(page, {"bits": 2})["frame"].scalars[name] == said


def test_an_accuracy_says_it():
    values = {param.name: param.default for param in Page.PARAMS} | {"bits": 2}
    assert weights_words(Page.PARAMS, values) == "weights by rounding (ternary), one scale per channel"
    assert len(set(quantize([-3.0, -1.0, 0.2, 2.9], 2).dequantize())) == 3
