"""Preparations leave the function of a network as it is, and move what makes it hard to quantise."""

import numpy as np
import pytest

from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.nets import mlp, vit
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.nets.mlp import MLP
from pyapp.nets.vit import ViT
from pyapp.quant.equalisation import equalising_scales
from pyapp.quant.smoothquant import smoothing_scales
from pyapp.quantized.integer_transformer import integer_vit
from pyapp.quantized.network import Settings, quantize_network
from pyapp.quantized.preparation import inputs_of, parsed, prepared, sites
from pyapp.quantized.sensitivity import sensitivity
from pyapp.quantized.transformer import TransformerSettings, quantize_gpt, quantize_vit

IMAGES = mnist.shipped("test")[0][:40]
SMALL = GPT(11, GPTSize(width=16, heads=2, blocks=2, context=16, hidden=32))
TOKENS = np.random.default_rng(2).integers(0, 11, (4, 16), np.int32)


def spread() -> Parameters:
    """Weights of the small GPT whose channels differ in size, with gains and shifts."""
    p, rng = SMALL.initial(1, np.float64), np.random.default_rng(3)
    for name in p:
        p[name][...] = (p[name] + 0.1) * np.exp(rng.standard_normal(p[name].shape[-1]))
    return p


NETWORKS = {"digits": (MLP(), mlp.load, IMAGES), "vit": (ViT(), vit.load, IMAGES), "gpt": (SMALL, spread, TOKENS)}


@pytest.mark.parametrize(("name", "how"), [("digits", "smooth"), ("digits", "smooth:1"), ("digits", "equalise"),
                                           ("vit", "smooth"), ("gpt", "smooth:0.8")])
def test_the_function_of_the_float_network_stays(name, how):
    model, load, inputs = NETWORKS[name]
    p = load().astype(np.float64)
    other = prepared(model, p, how, inputs)
    before, after = model.forward(p, inputs), model.forward(other, inputs)
    assert np.abs(before - after).max() <= 1e-12 * np.abs(before).max()
    changed = {each for each in p if not np.array_equal(p[each], other[each])}
    assert changed == {part for site in sites(model) for part in (*site.before, site.after)}


@pytest.mark.parametrize("name", NETWORKS)
def test_smoothing_gives_inputs_and_weights_one_range(name):
    """At α = 1/2 both are √(max|X_j| max|W_j|), in each channel that is used at all."""
    model, load, inputs = NETWORKS[name]
    p = load().astype(np.float64)
    seen, site = inputs_of(model, p, inputs), next(sites(model))
    site.scale(p, smoothing_scales(p[site.after], seen[site.after]))
    x, w = (np.abs(a).max(axis=0) for a in (inputs_of(model, p, inputs)[site.after], p[site.after]))
    assert (x > 0).sum() > 10 and np.allclose(x[x > 0], w[x > 0], rtol=2**-10)
    assert smoothing_scales(np.array([[2.0, -8]]), np.array([[0.5, 1], [-4, 0]]), 0.75) == pytest.approx(
        [4**0.75 / 2**0.25, 1 / 8**0.25])


def test_equalising_gives_rows_and_columns_one_range():
    p = prepared(MLP(), mlp.load().astype(np.float64), "equalise", None)
    for first, second in (("layer1", "layer2"), ("layer2", "layer3")):
        rows, columns = (np.abs(p[f"{layer}.weight"]).max(axis=axis) for layer, axis in ((first, 1), (second, 0)))
        assert np.allclose(rows, columns, rtol=0.03)
    assert (equalising_scales(np.array([[1.0, -4], [9, 1]]), np.array([[-1.0, 1], [0.5, 0]])) == [2, 3]).all()


def test_channels_that_are_never_used_stay_as_they_are():
    p = MLP((3, 2, 2)).initial(1, np.float64)
    p["layer1.weight"][0] = p["layer1.bias"][0] = p["layer2.weight"][:, 1] = 0
    for how in ("smooth", "equalise"):
        assert np.array_equal(prepared(MLP.of(p), p, how, np.ones((1, 3))).vector, p.vector)


def test_a_prepared_network_runs_in_integers_and_reads_digits():
    inputs, labels = mnist.shipped("test")
    network = quantize_network(mlp.load(), Settings(4, activations=4, prepare="equalise"), mnist.calibration()[:128])
    codes = network.integer().forward(network.activations["input"].quantize(inputs[:500]))
    assert (codes.argmax(axis=1) == labels[:500]).mean() > 0.97


@pytest.mark.in_pyodide(0, "each half has tests of its own there")
def test_a_prepared_transformer_runs_in_simulation_and_in_integers():
    settings = TransformerSettings(8, activations=8, logit_bits=8, softmax="lut2", prepare="smooth")
    expected = ViT().forward(vit.load(), IMAGES)
    for make in (quantize_vit, integer_vit):
        network = make(vit.load(), settings, IMAGES)
        found = network.model.forward(network.parameters, IMAGES)
        assert np.abs(found - expected).max() < 0.1 * np.abs(expected).max()


def test_sensitivity_measures_the_prepared_network():
    table = sensitivity(mlp.load(), Settings(prepare="equalise"), IMAGES, mnist.shipped("test")[1][:40], (3, 8))
    assert all(rows[8]["kl"] < 1e-3 for rows in table.values())  # another network's layer would destroy it
    assert table["layer2.weight"][3]["kl"] > 10 * table["layer2.weight"][8]["kl"]


@pytest.mark.parametrize(("make", "said"), [
    (lambda: Settings(prepare="soft"), "prepare is 'soft'; use one of none, smooth"),
    (lambda: Settings(activations=8, prepare="smooth:2"), "a number from 0 to 1"),
    (lambda: Settings(activations=8, prepare="smooth:x"), "a number from 0 to 1"),
    (lambda: Settings(prepare="equalise:1"), "use one of none"),
    (lambda: Settings(prepare="smooth"), "the activations are float32; give activations"),
    (lambda: Settings(method="qat", prepare="equalise"), "trains weights of its own"),
    (lambda: TransformerSettings(8, prepare="equalise"), "needs a ReLU between two matrices"),
    (lambda: quantize_gpt(SMALL, spread(), TransformerSettings(activations=8, prepare="smooth"), TOKENS[:0]),
     "calibration set is empty"),
])
def test_what_repairs_nothing_is_refused_in_a_sentence(make, said):
    with pytest.raises(ValueError, match=said):
        make()


def test_the_exponent_follows_a_colon():
    assert parsed("smooth") == ("smooth", 0.5) and parsed("smooth:0.75") == ("smooth", 0.75)
