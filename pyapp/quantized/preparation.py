"""Preparation: a network that computes the same function, with numbers that are easier to quantise.

Dividing what makes a channel by s > 0 and multiplying what reads the channel by s changes nothing, if only linear
operations, ReLU or a LayerNorm's gain and shift lie between the two; ReLU6 and hard tanh let no scale through. What
remains at run time is other weights, so a prepared network runs like any other, in integers too.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from pyapp.core.clamps import CLAMPS
from pyapp.core.parameters import Parameters
from pyapp.nets.gpt import GPT
from pyapp.nets.mlp import MLP
from pyapp.nets.vit import ViT
from pyapp.quant.awq import awq_scales, steady
from pyapp.quant.equalisation import equalising_scales
from pyapp.quant.parameters import ROTATED, UNPREPARED
from pyapp.quant.smoothquant import ALPHA, smoothing_scales

PREPARATIONS = (UNPREPARED, "smooth", "equalise", "awq", ROTATED)
Rounded = Callable[[str, np.ndarray], np.ndarray]  # weight name, W -> Ŵ, as the network's settings round it
ROUNDS, ENOUGH = 50, 0.01  # of equalisation, which goes on until no scale changes a channel by more than this part


@dataclass(frozen=True)
class Site:
    """Where channels can be scaled: some rows of what makes them, which are divided, and the columns of the matrix that
    reads them, which are multiplied."""

    before: tuple[str, ...]
    after: str
    first: int = 0  # of the rows; they go on to the last one

    def scale(self, p: Parameters, s: np.ndarray) -> np.ndarray:
        """Scale the channels of p, in place, and return the scales used: s of 12 significant bits, or 1 where s is not
        positive and finite."""
        s = steady(s)
        for name in self.before:
            part = p[name][self.first:]
            part[...] = (part.T / s).T
        p[self.after][...] = p[self.after] * s
        return s


def sites(model: MLP | ViT | GPT) -> Iterator[Site]:
    """A model's sites in the order in which numbers flow through them. In a transformer: from each LayerNorm to the
    matrix that reads it, and from the values to the projection after attention, whose probabilities only average them.
    GELU lets no scale through, and a GPT's head is its table of tokens: their inputs stay as they are. So do a digits
    network's pixels."""
    if isinstance(model, MLP):
        for first, second in zip(model.linears, model.linears[1:], strict=False):
            yield Site((first.weight, first.bias), second.weight)
        return
    for block in model.blocks:
        qkv, out = block.attention.linears
        width = model.size.width
        yield Site((block.norm1.weight, block.norm1.bias), qkv.weight)
        yield Site((qkv.weight, qkv.bias), out.weight, 2 * width)
        yield Site((block.norm2.weight, block.norm2.bias), block.up.weight)
    if isinstance(model, ViT):
        yield Site((model.norm.weight, model.norm.bias), model.head.weight)


def check(how: str, transformer: bool, rounds: bool, activations: int | None) -> None:
    """ValueError for a preparation that does not exist or would repair nothing; `rounds` says whether weights are
    rounded."""
    name, _ = parsed(how)
    if name == UNPREPARED:
        return
    if name == "equalise" and transformer:
        raise ValueError('prepare is "equalise", which needs a ReLU between two matrices, and a transformer has GELU '
                         'or LayerNorm; use prepare="smooth"')
    if name == "smooth" and activations is None:
        raise ValueError(f'prepare is "{how}", which moves outliers of the activations into the weights, but the '
                         "activations are float32; give activations, 8 for example")
    if name == ROTATED and not rounds and activations is None:
        raise ValueError(f'prepare is "{how}", but weights and activations are float32; give bits or activations')
    if name in ("equalise", "awq") and not rounds:
        raise ValueError(f'prepare is "{how}", which makes weights easier to round, but they are float32; give bits, 4 '
                         "for example")


def parsed(how: str) -> tuple[str, float]:
    """The preparation's name and α, which may follow "smooth:", from 0 to 1. ValueError says what is wrong."""
    name, colon, alpha = how.partition(":")
    if name not in PREPARATIONS or (colon and name != "smooth"):
        raise ValueError(f"prepare is {how[:40]!r}; use one of {', '.join(PREPARATIONS)}, or smooth:A with A from 0 "
                         "to 1")
    try:
        found = float(alpha) if colon else ALPHA
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise ValueError(f"prepare is {how[:40]!r}; after smooth: comes a number from 0 to 1, as in smooth:0.75")
    return name, found


def prepared(model: MLP | ViT | GPT, p: Parameters, how: str, inputs: np.ndarray | None,
             rounded: Rounded | None = None) -> Parameters:
    """Parameters, of p's dtype, with which the model computes the same function. `inputs` are what the model takes;
    "equalise" needs none. "awq" tries scales by what `rounded` makes of the weights. A rotation is not in the
    parameters: it is made where numbers are rounded. ValueError if no scale passes the network's activation."""
    name, alpha = parsed(how)
    if name in (UNPREPARED, ROTATED):
        return p
    if not CLAMPS[p.activation].scales:
        raise ValueError(f'prepare is "{how}", which scales numbers before an activation and back after it; that '
                         f'changes nothing with ReLU, but this network has {p.activation}: use prepare="{ROTATED}" or '
                         f'prepare="{UNPREPARED}"')
    p = p.copy()
    if name == "equalise":
        _equalise(list(sites(model)), p)
        return p
    seen = inputs_of(model, p, inputs)
    for after, site in ((site.after, site) for site in sites(model)):
        site.scale(p, smoothing_scales(p[after], seen[after], alpha) if name == "smooth" else
                   awq_scales(p[after], seen[after], partial(rounded, after)))
    return p


def inputs_of(model: MLP | ViT | GPT, p: Parameters, inputs: np.ndarray) -> dict[str, np.ndarray]:
    """What each dense layer is given, float64 (N, I), by the name of its weights."""
    model.forward(p.astype(np.float64), inputs)
    return {layer.weight: layer.x for layer in model.linears}


def _equalise(pairs: list[Site], p: Parameters) -> None:
    """Equalise all pairs, in several rounds, because a matrix between two others belongs to two pairs."""
    for _ in range(ROUNDS):
        used = [site.scale(p, equalising_scales(p[site.before[0]], p[site.after])) for site in pairs]
        if max((np.abs(s - 1).max() for s in used), default=0.0) <= ENOUGH:  # one layer has no pair
            break
