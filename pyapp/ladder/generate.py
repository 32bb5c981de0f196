"""Rung 7, generate: every word gets a probability, one is chosen and appended, and all begins again."""

import numpy as np

from pyapp.ladder.attention import softmax


def probabilities(logits, temperature):
    """p = softmax(logits / T)"""
    return softmax(logits / temperature)


def most_likely(p):
    """Greedy: the word with the largest probability"""
    return np.argmax(p)


def sample(p, u):
    """The first word at which the running sum of p exceeds u, a random number from 0 to 1"""
    return min(np.searchsorted(np.cumsum(p), u, side="right"), len(p) - 1)
