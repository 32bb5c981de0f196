"""Known questions: what an engine's SIMD has to answer, bit for bit, before its kernels are used.

The numbers that go in are exact in float32 and made without a function that a machine may round otherwise, so ANSWER is
the same on every machine and in every browser; a native build of the same C gives it too.
"""

import hashlib
from collections.abc import Iterator
from types import ModuleType

import numpy as np

ANSWER = "cb220609fa0668b08775992c61d608520af0fd137bdd96d61a642db57fe5f91f"


def right(simd: ModuleType) -> bool:
    """True if the kernels for floats give the bits that they give everywhere; `known_integers` asks the others."""
    return answer(simd) == ANSWER


def answer(simd: ModuleType) -> str:
    """sha256 over the results on the known questions."""
    digest = hashlib.sha256()
    for each in _results(simd):
        digest.update(each.tobytes())
    return digest.hexdigest()


def _numbers(*shape: int, start: int = 0) -> np.ndarray:
    """float32 between -4 and 4, scattered by Knuth's multiplicative hashing; exact, as they have 24 bits."""
    n = int(np.prod(shape))
    hashed = (np.arange(start, start + n, dtype=np.uint32) * np.uint32(2654435761)) >> np.uint32(8)
    return (hashed.astype(np.float32) * np.float32(2**-21) - np.float32(4)).reshape(shape)


def _results(simd: ModuleType) -> Iterator[np.ndarray]:
    empty = np.empty_like
    x, w, bias, dy = _numbers(9, 37), _numbers(11, 37, start=99), _numbers(11, start=7), _numbers(9, 11, start=3)
    for dtype in (np.float32, np.float64):
        x, w, bias, dy = (each.astype(dtype) for each in (x, w, bias, dy))
        y, dw, db, dx = empty(dy), empty(w), empty(bias), empty(x)
        simd.linear(x, w, bias, True, y)
        simd.weight_gradient(x, dy, dw, db)
        simd.input_gradient(dy, w, x, dx)
        yield from (y, dw, db, dx)
    x, dy, gain, shift = _numbers(5, 22), _numbers(5, 22, start=5), _numbers(22, start=1), _numbers(22, start=2)
    y, p, gate, x_hat, inverse, dx = empty(x), empty(x), empty(x), empty(x), np.empty((5, 1), np.float32), empty(x)
    simd.gelu(x, y, gate)
    yield from (y, gate)
    simd.gelu_gradient(x, gate, dy, dx)
    yield dx
    simd.norm(x, gain, shift, y, x_hat, inverse)
    yield from (y, x_hat, inverse)
    dgain, dshift = empty(gain), empty(gain)
    simd.norm_gradient(dy, x_hat, inverse, gain, dx, dgain, dshift)
    yield from (dx, dgain, dshift)
    loss = np.empty(1)
    simd.softmax(x, p)
    yield p
    simd.cross_entropy(x, np.arange(5, dtype=np.int64), p, dx, loss)
    yield from (p, dx, loss)
    vectors = [_numbers(23, start=at) for at in range(4)]
    np.abs(vectors[3], out=vectors[3])
    simd.adam(*vectors, np.array([0.9, 0.1, 0.999, 0.001, 2, 1e-8, 0.01], np.float32))
    simd.sgd(vectors[0], vectors[1], 0.125)
    yield from vectors
    q, k = _numbers(2, 6, 3, 5).transpose(0, 2, 1, 3), _numbers(2, 9, 3, 5, start=4).transpose(0, 2, 1, 3)
    scores, context, turned = np.empty((2, 3, 6, 9), np.float32), empty(q), np.empty(k.shape, np.float32)
    simd.scores(q, k, scores)
    simd.weighted(scores, k, context)
    simd.weighted_transposed(scores, q, turned)
    yield from (scores, context, turned)
    row, norms, ends = _numbers(1, 12), [(12,), (12,)], [(12, 12), (12,)]
    shapes = [*norms, (36, 12), (36,), *ends, *norms, (20, 12), (20,), (12, 20), (12,)]
    parameters = [_numbers(*shape, start=at) for at, shape in enumerate(shapes)]
    cache, seen = [_numbers(1, 3, 5, 4, start=at) for at in (6, 8)], np.empty((1, 3, 1, 3), np.float32)
    simd.block(row, *parameters, *cache, seen, np.empty(48, np.float32), 2)
    yield from (row, *cache, seen)
    rows = _numbers(15, 12, start=9)
    for queries in (1, 3):
        y = np.empty((5 * queries, 12), np.float32)
        simd.sequences(rows, *parameters, 0.5, 3, 3, y, np.empty(4 * 3 * 48 + 9, np.float32))
        yield y
    yield from _between_grids(simd, rows.astype(np.float64))


def _between_grids(simd: ModuleType, rows: np.ndarray) -> Iterator[np.ndarray]:
    """A block of 12 columns and 20 hidden ones, three heads, five sequences of three rows; all grids end at ±4."""
    norms = [_numbers(12, start=at).astype(np.float64) for at in range(4)]
    layers = [each for outputs, inputs in ((36, 12), (12, 12), (20, 12), (12, 20))
              for each in ((_numbers(outputs, inputs) * 31).astype(np.int8), np.full(outputs, 2.0**-10),
                           _numbers(outputs, start=5).astype(np.float64))]
    grids = np.full(7, 2.0**-5, np.float32), np.full((7, 3), [0, -128, 127], np.int32)
    packed, scratch = np.empty(4 * 20 + 8 * 12 * 11 + 8 * 2 * 20, np.int16), np.empty(2 * 3 * 48 + 9)
    status = np.empty(1, np.int32)
    for powers in (None, 0.75 ** np.arange(15.0)):
        for queries in (1, 3):
            y = np.empty((5 * queries, 12))
            simd.grid_sequences(rows, *norms, *layers, *grids, powers, 0.5, -7, 7, 0.25, 0.5, 3, 3, y, packed, scratch,
                                status)
            yield from (y, status)
