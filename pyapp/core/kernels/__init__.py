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


if sys.platform == "emscripten" or ANOTHER in os.environ:
    try:
        simd = _load(Path(os.environ.get(ANOTHER) or HERE / "simd.so"))
        from pyapp.core.kernels import floats, integers, known, known_integers

        if known.right(simd) and known_integers.right(simd):
            TABLE = floats.table() | integers.table()
        else:
            WHY_NOT = "this engine's SIMD gave wrong answers to known questions"
    except (ImportError, OSError) as error:  # no SIMD, or no such file
        WHY_NOT = f"the kernels could not be loaded: {error}"
else:
    WHY_NOT = "they are made for WebAssembly"
