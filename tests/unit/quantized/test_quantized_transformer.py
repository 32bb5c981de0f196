"""Both transformers with weights, activations and attention scores on grids, on small random networks."""

from dataclasses import replace

import numpy as np
import pytest

from pyapp.core import engine
from pyapp.core.attention import float_softmax
from pyapp.data.mnist import Digits
from pyapp.measure.measure_transformer import measure_gpt, measure_vit
from pyapp.nets.generate import Sampling, Writer, write
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.nets.vit import ViT, ViTSize
from pyapp.quant.formats.catalogue import find
from pyapp.quant.parameters import quantize_parameters, weight_names
from pyapp.quantized.attention_softmax import QuantizedSoftmax
from pyapp.quantized.calibration_text import own_text
from pyapp.quantized.transformer import TransformerSettings, quantize_gpt, quantize_vit

Settings = TransformerSettings
SIZE = ViTSize(patch=7, width=16, heads=2, blocks=2, hidden=24)
IMAGES = np.random.default_rng(1).random((12, 784), np.float32)
MODEL = GPT(11, GPTSize(width=16, heads=2, blocks=2, context=16, hidden=32))
TOKENS = np.random.default_rng(2).integers(0, 11, (4, 16), np.int32)
FULL = Settings(8, "channel", 8, logit_bits=8, softmax="tflite", shift="row-max")


def weights(model: ViT | GPT):
    p = model.initial(1)
    p.vector[:] += np.random.default_rng(3).standard_normal(p.vector.size).astype(np.float32) * np.float32(0.2)
    return p


VIT, GPT_WEIGHTS = weights(ViT(SIZE)), weights(MODEL)


def vit_logits(settings: Settings) -> np.ndarray:
    network = quantize_vit(VIT, settings, IMAGES, SIZE)
    return network.model.forward(network.parameters, IMAGES)


def gpt_logits(settings: Settings) -> np.ndarray:
    network = quantize_gpt(MODEL, GPT_WEIGHTS, settings, TOKENS)
    return network.model.forward(network.parameters, TOKENS)


def shifts(network) -> list:
    """The shift of each block; none if the logits are float."""
    hooks = [block.attention.softmax for block in network.model.blocks]
    return [hook.shift for hook in hooks if isinstance(hook, QuantizedSoftmax)]


def test_without_bits_nothing_changes():
    np.testing.assert_array_equal(vit_logits(Settings()), ViT(SIZE).forward(VIT, IMAGES))
    np.testing.assert_array_equal(gpt_logits(Settings()), MODEL.forward(GPT_WEIGHTS, TOKENS))
    network = quantize_vit(VIT, Settings(), size=SIZE)  # and no calibration images are read
    assert not shifts(network) and network.nbytes == VIT.vector.nbytes


@pytest.mark.parametrize("name", engine.available())
@pytest.mark.parametrize("settings", [Settings(), Settings(8, "channel", 8, logit_bits=4), FULL])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_class_token_alone_answers_as_it_does_among_all(name, settings, dtype):
    """With the same bits where the kernels multiply; NumPy may take sums of fewer rows in another order."""
    network = quantize_vit(VIT.astype(dtype), settings, IMAGES.astype(dtype), SIZE)
    with engine.using(name):
        full, alone = (network.model.forward(network.parameters, IMAGES.astype(dtype), only_answer)
                       for only_answer in (False, True))
    assert full.dtype == alone.dtype == dtype
    if name == engine.KERNELS:
        np.testing.assert_array_equal(alone, full)
        return
    if dtype == np.float64 or settings == Settings():  # a last bit of float32 moves a number to another code
        np.testing.assert_allclose(alone, full, rtol=0, atol=1e-5 if dtype == np.float32 else 1e-12)
    assert network.model.blocks[1].attention.probabilities.shape == (12, 2, 1, 17)  # of the class token's query


def test_calibration_leaves_one_images_numbers_in_the_layers():
    network = quantize_vit(VIT, FULL, IMAGES, SIZE)
    assert network.model.attention().shape == (2, 1, 2, 17, 17)


@pytest.mark.parametrize("logits", [vit_logits, gpt_logits])
def test_sixteen_bits_of_everything_are_nearly_float_and_fewer_are_farther(logits):
    exact = logits(Settings())
    error = [np.abs(logits(Settings(b, "channel", b, logit_bits=b)) - exact).max() for b in (16, 8, 4)]
    assert error[0] < 2e-3 * np.abs(exact).max() and error[0] < error[1] / 20 < error[1] < error[2]


@pytest.mark.parametrize("logits", [vit_logits, gpt_logits])
@pytest.mark.parametrize("part", [{"bits": 3}, {"activations": 3}, {"logit_bits": 3},
                                  {"logit_bits": 8, "softmax": "softermax-native"},
                                  {"logit_bits": 3, "shift": "row-max"}])
def test_each_setting_changes_something(logits, part):
    before = {"logit_bits": 3} if "shift" in part else {"logit_bits": 8} if "softmax" in part else {}
    assert np.abs(logits(Settings(**part)) - logits(Settings(**before))).max() > 1e-2


def test_weights_are_those_of_quantize_parameters():
    network, expected = quantize_gpt(MODEL, GPT_WEIGHTS, Settings(4, "group:8")), \
        quantize_parameters(GPT_WEIGHTS, 4, per="group:8")
    np.testing.assert_array_equal(network.parameters.vector, expected.parameters.vector)
    assert network.nbytes == expected.nbytes < GPT_WEIGHTS.vector.nbytes / 3  # a scale costs as much as its 8 codes
    assert {"tokens.weight", "places.weight", "block2.down.weight"} <= set(weight_names(GPT_WEIGHTS))


def test_weights_in_a_number_format_are_what_it_makes_of_them():
    network = quantize_gpt(MODEL, GPT_WEIGHTS, Settings(format="nf4:16", logit_bits=8), TOKENS)
    for name in GPT_WEIGHTS:
        expected = find("nf4:16").encode(GPT_WEIGHTS[name]).dequantize() if GPT_WEIGHTS[name].ndim > 1 else \
            GPT_WEIGHTS[name]
        np.testing.assert_array_equal(network.parameters[name], expected)
    assert network.bits_per_weight == pytest.approx(6, abs=0.3)  # 4, and 32 for each 16; some rows have 11 numbers
    assert quantize_gpt(MODEL, GPT_WEIGHTS, Settings()).bits_per_weight == 32


@pytest.mark.parametrize("bits", [8, 3])
def test_what_products_are_given_lies_on_grids(bits):
    network = quantize_vit(VIT, Settings(activations=bits), IMAGES, SIZE)
    network.model.forward(network.parameters, 3 * IMAGES)  # beyond what the grids were calibrated on
    block = network.model.blocks[1]
    given = [network.model.embed.layer.x, block.attention.qkv.layer.x, block.attention.k, block.attention.v,
             block.attention.out.layer.x, block.up.layer.x, block.down.layer.x, network.model.head.x]
    assert all(len(np.unique(x)) <= 2**bits for x in given)
    assert len(np.unique(block.attention.q)) <= 2**bits


@pytest.mark.parametrize("bits, per, activations", [(8, "channel", 8), (3, "tensor", 5), (4, "group:8", 8),
                                                    (9, "tensor", 8)])
def test_a_vision_transformer_in_float64_multiplies_codes(bits, per, activations):
    """Integer products are what products of the numbers that the codes stand for come to, but for float32's rounding
    of those."""
    network = quantize_vit(VIT.astype(np.float64), Settings(bits, per, activations), IMAGES.astype(np.float64), SIZE)
    p = network.parameters
    layers = [network.model.embed, *(layer for block in network.model.blocks
                                     for layer in (block.attention.qkv, block.attention.out, block.up, block.down))]
    for layer in layers:
        assert (layer.weight is not None) == (per != "group:8" and bits <= 8)
        x = 3 * np.random.default_rng(bits).standard_normal((70, layer.shapes[layer.layer.weight][1]))
        exact = layer.before(x).astype(np.float64) @ p[layer.layer.weight].T + p[layer.layer.bias]
        layer.after = ()
        np.testing.assert_allclose(layer.forward(p, x), exact, rtol=0, atol=1e-6 * np.abs(exact).max())


def test_grids_are_fixed_by_the_calibration():
    network = quantize_gpt(MODEL, GPT_WEIGHTS, FULL, TOKENS)
    before = shifts(network)
    grid = network.model.blocks[0].down.before.grid
    network.model.forward(network.parameters, TOKENS[::-1, ::2])
    assert shifts(network) == before and len(before) == 2
    assert network.model.blocks[0].down.before.grid is grid


@pytest.mark.parametrize("settings", [FULL, replace(FULL, logit_bits=3, softmax="ibert", shift="row-mean"),
                                      replace(FULL, activations=None, softmax="itamax-streaming"),
                                      Settings(activations=8), Settings(bits=4)])
@pytest.mark.in_pyodide(5, "a kernel computes a token's whole block in some of them")
def test_the_cache_changes_no_character_of_a_quantised_network(settings):
    network = quantize_gpt(MODEL, GPT_WEIGHTS, settings)
    for sampling in (Sampling(greedy=True), Sampling(0.9)):
        cached, whole = (list(write(Writer(network.model, network.parameters, TOKENS[0, :3], sampling, 1, cached), 40))
                         for cached in (True, False))
        assert cached == whole


def test_the_float_network_is_left_as_it_was():
    quantize_gpt(MODEL, GPT_WEIGHTS, FULL)
    assert all(block.attention.softmax is float_softmax for block in MODEL.blocks)


def test_own_text_repeats_and_is_as_likely_as_the_network_says():
    one, again, other = own_text(MODEL, GPT_WEIGHTS), own_text(MODEL, GPT_WEIGHTS), own_text(MODEL, GPT_WEIGHTS, seed=2)
    assert one.shape == (8, 16) and one.dtype == np.int32 and 0 <= one.min() <= one.max() < 11
    assert (one == again).all() and (one != other).any()

    def loss(tokens: np.ndarray) -> float:
        return measure_gpt(quantize_gpt(MODEL, GPT_WEIGHTS, Settings()), tokens.reshape(-1))["loss"]

    assert loss(own_text(MODEL, GPT_WEIGHTS, 64)) < loss(np.random.default_rng(1).integers(0, 11, (64, 16)))


def test_measures_count_what_they_saw():
    digits = Digits((IMAGES.reshape(-1, 28, 28) * 255).astype(np.uint8), np.arange(12, dtype=np.int64) % 10)
    network = quantize_vit(VIT, FULL, IMAGES, SIZE)
    found = measure_vit(network, digits)
    labels = network.model.forward(network.parameters, digits.inputs()).argmax(axis=1)
    assert found["n"] == 12 and found["accuracy"] == pytest.approx((labels == digits.labels).mean())
    assert found["bytes"] == network.nbytes


@pytest.mark.parametrize(("given", "message"), [
    ({"bits": 1}, "bits is 1"), ({"activations": 17}, "activations is 17"), ({"logit_bits": 0}, "logit_bits is 0"),
    ({"per": "row"}, "granularity is 'row'"), ({"calibrate": "guess"}, "calibrate is 'guess'"),
    ({"logit_bits": 8, "softmax": "soft"}, "softmax is 'soft'; use one of exact"),
    ({"logit_bits": 8, "shift": "up"}, "shift is 'up'; use one of none"),
    ({"softmax": "ibert"}, "softmax is 'ibert' and shift 'none', which work on quantised logits"),
    ({"shift": "row-max"}, "give logit bits"), ({"format": "fp5"}, "there is no format 'fp5'"),
    ({"format": "nf4", "bits": 4}, 'bits=4 cannot apply to format="nf4"'),
])
def test_settings_without_sense_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        Settings(**given)


def test_an_empty_calibration_is_refused():
    with pytest.raises(ValueError, match="calibration set is empty"):
        quantize_vit(VIT, FULL, IMAGES[:0], SIZE)


@pytest.mark.parametrize("settings", [FULL, Settings(4, "group:8", 4, logit_bits=3)])
def test_ranges_do_not_depend_on_the_last_bits_of_sums(settings):
    """Another order of the columns gives sums other last bits, as another processor does; every grid stays the same.
    """
    def grids(order):
        p = GPT_WEIGHTS.copy()
        for name in p:
            if name.endswith("up.weight"):
                p[name][:] = p[name][order]
            if name.endswith("up.bias"):
                p[name][:] = p[name][order]
            if name.endswith("down.weight"):
                p[name][:] = p[name][:, order]
        model = quantize_gpt(MODEL, p, replace(settings, bits=None), TOKENS).model
        return [(float(each.grid.scale), int(each.grid.zero_point)) for block in model.blocks for each in
                (block.attention.qkv.before, *block.attention.qkv.after, block.attention.out.before, block.up.before,
                 block.down.before)] + [block.attention.softmax.shift.scale for block in model.blocks]

    hidden = GPT_WEIGHTS["block1.up.weight"].shape[0]
    first = grids(np.arange(hidden))
    for seed in range(20):
        assert grids(np.random.default_rng(seed).permutation(hidden)) == first
