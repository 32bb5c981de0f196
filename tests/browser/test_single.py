"""The site as one file: opened from a file:// address, with no server and no connection."""

import re

import pytest
from test_live_code_view import ENDLESS, RAISED, run
from test_text_view import generate, wait_texts

from pyapp import npz, pages
from pyapp.checkpoint import unpacked_json
from pyapp.parity.check import SEVEN
from pyapp.places import ROOT, cache_folder
from pyapp.site.build import build
from pyapp.site.single import write_single


@pytest.fixture
def target(tmp_path):
    target = tmp_path / "a page" / "bitladder.html"
    assert write_single(ROOT, build(ROOT, cache_folder()), target, cache_folder()) <= 16e6
    return target


@pytest.fixture
def tab(visit, target):
    """A tab in which any request but for the file itself is a complaint, and would fail."""
    tab = visit(None, offline=True)
    tab.url = target.as_uri()
    return tab


def test_one_file_does_all_that_the_pages_do(tab, target, tmp_path, some):
    """A link opened cold whose page needs large weights, training, drawing, stories, edited code, a second worker,
    what lasts over a reload or as a file, and every page; and a copy that is damaged says so."""
    tab.open("#text?tokens=12&seed=3&bits=5")
    generate(tab, 12)
    wait_texts(tab, 12, seed=3, bits="5")
    tab.wait_text("status", "works offline")
    tab.wait_text("offline", "Works without a connection: all of Bitladder is in this file.")

    tab.follow("#affine")
    tab.page.locator(".story math").first.wait_for()
    tab.page.locator(".story [aria-label^='Source of pyapp.']").first.wait_for(state="attached")

    tab.follow("#rung1")
    run(tab, ENDLESS)
    tab.wait_text("code-error", "run is as it was before")  # by a worker that was started in advance
    run(tab, RAISED)
    tab.wait_text("code-state", "Your text is running.")
    assert "raised" in tab.text("code-printed")

    tab.follow("#digits")
    tab.draw(SEVEN)
    tab["play"].click()
    tab.wait_number("held-out-accuracy", "x > 85")
    tab.pause()
    tab.wait_text("prediction", "7")
    tab.page.reload()
    tab.wait_ready()
    tab.wait_number("held-out-accuracy", "x > 85")
    tab["page-menu"].click()
    saved = npz.unpack(tab.save("page-session", tmp_path).read_bytes())
    assert unpacked_json(saved["about"])["page"] == "digits"

    for name in some(pages.names()):
        tab.follow(f"#{name}")
        assert tab["error"].count() == 0 and tab["part-trouble"].count() == 0, name

    whole, archives = opened(target)
    for place, said in ((archives[0], "#unserved"), (archives[1], "[data-test='error']")):
        damaged = bytearray(whole)
        damaged[place + 200_000] ^= 1
        target.write_bytes(damaged)
        tab.page.goto(tab.url)
        tab.page.locator(said, has_text="This copy of Bitladder is damaged").wait_for(state="attached")
        assert "Copy the file again." in tab.page.locator(said).text_content()
    assert "connection" not in tab.text("error")


def opened(target):
    """The bytes of the file, and where its archives begin: the first is the page's, the second Python's."""
    whole = target.read_bytes()
    return whole, [found.start() for found in re.finditer('<script type="text/plain">'.encode("utf-16-le"), whole)]


@pytest.mark.thorough
@pytest.mark.parametrize(("number", "link"), [(2, "#simulator"), (3, "#shift")])
def test_what_comes_later_from_a_damaged_copy_says_so(tab, target, number, link):
    """One wrong byte in the archive of the pages, or in that of the weights."""
    damaged, archives = opened(target)
    damaged = bytearray(damaged)
    damaged[archives[number] + 200_000] ^= 1
    target.write_bytes(damaged)
    tab.page.goto(tab.url + link)
    tab.page.get_by_text("This copy of Bitladder is damaged").first.wait_for()


@pytest.mark.thorough
def test_a_copy_that_is_cut_off_says_so_and_to_copy_it_again(tab, target):
    """In the styles, or later."""
    whole, archives = opened(target)
    tab.expected = ("Content Security Policy", "against the policy: style-src")  # the styles have lost their end
    for end, said in ((10_000, "This file is incomplete: copy it again."), (archives[1] + 99, "copy the file again"),
                      (len(whole) - 300, "copy the file again")):
        target.write_bytes(whole[:end])
        tab.page.goto(tab.url)
        tab.page.get_by_text(said).wait_for()
