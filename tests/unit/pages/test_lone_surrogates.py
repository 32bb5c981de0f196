"""Half of a character (a lone surrogate), as a careless copy or a broken link brings, is answered on every page."""

import json

import pytest

from pyapp import pages
from pyapp.bridge import call_json

HALVES = ("\ud800", "a\udc80b", "1 \ud83d 2", "The quick brown fox jumps over the lazy dog. " * 20 + "\ud800")
FIELDS = [(name, param.name) for name in pages.names() for param in pages.page(name).PARAMS
          if param.kind not in ("choice", "bool")]
TEXTS = [(page, name) for page, name in FIELDS
         if next(param for param in pages.page(page).PARAMS if param.name == name).kind == "text"]


def asked(method: str, **args):
    """The answer, which has to be text that any place can hold, and whether it is an error."""
    text, _ = call_json(method, json.dumps(args))
    text.encode()
    answer = json.loads(text)
    if "error" in answer:
        assert answer["error"]["type"] in ("ParamError", "UnknownPage", "ValueError"), answer["error"]
        assert answer["error"]["message"] != answer["error"]["type"]
    return answer.get("ok")


@pytest.mark.parametrize("page", sorted({page for page, _ in FIELDS}))
def test_a_link_with_half_a_character_opens_a_page(page):
    for half in HALVES:
        opened = asked("open", page=page, params={name: half for other, name in FIELDS if other == page})
        assert opened, "a link never keeps a page from opening"
        asked("close", run=opened["run"])


@pytest.mark.parametrize(("page", "name"), TEXTS, ids=[f"{page} {name}" for page, name in TEXTS])
def test_a_field_with_half_a_character_is_answered(page, name):
    run = asked("open", page=page, params={})["run"]
    for half in HALVES:
        asked("change", run=run, name=name, value=half)
        assert asked("advance", run=run, ms=1), "the run goes on"
    asked("close", run=run)


def test_names_with_half_a_character_are_answered():
    run = asked("open", page="rung1", params={})["run"]
    for method, args in {"open": {"page": "\ud800"}, "source": {"names": ["\ud800"]},
                         "act": {"run": run, "name": "\ud800", "values": {}},
                         "change": {"run": run, "name": "\ud800", "value": 1},
                         "edit": {"run": run, "name": "\ud800", "source": "x = 1"}}.items():
        assert asked(method, **args) is None
    asked("close", run=run)
