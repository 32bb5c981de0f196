"""The stories, read as the page reads them: formulas are TeX, names exist, measured numbers come from somewhere."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from pyapp import pages
from pyapp.bridge import source
from pyapp.places import ROOT, WEIGHTS
from pyapp.runner import Runner

HERE = Path(__file__).parent
NAMES = pages.names()
DRAWN = {"heading", "paragraph", "text", "strong", "em", "codespan", "code", "link", "list", "list_item", "table",
         "space", "formula", "term", "measured", "escape", "br"}  # what markdown.js knows how to draw
FORMAT = re.compile(r"(fixed|percent|signed):\d|count|bytes|scientific|small|scalar|")
MEASURED = re.compile(r"\{\{(.*?)\}\}")


@pytest.fixture(scope="module")
def told(needs_node):
    """What the page finds in every story."""
    stories = {name: pages.story(name) for name in NAMES if pages.story(name)}
    done = subprocess.run(["node", HERE / "stories.mjs"], input=json.dumps(stories), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", NAMES)
def test_each_page_has_a_story_or_says_why_not(name):
    assert bool(pages.story(name)) != bool(pages.page(name).untold)


def test_no_story_is_left_without_its_page():
    assert {path.stem for path in (ROOT / "pyapp/pages").glob("*.md")} <= set(NAMES)


@pytest.mark.parametrize("name", [name for name in NAMES if pages.story(name)])
class TestStory:
    def test_it_tells_how_the_page_works(self, name):
        assert "# How it works" in pages.story(name).splitlines()

    def test_all_of_it_can_be_shown(self, told, name):
        assert set(told[name]["types"]) <= DRAWN
        assert not told[name]["faults"]

    def test_the_sources_that_it_names_exist(self, told, name):
        assert told[name]["sources"] == pages.sources(name)
        assert all(found["code"] for found in source(pages.sources(name))["sources"].values())

    def test_its_links_lead_somewhere(self, told, name):
        assert all(link.startswith(("https:", "?")) or link.removeprefix("#") in NAMES for link in told[name]["links"])

    def test_every_measured_number_is_there(self, told, name):
        measured = told[name]["measured"]
        assert len(measured) == len(MEASURED.findall(pages.story(name)))  # none is taken for words
        for path, format in measured:
            assert FORMAT.fullmatch(format), format
            value = looked_up(name, path)
            assert isinstance(value, (int, float)) or (format == "" and isinstance(value, str)), path


def looked_up(page: str, path: str):
    """What a placeholder stands for: an entry of a recipe in weights/, or of the frame that the page begins with."""
    where, *keys = path.split(".")
    if where == "recipes":
        value = json.loads((WEIGHTS / f"{keys.pop(0)}.json").read_text())
    else:
        assert where == "frame"
        value = Runner().open(page)["frame"].scalars
    for key in keys:
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value
