"""Modules found in a list are those that Python's own search finds."""

import py_compile
import sys
from importlib.machinery import PathFinder

from pyapp.site.importing import Listed
from pyapp.site.packs import listed


def test_it_tells_what_a_search_would(tmp_path):
    for name in ("box/__init__", "box/inside"):
        source = tmp_path / f"{name}.py"
        source.parent.mkdir(exist_ok=True)
        source.write_text("VALUE = 7")
        py_compile.compile(source, source.with_suffix(".pyc"), doraise=True)
        source.unlink()
    finder = Listed(["box", f"{tmp_path}/box/__init__.pyc", "box.inside", f"{tmp_path}/box/inside.pyc"])
    for name, path in (("box", [str(tmp_path)]), ("box.inside", [str(tmp_path / "box")])):
        ours, found = finder.find_spec(name), PathFinder.find_spec(name, path)
        for fact in ("name", "origin", "has_location", "parent", "submodule_search_locations"):
            assert getattr(ours, fact) == getattr(found, fact), fact
        assert type(ours.loader) is type(found.loader) and ours.loader.get_code(name).co_names == ("VALUE",)
    assert finder.find_spec("box.more") is None


def test_it_is_in_force_only_where_the_packs_put_it():
    assert not any(isinstance(finder, Listed) for finder in sys.meta_path)


def test_a_pack_lists_what_can_be_imported():
    files = {"lib/python/box/__init__.pyc": b"", "bitladder/pyapp/fast.abi3.so": b"", "bitladder/later.json": b""}
    assert listed(files).decode().splitlines() == ["box /lib/python/box/__init__.pyc",
                                                   "pyapp.fast /bitladder/pyapp/fast.abi3.so"]
