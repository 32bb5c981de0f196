"""Rung 6, the MLP block: six neurons look at each refined vector, and those that fire add something to it."""

import numpy as np


def hidden(R, W1, b1):
    """hᵢ = ReLU(W₁ rᵢ + b₁): six neurons per word"""
    return np.maximum(R @ W1.T + b1, 0.0)


def output(R, H, W2, b2):
    """oᵢ = rᵢ + W₂ hᵢ + b₂"""
    return R + H @ W2.T + b2
