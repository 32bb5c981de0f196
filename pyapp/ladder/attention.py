"""Rung 5, attention: a word looks back at the words before it and takes something from each."""

import numpy as np


def scores(X, W_Q, W_K, scale):
    """sᵢⱼ = scale · qᵢ · kⱼ with query qᵢ = W_Q xᵢ and key kⱼ = W_K xⱼ; no word looks ahead: -∞ where j > i"""
    S = scale * (X @ W_Q.T) @ (X @ W_K.T).T
    ahead = np.triu(np.ones(S.shape), 1) > 0
    return np.where(ahead, -np.inf, S)


def softmax(s):
    """aⱼ = exp(sⱼ) / Σ exp(sₖ) along the last axis; the largest is taken off first, which changes nothing"""
    e = np.exp(s - np.max(s, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def nudge(A, X, W_V):
    """Δᵢ = Σⱼ aᵢⱼ vⱼ with the value vⱼ = W_V xⱼ"""
    return A @ (X @ W_V.T)


def refine(X, delta):
    """rᵢ = xᵢ + Δᵢ"""
    return X + delta
