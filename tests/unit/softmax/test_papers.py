"""What is cited: links and BibTeX entries from the arXiv numbers in the methods' sources."""

import re

import pytest

from pyapp.softmax.methods import METHODS
from pyapp.softmax.papers import ARXIV, PAPERS, bibliography, cited, linked

SOURCES = {method.title: method.source for method in METHODS.values()}


def test_every_paper_of_a_method_is_known_and_cited_once():
    named = {number for source in SOURCES.values() for number in ARXIV.findall(source)}
    assert named == set(PAPERS)
    text = bibliography(SOURCES)
    assert re.findall(r"^  eprint +=.*?(\d{4}\.\d{5})", text, re.MULTILINE) == list(dict.fromkeys(
        number for source in SOURCES.values() for number in ARXIV.findall(source)))
    assert len(set(re.findall(r"@inproceedings\{(\w+),", text))) == len(PAPERS)
    for title, source in SOURCES.items():
        assert (title in text) == bool(ARXIV.search(source))


def test_an_entry_is_bibtex_and_keeps_the_capitals_of_names():
    entry = PAPERS["2101.01321"].bibtex
    assert entry.count("{") == entry.count("}") and entry.startswith("@inproceedings{kim2021ibert,\n")
    assert "  title         = {{I-BERT}: Integer-only {BERT} Quantization},\n" in entry
    assert "Kim, Sehoon and Gholami, Amir" in entry and "year          = {2021}" in entry


def test_a_paper_that_is_not_known_is_an_error():
    with pytest.raises(KeyError, match=r"1234\.56789"):
        cited("somebody, arXiv 1234.56789")
    assert linked("see arXiv 2307.03493.") == "see [arXiv 2307.03493](https://arxiv.org/abs/2307.03493)."
