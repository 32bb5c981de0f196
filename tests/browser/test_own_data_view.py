"""What a person does with data of their own on the page that trains: opens it, looks at it, trains, quantises
and exports."""

import io

import numpy as np

from pyapp.data import mnist
from pyapp.export.verify import verify

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def test_data_is_shown_with_its_classes_and_trained_on(visit, tmp_path):
    images, labels = mnist.load()
    rows = np.flatnonzero(labels < 2)[::10]
    buffer = io.BytesIO()
    np.savez(buffer, x=images[rows], y=np.array(["ring", "line"])[labels[rows]])
    (tmp_path / "mine.npz").write_bytes(buffer.getvalue())
    tab = visit("#digits", **PHONE)
    tab["load-file"].set_input_files(tmp_path / "mine.npz")
    tab.page.get_by_role("heading", name="Your data").wait_for()
    assert "sent nowhere" in tab.page.locator(".note").first.inner_text()
    assert [row.split()[:3] for row in tab["own-classes"].locator("tbody tr").all_inner_texts()] == [
        ["line", "24", "6"], ["ring", "24", "6"]]
    tab["held-out"].click()
    tab.wait_text("label", "Its label is ")
    assert tab["bar-ring"].count() == tab["bar-line"].count() == 1
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 360

    tab["step"].click()
    tab.wait_number("step-count", "x === 1")
    tab.slide("bits", "Home")
    table = tab["by-class"]
    table.locator("tbody tr", has_text="ring").wait_for()
    table.locator("[data-entry=precision_quant]").first.wait_for()
    assert table.evaluate("table => table.scrollWidth <= table.parentElement.clientWidth")  # in the width of a phone
    page = tab.save("export-html", tmp_path)
    tab.page.get_by_text("Its proof was run again here, and holds").wait_for()
    assert verify(page).manifest["classes"] == ["line", "ring"]
