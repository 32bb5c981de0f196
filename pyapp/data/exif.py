"""How a camera was held, and a picture turned upright by that.

EXIF's body is that of a TIFF file (Adobe, TIFF 6.0, 1992); in WebP it is a chunk of its own (RFC 9649).
"""

import struct

import numpy as np

ORIENTATION = 0x112  # a tag of TIFF and EXIF


def of_webp(data: bytes) -> bytes:
    """The EXIF data of a WebP file; none if it has none or is damaged."""
    at = 12  # after RIFF, a size and WEBP
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, at)
        if kind == b"EXIF":
            return data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    return b""


def orientation(exif: bytes) -> int:
    """How a camera was held, 1 to 8, by the first directory of a TIFF header; 1 if it does not say."""
    exif = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    try:
        (at,) = struct.unpack_from(f"{order}I", exif, 4)
        (entries,) = struct.unpack_from(f"{order}H", exif, at)
        told = [struct.unpack_from(f"{order}HHIH", exif, at + 2 + 12 * i) for i in range(entries)]
    except (struct.error, OverflowError):  # an offset may be more than 32-bit runtimes count
        return 1
    return next((value for tag, _, _, value in told if tag == ORIENTATION), 1)


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Pixels (H, W, C) with the first row on top and the first column on the left: EXIF's orientation says where those
    of the file belong."""
    if 5 <= orientation <= 8:
        pixels = pixels.swapaxes(0, 1)
    down, across = orientation in (3, 4, 7, 8), orientation in (2, 3, 6, 7)
    return pixels[:: -1 if down else 1, :: -1 if across else 1]
