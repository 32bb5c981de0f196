"""Rung 3, the stack: the difference of two neurons rises and falls again."""

import numpy as np

from pyapp.ladder.bend import sigmoid, sigmoid_slope

RATES = {"sigmoid": 2.5, "relu": 0.17}
SEEDS = (151, 62, 84, 138, 219)  # with these ReLU reaches loss 0; with most others a neuron dies on the way


def start(seed):
    """wᵢ from a normal distribution, bᵢ = -kᵢ wᵢ: neuron i bends at a random place kᵢ among the points"""
    rng = np.random.default_rng(seed)
    w = rng.normal(size=2)
    return w, -w * rng.uniform(1, 4, size=2)


def activate(z, kind):
    """σ(z), or ReLU(z) = max(z, 0)"""
    return sigmoid(z) if kind == "sigmoid" else np.maximum(z, 0.0)


def slope(z, kind):
    """σ'(z), or ReLU'(z): 1 where z > 0, else 0"""
    return sigmoid_slope(z) if kind == "sigmoid" else np.where(z > 0, 1.0, 0.0)


def neurons(x, w, b, kind):
    """hᵢ = a(wᵢ x + bᵢ): one row per neuron"""
    return activate(np.outer(w, x) + b[:, None], kind)


def predict(x, w, b, kind):
    """ŷ = h₁ - h₂"""
    first, second = neurons(x, w, b, kind)
    return first - second


def gradients(x, y, w, b, kind):
    """∂MSE/∂wᵢ = ± 2 mean (e a'(zᵢ) x),  ∂MSE/∂bᵢ = ± 2 mean (e a'(zᵢ)): + for the first neuron, - for the second"""
    error = predict(x, w, b, kind) - y
    sign = np.array([[1.0], [-1.0]])
    chain = sign * error * slope(np.outer(w, x) + b[:, None], kind)
    return 2 * np.mean(chain * x, axis=1), 2 * np.mean(chain, axis=1)


def step(x, y, w, b, kind, rate):
    """w ← w - rate · ∂MSE/∂w,  b ← b - rate · ∂MSE/∂b"""
    dw, db = gradients(x, y, w, b, kind)
    return w - rate * dw, b - rate * db
