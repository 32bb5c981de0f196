"""The icons of the installed page, drawn: three rising bars, as in the page's own icon of 16 by 16."""

import struct
import zlib

BARS = ((1, 11, 3, 4), (6, 7, 3, 8), (11, 1, 4, 14))  # x, y, width, height on a grid of 16
PAPER, BAR = b"\xfb\xf9\xf4", b"\xb4\x54\x0a"  # red, green, blue
MARGIN = 8  # cells around a maskable icon: systems may cut it to a circle of 80 % of its width


def icons():
    """The icons as PNG files, by name below web/: 192, 512, and one of 512 that may be cut to any shape."""
    return {"app/icons/192.png": icon(192, 16), "app/icons/512.png": icon(512, 16),
            "app/icons/maskable.png": icon(512, 16 + 2 * MARGIN)}


def icon(size, cells):
    """A PNG of `size` pixels squared, divided into `cells` per side, with the bars in the middle."""
    edge, pixels = (cells - 16) // 2, size // cells
    boxes = [[(edge + at) * pixels for at in (x, x + wide, y, y + tall)] for x, y, wide, tall in BARS]
    rows = bytearray()
    for y in range(size):
        row = bytearray(size)  # 0: paper
        for left, right, top, bottom in boxes:
            if top <= y < bottom:
                row[left:right] = b"\1" * (right - left)
        rows += b"\0" + bytes(int(row[x:x + 8].translate(BITS), 2) for x in range(0, size, 8))  # 0: as it is
    head = struct.pack(">2I5B", size, size, 1, 3, 0, 0, 0)  # one bit a pixel, which is a place in the palette
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, content) for kind, content in (
        (b"IHDR", head), (b"PLTE", PAPER + BAR), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")))


BITS = bytes([48, 49, *[0] * 254])  # "0" and "1"


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
