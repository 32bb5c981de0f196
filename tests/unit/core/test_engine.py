"""Kernels that cannot be used are left alone, whatever is wrong with them: NumPy computes, and the page says why."""

from types import ModuleType

import pytest

from pyapp.bridge import runtime
from pyapp.core import engine, kernels


@pytest.fixture(autouse=True)
def the_module_stays(monkeypatch):
    monkeypatch.setattr(kernels, "simd", getattr(kernels, "simd", None), raising=False)


@pytest.mark.parametrize("damage", [
    lambda data: b"", lambda data: b"<!doctype html>", lambda data: data[: len(data) // 2],
    lambda data: data[:9000] + bytes(500) + data[9500:]])
def test_a_damaged_file_is_not_used(tmp_path, damage):
    """As a download that broke off or a server that answers with its page of errors leaves it."""
    path = tmp_path / "simd.so"
    path.write_bytes(damage((kernels.HERE / "simd.so").read_bytes()))
    table, why = kernels.found(path)
    assert table == {} and why.startswith("the kernels could not be loaded (ImportError: ")


def test_a_file_that_is_not_there_is_not_used(tmp_path):
    assert kernels.found(tmp_path / "simd.so")[0] == {}


@pytest.mark.parametrize("error", [TypeError, ValueError, RuntimeError, AttributeError, MemoryError, SystemError])
def test_kernels_that_raise_at_a_question_are_not_used(monkeypatch, tmp_path, error):
    class Refusing(ModuleType):
        def __getattr__(self, name):
            raise error("no such instruction")

    monkeypatch.setattr(kernels, "_load", lambda path: Refusing("simd"))
    assert kernels.found(tmp_path) == ({}, f"the kernels could not be loaded ({error.__name__}: no such instruction)")


def test_kernels_that_answer_wrongly_are_not_used(monkeypatch, tmp_path):
    class Silent(ModuleType):
        def __getattr__(self, name):
            return lambda *arguments: [each.fill(0) for each in arguments if getattr(each, "size", 0)]

    monkeypatch.setattr(kernels, "_load", lambda path: Silent("simd"))
    assert kernels.found(tmp_path) == ({}, "this engine's SIMD gave wrong answers to known questions")


def test_the_reader_is_told_why(monkeypatch):
    monkeypatch.setattr(kernels, "WHY_NOT", "the kernels could not be loaded (ImportError: bad magic)")
    with engine.using(engine.NUMPY):
        assert runtime()["kernels"] == "no SIMD kernels: the kernels could not be loaded (ImportError: bad magic)"
        monkeypatch.setattr(kernels, "WHY_NOT", "")  # they are there, and NumPy was asked for
        assert runtime()["kernels"] == "no SIMD kernels"
