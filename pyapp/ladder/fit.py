"""The toy transformer's weights: fitted to five sentences, rounded, and written only if their numbers are canonical."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pyapp import store
from pyapp.checkpoint import described
from pyapp.ladder import toy
from pyapp.ladder.attention import softmax
from pyapp.ladder.rollout import rollout

SEED = 7
STEPS, RATE = 4000, 0.02
SURE = 0.82  # of a prediction falls on the words that follow in a sentence, the rest on all other words alike
SENTENCES = ((toy.STORY, 0.3), (toy.STORY.replace(" verdant", ""), 0.7), *((mole, 0.2) for mole in toy.MOLES))
EMPHASIS = 8.0  # times as much counts what follows toy.PROMPT, whose number is canonical
LOOK = np.array([0.1, 0.25, 0.25, 0.4])  # where "creature" should look, so that attention has something to show
DECAY = 0.0002  # of the squares of all weights: keeps the numbers small enough for sliders
SURE_OF, BETWEEN = "roamed", (0.78, 0.82)  # the canonical numbers: the next word after toy.PROMPT, its probability,
CONTINUED = "roamed the forest ."  # and the greedy continuation
PLACES = {"E": 2}  # decimals that are kept, so that a slider's step is one of them; all others 3
DECAYING = ("E", "W1", "W2")
PLAIN = ("E", "W1", "b1", "W2", "b2")  # fitted with identity matrices in the attention
# After every step a weight is a multiple of 1 / GRID: machines differ in the last bits of a sum, and over thousands of
# steps such a difference would grow until it is seen.
GRID = 2.0**16
OWN = ("W_Q", "W_K", "W_V")  # fitted after them, with √d, when all others stay as they are


class Batch(NamedTuple):
    """Beginnings of sentences, right-aligned: B of them, up to L words, V words in the vocabulary."""

    numbers: np.ndarray  # B, L
    there: np.ndarray  # B, L: False where a beginning is shorter
    targets: np.ndarray  # B, V: distribution of the next word
    shares: np.ndarray  # B: how much each counts in the loss
    look: int  # the row whose attention should be LOOK


def batch() -> Batch:
    """Every beginning of a sentence and its targets: probability SURE on the words that follow it, shared by weight."""
    follow: dict[tuple[int, ...], np.ndarray] = {}
    for sentence, weight in SENTENCES:
        words = toy.tokens(sentence).tolist()
        for n in range(1, len(words)):
            follow.setdefault(tuple(words[:n]), np.zeros(len(toy.WORDS)))[words[n]] += weight
    longest = max(map(len, follow))
    numbers = np.array([[0] * (longest - len(words)) + list(words) for words in follow], np.int32)
    there = np.array([[False] * (longest - len(words)) + [True] * len(words) for words in follow])
    counts = np.array(list(follow.values()))
    look = list(follow).index(tuple(toy.tokens(toy.PROMPT).tolist()))
    shares = counts.sum(1)
    targets = counts / shares[:, None]
    shares[look] *= EMPHASIS
    rest = (1 - SURE) * (counts == 0) / (counts == 0).sum(1, keepdims=True)
    return Batch(numbers, there, SURE * targets + rest, shares / shares.sum(), look)


def loss_and_gradients(p: toy.Weights, data: Batch, scale: float = 1.0) -> tuple[float, dict[str, np.ndarray]]:
    """Cross-entropy of the next word after each beginning, of LOOK, and the decay; derivatives by name.

    The same computation as `toy.forward`, for the last word of each beginning only, with the matrices of p.
    """
    E, W_Q, W_K, W_V, W1, W2 = (p[name] for name in ("E", "W_Q", "W_K", "W_V", "W1", "W2"))
    x = E[data.numbers]  # B, L, 3
    last = x[:, -1]
    q, k, v = last @ W_Q.T, x @ W_K.T, x @ W_V.T
    s = np.where(data.there, scale * np.einsum("bd,bld->bl", q, k), -np.inf)
    a = softmax(s)  # B, L
    r = last + np.einsum("bl,bld->bd", a, v)  # B, 3
    h = np.maximum(r @ W1.T + p["b1"], 0.0)  # B, 6
    o = r + h @ W2.T + p["b2"]  # B, 3
    predicted = softmax(o @ E.T)  # B, V
    looked = a[data.look, -len(LOOK):]
    loss = (-data.shares @ (data.targets * np.log(predicted)).sum(1) - data.shares[data.look] * LOOK @ np.log(looked)
            + DECAY * sum((p[name] ** 2).sum() for name in DECAYING))

    dlogits = data.shares[:, None] * (predicted - data.targets)
    do = dlogits @ E
    dh = (do @ W2) * (h > 0)
    dr = do + dh @ W1
    da = np.einsum("bd,bld->bl", dr, v)
    ds = a * (da - (a * da).sum(1, keepdims=True))
    ds[data.look, -len(LOOK):] += data.shares[data.look] * (looked - LOOK)
    dq, dk = scale * np.einsum("bl,bld->bd", ds, k), scale * np.einsum("bl,bd->bld", ds, q)
    dv = np.einsum("bl,bd->bld", a, dr)
    dx = dk @ W_K + dv @ W_V
    dx[:, -1] += dr + dq @ W_Q
    dE = dlogits.T @ o
    np.add.at(dE, data.numbers, dx)
    gradients = {"E": dE, "W_Q": dq.T @ last, "W_K": np.einsum("bld,ble->de", dk, x),
                 "W_V": np.einsum("bld,ble->de", dv, x), "W1": dh.T @ r, "b1": dh.sum(0), "W2": do.T @ h,
                 "b2": do.sum(0)}
    for name in DECAYING:
        gradients[name] += 2 * DECAY * p[name]
    return float(loss), gradients


def fit(report: Callable[[str], None] = print) -> dict[str, np.ndarray]:
    """The weights: first everything with identity matrices, then the matrices alone; rounded between."""
    rng, data = np.random.default_rng(SEED), batch()
    p = {name: rng.normal(size=shape) * (1.0 if name == "E" else 0.5) for name, shape in toy.SHAPES.items()}
    p |= {name: np.eye(toy.DIM) for name in OWN} | {name: np.zeros(toy.SHAPES[name]) for name in ("b1", "b2")}
    for names, scale, steps in ((PLAIN, 1.0, STEPS), (OWN, 1 / np.sqrt(toy.DIM), STEPS // 2)):
        before = loss_and_gradients(p, data, scale)[0]
        adam(p, names, data, scale, steps)
        for name in names:
            p[name] = np.round(p[name], PLACES.get(name, 3)) + 0.0  # + 0.0: no -0.0
        report(f"{', '.join(names)}: loss {before:.4f} -> {loss_and_gradients(p, data, scale)[0]:.4f}")
    return p


def adam(p: dict[str, np.ndarray], names: Iterable[str], data: Batch, scale: float, steps: int) -> None:
    """Adam on the named weights, on GRID, its rate falling to zero along half a cosine."""
    mean, square = ({name: np.zeros_like(p[name]) for name in names} for _ in range(2))
    for t in range(1, steps + 1):
        gradients = loss_and_gradients(p, data, scale)[1]
        rate = RATE / 2 * (1 + np.cos(np.pi * t / steps))
        for name in names:
            mean[name] += 0.1 * (gradients[name] - mean[name])
            square[name] += 0.01 * (gradients[name] ** 2 - square[name])
            p[name] -= rate * (mean[name] / (1 - 0.9**t)) / (np.sqrt(square[name] / (1 - 0.99**t)) + 1e-9)
            p[name] = np.round(p[name] * GRID) / GRID


def canonical(p: toy.Weights) -> dict[str, Any]:
    """The numbers that the page's texts state about these weights. ValueError if one of the statements is untrue."""
    facts: dict[str, Any] = {}
    for name, how in (("plain", {}), ("own", {"own": True, "scaled": True})):
        steps = list(rollout(toy.PROMPT, p, **how))
        sure, said = steps[0].probability, " ".join(step.word for step in steps)
        if steps[0].word != SURE_OF or not BETWEEN[0] <= sure <= BETWEEN[1] or said != CONTINUED:
            raise ValueError(f"after {toy.PROMPT!r} ({name}) come {said!r}, the first with probability {sure:.4f}; "
                             f"expected {CONTINUED!r} and {BETWEEN[0]} to {BETWEEN[1]}: choose another SEED")
        facts[name] = {"continues": said, "probabilities": [round(step.probability, 4) for step in steps]}
    return facts


def write(path: Path, report: Callable[[str], None] = print) -> dict[str, Any]:
    """Fit the weights, check what the pages say of them, then write them and their recipe; the canonical numbers."""
    p = fit(report)
    facts = canonical(p)
    store.save(path, described(p, "ladder fit"), {
        "command": f"python -m pyapp ladder fit --out weights/{path.name}",
        "data": "five sentences of four to nine words, in pyapp/ladder/fit.py and toy.py", "seed": SEED, "steps": STEPS,
        "rate": RATE, "parameters": sum(array.size for array in p.values()), "prompt": toy.PROMPT, "metrics": facts})
    return facts
