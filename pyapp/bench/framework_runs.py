"""A network as a framework quantised it, and the settings in which it runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

Run = Callable[[np.ndarray], np.ndarray]  # float32 logits (N, 10) for pixels (N, 784), 0 to 1
TOGETHER, ALONE = "all images at once", "one image at a time"
THREADS, UNOPTIMISED, WASM = "two threads", "graph not optimised", "WebAssembly"


@dataclass(frozen=True)
class Quantised:
    """A network, the bytes that it takes, and its runs by setting, which is named by what differs from the first."""

    name: str
    nbytes: int
    runs: Mapping[str, Run]


def one_by_one(run: Run) -> Run:
    """A run that is given one image after the other."""
    return lambda x: np.concatenate([run(x[i:i + 1]) for i in range(len(x))])
