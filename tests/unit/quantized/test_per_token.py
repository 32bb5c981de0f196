"""Activations with a scale for each row, made at run time: by hand, in the three networks, and refused where scales
have to be known beforehand."""

import numpy as np
import pytest

from pyapp.data import mnist
from pyapp.nets import mlp, vit
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.nets.vit import ViT
from pyapp.quant.calibrate import RowGrids, calibrate
from pyapp.quant.schemes import make_grid
from pyapp.quantized.integer_transformer import integer_vit
from pyapp.quantized.network import Settings, quantize_network
from pyapp.quantized.transformer import TransformerSettings, quantize_gpt, quantize_vit

IMAGES = mnist.shipped("test")[0][:20]


def rows(seed: int = 1) -> np.ndarray:
    """Rows whose sizes differ by a factor of up to a thousand, and one of zeros."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((9, 32)) * 10.0 ** rng.uniform(-2, 1, (9, 1))
    x[4] = 0
    return x.astype(np.float32)


@pytest.mark.parametrize(("scheme", "bits"), [("affine", 8), ("affine", 3), ("symmetric", 8), ("symmetric", 3)])
def test_each_row_has_the_grid_of_its_own_range(scheme, bits):
    x, found = rows(), RowGrids(bits, scheme)
    alone = [make_grid(row.min(), row.max(), bits, scheme) for row in x]
    assert np.array_equal(found.quantize(x), [grid.quantize(row) for grid, row in zip(alone, x, strict=True)])
    assert np.array_equal(found.fake_quantize(x), [grid.fake_quantize(row) for grid, row in zip(alone, x, strict=True)])
    assert found.nbytes == 0 and found == RowGrids(bits, scheme)


def test_an_outlier_in_one_row_leaves_the_others_alone():
    x = np.random.default_rng(2).standard_normal((8, 64)).astype(np.float32)
    x[3, 5] = 1000
    whole, token = (calibrate(x, how, 8).fake_quantize(x) for how in ("minmax", "token"))
    others = np.arange(8) != 3
    errors = [np.square(x - each)[others].sum() for each in (whole, token)]
    assert errors[1] < errors[0] / 1000
    assert np.abs(x - token)[others].max() <= 0.51 * np.ptp(x[others]) / 255


def test_networks_need_no_calibration_data_and_stay_close_to_float():
    model, tokens = GPT(11, GPTSize(width=16, heads=2, blocks=1, context=16, hidden=32)), np.arange(16)[None] % 11
    settings, p = TransformerSettings(8, activations=8, calibrate="token"), model.initial(1)
    nothing = np.zeros((0, 16), np.int32)
    for network, exact, weights, x in ((quantize_vit(vit.load(), settings, nothing), ViT(), vit.load(), IMAGES),
                                       (quantize_gpt(model, p, settings, nothing), model, p, tokens)):
        expected, found = exact.forward(weights, x), network.model.forward(network.parameters, x)
        assert 0 < np.abs(found - expected).max() < 0.1 * np.abs(expected).max()
    assert not Settings(activations=8, calibrate="token").calibrated and not settings.calibrated
    assert Settings(activations=8, calibrate="token", method="gptq").calibrated


def test_the_digits_network_computes_on_rows_that_are_rounded_alone():
    """With one image or with twenty its codes are the same: no row sees another."""
    network = quantize_network(mlp.load(), Settings(8, activations=4, calibrate="token"), None)
    model, p = network.simulated(), network.parameters
    together = model.forward(p, IMAGES)
    assert np.array_equal(together, np.concatenate([model.forward(p, image[None]) for image in IMAGES]))
    x, exact = IMAGES, mlp.load()
    for i, name in enumerate(network.weights.tensors):
        grids = [make_grid(row.min(), row.max(), 4, "affine") for row in x]
        x = np.stack([grid.fake_quantize(row) for grid, row in zip(grids, x, strict=True)]).astype(np.float64)
        x = x @ network.weights.tensors[name].dequantize().T.astype(np.float64) + exact[name.replace("weight", "bias")]
        x = np.maximum(x, 0) if i < 2 else x
    assert np.abs(together - x).max() < 0.01 * np.abs(x).max()  # but for the grid of the logits, of 8 bits
    assert network.nbytes == network.weights.nbytes


def test_products_of_codes_are_products_of_numbers_on_the_grids():
    """A Vision Transformer in float64 multiplies codes; in float32 it multiplies what they stand for."""
    settings, p = TransformerSettings(8, activations=6, calibrate="token", per="channel"), vit.load()
    found = [network.model.forward(network.parameters, IMAGES.astype(dtype)) for dtype in (np.float64, np.float32)
             for network in [quantize_vit(p.astype(dtype), settings)]]
    assert np.abs(found[0] - found[1]).max() < 0.02 * np.abs(found[0]).max()


def test_what_needs_scales_beforehand_refuses_them_in_a_sentence():
    network = quantize_network(mlp.load(), Settings(8, activations=8, calibrate="token"), None)
    with pytest.raises(ValueError, match=r'scales at run time.*calibrate="minmax" for example'):
        network.integer()
    with pytest.raises(ValueError, match="takes its ranges as they are"):
        integer_vit(vit.load(), TransformerSettings(8, activations=8, logit_bits=8, softmax="lut2", calibrate="token"))
    with pytest.raises(ValueError, match="use one of minmax, percentile, mse, entropy, ema, token"):
        Settings(activations=8, calibrate="row")
