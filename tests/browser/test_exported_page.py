"""Exports: what a page of Bitladder saves, and a page that was exported, which proves itself and reads a drawing."""

import numpy as np
import pytest

from pyapp.__main__ import main
from pyapp.export.verify import verify
from pyapp.parity.check import SEVEN


@pytest.mark.parametrize(("options", "told"), [
    (["--bits", "8", "--activations", "8"], "exactly the integers"), (["--bits", "8"], "the probabilities")])
def test_an_exported_page_proves_itself_and_reads_a_drawing(visit, tmp_path, capsys, options, told):
    path = tmp_path / "a network" / "net #1.html"
    assert main(["export", "mlp", *options, "--format", "html", "--out", str(path)]) == 0
    fingerprint = capsys.readouterr().out.split()[-1]
    tab = visit(None, offline=True)
    tab.url = path.as_uri()
    tab.page.goto(tab.url)
    proof = tab.page.locator("#proof")
    proof.filter(has_text=f"Fingerprint {fingerprint}.").wait_for()
    assert told in proof.inner_text()

    box = tab.page.locator("#pad").bounding_box()
    (x, y), *rest = SEVEN[:, :2] * np.array([box["width"], box["height"]]) + np.array([box["x"], box["y"]])
    tab.page.locator("#clear").click()
    tab.page.mouse.move(x, y)
    tab.page.mouse.down()
    for x, y in rest:
        tab.page.mouse.move(x, y)
    tab.page.mouse.up()
    tab.page.locator("#verdict", has_text="It reads a 7").wait_for()
    tab.page.get_by_role("button", name="4", exact=True).click()
    tab.page.locator("#verdict", has_text="It reads a 4").wait_for()
    tab.page.locator("#pad").focus()
    for key in ("Delete", *["ArrowUp"] * 6, " ", *["ArrowDown"] * 12, " ", "ArrowLeft"):  # a 1, by keyboard
        tab.page.keyboard.press(key)
    tab.page.locator("#verdict", has_text="It reads a 1").wait_for()
    tab.page.get_by_role("button", name="4", exact=True).click()
    tab.page.locator("#verdict", has_text="It reads a 4").wait_for()
    tab.page.emulate_media(color_scheme="dark")
    for name in ("pointerdown", "pointermove"):  # a second finger
        tab.page.locator("#pad").dispatch_event(name, {"pointerId": 7, "isPrimary": False, "button": 0})
    tab.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert "It reads a 4" in tab.page.locator("#verdict").inner_text()


def test_a_page_saves_the_file_that_the_command_writes(visit, tmp_path, capsys):
    tab = visit("#inference")
    theirs, ours = tab.save("export-html", tmp_path), tmp_path / "ours.html"
    assert main(["run", "inference", "--steps", "0", "--do", "export-html", "--out", str(ours)]) == 0
    assert theirs.read_bytes() == ours.read_bytes() and verify(theirs).ok
    tab.page.get_by_text(f"fingerprint {verify(theirs).manifest['fingerprint']}. Its proof was run").wait_for()

    assert tab.save("export-c", tmp_path).name == "mlp-w4a8.zip"
