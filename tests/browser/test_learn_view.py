"""What a person does on the page where a GPT learns to write."""

import pytest

from pyapp.data.text import LONGEST

QUICK = "#learn?size=small&batch=1"
PROSE = "".join(f"the {'cat' if i % 3 else 'dog'} sat on mat {i % 7}.\n" for i in range(80))
OWN = f"Your own text: {len(PROSE):,} characters"


def read(tab) -> None:
    """Wait until nothing is left to be read."""
    tab.page.wait_for_function("""() => document.querySelector("[data-test='pending']")?.textContent === ""
        && !document.querySelector("[data-test='widths']").disabled""")


def play_to(tab, step: int) -> None:
    tab["play"].click()
    tab.wait_number("step-count", f"x >= {step}")
    tab["play"].click()
    tab.wait_text("play", "Play")


def test_it_is_read_before_it_learns_and_again_while_it_does(visit):
    tab = visit(QUICK)
    read(tab)
    assert tab.number("step-count") == 0 and tab.number("score") == 0 and tab.number("held-out-loss") > 2.5
    assert tab["samples-float"].locator("tbody tr").count() == tab["samples-quant"].locator("tbody tr").count() == 8
    play_to(tab, 51)
    read(tab)
    tab.wait_number("read-step", "x >= 50")
    assert tab.number("held-out-loss") < 3.2
    tab["step"].click()
    tab["reset"].click()
    tab.wait_number("step-count", "x === 0")
    tab["new-seed"].click()
    tab.page.wait_for_function("location.hash.includes('seed=')")


def test_all_widths_are_read_when_asked_for(visit):
    tab = visit(QUICK)
    read(tab)
    assert tab.text("by-width-8-score") == "–" and tab.text("by-width-4-score") == "0 %"
    tab["widths"].click()
    tab.page.wait_for_function("document.querySelector(\"[data-test='by-width-2-loss']\").textContent !== '–'")
    read(tab)
    assert all(tab.text(f"by-width-{bits}-score").endswith("%") for bits in ("float", 8, 6, 5, 4, 3, 2))


@pytest.mark.thorough
def test_every_control_can_be_moved(visit):
    tab = visit(QUICK)
    read(tab)
    tab.slide("bits", "Home")
    tab.wait_text("title-quant", "2 bits")
    tab.slide("bits", "End")
    tab.page.wait_for_function("!document.querySelector(\"[data-test='samples-quant']\")")
    samples = tab.text("samples-float")
    tab.slide("temperature", "Home")
    tab.page.wait_for_function("""(before) => {
        const text = document.querySelector("[data-test='samples-float']").innerText;
        return text !== before && document.querySelector("[data-test='read-float']").innerText.includes("At step");
    }""", arg=samples)
    tab.slide("rate", "ArrowRight")
    tab["batch"].select_option("2")
    tab["step"].click()
    tab.wait_number("step-count", "x === 1")
    tab["size"].select_option("large")
    tab.wait_number("parameters", "x > 100000")
    tab.wait_number("step-count", "x === 0")
    tab["seed"].fill("9")
    tab["seed"].press("Enter")
    tab.page.wait_for_function("location.hash.includes('seed=9')")
    tab["corpus"].select_option("own")
    tab.wait_text("notes", "Your text cannot be learned: the text is empty")
    assert "Stories" in tab.text("corpus-facts")


def paste(tab, text: str) -> None:
    """Choose the reader's own text, and paste it."""
    if tab["corpus"].input_value() != "own":
        tab["corpus"].select_option("own")
        tab.wait_text("notes", "the text is empty")
    tab["text"].fill(text)
    tab["text"].blur()


def test_a_pasted_text_is_learned_and_a_link_keeps_it(visit):
    tab = visit(QUICK)
    assert tab["text"].is_disabled()
    paste(tab, "tiny")
    tab.wait_text("notes", "the text has 4 characters")
    assert tab["text"].input_value() == "tiny" and "Stories" in tab.text("corpus-facts")
    paste(tab, PROSE)
    tab.wait_text("corpus-facts", OWN)
    assert "text=" in tab.page.url
    tab.wait_text("read-float", "words that occur in the text")
    tab.page.reload()
    tab.wait_ready()
    tab.wait_text("corpus-facts", OWN)
    tab["corpus"].select_option("stories")
    tab.wait_text("corpus-facts", "Stories from a grammar")


@pytest.mark.thorough
def test_of_ten_million_pasted_characters_the_first_are_taken_and_it_is_said(visit):
    tab = visit(QUICK + "&corpus=own")
    tab.paste("text", "all work and no play. ", 480_000)
    tab.wait_text("text-cut", f"Only the first {LONGEST:,} of 10,560,000 pasted characters are in the field.")
    assert len(tab["text"].input_value()) == LONGEST
    tab["text"].blur()
    tab.wait_text("corpus-facts", f"Your own text: {LONGEST:,} characters")


def test_files_are_read_or_it_is_said_why_not(visit, tmp_path):
    tab = visit(QUICK)
    (tmp_path / "latin.txt").write_bytes("caf\xe9 ".encode("latin-1") * 300)
    tab["load-file"].set_input_files(tmp_path / "latin.txt")
    tab.wait_text("load-error", "latin.txt: expected text in UTF-8")
    (tmp_path / "huge.txt").write_text("all work and no play. " * 480_000)
    tab["load-file"].set_input_files(tmp_path / "huge.txt")
    tab.page.locator("text=The text has 10,560,000 characters").first.wait_for()
    tab.wait_text("corpus-facts", f"Your own text: {LONGEST:,} characters")
    assert "text=" not in tab.page.url, "nobody can send so long a link"


def test_a_dropped_file_is_learned_and_its_run_is_saved_and_loaded_with_it(visit, tmp_path):
    tab = visit(QUICK)
    tab.page.evaluate("""(text) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([text], "prose.txt", { type: "text/plain" }));
        const place = document.querySelector("[data-test='excerpt']");
        place.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    }""", PROSE)
    tab.wait_text("corpus-facts", OWN)
    assert tab["corpus"].input_value() == "own" and tab["text"].input_value() == PROSE
    tab["step"].click()
    tab.wait_number("step-count", "x === 1")
    mine = tab.save("save", tmp_path)
    tab.follow("#learn?size=small&seed=5")
    tab.wait_number("step-count", "x === 0")
    tab["load-file"].set_input_files(mine)
    tab.wait_number("step-count", "x === 1")
    tab.wait_text("corpus-facts", OWN)


@pytest.mark.thorough
def test_the_source_shown_is_the_source_that_runs(visit):
    tab = visit(QUICK)
    code = tab.page.locator("details", has_text="pyapp/data/stories.py, line").locator("code").first
    code.wait_for(state="attached")
    assert "What is no key of it is a word, a comma or a full stop." in code.text_content()
