"""The page that everyone sees first: alive before Python is, and a repair when it is there."""


def test_it_works_before_python_does(visit):
    tab = visit(None)
    tab.page.route("**/vendor/pyodide/**", lambda route: None)  # never answered
    tab.page.goto(tab.url)
    tab.wait_text("verdict", "takes this 7 for an 8")
    for bits, accuracy, said in ((1, 59.1, "takes this 7 for a 1"), (2, 98.5, "reads this 7"), (7, 99.2, "float32")):
        tab.slide("bits", bits)
        tab.wait_text("verdict", said)
        assert tab.number("now-accuracy") == accuracy
    assert tab["repair"].count() == 0
    tab.slide("bits", 0)
    tab["repair"].wait_for()
    assert tab["repair"].is_disabled() and "recorded by CPython" in tab.text("recorded")
    tab["curve"].focus()
    tab.page.keyboard.press("ArrowRight")
    tab.wait_text("curve-value", "3 bits: just rounded 58.17%, trained 99.05%")


def test_two_bits_are_repaired_before_ones_eyes(visit):
    tab = visit("#start")
    assert tab.number("now-accuracy") == 10 and tab["recorded"].count() == 0
    tab["repair"].click()
    tab.wait_number("now-accuracy", "x > 90")
    tab.wait_text("repair", "again")
    tab.wait_text("verdict", "reads this 7")
    tab.slide("bits", 1)
    tab.wait_text("now-accuracy", "59.1")
    tab.wait_text("repair", "Repair 3 bits")


def test_its_doors_lead_somewhere(visit):
    tab = visit("#start")
    for link in tab.page.locator("[data-panel='doors'] a").evaluate_all("links => links.map((link) => link.hash)"):
        tab.follow(link)
        assert not tab.page.get_by_text("There is no page").count()
        tab.follow("#start")
