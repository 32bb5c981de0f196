"""Declarations: fields in order or by name, and nothing else."""

import pytest

from pyapp.experiment.panels import Heading, Panel, Words


def test_fields_are_given_in_order_or_by_name():
    panel = Panel("errors", "Errors", place="wide")
    assert (panel.name, panel.title, panel.place, panel.told) == ("errors", "Errors", "wide", False)
    assert panel.as_dict() == {"name": "errors", "title": "Errors", "place": "wide"}
    assert Heading("Sizes", when="known").as_dict() == {"kind": "heading", "text": "Sizes", "when": "known"}


@pytest.mark.parametrize(("given", "named", "wrong"), [
    (("errors",), {}, "title"), (("a", "b"), {"name": "c"}, "name"), (("a", "b"), {"titel": "c"}, "titel"),
    (("a", "b", (), "wide", "", "", False, "more"), {}, "'more'")])
def test_a_wrong_field_is_named(given, named, wrong):
    with pytest.raises(TypeError, match=f"Panel: missing, given twice or not a field: {wrong}"):
        Panel(*given, **named)


def test_a_declaration_stays():
    with pytest.raises(AttributeError, match="text is declared and stays"):
        Words("one").text = "two"
