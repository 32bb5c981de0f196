"""What holds for every page."""

import json

import pytest

from pyapp import pages
from pyapp.bridge import METHODS
from pyapp.data.mnist import ROOT
from pyapp.runner import Runner


def test_the_shells_copy_of_the_pages_is_true():
    """web/pages.json lets the page draw its controls before Python is there: `python -m pyapp pages > web/pages.json`."""
    assert json.loads((ROOT / "web" / "pages.json").read_text()) == json.loads(json.dumps(pages.describe()))


@pytest.mark.parametrize("name", pages.names())
def test_a_page_declares_itself_and_its_view_exists(name):
    page = pages.page(name)
    assert page.title and page.summary.endswith(".")
    assert (ROOT / "web" / "views" / f"{page.view}.js").is_file()
    for param in page.PARAMS:
        assert param.parse(param.default) == (param.default, None), param.name
        assert param.doc


@pytest.mark.parametrize("name", pages.names())
def test_a_page_opens_with_its_defaults_and_takes_a_step(name):
    runner = Runner()
    run = runner.open(name)["run"]
    assert runner.advance(run, steps=1)["frame"].step == 1


@pytest.mark.parametrize("name", pages.names())
def test_the_sources_that_a_page_shows_exist(name):
    sources = METHODS["source"](list(pages.page(name).SOURCES))["sources"]
    assert all(source["code"] for source in sources.values())
