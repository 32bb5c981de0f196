"""What a person does on the page about the digit generators."""

import json
from pathlib import Path

import numpy as np
import pytest

from pyapp.digitgen.batch import Asked
from pyapp.digitgen.sheet import png, sheet

DRAWN = """(name) => [...document.querySelectorAll(`[data-test='${name}'] canvas`)].map((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, 28, 28);
    return Array.from({ length: 784 }, (_, i) => data[4 * i]);
})"""


def entry(tab, name: str, path: str) -> str:
    """A value among the words of an element, by the name that it has in the frame."""
    return tab[name].locator(f"[data-entry='{path}']").inner_text()


def labels(tab) -> list[int]:
    return [int(entry(tab, f"sheet-{i}", "labels.@i")) for i in range(9)]


def wait_seed(tab, seed: int) -> None:
    tab.wait_text("which", f"seed {seed}")


def test_nine_pictures_with_their_labels_and_coefficients(visit):
    tab = visit("#generator")
    drawn = Asked().draw()
    assert labels(tab) == drawn.labels.tolist()
    assert [tab.text(f"coefficients-d{k}-exact") for k in range(10)] == [f"{c:.2f}" for c in drawn.coefficients[0]]
    for ours, theirs in zip(drawn.pixels, tab.page.evaluate(DRAWN, "sheet"), strict=True):
        red = 251 - (251 - 35) / 255 * ours.astype(np.float64)  # from the light theme's paper to its ink
        assert np.abs(np.array(theirs) - red).max() <= 1.5


@pytest.mark.thorough
def test_next_random_and_typed_seeds_are_in_the_link(visit):
    tab = visit("#generator")
    tab["next"].first.click()
    wait_seed(tab, 1346)
    assert "seed=1346" in tab.page.url
    tab["random"].first.click()
    tab.page.wait_for_function("!document.querySelector('[data-test=which]').textContent.includes('seed 1346')")
    assert f"seed={entry(tab, 'which', 'seed')}" in tab.page.url
    for typed, seed, words in [("-1", "4294967295", "modulo"), ("2.5", "2", "fraction"), ("4294967296", "0", "modulo"),
                               ("owl", "2561709901", "CRC-32"), ("--5", "3108868717", "CRC-32")]:
        tab["seed"].fill(typed)
        tab["seed"].press("Enter")
        wait_seed(tab, seed)
        tab.wait_text("seed-note", words)
        assert words in tab.text("seed-note") and seed in tab.text("seed-note")
    tab["seed"].fill("77")
    tab["seed"].press("Enter")
    wait_seed(tab, 77)
    assert tab["seed-note"].count() == 0


def test_a_link_holds_seed_temperature_generator_and_bits(visit):
    tab = visit("#generator?seed=42&temperature=0.35&generator=teacher&bits=4")
    assert tab.text("which") == "teacher, 4 bits, seed 42" and tab["seed"].input_value() == "42"
    assert labels(tab) == Asked(42, 0.35, "teacher", bits=4).draw().labels.tolist()
    drawn = labels(tab)
    assert labels(tab.follow("#" + tab.page.url.partition("#")[2])) == drawn


@pytest.mark.thorough
def test_a_link_with_bad_seeds_is_drawn_and_goes_on(visit):
    tab = visit("#generator?seed=-%2B1&goal=--1")
    assert entry(tab, "which", "seed") == "3900371442" and "CRC-32" in tab.text("goal-note")
    tab["next"].first.click()
    wait_seed(tab, 3900371451)


@pytest.mark.thorough
def test_every_control_is_moved_once(visit):
    tab = visit("#generator")
    tab["generator"].select_option("teacher")
    tab.wait_text("which", "teacher, float32")
    tab.slide("bits", 1)  # 3 bits
    tab.wait_text("which", "teacher, 3 bits")
    tab.slide("temperature", 1.5)
    tab["digit"].select_option("8")
    tab.wait_text("which", "asked for 8")
    assert labels(tab) == [8] * 9
    tab["digit"].select_option("any")
    tab["fields"].select_option("means")
    tab.wait_text("swap-fields", "Blend the glyphs instead")
    tab["swap-fields"].click()
    tab.page.wait_for_function("document.querySelector('[data-test=fields]').value !== 'means'")
    tab["goal"].fill("-2")
    tab["goal"].press("Enter")
    tab.wait_text("way", "to seed 4294967294")
    tab.slide("at", 1)
    at_the_end = Asked(2**32 - 2, 1.5, "teacher", bits=3, count=1).draw()
    tab.wait_text("walk-at", str(at_the_end.labels[0]))
    assert "bits=3" in tab.page.url and "temperature=1.5" in tab.page.url


@pytest.mark.thorough
def test_a_click_on_a_picture_shows_its_neighbours(visit):
    tab = visit("#generator?generator=teacher")
    tab["sheet-4"].click()
    tab.wait_text("picked-seed", "seed 1341")
    assert tab["sheet-4"].get_attribute("aria-pressed") == "true" and "picked=5" in tab.page.url
    assert tab.page.locator("[data-test=neighbours] figure").count() == 20
    assert tab.page.locator("[data-test=real] figure").count() == 5
    distances = [float(each) for each in tab["real"].locator("[data-entry='real_distances.@i']").all_inner_texts()]
    assert distances == sorted(distances)
    tab["walk-8"].click()
    tab.wait_text("walk-at", str(Asked(2674, generator="teacher", count=1).draw().labels[0]))
    tab["side-mini_float-2"].click()
    tab.wait_text("picked-seed", "seed 1339")


@pytest.mark.thorough
def test_the_neighbours_of_a_digit_that_is_asked_for_differ_in_style(visit):
    tab = visit("#generator?generator=teacher&digit=8")
    assert tab.page.locator("[data-test=neighbours] figure").count() == 32
    assert "style number" in tab.text("neighbours-about") and "s15+ 8" in tab.text("neighbours")
    tab["generator"].select_option("mini")
    tab.wait_text("neighbours-about", "one picture")
    assert tab["neighbours"].count() == 0


@pytest.mark.thorough
def test_a_click_on_the_walk_shows_the_picture_that_was_clicked(visit):
    tab = visit("#generator?generator=teacher&seed=245")
    for i in range(9):
        tab[f"walk-{i}"].click()
        tab.wait_text("walk-at", f"at {i / 8:.3f}")
        tab.page.wait_for_function(f"document.querySelector('[data-test=at]').value === '{i / 8:g}'")
        assert entry(tab, "walk-at", "walk_label") == tab.text(f"walk-{i}")
    assert tab.page.evaluate(DRAWN, "walk")[8] == tab.page.evaluate(DRAWN, "walk-at")[0]


@pytest.mark.thorough
def test_teacher_and_student_are_judged_side_by_side(visit):
    tab = visit("#generator?bits=2")
    tab.wait_number("judged-mini_bits-read", "x > 0")  # the last of the four
    assert tab.number("judged-teacher_float-read") >= 97 and tab.number("judged-teacher_float-diversity") >= 70
    assert tab.number("judged-mini_float-agreement") >= 80
    assert float(entry(tab, "recipes", "recipes.teacher.neighbour").rstrip("% ")) >= 95
    size = {kind: int(entry(tab, f"size-teacher_{kind}", f"sides.teacher_{kind}.bytes").split()[0].replace(",", ""))
            for kind in ("float", "bits")}
    assert size["bits"] < size["float"] / 12
    assert tab.number("judged-mini_float-diversity") < tab.number("judged-teacher_float-diversity")


def test_the_sheet_and_its_latents_are_saved(visit):
    tab = visit("#generator?generator=teacher&seed=9")
    files = {}
    for kind in ("png", "json"):
        with tab.page.expect_download() as waited:
            tab[f"save-{kind}"].first.click()
        files[waited.value.suggested_filename] = Path(waited.value.path()).read_bytes()
    asked = Asked(9, generator="teacher")
    assert files["digits-teacher-9.png"] == png(sheet(asked.draw().pixels))
    assert json.loads(files["digits-teacher-9.json"])["samples"] == asked.report(asked.draw())["samples"]


@pytest.mark.thorough
def test_the_story_shows_the_code(visit):
    tab = visit("#generator")
    tab.page.get_by_text("def words").first.wait_for()
