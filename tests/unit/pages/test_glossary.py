"""Every page leads on, and its marked words are explained: by the glossary, and by a page that shows what they mean."""

import json
import re

import pytest

from pyapp import pages
from pyapp.pages.base.glossary import TERMS, glossary_of

DESCRIBED = {page["name"]: page for page in pages.describe()}
CODE = re.compile(r"```.*?```|\$\$.*?\$\$|\$[^$\n]+\$|^#[^\n]*|^\|[^\n]*", re.DOTALL | re.MULTILINE)
WORDS = {"zero-point": "zero point", "scale": "scale", "logits": "logit", "outlier": "outlier", "gptq": "GPTQ",
         "sqnr": "SQNR", "lsq": "LSQ", "accumulator": "accumulator", "nats": "nats"}  # that mean nothing else


def panels(name: str) -> str:
    return json.dumps(DESCRIBED[name]["panels"], ensure_ascii=False)


def test_the_glossary_has_two_dozen_words_of_two_sentences():
    assert len(TERMS) >= 24
    for page, text in TERMS.values():
        assert page in pages.names() and text.endswith(".") and len(text) < 240
        assert 2 <= len(re.findall(r"[.:;](?= |$)", text)) <= 4


def test_every_word_is_used_and_every_mark_is_a_word():
    marked = [set(glossary_of(panels(name) + pages.story(name))) for name in pages.names()]
    assert set().union(*marked) == TERMS.keys()
    for name in pages.names():
        assert DESCRIBED[name]["glossary"].keys() == set(glossary_of(panels(name) + pages.story(name)))


@pytest.mark.parametrize("name", pages.names())
def test_a_word_is_explained_at_its_first_use(name):
    """Once in the panels, once in the story: every further mark would be noise."""
    for text in (panels(name), pages.story(name)):
        marks = re.findall(r"\]\(\?([\w-]+)\)", text)
        assert sorted(marks) == sorted(set(marks))
    told = CODE.sub(lambda found: " " * len(found.group()), pages.story(name))
    for term, word in WORDS.items():
        first = re.search(rf"(?<![\w-]){word}s?(?![\w-])(?!\*\*)", told)
        if first and f"(?{term})" in told:
            assert told.index(f"](?{term})") - first.end() in range(-1, 40), f"{word} is used before it is explained"


@pytest.mark.parametrize("name", pages.names())
def test_a_page_that_uses_the_words_explains_some(name):
    """At least one in its story, where that uses any; the first two rungs use none."""
    told = CODE.sub(" ", pages.story(name))
    used = re.findall(r"\b(?:[Qq]uantis\w+|[Aa]ctivations?|zero points?|softmax|logits?|SQNR|GPTQ)\b", told)
    assert glossary_of(told) or not used, f"{used[:5]} are not explained"
    assert DESCRIBED[name]["glossary"] or name in ("rung1", "rung2")


@pytest.mark.parametrize("name", pages.names())
def test_a_word_leads_to_the_page_that_shows_it(name):
    for text, *link in DESCRIBED[name]["glossary"].values():
        assert text and (link == [] or (link[1] == pages.page(link[0]).title and link[0] != name))


def test_the_ways_on_lead_from_every_page_to_every_other():
    at, seen = "start", []
    while at not in seen:
        seen.append(at)
        to, title, why = DESCRIBED[at]["next"]
        assert title == pages.page(to).title and why.endswith((".", "?")) and len(why) < 100
        at = to
    assert set(seen) == set(pages.names())
