"""What a person does on the page of methods."""

import pytest

from pyapp.softmax.compare import compare, methods_table
from pyapp.softmax.logits import draw
from pyapp.softmax.methods import METHODS

SMALL = "rows=32&length=16"


def measured(tab) -> None:
    tab.wait_text("measured", f"{len(METHODS)} of {len(METHODS)}")


def order(tab) -> list[str]:
    return tab["methods"].locator("tbody tr").evaluate_all("rows => rows.map((row) => row.dataset.test.slice(8))")


def test_every_number_of_the_table_is_pythons(visit):
    tab = visit("#methods")
    measured(tab)
    for row in methods_table(draw("centred", 512, 64, 0), 8, "none"):
        name = row["method"]
        assert tab.text(f"methods-{name}-l1_per_row") == f"{row['l1_per_row']:.4f}"
        assert tab.text(f"methods-{name}-mae") == f"{row['mae']:.6f}"
        assert tab.text(f"methods-{name}-row_sum") == f"{row['row_sum']:.3f}"
        assert tab.text(f"methods-{name}-max_error") == f"{row['max_error']:.4f}"
        assert tab.text(f"methods-{name}-top1") == f"{100 * row['top1']:.1f} %"
        assert tab.text(f"methods-{name}-broken_rows") == str(row["broken_rows"])
    assert "N = 64" in tab.text("sort-mae") and "an L1 error of 0.0151 per row" in tab.text("finding")


@pytest.mark.thorough
def test_every_control_is_moved_and_the_table_follows(visit):
    tab = visit(f"#methods?{SMALL}")
    measured(tab)
    for name, position in (("bits", 4), ("rows", 40), ("length", 12)):
        tab.slide(name, position)
    tab["seed"].fill("9")
    tab["seed"].press("Tab")
    tab["logits"].select_option("offset")
    for rule in ("tensor-mean", "row-mean", "row-midrange", "row-max", "row-max-clip"):
        tab["shift"].select_option(rule)
        expected = compare(draw("offset", 40, 12, 9), "lut2", 4, rule).l1_per_row
        tab.wait_text("methods-lut2-l1_per_row", f"{expected:.4f}")
    tab["sort"].select_option("l1_per_row")
    tab["best"].click()
    measured(tab)
    rows = methods_table(draw("offset", 40, 12, 9), 4, "row-max-clip")
    found = {row["method"]: row["l1_per_row"] for row in rows}
    values = [found[name] for name in order(tab)]
    assert values == sorted(values, reverse=True)
    tab["method"].select_option("itamax")
    tab.wait_text("picture-title", METHODS["itamax"].title)
    tab.slide("row", 7)
    tab.wait_text("picture-rows", "Rows 7 to 22")
    assert "logits=offset" in tab.page.url and "method=itamax" in tab.page.url


@pytest.mark.thorough
def test_headings_sort_by_mouse_and_by_keyboard(visit):
    tab = visit(f"#methods?{SMALL}&logits=skewed")
    measured(tab)
    found = {row["method"]: row for row in methods_table(draw("skewed", 32, 16, 0), 8, "none")}

    def shown(names: list[str]) -> None:
        tab.page.wait_for_function("""(names) => {
            const rows = document.querySelectorAll("[data-test='methods'] tbody tr");
            return names.join() === [...rows].map((row) => row.dataset.test.slice(8)).join();
        }""", arg=names)

    def sorted_by(column: str, reverse: bool, key=float) -> None:
        """The heading says the new order at once, the rows follow when Python has answered."""
        shown(sorted(METHODS, key=lambda name: key(found[name][column]), reverse=reverse))  # stable, as the page's
        heading = tab["methods"].locator(f"th:has([data-test='sort-{column}'])")
        order = "other" if column == "row_sum" else "descending" if reverse else "ascending"
        assert heading.get_attribute("aria-sort") == order

    tab["sort-l1_per_row"].click()
    sorted_by("l1_per_row", reverse=False)
    tab["sort-l1_per_row"].click()
    sorted_by("l1_per_row", reverse=True)
    tab["sort-top1"].focus()
    tab.page.keyboard.press("Enter")
    sorted_by("top1", reverse=True)
    tab.page.keyboard.press("Space")
    sorted_by("top1", reverse=False)
    tab["sort-row_sum"].click()
    sorted_by("row_sum", reverse=False, key=lambda total: abs(total - 1))
    tab["sort-method"].click()
    shown(list(METHODS))


@pytest.mark.thorough
def test_a_row_shows_its_error_as_a_picture(visit):
    tab = visit(f"#methods?{SMALL}&logits=offset&bits=4")
    measured(tab)
    tab["methods-lut2-row_sum"].click()
    tab.wait_text("picture-title", METHODS["lut2"].title)
    assert tab["methods-pick-lut2"].get_attribute("aria-pressed") == "true"
    tab["methods-pick-tflite"].focus()
    tab.page.keyboard.press("Enter")
    tab.wait_text("picture-title", METHODS["tflite"].title)
    tab["picture-difference"].focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight"):
        tab.page.keyboard.press(key)
    tab.wait_text("picture-difference-value", "row 2, column 3, code")
    assert "difference" in tab.text("picture-difference-value")
    tab["picture-float"].hover(position={"x": 3, "y": 3})
    tab.wait_text("picture-float-value", "row 1, column 1")


def test_pasted_logits_and_a_text_that_is_none(visit):
    tab = visit(f"#methods?{SMALL}")
    measured(tab)
    tab["text"].fill("1 2 3; -40 -41 -38")
    tab["text"].press("Tab")
    tab.page.locator("[data-param='text'] .note", has_text="set Logits to pasted").wait_for()
    tab["logits"].select_option("pasted")
    tab.wait_text("facts", "2 rows of N = 3")
    measured(tab)
    tab["text"].fill("1 nan 3")
    tab["text"].press("Tab")
    tab.page.locator("[data-param='text'] .trouble", has_text="nan in row 1 is not a finite number").wait_for()
    tab.wait_text("facts", "2 rows of N = 3")


@pytest.mark.thorough
def test_broken_rows_are_explained(visit):
    tab = visit("#methods?bits=2&rows=32&length=256")
    measured(tab)
    tab.page.get_by_role("heading", name="Rows that are no longer distributions").wait_for()
    assert METHODS["ibert"].breaks in tab.text("breaks-ibert") and "of 32 rows" in tab.text("breaks-ibert")
    assert "bad" in tab["methods-ibert-broken_rows"].get_attribute("class")


def test_an_original_without_an_answer_is_marked(visit):
    tab = visit("#methods?bits=4&logits=offset")
    measured(tab)
    tab.wait_text("methods-ibert-flag", "original breaks")
    assert "S = 2.94" in tab.text("guarded") and METHODS["ibert"].breaks in tab.text("breaks-ibert")
    assert tab["methods-lut2-flag"].count() == 0 and "I-BERT" not in tab.text("finding")


@pytest.mark.thorough
def test_what_each_needs_in_hardware(visit):
    tab = visit(f"#methods?{SMALL}")
    for name, method in METHODS.items():
        tab[f"cost-{name}"].wait_for()
        said = {entry: tab.text(f"cost-{name}-{entry}") for entry in ("multiplications", "widest", "from")}
        assert said["multiplications"] == method.hardware.multiplications and method.hardware.source in said["from"]
        assert f"{method.hardware.accumulator_bits} bits" in said["widest"]
