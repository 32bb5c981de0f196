"""Which code does the arithmetic: NumPy, which is the reference and runs everywhere, or kernels in WebAssembly SIMD.

NumPy in Pyodide has no BLAS and no integer products; there, small C kernels do the same work several times as fast.
This is the one place that knows of both. A function that has a kernel is written with NumPy where it belongs and marked
`accelerated`; whoever calls it does not know which code runs. The kernels are used in Pyodide if they load and have
given the right answers to a few known questions (`pyapp.core.kernels`), otherwise NumPy is.
"""

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from typing import Any

from pyapp.core import kernels

NUMPY, KERNELS = "numpy", "kernels"
WANTED = "BITLADDER_ENGINE"  # the environment variable that asks for one of them

_table: dict[str, Callable] = {}


def accelerated(reference: Callable) -> Callable:
    """Decorator: the function runs as the kernel of the same name while the kernels are in use and where that kernel
    takes these arguments. Results agree within 1e-5 relative, integers exactly."""
    name = reference.__name__

    @functools.wraps(reference)
    def run(*args: Any, **more: Any) -> Any:
        if kernel := _table.get(name):
            result = kernel(*args, **more)
            if result is not NotImplemented:
                return result
        return reference(*args, **more)

    return run


def available() -> tuple[str, ...]:
    """The engines that run here, the preferred one first."""
    return (KERNELS, NUMPY) if kernels.TABLE else (NUMPY,)


def name() -> str:
    """The engine in use."""
    return KERNELS if _table else NUMPY


def use(engine: str) -> None:
    """Compute with this engine from now on. ValueError if it does not run here."""
    global _table
    if engine not in available():
        raise ValueError(f"the engine {engine!r} does not run here; use {' or '.join(available())}"
                         + (f" ({kernels.WHY_NOT})" if engine == KERNELS else ""))
    _table = kernels.TABLE if engine == KERNELS else {}


@contextlib.contextmanager
def using(engine: str) -> Iterator[None]:
    """Compute with this engine in a `with` block."""
    before = name()
    use(engine)
    try:
        yield
    finally:
        use(before)


use(os.environ.get(WANTED) or available()[0])
