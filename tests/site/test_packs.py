"""The packs of this checkout: complete, compiled, each module in one of them, and the same bytes everywhere."""

import hashlib
import importlib.util
import io
import json
import marshal
import sys
import zipfile

import pytest
from small_site import members

from pyapp.places import ROOT, cache_folder
from pyapp.site import compiled, compiling
from pyapp.site.lock import locked_files, read_lock
from pyapp.site.packs import LATER, OWN, START, groups, module_of, packs, third_party
from pyapp.site.published import published, served
from pyapp.site.tree import visible, zipped

SOURCE = b'"""Words."""\n\ndef f(x):\n    """More words."""\n    assert x, "no x"\n    return 2 * x\n'


@pytest.fixture(scope="module")
def made(needs_node):
    return packs(ROOT, [*visible(ROOT, "pyapp/softmax"), "pyapp/__init__.py", "weights/mlp.json"], cache_folder())


def test_what_others_made_is_compiled_and_in_one_pack(made):
    inside = {name: members(content) for name, content in made.items() if name.endswith(".pack")}
    paths = [path for files in inside.values() for path in files]
    assert len(paths) == len(set(paths))
    assert not [path for path in paths if path.startswith("/lib/python/") and path.endswith(".py")]
    start = inside["app/start.pack"]
    assert {f"/lib/python/{name}/__init__.pyc" for name in ("re", "json", "numpy")} <= set(start)
    assert {"/lib/python/micropip/__init__.pyc", "/lib/python/numpy/polynomial/__init__.pyc",
            "/lib/python/numpy/testing/__init__.pyc"} <= set(inside["app/rest.pack"])
    later = json.loads(start[f"/{LATER}"])
    assert (later["micropip"], later["numpy.fft"], later["pyapp.softmax.exact"]) == ("rest", "pages", "pages")
    assert not {"re", "numpy", "pyapp"} & set(later)


def test_what_the_packs_are_made_of_is_not_published():
    lock = read_lock(ROOT / "web")
    names = {file.path for group in lock["packages"][:2] for file in locked_files(group)}
    scripts = {f"vendor/pyodide/{name}" for name in ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm")}
    assert {name for name in names if published(ROOT / "web")(name)} == scripts < names
    assert all(map(served(ROOT / "web"), names))  # the benchmark starts Pyodide from them


def test_the_stories_sources_come_with_the_pages_and_no_others(made):
    files = members(made["app/pages.pack"])
    assert files["/bitladder/pyapp/softmax/ibert.py"] == (ROOT / "pyapp/softmax/ibert.py").read_bytes()
    code = files["/bitladder/pyapp/softmax/__pycache__/ibert.cpython-314.pyc"]
    assert code[4:8] == (1).to_bytes(4, "little")  # never compared with the source
    assert "/bitladder/pyapp/softmax/exact.pyc" in files and "/bitladder/pyapp/softmax/exact.py" not in files


def test_the_lock_has_the_hash_of_what_node_compiles(made):
    """After a change of Pyodide or of the compiling, the hash that this prints belongs into web/lock.json."""
    _, others = third_party(ROOT / "web")
    archive = compiled._batch(ROOT / "web", others, "bitladder/", cache_folder())
    assert read_lock(ROOT / "web")["compiled"] == hashlib.sha256(archive.read_bytes()).hexdigest()


def test_without_node_the_packs_hold_sources(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    made = packs(ROOT, ["pyapp/__init__.py"], tmp_path)
    assert "/lib/python/re/__init__.py" in members(made["app/start.pack"])
    assert "Node is not installed: the page works, but compiles" in capsys.readouterr().out


def test_other_bytes_than_the_locks_are_not_used(made, monkeypatch, capsys):
    lock = read_lock(ROOT / "web")
    monkeypatch.setattr(compiled, "read_lock", lambda web: lock | {"compiled": "0" * 64})
    made = packs(ROOT, ["pyapp/__init__.py"], cache_folder())
    assert "/lib/python/re/__init__.py" in members(made["app/start.pack"])
    assert "web/lock.json expects 0000" in capsys.readouterr().out


@pytest.mark.parametrize("path, module", [
    ("bitladder/pyapp/core/__init__.py", "pyapp.core"), ("lib/python/os.py", "os"),
    ("lib/python/numpy/linalg/_umath_linalg.cpython-314-wasm32-emscripten.so", "numpy.linalg._umath_linalg")])
def test_a_path_is_a_module(path, module):
    assert module_of(path) == module


@pytest.mark.parametrize("path, documented, checks", [
    ("lib/python/x.py", False, False), ("lib/python/numpy/x.py", True, False), ("bitladder/pyapp/x.py", True, True)])
def test_compiled_files_keep_what_somebody_reads(path, documented, checks):
    archive = compiling.compile_all(zipped({path: SOURCE}), "bitladder/")
    assert archive == compiling.compile_all(zipped({path: SOURCE}), "bitladder/")
    (name,) = zipfile.ZipFile(io.BytesIO(archive)).namelist()
    code = zipfile.ZipFile(io.BytesIO(archive)).read(name)
    assert name == f"{path}c" and code.startswith(importlib.util.MAGIC_NUMBER)
    scope = {}
    exec(marshal.loads(code[16:]), scope)
    assert scope["f"](4) == 8 and bool(scope["f"].__doc__) == documented
    assert scope["f"].__code__.co_filename == f"/{path}"
    if checks:
        with pytest.raises(AssertionError):
            scope["f"](0)
    else:
        assert scope["f"](0) == 0


def test_numpy_comes_without_what_only_editors_and_help_read(made):
    start, rest = (members(made[f"app/{name}.pack"]) for name in ("start", "rest"))
    assert not [path for path in start if "/numpy/_typing/" in path]
    assert "/lib/python/numpy/_typing/__init__.pyc" in rest  # for numpy.typing
    assert len(start["/lib/python/numpy/_core/_add_newdocs.pyc"]) < 200
    with pytest.raises(ValueError, match="adapt UNTYPED"):
        compiling.compile_all(zipped({"lib/python/numpy/linalg/_linalg.py": b"import numpy._typing"}), "bitladder/")


@pytest.mark.skipif(sys.platform == "win32", reason="files that are open cannot be removed there")
def test_only_the_newest_results_stay_in_the_cache(made, tmp_path):
    for i in range(20):
        (tmp_path / f"compiled-{i}.zip").write_bytes(b"")
    compiled._batch(ROOT / "web", {"bitladder/pyapp/x.py": SOURCE}, "bitladder/", tmp_path)
    assert len(list(tmp_path.glob("compiled-*.zip"))) == compiled.KEPT


def test_files_are_compiled_into_a_cache_that_is_not_there_yet(made, tmp_path):
    """As after it was removed, or another BITLADDER_CACHE, while web/vendor is complete."""
    assert compiled._batch(ROOT / "web", {"bitladder/pyapp/x.py": SOURCE}, "bitladder/", tmp_path / "a/b").is_file()


def test_an_empty_list_of_modules_is_none(tmp_path):
    """A shell empties web/modules.json before `pages --modules` writes it, and that can fail: the site starts still."""
    path = f"{OWN}pyapp/pages/wave.py"
    without = [of(path) for of in groups(tmp_path)]
    (tmp_path / "modules.json").write_text("")
    assert [of(path) for of in groups(tmp_path)] == without == [START, True]
