"""Methods whose weights depend on nothing but a logit's distance to its row's maximum, and are constant from some
distance on: their sum can be kept exactly while the logits arrive."""

from abc import abstractmethod

import numpy as np

from pyapp.softmax.method import Softmax, below_maximum

MOST_COUNTERS = 1 << 12  # of the streaming form; 8-bit logits need 256 at most
WIDTH = 16  # columns that arrive at once


class Weighted(Softmax):
    """y_j = normalised(E_j, Σ_k E_k) with E_j = weight(max q - q_j), where weight is constant from `reach` codes on."""

    reach: int  # codes below the maximum

    @abstractmethod
    def weight(self, d: np.ndarray) -> np.ndarray:
        """The weight, int64, of a logit d codes below the maximum, d ≥ 0."""

    @abstractmethod
    def normalised(self, e: np.ndarray, total: np.ndarray) -> np.ndarray:
        """Codes int64 (R, N) of weights (R, N) and their sums (R, 1), which are 1 at least."""

    def codes(self, below: np.ndarray, mask: np.ndarray) -> np.ndarray:
        e = np.where(mask, self.weight(-below), 0)  # R, N
        return self.normalised(e, np.maximum(e.sum(axis=1, keepdims=True), 1))  # 1: a row that is masked as a whole

    def streaming(self, q: np.ndarray, mask: np.ndarray | None = None, width: int = WIDTH) -> np.ndarray:
        """The codes of __call__, int32 (R, N), from one pass that reads `width` columns at a time, and a second one.

        The state of a row is its largest logit so far and a counter for each distance from 0 to `reach`. A larger
        maximum moves all counters up, and those that pass the reach join the last one. So nothing is lost, and the sum
        is that of the whole row. ValueError if the reach needs more than MOST_COUNTERS counters.
        """
        if self.reach >= MOST_COUNTERS:
            raise ValueError(f"weights change up to {self.reach:,} codes below the maximum, too many for counters; "
                             "quantise the logits to 8 bits first")
        _, mask = below_maximum(q, mask)
        q, rows = q.astype(np.int64), np.arange(len(q), dtype=np.int64)[:, None]
        largest = np.full((len(q), 1), np.iinfo(np.int64).min // 2)
        counts = np.zeros((len(q), self.reach + 1), np.int64)
        distances = np.arange(self.reach + 1, dtype=np.int64)
        for start in range(0, q.shape[1], width):
            block, there = q[:, start : start + width], mask[:, start : start + width]
            new = np.maximum(largest, np.where(there, block, largest).max(axis=1, keepdims=True))
            moved = np.zeros_like(counts)
            np.add.at(moved, (rows, np.minimum(distances + np.minimum(new - largest, self.reach), self.reach)), counts)
            np.add.at(moved, (rows, np.clip(new - block, 0, self.reach)), there.astype(np.int64))
            largest, counts = new, moved
        total = (counts * self.weight(distances)).sum(axis=1, keepdims=True)
        e = np.where(mask, self.weight(np.maximum(largest - q, 0)), 0)
        return np.where(mask, self.normalised(e, np.maximum(total, 1)), 0).astype(np.int32)
