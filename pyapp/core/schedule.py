"""How the learning rate changes while a network trains."""

import math


def warm_cosine(step: int, steps: int, warmup: int = 0) -> float:
    """The share of the full rate at a step from 0: up a straight line over `warmup` steps, then down half a cosine that
    would reach 0 at `steps` (Loshchilov and Hutter 2017, eq. 5; the warm-up as in Vaswani et al. 2017, section 5.3)."""
    if step < warmup:
        return (step + 1) / warmup
    return (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup))) / 2


def inverse_root(step: int, warmup: int) -> float:
    """The share of the highest rate at a step from 0, for a training without a known end: up a straight line over
    `warmup` steps, then down with 1/√step (Vaswani et al. 2017, section 5.3, eq. 3)."""
    return min((step + 1) / warmup, (warmup / (step + 1)) ** 0.5)
