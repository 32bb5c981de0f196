"""PNG files decoded with zlib and NumPy, for hosts without Pillow such as the browser.

Format: Portable Network Graphics, W3C 2003, all types of colours and depths; eXIf is an extension to it (2017).
"""

import struct
import zlib
from collections.abc import Iterator

import numpy as np

from pyapp.data import exif
from pyapp.data.picture import PictureError, check_size

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
DEPTHS = {GREY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), GREY_ALPHA: (8, 16), RGBA: (8, 16)}
SUB, UP, AVERAGE, PAETH = 1, 2, 3, 4
# Of each pass of an interlaced picture (Adam7): the first row and column, and how far apart its rows and columns are.
PASSES = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


def decoded(data: bytes) -> np.ndarray:
    """The picture's pixels, turned upright by its EXIF tag, uint8 or uint16: (H, W) grey, or (H, W, 2 to 4) with
    colours or alpha. PictureError says why there are none."""
    if not data.startswith(SIGNATURE):
        raise PictureError("it is not a PNG file")
    chunks = list(_chunks(data))
    if not chunks or chunks[0][0] != b"IHDR" or len(chunks[0][1]) != 13:
        raise PictureError("it is a damaged PNG file without a header")
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if depth not in DEPTHS.get(colour, ()) or not width or not height or interlaced > 1:
        raise PictureError("it is a PNG file with an impossible header")
    check_size(height, width)
    parts = {kind: body for kind, body in reversed(chunks)}
    values = _pixels(chunks, (height, width, CHANNELS[colour]), depth, PASSES if interlaced else ((0, 0, 1, 1),))
    alpha = parts.get(b"tRNS", b"")
    if colour == PALETTE:
        pixels = _coloured(values[..., 0], parts.get(b"PLTE", b""), alpha)
    else:
        clear = (values == np.frombuffer(alpha, ">u2")).all(axis=2) if len(alpha) == 2 * values.shape[2] else None
        pixels = values * np.uint8(255 // (2**depth - 1)) if depth < 8 else values
        if clear is not None:  # one colour that is transparent
            pixels = np.dstack([pixels, np.where(clear, 0, np.iinfo(pixels.dtype).max).astype(pixels.dtype)])
    turned = exif.upright(pixels, exif.orientation(parts.get(b"eXIf", b"")))
    return turned[..., 0] if turned.shape[2] == 1 else turned


def _pixels(chunks: list[tuple[bytes, bytes]], shape: tuple[int, int, int], depth: int, passes: tuple) -> np.ndarray:
    """The samples (H, W, channels) as they are stored, from rows that come in one pass or in several."""
    height, width, channels = shape
    sizes = [(max(0, -(-(height - top) // down)), max(0, -(-(width - left) // across)))
             for top, left, down, across in passes]
    lengths = [(w * channels * depth + 7) // 8 for _, w in sizes]
    counts = [h * (row + 1) if row else 0 for (h, _), row in zip(sizes, lengths, strict=True)]
    packed, at = _unpacked(chunks, sum(counts)), 0
    found = np.empty(shape, np.uint16 if depth == 16 else np.uint8)
    for (top, left, down, across), (h, w), row, count in zip(passes, sizes, lengths, counts, strict=True):
        if count:
            lines = _unfiltered(packed[at : at + count], h, row, max(1, channels * depth // 8))
            found[top::down, left::across] = _values(lines, depth, w * channels).reshape(h, w, channels)
        at += count
    return found


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and body of each chunk, up to the end or to where the file is cut off."""
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        if len(body) < length or kind == b"IEND":
            return
        yield kind, body
        at += 12 + length


def _unpacked(chunks: list[tuple[bytes, bytes]], size: int) -> bytes:
    """The decompressed rows with their filters: exactly as many bytes as the header asks for."""
    try:
        found = zlib.decompressobj().decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"), size)
    except zlib.error as error:
        raise PictureError(f"it is a damaged PNG file ({error})") from None
    if len(found) < size:
        raise PictureError("it is a PNG file that was cut short")
    return found


def _unfiltered(data: bytes, height: int, row: int, step: int) -> np.ndarray:
    """The rows without their filters, uint8 (H, row); `step` is the distance to the same channel of the last pixel."""
    lines = np.frombuffer(data, np.uint8).reshape(height, row + 1)
    found = np.zeros((height + 1, row), np.uint8)
    for i, (kind, line) in enumerate(zip(lines[:, 0].tolist(), lines[:, 1:], strict=True), 1):
        above = found[i - 1]
        if kind == UP:
            found[i] = line + above
        elif kind == SUB:
            found[i] = _running(line, step)
        elif kind in (AVERAGE, PAETH):
            found[i] = _predicted(line.tolist(), above.tolist(), step, kind == PAETH)
        elif kind == 0:
            found[i] = line
        else:
            raise PictureError(f"it is a damaged PNG file (filter {kind})")
    return found[1:]


def _running(line: np.ndarray, step: int) -> np.ndarray:
    """Each byte plus those before it in the same channel, modulo 256."""
    padded = np.pad(line, (0, -len(line) % step)).reshape(-1, step)
    return np.cumsum(padded, axis=0, dtype=np.uint8).reshape(-1)[: len(line)]


def _predicted(line: list[int], above: list[int], step: int, paeth: bool) -> list[int]:
    """A row whose bytes were predicted from the one before, a, the one above, b, and the one before that, c."""
    left, corner = [0] * step, [0] * step  # of each channel
    for i, b in enumerate(above):
        a, c = left[i % step], corner[i % step]
        if paeth:
            to_a, to_b, to_c = abs(b - c), abs(a - c), abs(a + b - 2 * c)
            guess = a if to_a <= to_b and to_a <= to_c else b if to_b <= to_c else c
        else:
            guess = (a + b) // 2
        line[i] = left[i % step] = (line[i] + guess) & 255
        corner[i % step] = b
    return line


def _values(packed: np.ndarray, depth: int, count: int) -> np.ndarray:
    """The samples of each row, (H, count): uint16 of 16 bits, else uint8."""
    if depth == 16:
        return np.ascontiguousarray(packed).view(">u2").astype(np.uint16)
    if depth == 8:
        return packed
    bits = np.unpackbits(packed, axis=1).reshape(len(packed), -1, depth)
    return (bits @ (1 << np.arange(depth - 1, -1, -1, dtype=np.uint8)))[:, :count].astype(np.uint8)


def _coloured(codes: np.ndarray, palette: bytes, alpha: bytes) -> np.ndarray:
    """Colours (H, W, 3), with alpha (H, W, 4) where the palette has transparent ones."""
    colours = np.frombuffer(palette[: len(palette) // 3 * 3], np.uint8).reshape(-1, 3)
    if not len(colours) or codes.max() >= len(colours):
        raise PictureError("it is a PNG file with colours that its palette does not have")
    if alpha:
        cover = np.full(len(colours), 255, np.uint8)
        cover[: len(alpha)] = np.frombuffer(alpha[: len(colours)], np.uint8)
        colours = np.column_stack([colours, cover])
    return colours[codes]
