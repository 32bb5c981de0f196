"""The icons of the installed page."""

import json
import struct
import zlib

from small_site import ICONS

from pyapp.places import ROOT
from pyapp.site.icons import icons


def test_icons_are_three_rising_bars():
    drawn = icons()
    assert list(drawn) == ICONS and drawn == icons()
    for name, content in drawn.items():
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        size, tall, *kind = struct.unpack(">2I5B", content[16:29])
        assert (size, tall, kind) == (512 if name != ICONS[0] else 192, size, [1, 3, 0, 0, 0])
        rows = zlib.decompress(content[content.index(b"IDAT") + 4:-16])
        ink = [[row >> 7 - x % 8 & 1 for x in range(size) for row in [rows[y * (size // 8 + 1) + 1 + x // 8]]]
               for y in range(size)]
        tops = [next(y for y in range(size) if ink[y][x]) for x in columns(ink, size)]
        assert len(tops) == 3 and tops == sorted(tops, reverse=True) and tops[0] > tops[-1]
        if name == ICONS[2]:  # all within the circle of 80 %
            assert all((x - size / 2) ** 2 + (y - size / 2) ** 2 <= (0.4 * size) ** 2
                       for y in range(size) for x in range(size) if ink[y][x])


def columns(ink, size):
    """The first column of each bar."""
    dark = [any(row[x] for row in ink) for x in range(size)]
    return [x for x in range(1, size) if dark[x] and not dark[x - 1]]


def test_the_web_manifest_names_the_icons():
    said = json.loads((ROOT / "web/manifest.webmanifest").read_text())
    assert {icon["src"]: icon["sizes"] for icon in said["icons"]} == dict(
        zip(ICONS, ["192x192", "512x512", "512x512"], strict=True))
    assert said["start_url"] == said["scope"] == "./" and said["icons"][2]["purpose"] == "maskable"
