"""Kernels: matrix products and the operations between them, in C for WebAssembly SIMD, as one CPython extension.

They do what `pyapp.core` and `pyapp.quant` do with NumPy, which stays the reference; `engine.accelerated` puts them in
its place. Nothing in them is fused, reordered by a compiler or left to the machine: the same input gives the same bits
in every browser and in Node. `build.py` compiles `simd.so` from the C files beside it.

TABLE is {name of a function: its kernel}, empty where they do not run, and WHY_NOT then says why. A new kernel does
what a NumPy function marked `accelerated` does, under that function's name; `sanitize.py` tests it under sanitizers.
"""

import importlib.machinery
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

ANOTHER = "BITLADDER_KERNELS"  # the environment variable with the path of another build, such as one with sanitizers
HERE = Path(__file__).parent

TABLE: dict = {}
WHY_NOT = ""


def _load(path: Path) -> ModuleType:
    loader = importlib.machinery.ExtensionFileLoader(f"{__name__}.simd", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    sys.modules[loader.name] = module
    return module


def found(path: Path) -> tuple[dict, str]:
    """The kernels of the build at `path` by name, and ""; or none, and why NumPy has to do. Whatever goes wrong with
    them, `pyapp` can be imported: the page then says so and computes without them."""
    global simd
    try:
        simd = _load(path)
        from pyapp.core.kernels import floats, integers, known, known_integers

        if not (known.right(simd) and known_integers.right(simd)):
            return {}, "this engine's SIMD gave wrong answers to known questions"
        return floats.table() | integers.table(), ""
    except Exception as error:  # no SIMD or no such file; or a question that a kernel refuses to answer
        return {}, f"the kernels could not be loaded ({type(error).__name__}: {error})"


if sys.platform == "emscripten" or ANOTHER in os.environ:
    TABLE, WHY_NOT = found(Path(os.environ.get(ANOTHER) or HERE / "simd.so"))
else:
    WHY_NOT = "they are made for WebAssembly"
