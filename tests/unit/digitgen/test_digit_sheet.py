import struct
import zlib

import numpy as np

from pyapp.digitgen.sheet import GAP, SIDE, SIGNATURE, png, sheet


def unpacked(data: bytes) -> np.ndarray:
    """A grey PNG of unfiltered rows, read by the format's description; checksums must be right."""
    assert data.startswith(SIGNATURE)
    at, parts = len(SIGNATURE), {}
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + body)
        parts[kind], at = body, at + 12 + length
    width, height, depth, colour, *rest = struct.unpack(">IIBBBBB", parts[b"IHDR"])
    assert (depth, colour, rest) == (8, 0, [0, 0, 0]) and list(parts)[-1] == b"IEND"
    rows = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert (rows[:, 0] == 0).all()
    return rows[:, 1:]


def test_a_png_holds_the_image():
    image = np.random.default_rng(6).integers(0, 256, (300, 280), dtype=np.uint8)  # more than one stored block
    np.testing.assert_array_equal(unpacked(png(image)), image)


def test_a_sheet_puts_each_picture_in_its_place_ink_on_paper():
    pixels = np.zeros((5, 784), np.uint8)
    pixels[4] = 200
    image = sheet(pixels, columns=3, zoom=2)
    assert image.shape == (2 * (2 * 30 + GAP), 2 * (3 * 30 + GAP))
    top, left = 2 * (GAP + 30), 2 * (GAP + 30)
    assert (image[top : top + 2 * SIDE, left : left + 2 * SIDE] == 55).all()
    assert (image == 55).sum() == 4 * 784 and image.max() == 255
