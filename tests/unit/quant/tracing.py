"""Sees the type of every number that an integer network computes with, by NumPy's own hooks and by a profiler."""

import contextlib
import sys
from dataclasses import fields, is_dataclass, replace
from typing import ClassVar

import numpy as np

from pyapp.core import engine
from pyapp.quant import matmul
from pyapp.quant.integer import IntegerNetwork


class Traced(np.ndarray):
    """An array that notes the type of everything that is computed with it and from it."""

    seen: ClassVar[list] = []  # the one notebook of all traced arrays; `traced` empties it

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return self._note(getattr(ufunc, method), inputs, kwargs, ufunc.__name__)

    def __array_function__(self, function, types, args, kwargs):
        return self._note(function, args, kwargs)

    def astype(self, *args, **kwargs):
        return self._note(np.ndarray.astype, (self, *args), kwargs)

    def _note(self, function, args, kwargs, name=None):
        args, kwargs = _bare(args), _bare(kwargs)
        result = function(*args, **kwargs)
        Traced.seen += [(name or function.__name__, value.dtype) for value in _arrays((args, kwargs, result))]
        return result.view(Traced) if isinstance(result, np.ndarray) else _scalar(result)


def _scalar(result):
    """A NumPy scalar goes on as a traced array of no axes."""
    return np.asarray(result).view(Traced) if isinstance(result, np.generic) else result


def _bare(value):
    if isinstance(value, Traced):
        return value.view(np.ndarray)
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items()}
    return type(value)(map(_bare, value)) if isinstance(value, (tuple, list)) else value


def _arrays(value):
    """All arrays and numbers in what a call takes and gives; Python's own floats count as float64."""
    if isinstance(value, (tuple, list)):
        for item in value:
            yield from _arrays(item)
    elif isinstance(value, dict):
        yield from _arrays(tuple(value.values()))
    elif isinstance(value, (np.ndarray, np.generic)):
        yield value
    elif isinstance(value, (float, complex)):
        yield np.float64(value.real)


def traceable(value):
    """A layer, grid or multiplier with every array in it replaced by a traced one: scales too, should they be used."""
    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value).view(Traced)
    if is_dataclass(value):
        return replace(value, **{field.name: traceable(getattr(value, field.name)) for field in fields(value)})
    return value


def traced(network: IntegerNetwork, codes: np.ndarray) -> tuple[np.ndarray, list]:
    """Logits codes, and (operation, type) of every operand and result on the way to them."""
    Traced.seen = []
    spied = IntegerNetwork([traceable(layer) for layer in network.layers], network.input)
    Traced.seen = []  # what checking the grids has looked at
    with in_plain_integers():
        found = spied.forward(codes.view(Traced))
    assert isinstance(found, Traced)  # or else the trace was lost on the way
    return found.view(np.ndarray), Traced.seen


def named(network: IntegerNetwork, codes: np.ndarray) -> list:
    """`traced`, seen from outside: (function, type) of all that a variable of ours holds or a function returns."""
    seen = []

    def look(frame, event, result):
        if event == "return" and frame.f_globals.get("__name__", "").startswith("pyapp.quant"):
            values = [value for value in (*frame.f_locals.values(), result) if not is_dataclass(value)]
            seen.extend((frame.f_code.co_name, value.dtype) for value in _arrays(values))

    before = sys.getprofile()
    with in_plain_integers():
        sys.setprofile(look)
        try:
            network.forward(codes)
        finally:
            sys.setprofile(before)
    return seen


@contextlib.contextmanager
def in_plain_integers():
    """Context in which NumPy's integers compute: no kernel, and no float product even where that is exact."""
    proof, matmul.exact_in_float = matmul.exact_in_float, lambda a, w: 0
    try:
        with engine.using(engine.NUMPY):
            yield
    finally:
        matmul.exact_in_float = proof


def floats(seen: list) -> list:
    return [(name, str(dtype)) for name, dtype in seen if dtype.kind not in "iub"]
