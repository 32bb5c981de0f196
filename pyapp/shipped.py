"""The shipped networks, each read once. All callers get the same arrays, which must not be changed.

Each network's module is imported when it is asked for: in the browser every import is part of the wait for Python.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from pyapp.core.parameters import Parameters

if TYPE_CHECKING:
    from pyapp.data.text import Vocabulary
    from pyapp.nets.encoder.huggingface import Pretrained
    from pyapp.nets.gpt import GPT


@cache
def mlp() -> Parameters:
    """The digits network, float32."""
    from pyapp.nets import mlp

    return mlp.load()


@cache
def vit() -> Parameters:
    """The Vision Transformer, float32."""
    from pyapp.nets import vit

    return vit.load()


@cache
def gpt() -> tuple[GPT, Parameters, Vocabulary]:
    """The GPT with float64 parameters.

    Sums differ in their last bits between machines. In float32 that soon moves a number of a quantised network over the
    edge between two codes, and with few bits the text differs from there on; in float64 this hardly ever happens.
    """
    from pyapp.nets import gpt

    model, p, vocabulary = gpt.load()
    wide = Parameters(p.shapes, np.float64)
    wide.vector[:] = p.vector
    return model, wide, vocabulary


@cache
def encoder() -> Pretrained:
    """The encoder with float64 weights, for the reason given in `gpt`, its vocabulary and its classes."""
    from pyapp.nets.encoder import own

    found = own.load()
    return found._replace(weights={name: w.astype(np.float64) for name, w in found.weights.items()})
