"""Attention over all layers at once: what a token has gathered from which patch of the drawing."""

import numpy as np


def rollout(attention: np.ndarray) -> np.ndarray:
    """R = A'_L ··· A'_1 with A'_l = (mean over heads of A_l + I) / 2, for attention (L, H, T, T); gives (T, T).

    Attention of one layer mixes tokens that are mixtures already. A block adds what it attends to to what a token was,
    which is why the identity is there; rows stay distributions (Abnar and Zuidema 2020, section 3).
    """
    tokens = attention.shape[-1]
    mixed = np.eye(tokens, dtype=attention.dtype)
    for layer in attention.mean(axis=1):  # T, T
        mixed = (layer @ mixed + mixed) / 2
    return mixed
