"""What a person does on the page about tensors: opens a file, orders its list, and looks at one tensor."""

import numpy as np
from test_files_brought import dropped

from pyapp import safetensors
from pyapp.__main__ import main
from pyapp.measure.tensor_formats import cost

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
RNG = np.random.default_rng(7)
LAYERS = {f"layers.{i}.weight": RNG.standard_normal((8, 64)).astype(np.float32) * (i + 1) for i in range(24)}
LAST = "layers.23.weight"


def opened(visit, folder, **options):
    """The page with a safetensors file from the picker."""
    tab = visit("#tensors", **options)
    (folder / "mine.safetensors").write_bytes(safetensors.pack(LAYERS, {}))
    tab["load-file"].set_input_files(folder / "mine.safetensors")
    tab.page.get_by_role("heading", name="The tensors in mine.safetensors").wait_for()
    return tab


def test_a_file_is_opened_ordered_and_one_tensor_shown_in_every_format(visit, tmp_path):
    tab = opened(visit, tmp_path)
    rows = tab.page.locator("[data-test='tensors'] tbody tr")
    assert rows.count() == 24 and rows.first.get_attribute("data-test") == "tensors-layers.0.weight"
    tab.wait_text(f"tensors-{LAST}-maximum", ".")  # until it is measured
    tab["sort-mean_magnitude"].click()
    tab.page.locator("[data-test='tensors'] tbody tr:first-child button", has_text=LAST).click()
    expected = cost(LAYERS[LAST], (8, 64), "mxfp4").sqnr_db
    tab.wait_number("formats-mxfp4-sqnr_db", f"Math.abs(x - {expected}) < 0.06")
    tab["formats-pick-int8"].click()
    tab.page.get_by_role("heading", name="Where 8-bit integers errs").wait_for()
    tab["error-map"].press("ArrowRight")
    tab.wait_text("error-map-value", "of the root mean square")
    assert tab["tensor"].input_value() == LAST and "not kept" in tab.page.locator(".note").first.inner_text()


def test_a_file_that_can_run_code_is_refused_with_the_line_that_converts_it_and_a_drop_opens(visit, tmp_path):
    tab = visit("#tensors")
    (tmp_path / "model.pt").write_bytes(b"PK\x03\x04")
    tab["load-file"].set_input_files(tmp_path / "model.pt")
    tab.wait_text("load-error", "model.pt: a PyTorch file, which can run code when it is loaded")
    assert "s.save_file(torch.load('model.pt', weights_only=True), 'model.safetensors')" in tab.text("load-error")
    assert dropped(tab, "h1", {"mine.csv": "1,2\n3,-4"}), "the page takes it; the browser does not open it"
    tab.page.get_by_role("heading", name="The tensors in mine.csv").wait_for()
    tab.wait_number("tensors-mine-maximum", "x === 4")


def test_on_a_phone_a_file_fits_the_screen(visit, tmp_path):
    tab = opened(visit, tmp_path, **PHONE)
    tab.wait_text("formats-mxfp4-sqnr_db", "dB")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert tab["tensors"].locator("..").bounding_box()["height"] < 740, "the list scrolls in its own place"


def test_two_files_are_compared_and_the_worst_tensor_stands_first(visit, tmp_path):
    tab = opened(visit, tmp_path)
    tab["opens"].select_option("compared")
    after = {name: layer + np.float32(0.1 * (name == LAST)) for name, layer in LAYERS.items()}
    (tmp_path / "after.safetensors").write_bytes(safetensors.pack(after, {}))
    tab["load-file"].set_input_files(tmp_path / "after.safetensors")
    tab.page.get_by_role("heading", name="mine.safetensors and after.safetensors").wait_for()
    tab.page.wait_for_function("document.querySelectorAll('[data-test=pairs] tbody tr').length === 24")
    first = tab.page.locator("[data-test='pairs'] tbody tr").first.inner_text()
    assert LAST in first.replace("\u200b", "") and "exact" not in first


def test_inputs_from_a_second_file_show_what_rounding_does_to_the_output(visit, tmp_path):
    tab = opened(visit, tmp_path)
    tab["opens"].select_option("inputs")
    np.save(tmp_path / "x.npy", RNG.standard_normal((40, 64)).astype(np.float32))
    tab["load-file"].set_input_files(tmp_path / "x.npy")
    tab.wait_number("outputs-2-nearest", "x > 10")
    assert tab.number("outputs-8-gptq") < 2


def test_table_tensor_and_report_are_taken_home(visit, tmp_path):
    tab, made = opened(visit, tmp_path), {}
    tab.page.wait_for_function("!document.querySelector('[data-test=export-html]')?.disabled")
    for kind in ("csv", "npy", "html"):
        made[kind] = tab.save(f"export-{kind}", tmp_path)
    assert {kind: path.name for kind, path in made.items()} == {
        "csv": "mine.csv", "npy": "mine-layers.0.weight.npy", "html": "mine.html"}
    assert np.array_equal(np.load(made["npy"]), LAYERS["layers.0.weight"])
    told = [str(tmp_path / "mine.safetensors"), "--sample", "4096"]
    assert main(["inspect", *told, "--html", str(tmp_path / "our.html"), "--csv", str(tmp_path / "our.csv")]) == 0
    for kind in ("html", "csv"):
        assert made[kind].read_bytes() == (tmp_path / f"our.{kind}").read_bytes(), kind


def test_a_large_file_is_read_in_parts(visit, tmp_path):
    """More than 16 MB: the worker is given the file itself, never its bytes."""
    x = np.tile(LAYERS[LAST], (1100, 8))
    (tmp_path / "large.safetensors").write_bytes(safetensors.pack({"w": x, "last": x[:8]}, {}))
    tab = visit("#tensors")
    tab.page.evaluate("""() => {
        window.whole = Blob.prototype.arrayBuffer;
        Blob.prototype.arrayBuffer = () => Promise.reject(new Error("read whole"));
    }""")
    tab["load-file"].set_input_files(tmp_path / "large.safetensors")
    tab.page.get_by_role("heading", name="The tensors in large.safetensors").wait_for()
    tab.wait_number("tensors-last-maximum", f"Math.abs(x - {np.abs(x).max()}) < 0.01")
    tab.page.evaluate("() => void (Blob.prototype.arrayBuffer = window.whole)")  # for who takes over the tab
