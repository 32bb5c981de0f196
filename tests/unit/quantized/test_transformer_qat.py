"""Transformers trained with quantised attention: the gradient that goes straight through, and what training repairs."""

import numpy as np
import pytest

from pyapp.core.attention import Attention, float_softmax
from pyapp.core.gradcheck import numeric_gradient
from pyapp.core.losses import softmax_cross_entropy
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.data.mnist import Digits
from pyapp.measure.measure_transformer import measure_vit
from pyapp.nets import vit
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.nets.vit import ViT, ViTSize
from pyapp.quantized.integer_transformer import integer_vit
from pyapp.quantized.transformer import TransformerSettings, quantize_vit
from pyapp.quantized.transformer_qat import FineTuning, QATTransformer, TrainedAttention, TrainedSoftmax, fine_tune

COARSE = TransformerSettings(8, activations=8, logit_bits=3, softmax="ibert")


@pytest.mark.parametrize(("causal", "method"), [(False, "hccs"), (True, "ibert")])
def test_the_gradient_is_that_of_the_float_softmax_around_the_codes(causal, method):
    """The integer probabilities plus what the float softmax changes by have exactly this gradient, and a value."""
    rng, float_attention = np.random.default_rng(1), Attention("a", 6, 2, causal)
    attention = TrainedAttention.of(float_attention, TrainedSoftmax(3, method, "none"))
    shapes = {name: shape for linear in attention.linears for name, shape in linear.shapes.items()}
    p = Parameters(shapes, np.float64)
    p.vector[:] = rng.normal(0, 1, p.vector.shape)
    x, weight = rng.normal(0, 1, (10, 6)), rng.normal(0, 1, (10, 6))
    hard = (attention.forward(p, x, 5), attention.probabilities)[1]
    dx = attention.backward(p, weight)
    gradient = p.gradient.copy()
    start = attention.softmax.exact
    assert np.abs(hard - start).max() > 0.05  # 3 bits are coarse
    float_attention.softmax = lambda scores, mask: hard + float_softmax(scores, mask) - start

    def loss() -> float:
        return float((float_attention.forward(p, x, 5) * weight).sum())

    np.testing.assert_allclose(dx, numeric_gradient(loss, x), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gradient, numeric_gradient(loss, p.vector), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("model", [ViT(ViTSize(14, 16, 2, 2, 24)), GPT(11, GPTSize(16, 2, 2, 8, 24))],
                         ids=["vit", "gpt"])
def test_on_fine_grids_it_is_the_float_networks_gradient(model):
    rng, p = np.random.default_rng(2), model.initial(3, np.float64)
    x, y = ((rng.random((5, 784)), rng.integers(0, 10, 5)) if isinstance(model, ViT) else
            (rng.integers(0, 11, (2, 8)), rng.integers(0, 11, 16)))
    found = {}
    for name, each in (("float", model), ("fine", QATTransformer(model, TransformerSettings(
            16, activations=16, logit_bits=16)))):
        model_p = p.copy()
        each.backward(model_p, softmax_cross_entropy(each.forward(model_p, x), y)[1])
        found[name] = model_p.gradient
    assert np.abs(found["fine"] - found["float"]).max() < 2e-3 * np.abs(found["float"]).max()
    assert (found["fine"] != found["float"]).any()


def test_a_forward_pass_is_that_of_the_network_that_inference_simulates():
    images, p = mnist.shipped("test")[0][:8].astype(np.float64), vit.load()
    settings = TransformerSettings(4, activations=5, logit_bits=4, softmax="lut2", shift="row-max")
    simulated = quantize_vit(p, settings, images)  # calibrated on the very images that are run
    logits = QATTransformer(ViT(), settings).forward(p.astype(np.float64), images)
    np.testing.assert_array_equal(logits, simulated.model.forward(simulated.parameters.astype(np.float64), images))


@pytest.mark.in_pyodide(0, "the qat page's session in tests/parity trains through rounding")
def test_a_few_steps_repair_coarse_attention_in_the_integer_network_too():
    inputs, labels = mnist.shipped("train")
    test = mnist.load()
    test = Digits(test.images[::60], test.labels[::60])
    p, said = vit.load(), []
    trained = fine_tune(FineTuning(steps=6, warmup=2, batch=16), ViT(), p, COARSE, inputs, labels, said.append, every=3)
    before, after = (measure_vit(integer_vit(each, COARSE), test) for each in (p, trained))
    assert len(said) == 2 and (p.vector == vit.load().vector).all()
    assert after["accuracy"] > before["accuracy"] + 0.2 and after["loss"] < before["loss"] / 2
