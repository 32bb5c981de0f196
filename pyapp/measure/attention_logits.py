"""The logits of trained heads as sources for the softmax lab; here the Vision Transformer's, on a held-out digit."""

from functools import cache

import numpy as np

from pyapp import shipped
from pyapp.core.attention import Attention, float_softmax
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.measure.attention_logits_gpt import written
from pyapp.nets.vit import ViT
from pyapp.softmax.sources import FINENESS, Source, causal_mask


class Recorder:
    """The float softmax, which also keeps its input, the scores."""

    def __init__(self):
        self.scores: np.ndarray | None = None  # B, H, T, S

    def __call__(self, scores: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
        self.scores = scores.copy()  # the softmax overwrites them
        return float_softmax(scores, mask)


def record(attentions: list[Attention]) -> list[Recorder]:
    """Make attention layers keep their scores from now on, and return what keeps them."""
    recorders = [Recorder() for _ in attentions]
    for attention, recorder in zip(attentions, recorders, strict=True):
        attention.softmax = recorder
    return recorders


@cache
def _vit() -> Parameters:
    """The shipped weights as float64, so that sums that differ in the last bit give the same logits everywhere."""
    return shipped.vit().astype(np.float64)


def vision(length: int, causal: bool, seed: int) -> Source:
    """All heads of all layers of the shipped Vision Transformer, which reads the held-out digit number `seed`."""
    images, labels = mnist.shipped("test")
    number, model = seed % len(labels), ViT()
    recorders = record([block.attention for block in model.blocks])
    model.forward(_vit(), images[number : number + 1].astype(np.float64))
    length = min(length, model.tokens)
    logits = np.concatenate([recorder.scores[0] for recorder in recorders])[:, :length, :length]  # L·H, T, T
    tokens = token_names(model.size.patches)[:length]
    about = (f"The Vision Transformer reads test digit {number}, a {labels[number]}: {len(model.blocks)} layers of "
             f"{model.size.heads} heads, counted from the first layer on. Of its {model.tokens} tokens these are the "
             f"first {length}: the class token, then patches in reading order.")
    return Source(np.rint(logits * FINENESS) / FINENESS, causal_mask(length) if causal else None, tokens, tokens, about)


def token_names(patches: int) -> tuple[str, ...]:
    """The class token, then each patch as row.column, from 1."""
    side = round(patches**0.5)
    return ("class", *(f"{i // side + 1}.{i % side + 1}" for i in range(patches)))


TRAINED = {"vision transformer": vision, "gpt": written}  # by the name under which the lab offers them
