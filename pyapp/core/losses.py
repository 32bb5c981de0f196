"""Softmax, the cross-entropy loss on top of it, and the loss of a student with a teacher."""

import numpy as np

from pyapp.core.engine import accelerated


@accelerated
def softmax(logits: np.ndarray) -> np.ndarray:
    """p_j = exp(z_j - max z) / Σ_k exp(z_k - max z), row by row; subtracting the maximum keeps exp from overflowing."""
    p = np.exp(logits - logits.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    return p


def softmax_and_log(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """softmax of logits (B, classes) and its logarithm, which stays finite where the probability underflows."""
    z = logits - logits.max(axis=1, keepdims=True)
    exp = np.exp(z)
    total = exp.sum(axis=1, keepdims=True)
    return exp / total, z - np.log(total)


@accelerated
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


def distillation_loss(logits: np.ndarray, teacher: np.ndarray, labels: np.ndarray, temperature: float = 2.0,
                      share: float = 0.5) -> tuple[float, np.ndarray, np.ndarray]:
    """Cross-entropy with the labels mixed with the divergence from a teacher's softened answers, its gradient, and the
    probabilities (Hinton et al. 2015, section 2).

    L = (1-a) CE + a T² KL(t ‖ s) with t = softmax(teacher / T), s = softmax(logits / T), a the teacher's share;
    dL/dz = (1-a) (p - onehot) / B + a T (s - t) / B. T² keeps the size of the second gradient when T changes.
    Logits and teacher are (B, classes), labels (B,); the teacher's are constants.
    """
    loss, gradient, probabilities = softmax_cross_entropy(logits, labels)
    soft, log_soft = softmax_and_log(logits / temperature)
    target, log_target = softmax_and_log(teacher / temperature)
    divergence = float((target * (log_target - log_soft)).sum(axis=1).mean())
    gradient *= 1.0 - share
    gradient += (soft - target) * (share * temperature / len(labels))
    return (1.0 - share) * loss + share * temperature**2 * divergence, gradient, probabilities
