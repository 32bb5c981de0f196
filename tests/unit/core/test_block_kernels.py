"""Whole blocks in one call of a kernel give the bits that their layers give one after the other, in Pyodide and, as the
other kernels' tests, natively under sanitizers (tests/cli/test_kernels_build.py)."""

import numpy as np
import pytest

from pyapp.core import attention, engine, kernels
from pyapp.nets.transformer import Block
from pyapp.nets.vit import ViT, ViTSize
from pyapp.quantized.transformer import TransformerSettings, quantize_vit

pytestmark = pytest.mark.skipif(not kernels.TABLE, reason=f"no kernels here: {kernels.WHY_NOT}")
F32 = np.float32


def numbers(*shape, dtype=F32):
    return np.random.default_rng([1, *shape]).standard_normal(shape).astype(dtype)


def vit(width=24, heads=3, hidden=36):
    """A network with numbers in all parameters, and images for it."""
    size = ViTSize(patch=7, width=width, heads=heads, blocks=2, hidden=hidden)
    p = ViT(size).initial(1)
    p.vector += numbers(p.vector.size) * F32(0.2)
    return size, p, np.random.default_rng(2).random((7, 784), F32)


def assert_as_its_layers(block, p, x, tokens):
    """All rows, and the first of each sequence, in one call and by the layers."""
    for queries in (tokens, 1):
        at_once = block.at_once(block, p, x, tokens, queries)
        assert at_once is not None
        full = block.forward(p, x, tokens)
        np.testing.assert_array_equal(at_once, full if queries > 1 else full[::tokens], strict=True)


@pytest.mark.parametrize("width, heads, hidden", [(24, 3, 36), (5, 1, 3), (8, 8, 40)])
def test_in_float(width, heads, hidden):
    size, p, _ = vit(width, heads, hidden)
    block = ViT(size).blocks[1]
    with engine.using(engine.KERNELS):
        for tokens in (1, 5, 17):
            for sequences in (1, 4, 9):
                assert_as_its_layers(block, p, numbers(sequences * tokens, width), tokens)


@pytest.mark.parametrize("settings", [
    TransformerSettings(8, "channel", 8, logit_bits=4), TransformerSettings(3, activations=4),
    TransformerSettings(8, activations=8, logit_bits=8, shift="tensor-mean"),
])
@pytest.mark.parametrize("width, heads, hidden", [(24, 3, 36), (5, 1, 3)])
def test_between_grids(settings, width, heads, hidden):
    size, p, images = vit(width, heads, hidden)
    network = quantize_vit(p.astype(np.float64), settings, images, size)
    with engine.using(engine.KERNELS):
        for sequences in (1, 3):
            x = numbers(sequences * 17, width, dtype=np.float64)
            for block in network.model.blocks:
                assert_as_its_layers(block, network.parameters, x, 17)
        with pytest.raises(ValueError, match="NaN or infinite"):
            network.model.blocks[0].infer(network.parameters, np.full((17, width), np.nan), 17, 1)


@pytest.mark.parametrize("settings", [
    TransformerSettings(8, logit_bits=4), TransformerSettings(activations=8), TransformerSettings(9, activations=8),
    TransformerSettings(8, "group:8", 8), TransformerSettings(8, activations=8, calibrate="token"),
    TransformerSettings(8, activations=8, logit_bits=4, shift="row-max"),
    TransformerSettings(8, activations=8, logit_bits=4, softmax="tflite"),
])
def test_what_no_kernel_does_at_once_is_left_to_the_layers(settings):
    size, p, images = vit()
    network = quantize_vit(p.astype(np.float64), settings, images, size)
    block, x = network.model.blocks[0], numbers(34, 24, dtype=np.float64)
    with engine.using(engine.KERNELS):
        assert block.at_once(block, network.parameters, x, 17, 1) is None
        found = block.infer(network.parameters, x, 17, 1)
        np.testing.assert_array_equal(found, block.forward(network.parameters, x, 17)[::17])


def test_another_softmax_or_an_order_of_tokens_is_left_to_the_layers():
    size, p, _ = vit()
    x = numbers(34, 24)
    with engine.using(engine.KERNELS):
        for block in ViT(size).blocks:
            assert block.at_once(block, p, x, 17, 17) is not None
            block.attention.softmax = lambda scores, mask: attention.float_softmax(scores, mask)
            assert block.at_once(block, p, x, 17, 17) is None
        causal = Block("block1", 24, 3, 36, causal=True)
        assert causal.at_once(causal, p, x, 17, 17) is None


def in_float(rows=3, heads=2, tokens=3, answers=1, room=4 * 3 * 16 + 9):
    parameters = (numbers(n) for n in (4, 4, 48, 12, 16, 4, 4, 4, 8, 2, 8, 4))
    kernels.simd.sequences(numbers(rows, 4), *parameters, 0.5, heads, tokens, numbers(answers, 4), numbers(room))


def between_grids(rows=3, heads=2, tokens=3, answers=1, room=2 * 3 * 16 + 9, powers=3, zero=0, packed=None, inputs=4):
    layers = [each for outputs, width in ((12, 4), (4, 4), (2, inputs), (4, 2))
              for each in (np.ones((outputs, width), np.int8), np.ones(outputs), np.ones(outputs))]
    ends = np.full((7, 3), [zero, -8, 7], np.int32)
    panels = 4 * 4 + 8 * (3 * 4 + 4 + 4 + 2) if packed is None else packed
    kernels.simd.grid_sequences(numbers(rows, 4, dtype=float), *np.ones((4, 4)), *layers, np.ones(7, F32), ends,
                                np.ones(powers), 1.0, -1, 1, 0.0, 0.5, heads, tokens, np.empty((answers, 4)),
                                np.empty(panels, np.int16), np.empty(room), np.empty(1, np.int32))


@pytest.mark.parametrize("run, wrong", [
    *((run, wrong) for run in (in_float, between_grids)
      for wrong in ({"rows": 4}, {"heads": 3}, {"heads": 0}, {"tokens": 0}, {"answers": 2}, {"room": 200})),
    (between_grids, {"powers": 2}), (between_grids, {"zero": 1 << 23}), (between_grids, {"packed": 100}),
    (between_grids, {"inputs": 3}),
])
def test_a_wrong_argument_is_an_exception(run, wrong):
    run()
    with pytest.raises(ValueError, match="does not hold"):
        run(**wrong)
