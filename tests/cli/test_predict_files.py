"""Picture files as Pillow reads them: turned by EXIF, deep, transparent, of many kinds, damaged."""

import json

import numpy as np
import pytest

from pyapp.__main__ import main
from pyapp.commands.predict import pixels_of
from pyapp.data.drawing import Raster
from pyapp.parity import check

Image = pytest.importorskip("PIL.Image", reason="pip install pillow")
INK = Raster(120).draw(check.SEVEN)
GREY = (235 - 215 * INK).astype(np.uint8)
# How the stored picture is turned so that a reader who obeys the tag sees it upright (EXIF 2.3, tag 0x0112).
TURNS = {1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud, 5: np.transpose,
         6: lambda a: np.rot90(a, 1), 7: lambda a: np.rot90(a, 2).T, 8: lambda a: np.rot90(a, -1)}


def read(capsys, path) -> dict:
    assert main(["predict", str(path), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refusal(capsys, path) -> str:
    assert main(["predict", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and path.name in error
    return error


@pytest.mark.parametrize("orientation", TURNS)
def test_a_picture_is_turned_as_its_exif_says(orientation, tmp_path):
    tag = Image.Exif()
    tag[0x0112] = orientation
    stored = np.ascontiguousarray(TURNS[orientation](GREY[:, 10:]))
    Image.fromarray(stored).save(tmp_path / "turned.png", exif=tag)
    np.testing.assert_array_equal(pixels_of(str(tmp_path / "turned.png")), GREY[:, 10:])


def test_every_kind_of_picture_gives_the_same_digit(capsys, tmp_path):
    plain = Image.fromarray(GREY)
    deep = GREY.astype(np.uint16) * 257
    kinds = {
        "l.png": plain, "rgb.bmp": plain.convert("RGB"), "palette.png": plain.convert("P"),
        "one.png": plain.convert("1"),
        "cmyk.tif": plain.convert("CMYK"), "cmyk.jpg": plain.convert("CMYK"), "ycbcr.jpg": plain.convert("YCbCr"),
        "webp.webp": plain, "gif.gif": plain, "16.png": Image.fromarray(deep), "16.tif": Image.fromarray(deep),
        "12.png": Image.fromarray(deep >> 4), "i.tif": Image.fromarray(deep.astype(np.int32)),
        "f.tif": Image.fromarray(GREY / np.float32(255)), "f255.tif": Image.fromarray(GREY.astype(np.float32)),
        "la.png": Image.merge("LA", [Image.new("L", plain.size, 255), Image.fromarray((255 * INK).astype(np.uint8))]),
    }
    for name, image in kinds.items():
        image.save(tmp_path / name)
        assert read(capsys, tmp_path / name)["digit"] == 7, name


def test_only_the_first_of_several_frames_is_read(capsys, tmp_path):
    Image.fromarray(GREY).save(tmp_path / "a.gif", save_all=True, append_images=[Image.new("L", (120, 120), 255)] * 2)
    assert read(capsys, tmp_path / "a.gif")["digit"] == 7
    Image.fromarray(GREY).save(tmp_path / "a.tif", save_all=True, append_images=[Image.new("L", (120, 120), 255)] * 2)
    assert read(capsys, tmp_path / "a.tif")["digit"] == 7


def test_a_palette_with_a_transparent_colour(capsys, tmp_path):
    two = Image.fromarray((INK > 0.5).astype(np.uint8)).convert("P")
    two.putpalette([0, 0, 0, 255, 255, 255])
    two.save(tmp_path / "clear.png", transparency=0)
    assert read(capsys, tmp_path / "clear.png")["digit"] == 7


@pytest.mark.parametrize("side", [7_100, 10_000, 20_000])
def test_a_picture_too_large_is_refused_before_it_is_unpacked(side, capsys, tmp_path):
    Image.new("1", (side, side)).save(tmp_path / "large.png")
    assert "more than 50 million pixels; make it smaller" in refusal(capsys, tmp_path / "large.png")


def test_damaged_files_are_refused_in_a_sentence(capsys, tmp_path):
    Image.fromarray(GREY).save(tmp_path / "whole.png")
    data = (tmp_path / "whole.png").read_bytes()
    for name, damaged in (("cut.png", data[: len(data) // 2]), ("empty.png", b""), ("text.jpg", b"hello")):
        (tmp_path / name).write_bytes(damaged)
        said = refusal(capsys, tmp_path / name)
        assert {"cut.png": "a PNG file that was cut short", "empty.png": "the file is empty; save the picture again",
                "text.jpg": "expected a picture such as a PNG"}[name] in said
    Image.fromarray(GREY).save(tmp_path / "drawn.png", format="EPS")
    assert "it is PostScript, which only running it would draw" in refusal(capsys, tmp_path / "drawn.png")
    (tmp_path / "phone.HEIC").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0")
    assert "a HEIC picture, which is not read; save it as JPEG or PNG" in refusal(capsys, tmp_path / "phone.HEIC")
    bad = GREY / np.float32(255)
    bad[3, 3] = np.nan
    Image.fromarray(bad).save(tmp_path / "nan.tif")
    assert "NaN or infinity" in refusal(capsys, tmp_path / "nan.tif")
