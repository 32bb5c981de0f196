"""What a person does on the page of the Vision Transformer."""

import re

import pytest

from pyapp.data import mnist
from pyapp.nets import vit
from pyapp.nets.vit import ViT
from pyapp.parity.check import SEVEN
from pyapp.softmax.methods import METHODS

FIRST = 18  # the held-out digit that is there at the start


def hashed(tab, text: str) -> None:
    tab.page.wait_for_function("wanted => location.hash.includes(wanted)", arg=text)


def counted(tab) -> int:
    return int(re.search(r"[\d,]+", tab.text("counted")).group().replace(",", ""))


def test_a_digit_is_there_at_the_start_with_its_attention_and_the_count_begins(visit):
    tab = visit("#vision")
    tab["matrix"].wait_for()
    images, labels = mnist.shipped("test")
    assert int(tab.text("prediction")) == ViT().forward(vit.load(), images[FIRST:FIRST + 1]).argmax()
    assert tab.text("label") == f"Its label is {labels[FIRST]}. Draw your own."
    tab.wait_text("counted", "so far")
    tab.page.wait_for_function("""() => {
        const text = document.querySelector("[data-test='counted']").textContent;
        return Number(text.match(/^([\\d,]+) of/)?.[1].replaceAll(",", "")) >= 40;
    }""")
    assert tab.number("float-accuracy") > 90 and tab.number("quant-accuracy") > 80
    assert tab.number("float-bytes") == 556_072 > 3 * tab.number("quant-bytes")


def test_draw_a_seven_and_it_is_read_as_seven_also_while_images_are_counted(visit):
    tab = visit("#vision?layer=1&head=2")
    tab["matrix"].wait_for()
    tab["clear"].click()
    tab.wait_text("prediction", "empty")
    tab.page.locator("[data-panel='looks'] .empty").wait_for()
    tab.draw(SEVEN)
    tab.wait_text("prediction", "7")
    tab.wait_text("quant-prediction", "7")
    assert tab.text("look-title") == "Layer 1, head 2"
    tab.page.locator("[data-panel='looks']", has_text="The class token itself gets 0.").wait_for()
    tab["held-out"].click()
    tab["label"].wait_for()


def test_pictures_are_read_by_keyboard_and_pick_token_layer_and_head(visit):
    tab = visit("#vision")
    tab["matrix"].wait_for()
    for name, said in (("look", "patch 1.2: "), ("look-quant", "patch 1.2: "), ("look-error", "patch 1.2: "),
                       ("rollout", "patch 1.2: "), ("matrix", "class → 1.1: "), ("matrix-error", "class → 1.1: "),
                       ("heads", "layer 3, head 1"), ("filters", "patch filter 1, row 1, column 2")):
        tab[name].focus()
        tab.page.keyboard.press("ArrowRight")
        tab.wait_text(f"{name}-value", said)
    tab["heads-quant"].click(position={"x": 5, "y": 5})
    tab.wait_text("look-title", "Layer 1, head 1")
    hashed(tab, "layer=1")
    tab["patches"].click(position={"x": 4, "y": 4})
    tab.wait_text("token-about", "Attention from token 1")
    hashed(tab, "token=1")
    tab["class-token"].click()
    tab.wait_text("token-about", "Attention from the class token")
    tab["matrix"].focus()
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        tab.page.keyboard.press(key)
    tab.wait_text("token-about", "Attention from token 2")


@pytest.mark.thorough
def test_every_control_does_what_it_says(visit):
    tab = visit("#vision")
    tab["matrix"].wait_for()
    tab.slide("layer", 2)
    tab.slide("head", 4)
    tab.wait_text("look-title", "Layer 2, mean of all heads")
    tab["token"].fill("30")
    tab["token"].press("Enter")
    tab.wait_text("token-about", "row.column 5.2")
    before = tab.number("quant-bytes")
    tab.slide("bits", 1)  # 3 bits
    tab.wait_number("quant-bytes", f"x < {before}")
    tab["per"].select_option("tensor")
    tab.slide("activations", 2)
    tab.slide("logit_bits", 0)
    hashed(tab, "logit_bits=2")
    tab["softmax"].select_option("ibert")
    tab.wait_text("method-about", METHODS["ibert"].about)
    tab["logit_shift"].select_option("row-max")
    hashed(tab, "logit_shift=row-max")
    tab.wait_number("quant-difference", "x > 0")
    tab.slide("logit_bits", 7)
    tab.page.locator("[data-param='logit_bits'] .note", has_text="no effect on float32 logits").wait_for()
    for name in ("bits", "activations"):
        tab.slide(name, 7)
    tab.page.locator("[data-panel='looks'] .note", has_text="Nothing is quantised").wait_for()
    tab["look-quant"].wait_for(state="detached")
    assert tab.text("quant-accuracy") == "–"
    tab["weights"].select_option("own")
    tab.wait_number("float-bytes", "x < 200000")
    tab["optimiser"].select_option("sgd")
    tab.page.locator("[data-param='optimiser'] .note", has_text="rate set to 0.1").wait_for()
    tab.slide("rate", "ArrowLeft")
    tab["batch"].select_option("8")
    tab.slide("shift", 1)
    tab["step"].click()
    tab.wait_number("step-count", "x === 1")
    tab["size"].select_option("full")
    tab.wait_number("step-count", "x === 0")
    tab.wait_number("float-bytes", "x === 556072")
    tab["seed"].fill("5")
    tab["seed"].press("Enter")
    hashed(tab, "seed=5")
    tab["undo-change"].click()
    hashed(tab, "size=full")
    tab["defaults"].click()
    tab.wait_number("quant-bytes", f"x === {before}")
    assert tab.page.locator("[role=alert]").count() == 0


@pytest.mark.thorough
def test_the_own_network_learns_and_the_count_goes_on_when_it_rests(visit):
    tab = visit("#vision")
    tab["matrix"].wait_for()
    tab["play"].click()
    hashed(tab, "weights=own")
    tab.page.locator("[data-param='weights'] .note", has_text="your own weights").wait_for()
    tab.wait_number("epoch", "x > 1")
    tab.pause()
    step = tab.number("step-count")
    assert tab.number("loss") < 3 and step > 63
    tab.wait_text("counted", "so far")
    first = counted(tab)
    tab.page.wait_for_function("""(first) => {
        const text = document.querySelector("[data-test='counted']").textContent;
        return Number(text.match(/[\\d,]+/)[0].replaceAll(",", "")) > first + 20;
    }""", arg=first)
    tab["reset"].click()
    tab.wait_number("step-count", "x === 0")


def test_a_link_shows_what_it_says_and_a_count_that_is_left_stops(visit):
    tab = visit("#vision?weights=own&layer=7&head=3&logit_bits=3&softmax=itamax&logit_shift=row-mean&wings=2")
    tab["matrix"].wait_for()
    said = tab.text("notes")
    assert "layer 7 is above 4; using 4" in said and "wings" in said
    assert tab.text("look-title") == "Layer 2, head 3"  # a small network has no fourth
    assert tab["softmax"].input_value() == "itamax" and tab["logit_shift"].input_value() == "row-mean"
    tab.page.evaluate("location.hash = '#digits'")
    tab["held-out-accuracy"].wait_for()


@pytest.mark.thorough
def test_files_wrong_and_right(visit, tmp_path):
    tab = visit("#vision?weights=own")
    tab["matrix"].wait_for()
    tab["step"].click()
    tab.wait_number("step-count", "x === 1")
    saved = tab.save("save", tmp_path)
    assert saved.name == "bitladder-vision-step1.npz"
    (tmp_path / "wrong.npz").write_bytes(b"no zip")
    tab["load-file"].set_input_files(tmp_path / "wrong.npz")
    tab.wait_text("load-error", "wrong.npz")
    tab["step"].click()
    tab.wait_number("step-count", "x === 2")
    tab["load-file"].set_input_files(saved)
    tab.wait_number("step-count", "x === 1")
