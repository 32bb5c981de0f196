"""The same picture file in the command and on the page: upright, deep, transparent, in uneven light."""

import json

import numpy as np
import pytest

from pyapp.__main__ import main
from pyapp.data.drawing import Raster
from pyapp.parity import check

Image = pytest.importorskip("PIL.Image", reason="pip install pillow")
APART = 1.0  # percentage points: JPEG decoders and a canvas may round a value to the next
INK = Raster(240).draw(check.SEVEN)
GREY = 235 - 215 * INK


def files(folder) -> dict:
    """Path and what Python may call it, for each kind."""
    turned, light = Image.Exif(), 1 - 0.5 * np.add.outer(np.arange(240), np.arange(240)) / 480
    turned[0x0112] = 6
    white = np.dstack([np.full((240, 240, 3), 255), 255 * INK]).astype(np.uint8)
    deep = (GREY * 257).astype(np.uint16)
    made = {
        "turned.jpg": (Image.fromarray(np.rot90(GREY).astype(np.uint8)), {"exif": turned}),
        "turned.webp": (Image.fromarray(np.rot90(GREY).astype(np.uint8)), {"exif": turned, "lossless": True}),
        "deep.png": (Image.fromarray(deep), {}), "white.png": (Image.fromarray(white), {}),
        "shaded.jpg": (Image.fromarray((GREY * light).astype(np.uint8)), {"quality": 80}),
        "large.png": (Image.fromarray(GREY.astype(np.uint8)).resize((1500, 1500)), {}),
        "small.png": (Image.fromarray(GREY.astype(np.uint8)).resize((12, 12), Image.Resampling.BOX), {}),
    }
    for name, (image, options) in made.items():
        image.save(folder / name, **options)
    return made


def test_the_page_and_the_command_read_a_file_alike(visit, tmp_path, capsys):
    tab = visit("#digits?weights=pretrained")
    for name in files(tmp_path):
        assert main(["predict", str(tmp_path / name), "--json"]) == 0
        said = json.loads(capsys.readouterr().out)
        assert said["digit"] == 7 or name == "small.png"
        tab["open-image-file"].set_input_files(tmp_path / name)
        tab.wait_text("prediction", str(said["digit"]))
        tab.wait_number("confidence", f"Math.abs(x - {100 * said['confidence']}) < {APART}")
        tab["clear"].click()
        tab.wait_text("prediction", "empty")


def test_a_picture_that_is_slow_to_decode_is_named_until_it_is_read_or_given_up(visit, tmp_path):
    tab = visit("#digits?weights=pretrained")
    Image.fromarray(GREY.astype(np.uint8)).save(tmp_path / "slow.png")
    tab.page.evaluate("""() => {
        const decode = window.createImageBitmap;
        window.createImageBitmap = (...all) => new Promise((decided) => {
            window.go = () => {
                delete window.go;
                decided();
            };
            window.back = () => {
                window.createImageBitmap = decode;
                delete window.back;
            };
        }).then(() => decode(...all));
    }""")
    for given_up in (True, False):
        with tab.page.expect_file_chooser() as asked:  # that the same file may be chosen again needs a click
            tab["open-image"].click()
        asked.value.set_files(tmp_path / "slow.png")
        tab.wait_text("prediction", "Reading slow.png")
        if given_up:
            tab["held-out"].click()
            tab.page.locator("[data-test=label]").wait_for()
            tab["clear"].click()
            tab.wait_text("prediction", "empty")
        tab.page.wait_for_function("window.go")  # the file's first bytes are read before
        tab.page.evaluate("window.go()")
    tab.wait_text("prediction", "7")
    tab.page.evaluate("window.back()")


def test_an_unreadable_picture_is_refused_in_a_sentence(visit, tmp_path):
    tab = visit("#digits?weights=pretrained")
    tab.wait_text("prediction", "6")  # the digit that is there at first, and stays
    Image.fromarray(GREY.astype(np.uint8)).save(tmp_path / "scan.tif")
    Image.new("L", (90, 90), 200).save(tmp_path / "blank.png")
    Image.new("1", (7_100, 7_100)).save(tmp_path / "wall.png")
    for name, words in (("scan.tif", "save it as PNG or JPEG"), ("blank.png", "There is no ink"),
                        ("wall.png", "more than 50 million pixels; make it smaller")):
        tab["open-image-file"].set_input_files(tmp_path / name)
        tab.page.locator("[role=alert]", has_text=name).filter(has_text=words).wait_for()
        assert tab.text("prediction") == "6"
