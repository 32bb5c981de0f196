"""What a person does on the page of the encoder."""

import pytest

from pyapp.runner import Runner

STORY = "ada likes tom, and she sees finn. mia sees tom. who sees tom?"


def frame(**params):
    return Runner().open("encoder", params)["frame"]


def test_a_shift_repairs_the_answer_and_another_story_has_its_own(visit):
    tab = visit("#encoder")
    tab.wait_text("answers", "In float32: emil (100.0 %). With 3-bit scores: finn (99.3 %).")
    tab.wait_text("looks", "looks at likes (100 %), with 3-bit scores at likes (50 %) and sees (50 %)")
    tab["shift"].select_option("row-max")
    tab.wait_text("answers", "With 3-bit scores: emil (100.0 %).")
    tab["text"].fill(STORY)
    tab["text"].blur()
    scalars = frame(text=STORY, shift="row-max").scalars
    tab.wait_text("answers", f"In float32: {scalars['float_says']}. With 3-bit scores: {scalars['quant_says']}.")
    tab["text"].fill("zoe sees ada. who sees ada?")
    tab["text"].blur()
    tab.wait_text("unknown", "Unknown words, read as [UNK]: zoe.")
    tab["examples"].locator("tbody button").first.click()
    tab.wait_text("answers", "In float32: tom")


@pytest.mark.thorough
def test_maps_are_read_by_keys_and_a_click_shows_another_head(visit):
    tab = visit("#encoder?logit_bits=4")
    expected = frame(logit_bits=4).arrays
    for side in ("float", "quant"):
        tab[f"map-{side}"].focus()
        for _ in range(2):
            tab.page.keyboard.press("ArrowRight")
        tab.wait_text(f"map-{side}-value", f"[CLS] → likes: {expected[f'map_{side}'][0, 2]:.4f}")
    tab["heads-quant"].click(position={"x": 5, "y": 5})
    tab.wait_text("maps-title", "Layer 1, head 1")
    tab.wait_text("looks", frame(logit_bits=4, layer=1, head="1").scalars["quant_looks"])
    assert "layer=1" in tab.page.url and "head=1" in tab.page.url


def test_held_out_stories_are_counted(visit):
    tab = visit("#encoder?logit_bits=8")
    tab.wait_number("quant-stories", "x > 100")
    assert tab.number("quant-accuracy") > 95 and tab.number("float-accuracy") > 95
    tab.wait_text("measured", "Exact (float)")
    before = tab.number("quant-stories")
    tab.wait_number("quant-stories", f"x > {before}")
