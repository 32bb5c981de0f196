"""Rung 2, the bend: a sigmoid around the line, and the chain rule that it asks for."""

import numpy as np

RATE = 1.5


def sigmoid(z):
    """σ(z) = 1 / (1 + e⁻ᶻ)"""
    return 1 / (1 + np.exp(-z))


def sigmoid_slope(z):
    """σ'(z) = σ(z) (1 - σ(z)), at most 1/4"""
    s = sigmoid(z)
    return s * (1 - s)


def predict(x, w, b):
    """ŷ = σ(w x + b)"""
    return sigmoid(w * x + b)


def gradients(x, y, w, b):
    """∂MSE/∂w = 2 mean (e σ'(z) x),  ∂MSE/∂b = 2 mean (e σ'(z)),  with z = w x + b and e = ŷ - y"""
    error = predict(x, w, b) - y
    chain = error * sigmoid_slope(w * x + b)
    return 2 * np.mean(chain * x), 2 * np.mean(chain)


def step(x, y, w, b, rate):
    """w ← w - rate · ∂MSE/∂w,  b ← b - rate · ∂MSE/∂b"""
    dw, db = gradients(x, y, w, b)
    return w - rate * dw, b - rate * db
