"""Named parameters that live in one flat vector, with their gradients in a second one."""

import math
from collections.abc import Mapping

import numpy as np

from pyapp.core.clamps import RELU

Shapes = Mapping[str, tuple[int, ...]]


class Parameters:
    """The numbers of a network: `p[name]` is a view of `p.vector`, `p.grad[name]` the matching view of `p.gradient`.

    An optimiser or a file works on the two flat vectors in one call; a layer works on its own views. Layers keep no
    numbers themselves, so the same network runs on a second, quantised set of parameters.

    `activation` names what stands between the dense layers of a digits network (`core.clamps.CLAMPS`). It is no number,
    but without it these compute something else: so it is copied, quantised and saved with them.
    """

    def __init__(self, shapes: Shapes, dtype: np.dtype | type = np.float32, activation: str = RELU):
        self.shapes, self.activation = dict(shapes), activation
        size = sum(math.prod(shape) for shape in self.shapes.values())
        self.vector = np.zeros(size, dtype)
        self.gradient = np.zeros(size, dtype)
        self._values = self._views(self.vector)
        self.grad = self._views(self.gradient)

    def _views(self, vector: np.ndarray) -> dict[str, np.ndarray]:
        views, start = {}, 0
        for name, shape in self.shapes.items():
            stop = start + math.prod(shape)
            views[name] = vector[start:stop].reshape(shape)
            start = stop
        return views

    def __getitem__(self, name: str) -> np.ndarray:
        return self._values[name]

    def __iter__(self):
        return iter(self.shapes)

    def copy(self) -> "Parameters":
        """These parameters in new memory, gradients zero."""
        return self.astype(self.vector.dtype)

    def astype(self, dtype: np.dtype | type) -> "Parameters":
        """These parameters as numbers of another type, in new memory, gradients zero."""
        other = Parameters(self.shapes, dtype, self.activation)
        other.vector[:] = self.vector
        return other
