"""What holds for every page."""

import re
from itertools import groupby
from types import SimpleNamespace

import pytest

from pyapp import pages
from pyapp.runner import Runner

TOKEN = re.compile(r"[_:]|[a-z]-[a-z]|[a-z]\d$|minmax|^(off|none|float|open|mse|ema|kl|mae|gpt|gptq|lsq|ste|sgd|adam|"
                   r"relu|silu|laplace|ibert|softermax|itamax|tflite|indexsoftmax|shiftmax)$")  # of a link or a command


# Links that stand in lessons, slides and bookmarks: the pages of the first release, and settings of some.
OLD = [
    "digits?weights=pretrained&bits=4", "simulator?bits=3", "affine?bits=3", "matmul", "errors?layer=layer2&bits=2",
    "inference?bits=4&activations=8", "qat?bits=2", "mixed", "arena", "guidelines", "exponential?method=ibert",
    "staircase?method=tflite", "attention?source=gpt&bits=3", "methods?bits=8", "shift?rule=row-max",
    "vision?bits=4&logit_bits=3", "text?bits=5", "learn", "rung1", "rung2", "rung3", "rung4", "rung5", "rung6",
    "rung7", "generator", "check"]


@pytest.mark.parametrize("link", OLD)
def test_an_old_link_opens_its_page_with_its_settings(link):
    """A page may be renamed or removed only with something that takes its links: this list does not follow it."""
    name, _, settings = link.partition("?")
    given = dict(each.split("=") for each in settings.split("&") if each)
    answer = Runner().open(name, given)
    assert {key: str(answer["params"][key]) for key in given} == given and not answer["notes"]


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


def test_a_choice_is_shown_in_words_and_not_as_a_token_of_links_and_commands():
    for name in pages.names():
        for param in pages.page(name).PARAMS:
            shown = [param.title(choice) for choice in param.choices or ()]
            assert not [title for title in shown if title in (param.choices or ()) and TOKEN.search(title)], param
            assert len(set(shown)) == len(shown)


def test_no_two_names_are_alike():
    """Of entries, tabs and titles; the number of a rung is no difference. What stands alone has one name for all."""
    pages_ = [SimpleNamespace(**each) for each in pages.describe()]
    entries = {page.entry for page in pages_ if page.entry != page.title} - {""}
    names = [*entries, *(name for page in pages_ for name in {page.title, page.tab.lstrip("1234567 ")})]
    assert len({name.lower() for name in names}) == len(names), sorted(names)

@pytest.mark.parametrize("name", pages.names())
def test_no_two_controls_of_a_page_have_one_label(name):
    labels = [param.label for param in pages.page(name).PARAMS]
    assert len({label.lower() for label in labels}) == len(labels), sorted(labels)


@pytest.mark.parametrize("name", pages.names())
def test_people_count_from_1(name):
    """pyapp/experiment/README.md; 0 and below are then for none, and what counts from 0 is called an index."""
    for param in pages.page(name).PARAMS:
        assert param.doc.startswith("Index ") or not re.search(
            r"(count|number)\w* (row by row )?from 0|, from 0\b(?! to)", param.doc), param
        if "1 = first" in param.doc and param.kind == "int":
            assert param.lo in (0, 1) and param.hi > 1, param


def test_what_is_not_quantised_is_called_float32():
    """Not "float", as in the labels of the softmax lab, where the softmax is compared with one in float64."""
    def labels(data):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            if key in ("title", "caption", "label") and isinstance(value, str):
                yield value
            elif isinstance(value, dict | list | tuple):
                yield from labels(value)
    for page in pages.describe():
        found = [label for label in labels([page["panels"], page["params"]]) if page["entry"] != "Softmax lab"]
        wrong = r"(.*, )?float|(?i:.*\bfloat (network|weights|activations|values?)\b.*)"
        assert not [label for label in found if re.fullmatch(wrong, label)], page["name"]


def test_columns_and_lines_of_facts_have_titles_in_lower_case_but_for_names_and_symbols():
    """"SQNR", "L1 per row" and "x" are such, "Largest error" is not."""
    def titles(data):
        if isinstance(data, dict):
            for key in {"columns", "heads", "facts"} & data.keys():
                yield from (each.get("title", each.get("label", "")) for each in data[key] if isinstance(each, dict))
        for each in data.values() if isinstance(data, dict) else data if isinstance(data, list | tuple) else ():
            yield from titles(each)
    found = list(titles(pages.describe()))
    assert len(found) > 300 and not [title for title in found if re.match(r"[A-Z][a-z]+\b", title)]


def test_the_rail_has_few_entries_and_pages_of_one_stand_together():
    entries = [page["entry"] for page in pages.describe() if page["entry"]]
    assert len(set(entries)) <= 10 and [name for name, _ in groupby(entries)] == list(dict.fromkeys(entries))
    assert entries[0] == "Start" and "" in {page["entry"] for page in pages.describe()}


def test_what_tabs_share_is_one_kind_of_value():
    """So that what one tab is set to means the same on another, if it is allowed there."""
    kinds = {}
    for described in pages.describe():
        page = pages.page(described["name"])
        params = {param.name: param for param in page.PARAMS}
        for shared, own in described["shares"].items():
            kinds.setdefault((page.entry, shared), set()).add(params[own].kind)
        assert not page.SHARES or page.SHARED.endswith(".")
    assert kinds and all(len(found) == 1 for found in kinds.values())


@pytest.mark.parametrize("name", [name for name in pages.names() if pages.page(name).SETTLED])
def test_a_page_that_says_so_leaves_nothing_for_the_background_but_after_a_change(name):
    """Its command needs no --background."""
    runner = Runner()
    run = runner.open(name, {"bits": "4"})["run"]
    for _ in range(2):
        before = runner.advance(run, steps=1)["frame"].scalars
        assert runner.background(run, ms=600_000)["frame"].scalars == before
    assert {"done": True}.items() <= runner.background(run, ms=600_000).items()


def test_the_tabs_of_the_softmax_lab_have_one_bar():
    """What they share begins the strip of every tab that has it, in this order and under these names."""
    shared = {"logits": "logits", "bits": "bits", "shift": "shift", "method": "softmax"}
    lab = [page for page in map(pages.page, pages.names()) if page.entry == "Softmax lab"]
    assert len(lab) == 5
    for page in lab:
        labels = {param.name: param.label.lower() for param in page.PARAMS}
        own = {page.SHARES[name]: label for name, label in shared.items() if page.SHARES[name] in labels}
        assert list(page.mains())[:len(own)] == list(own)
        assert all(labels[name].split()[-1] == label for name, label in own.items())  # "Trained logits" are logits
