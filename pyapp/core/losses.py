"""Softmax and the cross-entropy loss on top of it."""

import numpy as np


def softmax(logits: np.ndarray) -> np.ndarray:
    """p_j = exp(z_j - max z) / Σ_k exp(z_k - max z), row by row; subtracting the maximum keeps exp from overflowing."""
    p = np.exp(logits - logits.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    return p


def softmax_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Mean cross-entropy in nats, its gradient, and the probabilities.

    L = -(1/B) Σ_b log p_b[label_b] and dL/dz = (p - onehot) / B, for logits (B, classes) and integer labels (B,).
    log p is formed as z - logsumexp z, so a probability that underflows to 0 still has a finite loss.
    """
    rows = np.arange(len(labels))
    z = logits - logits.max(axis=1, keepdims=True)
    exp = np.exp(z)
    total = exp.sum(axis=1, keepdims=True)
    loss = float((np.log(total[:, 0]) - z[rows, labels]).mean())
    probabilities = exp / total
    gradient = probabilities / len(labels)
    gradient[rows, labels] -= 1.0 / len(labels)
    return loss, gradient, probabilities
