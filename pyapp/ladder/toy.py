"""The toy transformer of rungs 4 to 7: its words, its weights, and the way from words to probabilities."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from pyapp import checkpoint, store
from pyapp.experiment.params import ParamError
from pyapp.ladder import attention, block, embeddings, generate

PROMPT = "a fluffy blue creature"  # from 3Blue1Brown's lesson on attention, as are the three sentences with "mole"
STORY = "a fluffy blue creature roamed the verdant forest ."
MOLES = ("american shrew mole .", "one mole of carbon dioxide .", "take a biopsy of the mole .")
WORDS = tuple(dict.fromkeys(" ".join((STORY, *MOLES)).split()))  # 18 words, in the order of their first appearance
STOP = "."
DIM, HIDDEN, LONGEST = 3, 6, 24  # numbers per word, neurons, most words of a prompt
FILE = store.WEIGHTS / "ladder.npz"
SHAPES = {
    "E": (len(WORDS), DIM), "W_Q": (DIM, DIM), "W_K": (DIM, DIM), "W_V": (DIM, DIM),
    "W1": (HIDDEN, DIM), "b1": (HIDDEN,), "W2": (DIM, HIDDEN), "b2": (DIM,),
}
FUNCTIONS = {function.__name__: function for function in (
    embeddings.embed, embeddings.unembed,
    attention.scores, attention.softmax, attention.nudge, attention.refine,
    block.hidden, block.output,
    generate.probabilities, generate.most_likely, generate.sample)}
SHIPPED = SimpleNamespace(**FUNCTIONS)

Weights = Mapping[str, np.ndarray]


@cache
def load(path: Path = FILE) -> Weights:
    """The fitted weights in a file, by default the shipped one: float64 arrays by name, read-only. StoreError says what
    is wrong with it."""
    arrays = checkpoint.load(path).need("ladder").weights
    found = {name: (array.shape, array.dtype.name) for name, array in arrays.items()}
    if found != {name: (shape, "float64") for name, shape in SHAPES.items()}:
        raise store.StoreError(f"{path.name}: expected float64 arrays {SHAPES}, found {found}")
    for array in arrays.values():
        if not np.isfinite(array).all():
            raise store.StoreError(f"{path.name}: expected finite numbers, found NaN or infinity")
        array.setflags(write=False)
    return arrays


def tokens(prompt: str) -> np.ndarray:
    """The numbers of a prompt's words, int32 (n,). ParamError if a word is not in the vocabulary."""
    words = prompt.lower().replace(STOP, f" {STOP} ").split()
    if not 1 <= len(words) <= LONGEST:
        raise ParamError("prompt", f"the prompt has {len(words)} words", f"use 1 to {LONGEST}")
    strange = [word for word in words if word not in WORDS]
    if strange:
        raise ParamError("prompt", f"the toy does not know {strange[0]!r}", f"its words are {' '.join(WORDS)}")
    return np.array([WORDS.index(word) for word in words], np.int32)


def text(numbers: np.ndarray) -> str:
    """The words with these numbers, as a text."""
    return " ".join(WORDS[int(number)] for number in numbers)


def forward(numbers: np.ndarray, p: Weights, mlp: bool = True, own: bool = False, scaled: bool = False,
            temperature: float = 1.0, rungs: Any = SHIPPED) -> dict[str, np.ndarray]:
    """All values between words and the next word's probabilities, by name; n words, V in the vocabulary.

    `own` takes the fitted W_Q, W_K, W_V in place of identity matrices, `scaled` divides the scores by √3, without
    `mlp` the refined vectors are the output. `rungs` has the functions of the ladder, or an edited set of them.
    """
    identity = np.eye(DIM)
    W_Q, W_K, W_V = (p[name] if own else identity for name in ("W_Q", "W_K", "W_V"))
    x = rungs.embed(numbers, p["E"])  # n, 3
    s = rungs.scores(x, W_Q, W_K, 1 / np.sqrt(DIM) if scaled else 1.0)  # n, n
    a = rungs.softmax(s)  # n, n
    delta = rungs.nudge(a, x, W_V)  # n, 3
    r = rungs.refine(x, delta)  # n, 3
    h = rungs.hidden(r, p["W1"], p["b1"])  # n, 6
    o = rungs.output(r, h, p["W2"], p["b2"]) if mlp else r  # n, 3
    logits = rungs.unembed(o[-1], p["E"])  # V
    return {"embeddings": x, "scores": s, "weights": a, "nudge": delta, "refined": r, "hidden": h, "output": o,
            "logits": logits, "probabilities": rungs.probabilities(logits, temperature)}
