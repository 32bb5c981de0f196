"""What network some arrays are: found by their names and shapes, or said in a sentence that they are none."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from pyapp.core.clamps import RELU

FLAT = "weights"  # all parameters in one vector: long trainings' files from before version 1
USE = "use a file written by train, qat, distill, export or a page's Save checkpoint"
SHOWN = 4  # arrays that an error names
INPUTS = 784  # of a digits network
HEADS = 4  # of every transformer saved before files recorded it; shapes do not show it
NETWORKS = {  # name: its title, an array that only it has, and what reads it
    "signals": ("a network for signals", "normal.mean", "verify"),
    "mlp": ("a digits network", "layer1.weight", "evaluate mlp, predict, sensitivity, mixed, sweep, export, "
            "budget and the pages digits and qat"),
    "vit": ("a Vision Transformer", "patch.weight", "evaluate vit, attention-table vit, export and the page vision"),
    "gpt": ("a GPT", "tokens.weight", "generate gpt, evaluate gpt, attention-table gpt and the page learn"),
    "generator": ("the teacher of the digit generator", "router.weight", "digits, judge-digits and distill-digits"),
    "routing": ("the routing of the mini decoder", "routing.weight", "digits and judge-digits"),
    "ladder": ("the toy transformer of the ladder", "W_Q", "ladder rollout"),
    "line": ("a line fit of the ladder", "w", "the pages rung1 to rung3"),
    "encoder": ("an encoder", "mobilebert.embeddings.word_embeddings.weight", "encoder and the page encoder"),
    "words": ("text written by the toy transformer", "probabilities", "the page rung7"),
}


def known(arrays: Mapping[str, np.ndarray]) -> str:
    """The network that has one of these arrays, or "" if there is none."""
    return next((network for network, (_, name, _) in NETWORKS.items() if {name, f"{name}.codes"} & set(arrays)), "")


def shapes_of(arrays: Mapping[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
    """The parameters' shapes, including those of packed weights."""
    forms = {key.removesuffix(".form"): tuple(int(n) for n in array[4:])
             for key, array in arrays.items() if key.endswith(".weight.form")}
    return {key: array.shape for key, array in arrays.items()} | forms


def sizes_of(network: str, shapes: Mapping[str, tuple[int, ...]], heads: int | None, outputs: int,
             activation: str) -> dict[str, Any]:
    """The sizes that determine a network's shapes, and what else its arrays do not show: heads, and an activation that
    is not ReLU. There it is refused, too, by a Bitladder that knows ReLU only. ValueError or KeyError if arrays are
    missing."""
    if network in ("mlp", "signals"):
        weights = [shapes[key] for i in range(1, len(shapes) + 1) if (key := f"layer{i}.weight") in shapes]
        sizes = {"layers": [weights[0][1], *(rows for rows, _ in weights)]}
        for at, number, what in ((0, INPUTS, "inputs"), (-1, outputs, "outputs")):
            if network == "mlp" and (found := sizes["layers"][at]) != number:
                raise ValueError(f"layer{at % len(weights) + 1}.weight has {found} {what}, but a digits network has "
                                 f"{number}")
        return sizes if activation == RELU else {**sizes, "activation": activation}
    heads = HEADS if heads is None else heads
    if network == "encoder":  # whose shapes show all else, and what is wrong with heads
        return {"heads": heads}
    if network not in ("vit", "gpt") or FLAT in shapes:
        return {}
    blocks = next(i for i in range(len(shapes) + 1) if f"block{i + 1}.up.weight" not in shapes)
    if not blocks:
        raise ValueError("there are no blocks")
    hidden, width = shapes["block1.up.weight"]
    if type(heads) is not int or heads < 1 or width < 1 or width % heads:
        raise ValueError(f"{width} columns cannot be divided among {heads} heads")
    sizes = {"width": width, "heads": heads, "blocks": blocks, "hidden": hidden}
    if network == "vit":
        return {"patch": math.isqrt(shapes["patch.weight"][1]), **sizes}
    return {"characters": shapes["tokens.weight"][0], "context": shapes["places.weight"][0], **sizes}


def strange(arrays: Mapping[str, np.ndarray], name: str, error: Exception) -> str:
    """A sentence about arrays that are no whole network: what they are, and what would do."""
    if network := known(arrays):
        why = {KeyError: f"{error} is missing", ValueError: str(error)}.get(type(error), "its shapes do not fit")
        title, its_own, _ = NETWORKS[network]
        return (f"{name} has the array {its_own} of {title}, but not the rest of one: {why}; save it again or use "
                "another file")
    if not arrays:
        return f"{name} holds no arrays; {USE}"
    first, array = next(iter(arrays.items()))
    return (f"{name} holds {_listed(arrays)}, which no network here has; {USE}. The first, {_quoted(first)}, is "
            f"{array.dtype} {array.shape}")


def _listed(arrays: Mapping[str, np.ndarray]) -> str:
    names = sorted(arrays)
    few, more = ", ".join(map(_quoted, names[:SHOWN])), f" and {len(names) - SHOWN} more" * (len(names) > SHOWN)
    return f"{'the array' if len(names) == 1 else 'the arrays'} {few}{more}"


def _quoted(name: str) -> str:
    plain = "".join(mark if mark.isprintable() else "?" for mark in name)  # a terminal obeys some that are not
    return f'"{plain if len(plain) <= 40 else f"{plain[:40]}…"}"'
