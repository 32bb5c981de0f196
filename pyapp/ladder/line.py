"""Rung 1, the line: a loss, its two gradients, and small steps downhill."""

import numpy as np

X = np.array([1.0, 2.0, 3.0, 4.0])  # the four points of rungs 1 to 3
Y = np.array([0.0, 1.0, 1.0, 0.0])
RATE = 0.05


def predict(x, w, b):
    """ŷ = w x + b"""
    return w * x + b


def loss(predicted, y):
    """MSE = mean (ŷ - y)²"""
    return np.mean((predicted - y) ** 2)


def gradients(x, y, w, b):
    """∂MSE/∂w = 2 mean (e x),  ∂MSE/∂b = 2 mean e,  with the error e = ŷ - y"""
    error = predict(x, w, b) - y
    return 2 * np.mean(error * x), 2 * np.mean(error)


def step(x, y, w, b, rate):
    """w ← w - rate · ∂MSE/∂w,  b ← b - rate · ∂MSE/∂b"""
    dw, db = gradients(x, y, w, b)
    return w - rate * dw, b - rate * db


def closed_form(x, y):
    """w = Σ (x - x̄)(y - ȳ) / Σ (x - x̄)²,  b = ȳ - w x̄: where both gradients are zero"""
    dx = x - np.mean(x)
    w = np.sum(dx * (y - np.mean(y))) / np.sum(dx * dx)
    return w, np.mean(y) - w * np.mean(x)
