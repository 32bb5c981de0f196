"""How the learning rate goes over a training."""

import math


def warm_cosine(step: int, steps: int, warmup: int = 0) -> float:
    """The share of the full rate at a step from 0: up a straight line over `warmup` steps, then down half a cosine that
    would reach 0 at `steps` (Loshchilov and Hutter 2017, eq. 5; the warm-up as in Vaswani et al. 2017, section 5.3)."""
    if step < warmup:
        return (step + 1) / warmup
    return (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup))) / 2
