"""The kernels' C: the committed file is what the sources give, and the sources are clean under sanitizers."""

import hashlib
import importlib.util
import json
import shutil

import pytest

from pyapp.core import engine
from pyapp.core.kernels import build, sanitize


def test_the_built_file_is_that_of_the_sources():
    made = json.loads(build.BUILT.read_text())
    assert made["sha256"] == hashlib.sha256(build.SIMD.read_bytes()).hexdigest()
    assert made["sources"] == build.sources_hash(), "the C has changed: python -m pyapp.core.kernels.build"


@pytest.mark.skipif(not importlib.util.find_spec("ziglang"), reason="Zig's compiler is not installed")
def test_it_is_made_again_bit_for_bit(tmp_path):
    build.for_the_page(tmp_path / "simd.so")
    assert (tmp_path / "simd.so").read_bytes() == build.SIMD.read_bytes()


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")
def test_the_kernels_are_clean_under_sanitizers(tmp_path, capfd):
    failed = sanitize.run(tmp_path / "simd.so")
    said = capfd.readouterr().out
    assert not failed, said[-3000:]
    assert " passed" in said and "skipped" not in said


def test_without_kernels_numpy_computes():
    assert engine.name() == "numpy" and engine.available() == ("numpy",)
    with pytest.raises(ValueError, match="does not run here"):
        engine.use("kernels")
