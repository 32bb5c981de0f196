"""What a person does on the text page."""

import pytest

from pyapp.runner import Runner

SETTINGS = {"bits": "4", "per": "group:32", "activations": "6", "logit_bits": "4", "softmax": "itamax",
            "shift": "row-max"}
WRITING = {"tokens": 24, "temperature": 1.2, "top_k": 12, "seed": 7}


def page_of(tokens: int, **params):
    """A runner, the run, and the frame after everything was written, here."""
    runner = Runner()
    run = runner.open("text", {"tokens": tokens, **params}, strict=True)["run"]
    return runner, run, runner.advance(run, steps=tokens)["frame"]




def wait_texts(tab, tokens: int, **params) -> None:
    """Both texts are those that Python writes here."""
    expected = page_of(tokens, **params)[2].scalars["texts"]
    for side, text in expected.items():
        tab.page.wait_for_function("([where, text]) => document.querySelector(where)?.textContent === text",
                                   arg=[f"[data-test='text-{side}']", text])


def generate(tab, tokens: int) -> None:
    tab["play"].click()
    tab.wait_number("written", f"x === {tokens}")


def test_a_link_writes_the_texts_of_python_and_marks_where_they_part(visit):
    tab = visit("#text?tokens=60&seed=3&temperature=1.1&prompt=JULIET%3A%0A&bits=5")
    generate(tab, 60)
    params = {"seed": 3, "temperature": 1.1, "prompt": "JULIET:\n", "bits": "5"}
    wait_texts(tab, 60, **params)
    scalars = page_of(60, **params)[2].scalars
    tab.wait_text("words", scalars["words"])
    marked = [tab.page.locator(f"[data-test='text-{side}'] span").evaluate_all(
        "spans => spans.findIndex((span) => span.classList.contains('first'))") for side in ("float", "quant")]
    assert marked == [scalars["difference"]] * 2
    assert tab.page.locator("[data-test='text-float'] .prompt").count() == 8
    tab["speed-float"].wait_for()
    assert tab.number("speed-float") > 0 and tab.number("speed-quant") > 0


def test_it_opens_with_a_recorded_text_until_the_reader_changes_something(visit):
    tab = visit("#text")
    tab.wait_text("recorded", "Recorded; press Generate")
    recorded = tab.text("text-quant")
    assert len(recorded) > 250 and tab.number("written") == 300
    tab["text-float"].focus()
    tab.page.keyboard.press("End")  # Python has the prompt alone
    tab.page.locator("p", has_text="Character number 7 of the float32 text").wait_for()
    tab["shift"].select_option("row-max-clip")
    tab.page.locator("[data-test='play']", has_text="Stop").wait_for()
    tab["recorded"].wait_for(state="detached")
    tab.wait_number("written", "x > 3")
    assert tab.text("text-quant") != recorded


@pytest.mark.thorough
def test_every_control_changes_what_is_written_to_what_python_writes(visit):
    tab = visit("#text?tokens=20")
    generate(tab, 20)
    params = {"tokens": 20}
    wait_texts(tab, **params)
    for name, value in SETTINGS.items():  # what is done is written anew at once
        params[name] = value
        tab[name].select_option(value)
        wait_texts(tab, **params)
        assert f"{name}=" in tab.page.url
    for name, value in WRITING.items():
        params[name] = value
        tab[name].fill(str(value))
        tab[name].blur()
        wait_texts(tab, **params)
    tab["greedy"].check()
    wait_texts(tab, **params | {"greedy": True})
    tab["prompt"].fill("KING:\n")
    tab["prompt"].blur()
    wait_texts(tab, **params | {"greedy": True, "prompt": "KING:\n"})
    tab.wait_text("about-quant", "4-bit weights per group of 32, 6-bit activations, 4-bit logits, softmax ITAMax")


def test_writing_stops_at_once_goes_on_and_starts_again(visit):
    tab = visit("#text?tokens=1000")
    tab["look-bars"].wait_for()
    tab["play"].click()
    tab.wait_number("written", "x > 5")
    tab["play"].click()
    tab.page.locator("[data-test='play']", has_text="Generate").wait_for()
    tab["speed-quant"].wait_for()  # an answer that came after the last piece of writing
    before = tab.number("written")
    assert before < 1000
    tab["step"].click()
    tab.wait_number("written", f"x === {int(before) + 1}")
    tab.page.keyboard.press("s")
    tab.wait_number("written", f"x === {int(before) + 2}")
    seed = tab.page.locator("[data-test='seed']").input_value()
    tab["new-seed"].click()
    tab.page.wait_for_function("(old) => document.querySelector(\"[data-test='seed']\").value !== old", arg=seed)
    tab.wait_number("written", "x === 0")
    tab.page.keyboard.press("r")
    tab.wait_number("written", "x > 3")
    tab.page.keyboard.press(" ")
    tab.page.locator("[data-test='play']", has_text="Generate").wait_for()
    tab["keys"].click()
    assert tab.page.locator("dialog.keys").inner_text().count("\n") >= 5
    tab.page.keyboard.press("Escape")


def test_hovering_and_arrow_keys_read_a_character_in_numbers(visit):
    tab = visit("#text?tokens=40")
    generate(tab, 40)
    runner, run, frame = page_of(40)
    tab.page.locator("[data-test='text-quant'] span").nth(30).hover()
    found = runner.predict(run, {"side": "quant", "at": 30})
    tab.wait_text("look-bars-caption", "layer 2, head 1")
    tab.page.locator("p", has_text="Character number 31 of the quantised text").wait_for()
    top = found.scalars["most"][0]["number"] - found.scalars["start"] - 1
    assert f"{found.arrays['attention_quant'][top]:.4f}" in tab["most"].inner_text()
    assert f"{found.arrays['attention_float'][top]:.4f}" in tab["most"].inner_text()
    assert tab.page.locator("[data-test='text-quant'] [style*='--look']").count() == 31
    assert tab.page.locator("[data-test='text-float'] [style*='--look']").count() == 0
    tab["text-float"].focus()
    tab.page.keyboard.press("Home")
    tab.page.locator("p", has_text="Character number 1 of the float32 text").wait_for()
    for _ in range(3):
        tab.page.keyboard.press("ArrowRight")
    tab.page.keyboard.press("Shift+ArrowRight")
    tab.page.locator("p", has_text="Character number 14 of the float32 text").wait_for()
    tab.slide("layer", 3)
    tab.slide("head", 4)
    tab.wait_text("look-bars-caption", "layer 3, head 4")
    runner.change(run, "layer", 3)
    runner.change(run, "head", 4)
    found = runner.predict(run, {"side": "float", "at": 13})
    tab["look-bars"].focus()
    tab.page.keyboard.press("ArrowRight")
    tab.wait_text("look-bars-value", f"O (number 2)  float32 {found.arrays['attention_float'][1]:.4f}, "
                                     f"quantised {found.arrays['attention_quant'][1]:.4f}")
    tab["next-bars"].focus()
    tab.page.keyboard.press("Home")
    tab.wait_text("next-bars-value", f"↵  float32 {100 * found.arrays['next_float'][0]:.3f} %")
    follows = frame.scalars["labels"][found.scalars["follows"]]
    tab.wait_text("next-about", f"In the text {follows} follows.")


@pytest.mark.thorough
def test_losses_are_measured_at_the_end_stop_at_once_and_say_where_the_shift_helps(visit):
    tab = visit("#text?tokens=3")
    tab["look-bars"].wait_for()
    tab["measure"].click()
    tab.page.locator("[data-test='measure']", has_text="Stop").wait_for()
    tab["measure"].click()
    tab.page.locator("[data-test='measure']", has_text="Measure").wait_for()
    assert tab["verdict"].count() == 0
    generate(tab, 3)  # then it is measured unasked
    tab["verdict"].wait_for()
    runner, run, _ = page_of(3)
    runner.act(run, "measure")
    frame = runner.background(run, ms=1e9)["frame"]
    found, arrays = frame.scalars["losses"], frame.arrays
    assert tab.text("verdict") == found["verdict"]
    assert tab.number("float-own") == pytest.approx(found["float"], abs=2e-3)
    assert tab.number("quant-own") == pytest.approx(found["quant"], abs=2e-3)
    tab["ladder"].focus()
    tab.page.keyboard.press("ArrowRight")
    tab.wait_text("ladder-value", f"3 logit bits: no shift {arrays['ladder_plain'][1]:.3f}")
    tab["shift"].select_option("row-max")
    tab.page.wait_for_function("(text) => document.querySelector(\"[data-test='quant-own']\").textContent === text",
                               arg=f"{arrays['ladder_shifted'][1]:.3f}")


@pytest.mark.thorough
def test_unknown_characters_an_empty_prompt_and_a_huge_one(visit):
    tab = visit("#text?tokens=5&prompt=Rom%C3%A9o")
    notes = tab.page.locator("#notes")
    notes.get_by_text("but not “é”").wait_for()
    assert tab["prompt"].input_value() == "Roméo" and tab.text("text-float") == "Romo"
    tab["prompt"].fill("")
    tab["prompt"].blur()
    tab["empty"].wait_for()
    generate(tab, 5)
    wait_texts(tab, 5, prompt="")
    tab["prompt"].evaluate("""(field) => {
        field.value = "to be ".repeat(30_000);
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.dispatchEvent(new Event("change", { bubbles: true }));
    }""")
    tab.page.locator("[data-param='prompt'] .trouble").wait_for()
    assert "prompt has 180000 characters" in tab.page.locator("[data-param='prompt'] .trouble").inner_text()
    assert len(tab["prompt"].input_value()) == 180_000
    tab["prompt"].fill("To be")
    tab["prompt"].blur()
    wait_texts(tab, 5, prompt="To be")
    tab.paste("prompt", "to be ", 1_700_000)
    tab.wait_text("prompt-cut", "Only the first 1,000 of 10,200,000 pasted characters are in the field.")
    tab["prompt"].blur()
    wait_texts(tab, 5, prompt=("to be " * 200)[:1000])


@pytest.mark.thorough
def test_only_this_page_fetches_the_weights_and_says_so_if_they_do_not_come(visit):
    tab = visit(None)
    asked = []
    tab.page.on("request", lambda request: asked.append(request.url))
    tab.open("#check")
    assert not any("gpt.npz" in address for address in asked)
    tab.expected = ("gpt.npz", "Failed to load resource")
    tab.page.route("**/app/weights/gpt.npz", lambda route: route.abort())
    tab.page.goto(tab.url + "#text?tokens=7")
    tab.page.locator("#notes").get_by_text("app/weights/gpt.npz could not be downloaded").wait_for()
    assert tab.page.get_by_text("are being loaded").count() == 0
    tab.page.unroute("**/app/weights/gpt.npz")
    tab["open-again"].click()
    tab["look-bars"].wait_for()
    assert tab["notes"].count() == 0 and tab.page.url.endswith("#text?tokens=7"), "it was not for the settings"
