"""The Hadamard rotation against a matrix that Kronecker products make, and in all networks."""

import numpy as np
import pytest

from pyapp.data import mnist
from pyapp.nets import mlp, vit
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.nets.vit import ViT
from pyapp.quant.hadamard import Rotated, RotatedGrid, blocks, rotate, rotate_back
from pyapp.quant.schemes import quantize
from pyapp.quantized.integer_transformer import integer_vit
from pyapp.quantized.network import Settings, quantize_network
from pyapp.quantized.transformer import TransformerSettings, quantize_gpt, quantize_vit


def matrix(width: int) -> np.ndarray:
    """The blocks of H, without the code under test."""
    whole, start = np.zeros((width, width)), 0
    for size in (1 << bit for bit in reversed(range(11)) if width >> bit & 1):
        h = np.ones((1, 1))
        while len(h) < size:
            h = np.kron(h, [[1, 1], [1, -1]])
        whole[start: start + size, start: start + size] = h / np.sqrt(size)
        start += size
    return whole


@pytest.mark.parametrize("width", [1, 10, 64, 784])
def test_rotating_is_an_orthogonal_matrix_and_keeps_a_layers_output(width):
    r, h = rotate(np.eye(width)), matrix(width)
    assert np.allclose(np.abs(r), np.abs(h), atol=1e-12)
    signs = np.sign((r * h).sum(axis=1))
    assert np.allclose(r, signs[:, None] * h, atol=1e-12) and (width == 1 or 0 < (signs > 0).sum() < width)
    rng = np.random.default_rng(1)
    x, w = rng.standard_normal((5, width)), rng.standard_normal((3, width))
    assert np.abs(rotate(x) @ rotate(w).T - x @ w.T).max() <= 1e-12 * width
    assert np.abs(rotate_back(rotate(x)) - x).max() <= 1e-13 * width
    assert rotate(x.astype(np.float32)).dtype == np.float32


def test_blocks_are_the_powers_of_two_in_the_width():
    assert [blocks(width) for width in (784, 128, 10, 7)] == [[512, 256, 16], [128], [8, 2], [4, 2, 1]]


def test_an_outlier_no_longer_sets_the_scale():
    w = np.random.default_rng(2).standard_normal((8, 128)).astype(np.float32)
    w[3, 50] = 40
    plain, rotated = quantize(w, 4), Rotated(quantize(rotate(w), 4))
    assert rotated.nbytes == plain.nbytes and rotated.codes.shape == w.shape
    errors = [np.square(w - each.dequantize()).sum() for each in (plain, rotated)]
    assert errors[1] < errors[0] / 5


@pytest.mark.parametrize("settings", [Settings(4, activations=4, prepare="hadamard"),
                                      Settings(3, per="channel", method="gptq", prepare="hadamard"),
                                      Settings(format="nf4", activations=8, prepare="hadamard")], ids=str)
def test_the_rotated_digits_network_computes_what_its_codes_compute_on_rotated_inputs(settings):
    images, labels = mnist.shipped("test")
    network, p, x = quantize_network(mlp.load(), settings, mnist.calibration()[:128]), mlp.load(), images[:100]
    found = network.simulated().forward(network.parameters, x)
    for name, tensor in network.weights.tensors.items():
        grid = list(network.activations.values())[list(network.weights.tensors).index(name)] if (
            network.activations) else None
        turned = rotate(np.asarray(x, np.float64))
        turned = turned if grid is None else grid.grid.fake_quantize(turned.astype(np.float32))
        x = turned @ tensor.rotated.dequantize().T.astype(np.float64) + p[name.replace("weight", "bias")]
        x = x if name == "layer3.weight" else np.maximum(x, 0)
    if network.activations:
        assert isinstance(grid, RotatedGrid)
        x = network.activations["layer3"].fake_quantize(x)
    close = np.abs(found - x).max(axis=1) < (0.2 if network.activations else 1e-3) * np.abs(x).max()
    assert close.mean() > 0.9 and (found.argmax(axis=1) == labels[:100]).mean() > 0.9
    with pytest.raises(ValueError, match=r"in a number format or rotated|activations are float32"):
        network.integer()


def test_transformers_are_rotated_too():
    images, model = mnist.shipped("test")[0][:20], GPT(11, GPTSize(width=16, heads=2, blocks=1, context=16, hidden=32))
    tokens, weights = np.random.default_rng(2).integers(0, 11, (2, 16), np.int32), model.initial(1)
    settings = TransformerSettings(8, activations=8, prepare="hadamard")
    for network, exact, p, x in ((quantize_vit(vit.load(), settings, images), ViT(), vit.load(), images),
                                 (quantize_gpt(model, weights, settings, tokens), model, weights, tokens)):
        expected, found = exact.forward(p, x), network.model.forward(network.parameters, x)
        assert 0 < np.abs(found - expected).max() < 0.1 * np.abs(expected).max()
        assert all(isinstance(tensor, Rotated) for tensor in network.tensors.values())
    with pytest.raises(ValueError, match="rotates activations in floats"):
        integer_vit(vit.load(), TransformerSettings(8, activations=8, logit_bits=8, softmax="lut2", prepare="hadamard"))
    with pytest.raises(ValueError, match="give bits or activations"):
        TransformerSettings(prepare="hadamard")
