"""The machine: processor, NumPy, and the kernel of its BLAS, which decides the order of sums.

The last bits of a float result follow from that order, so every table and every recipe says what it was made on.
"""

import platform
import sys
from pathlib import Path

import numpy as np

NAMES = [f"{stem}_get_corename{end}" for stem in ("scipy_openblas", "openblas") for end in ("64_", "")]


def made_on() -> str:
    """For example "AMD EPYC x86_64; NumPy 2.4.6; OpenBLAS 0.3.31 Haswell": no comma, as it is a cell of CSV files."""
    return f"{processor()}; NumPy {np.__version__}; {blas()}".replace(",", " ")


def processor() -> str:
    """The processor's model where the system says it, and its architecture."""
    info = Path("/proc/cpuinfo")
    try:
        lines = info.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return " ".join(part for part in (*models[:1], platform.machine()) if part)


def blas() -> str:
    """The library that multiplies matrices, its version, and the kernel that it chose for this processor."""
    if sys.platform == "emscripten":
        return "no BLAS"
    found = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    name = found.get("name", "an unknown BLAS").replace("scipy-openblas", "OpenBLAS")
    version = ".".join(str(found.get("version", "")).split(".")[:3])
    return " ".join(part for part in (name, version, kernel()) if part)


def kernel() -> str:
    """Which kernels OpenBLAS uses, such as Haswell (OPENBLAS_CORETYPE changes it); "" for another library."""
    import ctypes  # imported only where there is a BLAS: not in Pyodide

    from numpy.linalg import _umath_linalg

    try:
        library = ctypes.CDLL(_umath_linalg.__file__)
    except OSError:
        return ""
    for name in NAMES:
        if hasattr(library, name):
            function = getattr(library, name)
            function.restype = ctypes.c_char_p
            return function().decode()
    return ""
