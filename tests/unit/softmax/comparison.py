"""The logits on which all methods were compared, and what tests of a method ask of it."""

from collections import Counter
from typing import ClassVar

import numpy as np

from pyapp.core.losses import softmax

SIGMAS = (1, 2, 4)
ODD_SCALES = (1e-30, 1e-6, 2.0**-26, 0.3, 1.0, 6.7, 16.0, 100.0, 1e30)


def compared() -> list[np.ndarray]:
    """512 rows of 64, N(0, 1), then N(0, 2), then N(0, 4), from one generator."""
    rng = np.random.default_rng(0)
    return [rng.normal(0, sigma, (512, 64)) for sigma in SIGMAS]


def symmetric(z: np.ndarray, bits: int = 8) -> tuple[np.ndarray, float]:
    """Codes int32 and their scale, max |z| for the largest."""
    scale = float(np.abs(z).max()) / (2 ** (bits - 1) - 1)
    return np.rint(z / scale).astype(np.int32), scale


def l1_per_row(make, z: np.ndarray) -> float:
    """Distance of what make(scale) answers on 8 bits to the float softmax, the mean over rows."""
    q, scale = symmetric(z)
    return float(np.abs(make(scale).probabilities(q) - softmax(z)).sum(axis=1).mean())


def reproduced(make, published: tuple[float, float, float], within: float = 0.03) -> None:
    found = [l1_per_row(make, z) for z in compared()]
    np.testing.assert_allclose(found, published, rtol=within)


def answers_everything(method) -> None:
    """Constant, alone, masked, two bits, lowest and highest codes: always whole numbers within the stated bounds."""
    rng = np.random.default_rng(1)
    for scale in ODD_SCALES:
        made = method(scale)
        rows = [np.full((2, 9), 5), np.full((1, 1), -128), np.zeros((1, 700)), rng.integers(-2, 2, (20, 16)),
                rng.integers(-128, 128, (20, 64)), [[-(2**31), 2**31 - 1, 0, 1]]]
        for q in rows:
            q = np.asarray(q, np.int64).astype(np.int32)
            y = made(q)
            assert y.dtype == np.int32 and y.shape == q.shape
            low, high = made.row_sums(q.shape[1])
            sums = (y * np.float64(made.unit)).sum(axis=1)
            assert (y >= 0).all() and low <= sums.min() and sums.max() <= high, (scale, q.shape)
            assert (y.max(axis=1) == np.take_along_axis(y, q.argmax(axis=1)[:, None], axis=1)[:, 0]).all()
        mask = rng.random((20, 64)) < 0.5
        mask[:2] = False
        q = rng.integers(-128, 128, (20, 64)).astype(np.int32)
        y = made(q, mask)
        assert (y[~mask] == 0).all() and (y[:2] == 0).all()
        for row in range(2, 20):
            np.testing.assert_array_equal(y[row][mask[row]], made(q[row : row + 1, mask[row]])[0])


class Noted(np.ndarray):
    """An array that notes the type of all that is computed with it and from it; what it gives is noted, too."""

    kinds: ClassVar[set[str]] = set()
    operations: ClassVar[Counter[tuple[str, int]]] = Counter()

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        result = self._note(getattr(ufunc, method), inputs, kwargs)
        Noted.operations[ufunc.__name__, result.shape[-1] if result.ndim else 1] += 1
        return result

    def __array_function__(self, function, types, args, kwargs):
        return self._note(function, args, kwargs)

    def astype(self, *args, **kwargs):
        return self._note(np.ndarray.astype, (self, *args), kwargs)

    def _note(self, function, args, kwargs):
        args, kwargs = [_bare(value) for value in args], {key: _bare(value) for key, value in kwargs.items()}
        result = np.asarray(function(*args, **kwargs))
        Noted.kinds |= {np.asarray(value).dtype.kind for value in (*args, result) if isinstance(value, ARRAYS)}
        return result.view(Noted)


ARRAYS = (np.ndarray, np.generic, float, int)


def _bare(value):
    if isinstance(value, tuple):
        return tuple(map(_bare, value))
    return value.view(np.ndarray) if isinstance(value, Noted) else value


def kinds_of(function, q: np.ndarray) -> set[str]:
    """The kinds of dtype, such as "i", "u" and "b", of every operand and result of function(q)."""
    Noted.kinds = set()
    found = function(q.view(Noted))
    assert isinstance(found, Noted)  # else the trace was lost on the way
    return Noted.kinds


def operations_of(function, q: np.ndarray) -> Counter[tuple[str, int]]:
    """How often function(q) uses a ufunc, by its name and by the columns of what it gives: all of a row, or 1."""
    Noted.operations = Counter()
    function(q.view(Noted))
    return Noted.operations
