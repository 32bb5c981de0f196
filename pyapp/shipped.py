"""The shipped networks, each read once. All who ask are given the same arrays, which are not to be changed."""

from functools import cache

import numpy as np

from pyapp.core.parameters import Parameters
from pyapp.data.text import Vocabulary
from pyapp.nets.gpt import GPT
from pyapp.nets.gpt import load as load_gpt
from pyapp.nets.mlp import load as load_mlp
from pyapp.nets.vit import load as load_vit


@cache
def mlp() -> Parameters:
    """The digits network, float32."""
    return load_mlp()


@cache
def vit() -> Parameters:
    """The Vision Transformer, float32."""
    return load_vit()


@cache
def gpt() -> tuple[GPT, Parameters, Vocabulary]:
    """The GPT with float64 parameters.

    Sums differ in their last bits between machines. In float32 that soon moves a number of a quantised network over the
    edge between two codes, and with few bits the text is another one from there on; in float64 it hardly ever does.
    """
    model, p, vocabulary = load_gpt()
    wide = Parameters(p.shapes, np.float64)
    wide.vector[:] = p.vector
    return model, wide, vocabulary
