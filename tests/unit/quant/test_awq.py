"""AWQ against plain loops, in the three networks, whose function it leaves as it is."""

import numpy as np
import pytest

from pyapp.data import mnist
from pyapp.nets import mlp, vit
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.nets.mlp import MLP
from pyapp.nets.vit import ViT
from pyapp.quant.alone import Alone
from pyapp.quant.awq import awq_scales
from pyapp.quantized.integer_transformer import integer_vit
from pyapp.quantized.network import Settings, quantize_network
from pyapp.quantized.preparation import inputs_of, prepared, sites
from pyapp.quantized.transformer import TransformerSettings, quantize_gpt, rounded_by

IMAGES, LABELS = (part[:40] for part in mnist.shipped("test"))
SMALL = GPT(11, GPTSize(width=16, heads=2, blocks=2, context=16, hidden=32))
TOKENS = np.random.default_rng(2).integers(0, 11, (4, 16), np.int32)
NETWORKS = {"digits": (MLP(), mlp.load, IMAGES), "vit": (ViT(), vit.load, IMAGES),
            "gpt": (SMALL, lambda: SMALL.initial(1), TOKENS)}


def salient() -> tuple[np.ndarray, np.ndarray]:
    """Weights, and inputs of which some are large and one is always 0."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((50, 24)) * np.where(np.arange(24) % 8 == 3, 30, 1)
    x[:, 7] = 0
    return rng.standard_normal((6, 24)), x


def three_bits(w: np.ndarray) -> np.ndarray:
    """Rounding to nearest, one scale per row."""
    scale = np.abs(w).max(axis=1, keepdims=True) / 3
    return np.round(w / scale) * scale


def test_the_exponent_is_that_of_least_output_error():
    w, x = salient()
    size, best = np.abs(x).mean(axis=0), (np.inf, None)
    live = np.flatnonzero(size)
    for step in range(20):
        s = np.ones(24)
        for j in live:
            s[j] = size[j] ** (step / 20)
        ends = s[live].max() * s[live].min()
        s[live] = s[live] / ends**0.5
        error = sum(float(np.sum(((three_bits(w * s) / s - w) @ row) ** 2)) for row in x)
        best = min(best, (error, step / 20, s), key=lambda found: found[0])
    error, alpha, s = best
    found = awq_scales(w, x, three_bits)
    assert alpha > 0.2 and np.allclose(found, s, rtol=1e-12) and found[7] == 1
    assert error < 0.5 * np.sum(((three_bits(w) - w) @ x.T) ** 2)
    assert found[3::8].min() > 3 * np.delete(found, [3, 7, 11, 19]).max()  # large inputs have large weights


def test_where_nothing_helps_the_scales_are_one():
    w, x = salient()
    assert (awq_scales(w, x, lambda w: w) == 1).all() and (awq_scales(w, 0 * x, three_bits) == 1).all()
    with pytest.raises(ValueError, match=r"give \(N, 24\), N from 1"):
        awq_scales(w, x[:0], three_bits)
    with pytest.raises(ValueError, match="NaN or infinite"):
        awq_scales(w, np.full_like(x, np.inf), three_bits)


@pytest.mark.in_pyodide(1, "the cases differ in settings, not in arithmetic")
@pytest.mark.parametrize("name", NETWORKS)
def test_the_function_of_the_float_network_stays_and_no_layer_gets_worse(name):
    model, load, inputs = NETWORKS[name]
    p, rounded = load().astype(np.float64), rounded_by(TransformerSettings(3, "channel"))
    other = prepared(model, p, "awq", inputs, rounded)
    before, after = model.forward(p, inputs), model.forward(other, inputs)
    assert np.abs(before - after).max() <= 1e-12 * np.abs(before).max() and not np.array_equal(p.vector, other.vector)
    seen, now = inputs_of(model, p, inputs), inputs_of(model, other, inputs)
    for site in sites(model):
        if site.before[0].endswith("qkv.weight"):  # its own matrix was scaled again since
            continue
        errors = [np.square(x[site.after] @ (rounded(site.after, q[site.after]) - q[site.after]).T).sum()
                  for q, x in ((p, seen), (other, now))]
        assert errors[1] <= errors[0] * 1.02 or site.after.endswith(("qkv.weight", "layer2.weight"))


@pytest.mark.in_pyodide(1, "the cases differ in settings, not in arithmetic")
@pytest.mark.parametrize("settings", [Settings(3, per="channel", prepare="awq"),
                                      Settings(format="int3:32", prepare="awq"),
                                      Settings(3, per="group:16", method="gptq", prepare="awq"),
                                      Settings(2, per="group:16", method="hqq", prepare="awq")], ids=str)
def test_it_looks_at_the_codes_that_the_settings_make(settings):
    network = quantize_network(mlp.load(), settings, mnist.calibration()[:64])
    found = network.simulated().forward(network.parameters, IMAGES)
    assert (found.argmax(axis=1) == LABELS).mean() > 0.9
    p = prepared(MLP(), mlp.load(), "awq", mnist.calibration()[:64],
                 lambda name, w: settings.alone(name, list(network.weights.tensors))(w).dequantize())
    if settings.method != "gptq":
        name = "layer2.weight"
        assert np.array_equal(network.weights.tensors[name].codes, settings.alone(name, list(
            network.weights.tensors))(p[name]).codes)


def test_a_memo_knows_that_scales_depend_on_the_layers_that_follow():
    memo, inputs, settings = {}, mnist.calibration()[:64], Settings(per="channel", prepare="awq")
    for bits in ((3, 3, 3), (3, 4, 2), (3, 2, 3)):
        kept, fresh = (quantize_network(mlp.load(), settings.at(bits), inputs, each) for each in (memo, None))
        assert np.array_equal(kept.parameters.vector, fresh.parameters.vector)


@pytest.mark.in_pyodide(0, "the integer networks' own tests run there")
def test_prepared_networks_run_in_integers():
    network = quantize_network(mlp.load(), Settings(4, activations=8, prepare="awq"), mnist.calibration()[:128])
    codes = network.integer().forward(network.activations["input"].quantize(IMAGES))
    assert (codes.argmax(axis=1) == LABELS).mean() > 0.9
    settings = TransformerSettings(8, activations=8, logit_bits=8, softmax="lut2", prepare="awq", clip="mse")
    expected, made = ViT().forward(vit.load(), IMAGES), integer_vit(vit.load(), settings, IMAGES)
    assert np.abs(made.model.forward(made.parameters, IMAGES) - expected).max() < 0.2 * np.abs(expected).max()
    assert np.array_equal(made.tensors["block1.up.weight"].codes, Alone(8, clip="mse")(
        made.parameters["block1.up.weight"]).codes)


@pytest.mark.parametrize(("make", "said"), [
    (lambda: TransformerSettings(activations=8, prepare="awq"), "makes weights easier to round, but they are float32"),
    (lambda: Settings(4, method="qat", prepare="awq"), "trains weights of its own"),
    (lambda: Settings(4, prepare="awq:0.5"), "use one of none, smooth, equalise, awq"),
    (lambda: quantize_network(mlp.load(), Settings(4, prepare="awq"), None), "need calibration inputs"),
    (lambda: quantize_gpt(SMALL, SMALL.initial(1), TransformerSettings(4, prepare="awq"), TOKENS[:0]),
     "calibration set is empty"),
])
def test_what_repairs_nothing_is_refused_in_a_sentence(make, said):
    with pytest.raises(ValueError, match=said):
        make()
