"""What a person does on the page Gestures: draws two classes of their own, and has them read."""

import numpy as np

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
ENDS = {"down": [(0.5, 0.1), (0.5, 0.9)], "across": [(0.1, 0.5), (0.9, 0.5)]}
EACH = 5  # of which one is held out


def line(name: str, i: int) -> np.ndarray:
    return np.column_stack([np.array(ENDS[name]) + np.outer([0, 1], [0.02 * i, 0.02 * i]), [0, 0]])


def test_two_gestures_of_ones_own_are_drawn_learned_and_read_and_found_again(visit):
    tab = visit("#gestures?variants=2", **PHONE)
    tab["empty"].click()
    tab.wait_text("no-drawings", "gesture 1")
    for name in ENDS:
        tab["gesture"].fill(name)
        tab["gesture"].press("Enter")
        tab.wait_text("add", name)
        for i in range(EACH):
            tab.draw(line(name, i))
            tab["add"].click()
            tab.wait_number(f"classes-{name}-drawings", f"x === {i + 1}")
            tab.wait_text("prediction", "empty")
    tab.wait_text("learning", "240 of 240")
    tab.draw(line("down", 7))
    tab.wait_text("prediction", "down")
    tab.wait_text("quant-prediction", "down")
    tab["clear"].click()
    tab.draw(line("across", 7))
    tab.wait_text("prediction", "across")
    assert tab.text("classes-down-float") == tab.text("classes-across-quant") == "1 of 1"
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 360
    tab.page.reload()  # as it was left: the drawings are kept in this browser
    tab.wait_ready()
    tab.wait_number("classes-across-drawings", f"x === {EACH}")
    tab["delete"].click()
    tab.page.wait_for_function("!document.querySelector(\"[data-test='classes-across']\")")
    tab["undo-drawing"].click()
    tab.wait_number("classes-across-drawings", f"x === {EACH}")
