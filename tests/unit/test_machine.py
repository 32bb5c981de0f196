"""What a table says it was made on."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest

from pyapp.core.ops import WASM
from pyapp.hosts import ROOT
from pyapp.machine import kernel, made_on, processor


def test_processor_numpy_and_blas_are_named_without_a_comma():
    words = made_on()
    assert f"NumPy {np.__version__}; " in words and processor() and words.startswith(processor().replace(",", " "))
    assert "," not in words and "\n" not in words and words.count("; ") >= 2


@pytest.mark.skipif(WASM, reason="there are no processes in Pyodide, and no BLAS")
def test_the_kernel_is_the_one_that_runs():
    if not re.fullmatch(r"\w+", kernel()):
        pytest.skip("this NumPy does not have OpenBLAS with kernels to choose from")
    code = "from pyapp.machine import made_on; print(made_on())"
    found = {each: subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "OPENBLAS_CORETYPE": each},
                                  capture_output=True, text=True, check=True).stdout.split()[-1]
             for each in ("Nehalem", kernel())}
    assert found[kernel()] == kernel() and (found["Nehalem"] == "Nehalem" or "x86" not in made_on())
