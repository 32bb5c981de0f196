"""How the router learns which latents stand for which digit: without labels, it divides the box among the digits."""

from collections.abc import Callable

import numpy as np

from pyapp.core.losses import softmax
from pyapp.core.optim import Adam
from pyapp.core.parameters import Parameters
from pyapp.core.rng import generator
from pyapp.core.schedule import warm_cosine
from pyapp.digitgen.teacher import LATENTS, Router, shapes_of

ROUNDS, SHARPNESS = 3, 2.0  # of Sinkhorn's scaling, as in SwAV; how much surer a target is than the answer
RATE, BATCH = 0.01, 1024


def balanced(logits: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Targets for a batch: the router's own opinion, sharpened, in which each digit has its share of the batch.

    exp(2 r) with columns scaled to the shares and rows to 1, in turn (Sinkhorn 1967; so used as targets by
    Caron et al. 2020, "SwAV", section 3.1). float32 (B, K), rows sum to 1.
    """
    q = softmax(logits * logits.dtype.type(SHARPNESS))
    for _ in range(ROUNDS):
        q *= shares / q.mean(axis=0)
        q /= q.sum(axis=1, keepdims=True)
    return q


def train_router(seed: int, steps: int, shares: np.ndarray, report: Callable[[str], None]) -> Parameters:
    """Cross-entropy between the router's answer and `balanced`: the router becomes sure of itself (every u means one
    digit) and fair (digits are as frequent as among the training labels, `shares` float32 (K,))."""
    router = Router()
    p, rng = Parameters(shapes_of([router])), generator(seed, "router")
    for linear in router.linears:
        linear.initialise(p, rng)
    optimiser = Adam(p, RATE)
    for step in range(steps):
        u = rng.uniform(-1, 1, (BATCH, LATENTS)).astype(np.float32)
        logits = router.forward(p, u)
        target, answer = balanced(logits, shares), softmax(logits)
        router.backward(p, (answer - target) / np.float32(BATCH))
        optimiser.rate = RATE * warm_cosine(step, steps)
        optimiser.step(p)
        if (step + 1) % max(1, steps // 10) == 0:
            loss = -(target * np.log(np.maximum(answer, 1e-30))).sum(axis=1).mean()
            report(f"router {step + 1}/{steps}  loss {loss:.4f}  sure {float((answer.max(axis=1) > 0.9).mean()):.4f}")
    return p
