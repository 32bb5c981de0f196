"""What every page gives away: a link that says what it leaves out, a command with the same figures, and paper."""

import json
import shlex

import pytest

from pyapp.__main__ import main
from pyapp.softmax.methods import METHODS

CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}


def copied(tab, what: str) -> str:
    if tab[f"page-{what}"].count() == 0:
        tab["page-menu"].click()
    tab[f"page-{what}"].click()
    tab.wait_text("page-said", "copied")
    return tab.page.evaluate("navigator.clipboard.readText()")


def ran(capsys, command: str) -> dict:
    """What a command prints here."""
    program, *argv = shlex.split(command)[2:]
    assert command.startswith("python -m ") and program == "pyapp"
    capsys.readouterr()
    assert main([*argv, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_link_opens_the_page_as_it_is_and_one_for_slides_shows_panels_alone(visit):
    tab = visit("#affine?bits=3", **CLIPBOARD)
    tab.slide("bits", 5)
    tab.page.wait_for_url("**bits=5")
    assert copied(tab, "link") == f"{tab.url}#affine?bits=5"
    assert copied(tab, "embed") == f"{tab.url}#affine?bits=5&embed=1"
    tab.page.evaluate("Object.defineProperty(navigator, 'clipboard', { configurable: true })")  # as without https
    tab["page-link"].click()
    tab.wait_text("page-said", f"does not allow copying here; select it instead: {tab.url}#affine?bits=5")
    tab.page.evaluate("delete navigator.clipboard")  # which uncovers the prototype's


def test_a_link_says_what_it_leaves_out(visit):
    tab = visit("#simulator", **CLIPBOARD)
    tab["values"].fill("1 2 3")
    tab["values"].blur()
    tab.page.wait_for_url("**values=1+2+3")
    assert tab["values-long"].count() == 0
    tab["values"].fill("0.25 " * 1000)
    tab["values"].blur()
    tab.wait_text("values-long", "Too long for a link (at most 4,000 characters)")
    assert "values" not in copied(tab, "link")
    assert "“Paste values” is not in it: a link holds at most 4,000 characters" in tab.text("page-said")
    assert ("0.25 " * 1000).strip() in copied(tab, "command")


@pytest.mark.thorough
def test_the_command_of_a_page_gives_its_figures(visit, capsys):
    tab = visit("#simulator?values=0.1 0.4%0A-3 2&bits=3&per=channel", **CLIPBOARD)
    found = ran(capsys, copied(tab, "command"))
    assert tab.number("sqnr") == pytest.approx(found["scalars"]["errors"]["sqnr_db"], abs=0.005)
    tab.follow("#methods?logits=offset&rows=32&length=16&shift=row-max")
    tab.wait_text("measured", f"{len(METHODS)} of {len(METHODS)}")
    for row in ran(capsys, copied(tab, "command"))["scalars"]["rows"]:
        assert tab.text(f"methods-{row['name']}-l1_per_row") == f"{row['found']['l1_per_row']:.4f}"


def test_the_command_of_a_training_takes_as_many_steps(visit, capsys):
    tab = visit("#qat?bits=3&seed=5", **CLIPBOARD)
    start = tab.number("scales-layer1-now")
    for step in (1, 2, 3):
        tab["step"].click()
        tab.wait_number("step-count", f"x === {step}")
    command = copied(tab, "command").removesuffix(" --background")
    found = ran(capsys, command)
    assert "--steps 3" in command and found["step"] == 3
    assert "it trains 3 steps from the start with the current settings" in tab.text("page-said")
    scale = float(next(row for row in found["scalars"]["layers"] if row["name"] == "layer1")["scale"][0])
    assert tab.number("scales-layer1-now") == pytest.approx(scale, rel=1e-3) != start


def test_paper_has_the_title_the_settings_and_the_panels(visit):
    tab = visit("#affine?bits=3")
    assert not tab.page.locator(".paper").is_visible()
    tab.page.emulate_media(media="print")
    assert "Bits: 3" in tab.page.locator(".paper").inner_text()
    for part in ("h1", "[data-panel='verdict']", "[data-panel='skewed'] svg"):
        assert tab.page.locator(part).first.is_visible(), part
    for part in (".rail", ".masthead", "[data-panel='controls']", ".panel-menu", "[data-test='next']"):
        assert not tab.page.locator(part).first.is_visible(), part
    tab.page.emulate_media(media="screen")
