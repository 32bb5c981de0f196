"""Modules that the host has not brought yet: asked for by name, never taken for missing."""

import importlib
import json
import sys

import pytest

from pyapp import bridge, later


@pytest.fixture
def expected(monkeypatch):
    monkeypatch.setattr(later, "_finder", later.Finder())
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    later.expect(json.dumps({"not_here.at_all": "rest", "not_here": "rest", "pyapp.later": "pages"}))


def test_an_import_names_the_pack(expected):
    with pytest.raises(later.NotYet) as error:
        try:
            importlib.import_module("not_here")
        except ImportError:
            pytest.fail("taken for a module that does not exist")
    assert error.value.file == "rest.pack"
    assert importlib.import_module("pyapp.later") is later  # what is found is not asked for
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("nowhere_at_all")


def test_what_has_arrived_is_not_asked_for(expected):
    later.need("other")
    later.arrived("rest")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("not_here")
    with pytest.raises(later.NotYet, match="pages"):
        later.need("pages")
    later.arrived("pages")
    later.need("pages")


def test_the_bridge_answers_with_the_file(expected):
    error = json.loads(bridge.call_json("source", json.dumps({"names": []}))[0])["error"]
    assert (error["type"], error["file"]) == ("NotYet", "pages.pack")
