"""SmoothQuant: outliers of the activations move into the weights, where there is room for them.

Xiao et al. 2023, "SmoothQuant: accurate and efficient post-training quantization for large language models" (arXiv
2211.10438), equation 4.
"""

import numpy as np

ALPHA = 0.5  # the paper's value for most networks: activations and weights share the difficulty equally


def smoothing_scales(w: np.ndarray, x: np.ndarray, alpha: float = ALPHA) -> np.ndarray:
    """s_j = max|X_j|^α / max|W_j|^(1-α) for each input j, float64 (I,), with W (O, I) and X (N, I).

    (X / s)(W · s)ᵀ = X Wᵀ. At α = 1 every input has the range 1, at α = 0 every column of W has. An input that was
    always 0 has s = 0, and one that no output uses has no finite s; for both the caller takes 1.
    """
    largest_x, largest_w = (np.abs(np.asarray(a, np.float64)).max(axis=0) for a in (x, w))  # I, I
    with np.errstate(divide="ignore", invalid="ignore"):
        return largest_x**alpha / largest_w ** (1 - alpha)
