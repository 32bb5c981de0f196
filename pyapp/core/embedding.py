"""A table of vectors, one per token."""

import numpy as np

from pyapp.core.parameters import Parameters


class Embedding:
    """Row t of the table for token t. N tokens in the table, C columns."""

    def __init__(self, name: str, tokens: int, width: int):
        self.weight = f"{name}.weight"
        self.shapes = {self.weight: (tokens, width)}

    def initialise(self, p: Parameters, rng: np.random.Generator) -> None:
        """N(0, 0.02²), so that a head tied to the table starts with nearly equal logits (Radford et al. 2019)."""
        p[self.weight][:] = rng.standard_normal(p[self.weight].shape) * 0.02

    def forward(self, p: Parameters, tokens: np.ndarray) -> np.ndarray:
        self.tokens = tokens.reshape(-1)  # R
        return p[self.weight][self.tokens]  # R, C

    def backward(self, p: Parameters, dy: np.ndarray) -> None:
        """dW_t += Σ dy over the rows that asked for token t. Added, not written: a tied head writes its share before.

        Rows are sorted by token and summed in runs, always in the same order; NumPy's `add.at` takes far longer.
        """
        order = np.argsort(self.tokens, kind="stable")
        found, starts = np.unique(self.tokens[order], return_index=True)
        p.grad[self.weight][found] += np.add.reduceat(dy[order], starts, axis=0)
