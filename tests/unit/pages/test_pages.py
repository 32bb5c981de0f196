"""What holds for every page."""

import pytest

from pyapp import pages
from pyapp.runner import Runner


@pytest.mark.parametrize("name", pages.names())
def test_a_page_declares_itself(name):
    page = pages.page(name)
    assert page.title and page.summary.endswith(".")
    for param in page.PARAMS:
        assert param.parse(param.default) == (param.default, None), param.name
        assert param.doc


@pytest.mark.parametrize("name", pages.names())
def test_a_page_opens_with_its_defaults_and_takes_a_step_or_has_none_to_take(name):
    runner = Runner()
    run = runner.open(name)["run"]
    answer = runner.advance(run, steps=1)
    assert answer["frame"].step == (0 if answer["done"] else 1)
