"""Attention codes of a tiny Vision Transformer and a tiny GPT from a seed, to be compared between runtimes.

Scores are float, so where one lies next to the middle between two codes, runtimes may round it to different ones. These
networks have no such score: a test holds them at least MARGIN of a step away, a hundred times what runtimes differ by.
"""

import numpy as np

from pyapp.core.rng import generator
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.nets.vit import ViT, ViTSize
from pyapp.quantized.attention_softmax import codes_of
from pyapp.quantized.transformer import QuantizedTransformer, TransformerSettings, quantize_gpt, quantize_vit

SEED, MARGIN = 1, 1e-4
CASES = tuple(TransformerSettings(8, logit_bits=bits, softmax=method, shift=rule) for bits, method, rule in (
    (6, "ibert", "none"), (5, "itamax", "tensor-mean"), (5, "tflite", "row-mean"), (4, "softermax", "row-midrange"),
    (4, "lut2", "row-max"), (2, "indexsoftmax", "row-max-clip")))
VIT_SIZE = ViTSize(patch=14, width=16, heads=2, blocks=1, hidden=16)
CHARACTERS, GPT_SIZE = 7, GPTSize(width=16, heads=2, blocks=1, context=10, hidden=16)


def attention_codes() -> dict[str, np.ndarray]:
    """Codes of the scores and of the probabilities, int32 (B, H, T, T), for each network and case."""
    found = {}
    for settings in CASES:
        for name, network in networks(settings).items():
            codes = codes_of(network.model.blocks[0].attention)
            case = f"{name}.{settings.softmax}"
            found |= {f"{case}.logits": codes.logits, f"{case}.probabilities": codes.probabilities}
    return found


def networks(settings: TransformerSettings) -> dict[str, QuantizedTransformer]:
    """Both networks, having seen the input that calibrated them, in the same float64."""
    rng, model = generator(SEED, "attention proof"), GPT(CHARACTERS, GPT_SIZE)
    images = rng.random((2, 784)).astype(np.float32)
    tokens = rng.integers(0, CHARACTERS, (2, GPT_SIZE.context), np.int32)
    found = {"vit": quantize_vit(_weights(ViT(VIT_SIZE)), settings, images, VIT_SIZE),
             "gpt": quantize_gpt(model, _weights(model), settings, tokens)}
    for network, inputs in zip(found.values(), (images, tokens), strict=True):
        network.model.forward(network.parameters.astype(np.float64), inputs)
    return found


def _weights(model: ViT | GPT):
    """Larger than at the start of a training, so that attention is decided."""
    p = model.initial(SEED)
    p.vector *= np.float32(2)
    return p
