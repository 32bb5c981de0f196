"""What the watch over a network in integers sees, and that attention's accumulators are proven to fit."""

import numpy as np
import pytest

from pyapp.quant.schemes import symmetric_grid
from pyapp.quantized.integer_layers import check_attention
from pyapp.quantized.trace import Trace
from pyapp.softmax.methods import make


class Wrapping:
    """A residual add in 16 bits."""

    kind = "residual add"

    def __call__(self, a, b):
        return a + b


def traced(does, x: np.ndarray) -> Trace:
    """A trace of one operation."""
    trace = Trace()
    trace("test", type("Operation", (), {"kind": "test", "__call__": lambda self, a: does(a)})(), x)
    return trace


def test_integers_that_wrap_around_are_found():
    trace = Trace()
    high, low = np.full((2, 3), 20_000, np.int16), np.full((2, 3), 20_000, np.int16)
    trace("add", Wrapping(), high, low)
    assert trace.overflows == ["add: np.add int16 40000"]
    for operation, place in ((lambda a: (a.astype(np.int64) << 40) * (a.astype(np.int64) << 20), "np.multiply int64"),
                             (lambda a: a.astype(np.int8), "astype int8 20000"),
                             (lambda a: (a.astype(np.int32) * np.int32(100_000)).sum(axis=1, dtype=np.int32),
                              "np.add int32 6000000000"),
                             (lambda a: np.einsum("bi,bi->b", a, a), "np.einsum int16 1200000000"),
                             (lambda a: a.astype(np.int64) << np.int64(50), "np.left_shift int64")):
        trace = traced(operation, high)
        assert any(place in where for where in trace.overflows), (place, trace.overflows)


def added_in_place(a):
    a += a
    return a


def added_at(a):
    np.add.at(a, 0, a[1])
    return a


def assigned(a):
    a[:] = a.astype(np.int64) * 2
    return a


@pytest.mark.parametrize("does", [
    added_in_place, added_at, assigned, lambda a: np.add(a, a, out=a), lambda a: a**2, np.square, lambda a: a[0] + a[1],
    lambda a: np.prod(a, axis=0, dtype=np.int32), lambda a: a[0].dot(a[0]), lambda a: np.inner(a, a),
    lambda a: np.gcd(a, a),
    lambda a: np.tensordot(a, a), lambda a: np.outer(a, a), np.diff, lambda a: np.asarray(a) + np.asarray(a),
    lambda a: (a.view(np.ndarray) * 0.5).astype(np.int32),
    lambda a: np.array([int(x * 0.5) for x in a.ravel().tolist()]),
])
def test_what_wraps_around_or_leaves_the_watch_does_not_pass_for_clean(does):
    """Numbers whose every sum and product is beyond int32, or that are computed where nobody looks."""
    with np.errstate(over="ignore"):
        trace = traced(does, np.full((2, 3), 2**31 - 5, np.int32))
    assert trace.overflows or trace.floats


def test_scores_may_be_as_large_as_they_are_proven_to_be():
    grids = tuple(symmetric_grid(np.float32(1), bits) for bits in (14, 14, 8))
    method = make("lut2", 0.02)
    check_attention("none", method, grids, 32, 100)
    with pytest.raises(ValueError, match=r"attention scores, less their shift, can come to 4,293,9"):
        check_attention("row-max", method, grids, 32, 100)
    with pytest.raises(ValueError, match="weighted values can come to"):
        check_attention("none", make("softermax", 0.02), (*grids[:2], symmetric_grid(np.float32(1), 16)), 1, 1_000_000)
