"""What a person does on the page of the trace."""

from pyapp.runner import Runner


def test_a_method_changes_picture_and_table_and_the_simulation_names_its_floats(visit):
    tab = visit("#trace?digit=3&softmax=itamax")
    expected = Runner().open("trace", {"digit": 3, "softmax": "itamax"})["frame"].scalars
    rows = {row["name"]: row for row in expected["rows"]}
    softmax = rows["block1.softmax"]["number"]
    tab.wait_text("finding", expected["finding"])
    tab.wait_text(f"operations-{softmax}-checksum", rows["block1.softmax"]["checksum"])
    tab.page.locator("svg[data-test='bits']").focus()  # the slider of bits has this name too
    tab.page.keyboard.press("End")
    tab.wait_text("bits-value", f"head: {expected['readings'][-1]}")
    tab[f"operations-pick-{softmax}"].click()
    tab.wait_text("largest", rows["block1.softmax"]["largest"])
    assert f"operation={softmax}" in tab.page.url
    assert tab.number("hiding-GELU-float") == 4 and "exp" in tab.text("hiding-GELU-functions")
    assert tab.number("hiding-GELU-integer_float") == 0
    tab["softmax"].select_option("lut2")
    other = Runner().open("trace", {"digit": 3, "operation": softmax})["frame"].scalars
    tab.wait_text(f"operations-{softmax}-checksum", other["chosen"]["checksum"])
    tab.wait_text("largest", other["chosen"]["largest"])
    tab.wait_text("finding", other["finding"])
    assert other["chosen"]["checksum"] != rows["block1.softmax"]["checksum"]
