"""Bias correction: what rounding has moved on average is put back into the bias (Nagel et al. 2019, section 4.2)."""

import numpy as np


def corrected_bias(bias: np.ndarray, w: np.ndarray, w_hat: np.ndarray, x: np.ndarray, x_hat: np.ndarray) -> np.ndarray:
    """The bias, float32 (O,), that makes the mean error of the layer's output zero on the calibration inputs.

    b + mean(x Wᵀ + b - x̂ Ŵᵀ - b) = b + mean(x) Wᵀ - mean(x̂) Ŵᵀ, with W, Ŵ (O, I): a mean goes through a linear layer,
    so the layer is never run. x (N, I) is the layer's input in the float32 network, x̂ (N, I) what the quantised layers
    before it (their biases corrected) and its input's grid really give it. ValueError if there are no examples.
    """
    if not len(x) or len(x) != len(x_hat):
        raise ValueError(f"bias correction has {len(x)} float and {len(x_hat)} quantised inputs; give the same "
                         "examples to both, at least one")
    means = (np.mean(inputs, axis=0, dtype=np.float64) for inputs in (x, x_hat))  # I, I
    moved = [matrix.astype(np.float64) @ mean for matrix, mean in zip((w, w_hat), means, strict=True)]  # O, O
    return (bias + (moved[0] - moved[1])).astype(np.float32)
