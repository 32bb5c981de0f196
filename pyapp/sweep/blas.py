"""How many threads NumPy's BLAS uses. More of them change the order of sums, and with it the last bits of a result."""

import contextlib
import ctypes
from collections.abc import Iterator

from numpy.linalg import _umath_linalg

PAIRS = [  # (get, set) by the names that builds of OpenBLAS give them, then Intel's
    ("scipy_openblas_get_num_threads64_", "scipy_openblas_set_num_threads64_"),  # NumPy's own wheels
    ("scipy_openblas_get_num_threads", "scipy_openblas_set_num_threads"),
    ("openblas_get_num_threads64_", "openblas_set_num_threads64_"),
    ("openblas_get_num_threads", "openblas_set_num_threads"),
    ("MKL_Get_Max_Threads", "MKL_Set_Num_Threads"),
]


def set_threads(count: int) -> int | None:
    """Let BLAS use `count` threads in this process. Returns how many it used, or None where the BLAS has no such call.

    The functions are looked for in the library that NumPy's linear algebra is linked to. Apple's Accelerate and
    Windows give no way there; joblib's processes are then limited by the environment that they start with.
    """
    library = ctypes.CDLL(_umath_linalg.__file__)
    for get, put in PAIRS:
        if hasattr(library, put):
            before = getattr(library, get)()
            getattr(library, put)(count)
            return before
    return None


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """Context in which BLAS uses `count` threads."""
    before = set_threads(count)
    try:
        yield
    finally:
        if before is not None:
            set_threads(before)
