"""Where the focus goes when what has it goes away or is disabled, and how notes that are too long are read."""

HELD = "document.activeElement.dataset.test ?? document.activeElement.id"


def test_what_removes_itself_hands_the_focus_to_its_neighbour(visit):
    tab = visit("#rung1?nobody=1")
    tab["pin"].click()
    tab["unpin"].wait_for()
    tab["unpin"].press("Enter")
    tab["unpin"].wait_for(state="detached")
    assert tab.page.evaluate(HELD) == "pin"
    tab.page.locator("#notes .dismiss").press("Enter")
    tab["notes"].wait_for(state="detached")
    assert tab.page.evaluate(HELD) == "main"
    tab["pin"].focus()
    tab["pin"].evaluate("button => (button.disabled = true)")  # as Run is until Python has answered
    tab.page.wait_for_function("document.activeElement === document.body")
    tab["pin"].evaluate("button => (button.disabled = false)")
    tab.page.wait_for_function("document.activeElement.dataset.test === 'pin'")
    tab.follow("#rung2")
    assert tab.page.evaluate("document.activeElement === document.body"), "another page begins at its top"


def test_a_note_that_does_not_fit_scrolls_and_its_button_stays(visit):
    tab = visit(None)
    tab.page.set_viewport_size({"width": 320, "height": 240})
    tab.open(f"#rung1?{'&'.join(f'nobody{i}=1' for i in range(9))}&w=x&b=y&rate=z")
    lines = tab.page.locator("#notes .lines")
    assert lines.evaluate("box => box.scrollHeight > box.clientHeight && box.tabIndex === 0")
    lines.press("End")
    tab.page.wait_for_function("document.querySelector('#notes .lines').scrollTop > 0")
    box = tab["notes"].bounding_box()
    assert box["height"] <= 0.4 * 240 + 2 and tab.page.locator("#notes .dismiss").is_visible()
