"""A sheet of pictures, and PNG files of it: the format's smallest form, by zlib alone."""

import struct
import zlib

import numpy as np

SIDE = 28
COLUMNS, GAP, ZOOM = 3, 2, 4
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def sheet(pixels: np.ndarray, columns: int = COLUMNS, zoom: int = ZOOM) -> np.ndarray:
    """Pictures uint8 (B, 784), ink on paper, as one grey image uint8 (H, W) where paper is white: rows of `columns`
    with a gap between them, each pixel `zoom` times as large."""
    rows = -(-len(pixels) // columns)
    cell = SIDE + GAP
    image = np.zeros((rows * cell + GAP, columns * cell + GAP), np.uint8)
    for i, picture in enumerate(pixels.reshape(-1, SIDE, SIDE)):
        top, left = GAP + i // columns * cell, GAP + i % columns * cell
        image[top : top + SIDE, left : left + SIDE] = picture
    return np.repeat(np.repeat(255 - image, zoom, axis=0), zoom, axis=1)


def png(image: np.ndarray) -> bytes:
    """The file of a grey image uint8 (H, W): header, one zlib stream of unfiltered rows, end (PNG, W3C 2003).

    The rows are stored, not compressed: zlib promises no particular bytes for a compression, and files should be equal
    everywhere as well.
    """
    height, width = image.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), image], axis=1).tobytes()  # 0: no filter
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)  # 8 bits, grey
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", _stored(rows)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _stored(data: bytes) -> bytes:
    """A zlib stream of stored blocks (RFC 1950, RFC 1951 section 3.2.4)."""
    most = 65535
    blocks = [data[i : i + most] for i in range(0, len(data), most)]
    last = len(blocks) - 1
    parts = [struct.pack("<BHH", i == last, len(block), len(block) ^ 0xFFFF) + block for i, block in enumerate(blocks)]
    return b"\x78\x01" + b"".join(parts) + struct.pack(">I", zlib.adler32(data))
