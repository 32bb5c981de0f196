"""What a person does on the integer matmul page."""

import pytest


def number(tab, name: str) -> float:
    return float(tab.text(name).replace("−", "-").replace(",", "").replace("+", ""))


def test_walk_through_all_steps_by_button_and_the_link_keeps_the_step(visit):
    tab = visit("#matmul")
    assert tab.text("step-title").startswith("1.") and tab["back"].is_disabled()
    for step in range(2, 9):
        tab["next"].click()
        tab.wait_text("step-title", f"{step}.")
        assert f"step={step}" in tab.page.url
        assert tab[f"step-{step}"].get_attribute("aria-pressed") == "true"
    assert tab["next"].is_disabled()
    tab["back"].click()
    tab.wait_text("step-title", "7.")
    tab.page.reload()
    tab.wait_ready()
    assert tab.text("step-title").startswith("7.")


def test_steps_by_arrow_keys(visit):
    tab = visit("#matmul?step=3")
    tab["step-3"].focus()
    tab.page.keyboard.press("ArrowRight")
    tab.wait_text("step-title", "4.")
    tab.page.keyboard.press("ArrowRight")
    tab.wait_text("step-title", "5.")
    assert tab["step-5"].evaluate("element => element === document.activeElement")
    tab.page.keyboard.press("ArrowLeft")
    tab.wait_text("step-title", "4.")


def test_the_sums_shown_add_up(visit):
    tab = visit("#matmul?step=6&row=2&column=3")
    parts = [number(tab, f"cell-{name}") for name in ("product", "a-correction", "w-correction", "constant")]
    assert sum(parts) == number(tab, "cell-acc") == number(tab, "after_constant-1-2")
    assert "12 of 12" in tab.text("proof") and "good" in tab["proof"].get_attribute("class")


def test_choose_an_element_by_click_and_by_arrow_keys(visit):
    tab = visit("#matmul?step=6")
    tab["after_constant-1-1"].click()
    tab.wait_text("element-title", "2, 2")
    assert "row=2" in tab.page.url and "column=2" in tab.page.url
    tab.page.keyboard.press("ArrowDown")
    tab.wait_text("element-title", "3, 2")
    tab.page.keyboard.press("ArrowRight")
    tab.wait_text("element-title", "3, 3")
    assert number(tab, "cell-acc") == number(tab, "after_constant-2-2")
    tab.page.wait_for_function(
        "document.querySelector(\"[data-test='after_constant-2-2']\").getAttribute('aria-selected') === 'true'")
    assert "accumulator, row 3, column 3" in tab.text("equation-value")


def test_a_code_tells_where_it_comes_from_on_hover_and_on_focus(visit):
    tab = visit("#matmul?step=2")
    tab["a_codes-1-2"].hover()
    tab.wait_text("equation-value", f"→ code {tab.text('a_codes-1-2')} →")
    tab["w_codes-2-1"].focus()
    tab.wait_text("equation-value", "codes of Wᵀ, row 3, column 2")


def test_only_the_chosen_step_is_reached_by_tab_and_the_ends_stay(visit):
    tab = visit("#matmul?step=8")
    assert tab["step-3"].get_attribute("tabindex") == "-1" and tab["step-8"].get_attribute("tabindex") is None
    tab["step-8"].focus()
    tab.page.keyboard.press("ArrowRight")
    tab.page.keyboard.press("ArrowLeft")
    tab.wait_text("step-title", "7.")


@pytest.mark.thorough
def test_a_row_of_a_and_a_column_of_w_choose_and_are_lit(visit):
    tab = visit("#matmul?step=2&per=channel")
    tab["a_codes-2-3"].click()
    tab.wait_text("element-title", "3, 1")
    tab["w_zeros-0-1"].click()
    tab.wait_text("element-title", "3, 2")
    lit = tab.page.locator("[data-test='a_codes'] .lit")
    assert [lit.nth(i).get_attribute("data-test") for i in range(lit.count())] == [f"a_codes-2-{k}" for k in range(4)]
    lit = tab.page.locator("[data-test='w_codes'] .lit")
    assert [lit.nth(i).get_attribute("data-test") for i in range(lit.count())] == [f"w_codes-{k}-1" for k in range(4)]
    tab.wait_text("equation-value", "zero point of each output, column 2: ")


@pytest.mark.thorough
def test_what_is_read_follows_the_settings_and_goes_with_the_cell(visit):
    tab = visit("#matmul?step=2&row=3")
    tab["a_codes-2-3"].focus()
    tab.wait_text("equation-value", "row 3, column 4")
    tab["a_bits"].focus()
    was = tab.text("a_codes-2-3")
    tab["a_bits"].press("Home")
    tab.page.wait_for_function("([cell, was]) => document.querySelector(cell).textContent.trim() !== was",
                               arg=["[data-test='a_codes-2-3']", was])
    tab.wait_text("equation-value", f"→ code {tab.text('a_codes-2-3')} →")
    tab["rows"].press("Home")
    tab["a_codes-2-3"].wait_for(state="detached")
    tab.page.wait_for_function("document.querySelector(\"[data-test='equation-value']\").textContent === ''")


@pytest.mark.thorough
def test_formulas_and_signs_within_words_are_set(visit):
    tab = visit("#matmul?step=4")
    tab["step-words"].locator("math").first.wait_for()
    tab.page.locator("[data-panel='walk'] .formula math").wait_for()
    assert "$" not in tab.text("walk-title") + tab.page.locator("[data-panel='walk']").inner_text()


@pytest.mark.thorough
def test_with_symmetric_weights_a_correction_vanishes(visit):
    tab = visit("#matmul?step=5")
    assert number(tab, "term_w_correction-0-0") != 0
    tab["w_scheme"].select_option("symmetric")
    tab.wait_text("term_w_correction-0-0", "0")
    tab.wait_text("step-words", "nothing to correct")
    assert number(tab, "term_w_correction-0-0") == 0


@pytest.mark.thorough
def test_requantise_by_all_three_rules(visit):
    tab = visit("#matmul?step=8")
    exact = number(tab, "cell-exact")
    for rule in ("single", "double", "float"):
        tab["rounding"].select_option(rule)
        tab.wait_text("step-words", {"single": "rounded once", "double": "rounded twice", "float": "in float32"}[rule])
        assert abs(number(tab, "cell-whole") - exact) < 0.51
        assert number(tab, "cell-code") == number(tab, "codes-0-0")
    assert "QLinearMatMul" in tab.text("onnx") and "good" in tab["onnx"].get_attribute("class")
    assert "single and double differ on" in tab.text("near")


@pytest.mark.thorough
def test_the_source_shown_is_the_source_that_runs(visit):
    tab = visit("#matmul")
    code = tab.page.locator("details", has_text="matmul_terms").locator("code").first
    code.wait_for(state="attached")
    assert "return Terms(product(a, w)" in code.text_content()
