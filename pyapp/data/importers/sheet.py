"""A sprite sheet: one picture with many small ones in a grid, and a text file with their labels, or a row per class."""

import math
import re

import numpy as np

from pyapp.core.words import counted
from pyapp.data.digits import SIDE, DataError
from pyapp.data.importers.found import Found
from pyapp.data.importers.images import few, of_array
from pyapp.data.importers.pictures import pictures, read_picture
from pyapp.data.importers.source import Source
from pyapp.data.picture import PictureError

SIZE = re.compile(r"(?<!\d)(\d{1,4})x(\d{1,4})(?!\d)")  # of a tile, in the name of the sheet: letters-32x32.png
WORDS = re.compile(r"[,;\s]+")
FEWEST = 2
HOW = ("a picture alone is read as a sheet of many: put pictures of one each into folders named by class; for a sheet, "
       "put the size of a tile into its name, as in sheet-32x32.png, and the labels, row by row, into a text file of "
       "the same name that ends in .txt; without it each row is a class")


def read(source: Source) -> Found | None:
    """Images from the tiles of a source's only picture; None if it does not have exactly one. DataError if it cannot be
    read or divided into tiles."""
    sheets = pictures(source)
    if len(sheets) != 1:
        return None
    sheet, = sheets
    texts = [file for file in source.files if file.ending in (".txt", ".csv")]
    told = next((file for file in texts if file.stem == sheet.stem), texts[0] if len(texts) == 1 else None)
    for file in source.files:
        if file not in (sheet, told):
            source.skip(file, "it is neither the sheet nor its labels")
    names = [word for word in WORDS.split(told.read(2**24).decode("utf-8-sig", "replace")) if word] if told else []
    try:
        pixels = read_picture(sheet)
    except PictureError as error:
        raise DataError(f"{sheet.path}: {error}") from None
    height, width = _tile(sheet.name, pixels, len(names))
    rows, columns = pixels.shape[0] // height, pixels.shape[1] // width
    few(rows * columns, sheet.path)
    tiles = pixels.reshape(rows, height, columns, width, -1).swapaxes(1, 2).reshape(rows * columns, height, width, -1)
    tiles, grey = (tiles[..., 0], True) if tiles.shape[-1] == 1 else (tiles, False)
    labels, how = _labels(names, rows, columns, sheet.path)
    blank = tiles.reshape(len(tiles), -1)
    blank = blank.min(axis=1) == blank.max(axis=1) if grey else (blank == blank[:, :1]).all(axis=1)
    there = np.flatnonzero(~blank & np.array([bool(name) for name in labels]))
    if len(there) < FEWEST:
        raise DataError(f"{sheet.path}: fewer than {FEWEST} of its {rows * columns} tiles have ink; {HOW}")
    found = Found("a sprite sheet")
    images, kept, notes = of_array(tiles[there], sheet.path, lambda i, why: source.skip(
        f"{sheet.path}, tile {there[i] + 1}", why))
    found.add("", images, [labels[i] for i in there[kept].tolist()])
    found.notes = [f"{sheet.name} has {counted(rows, 'row')} of {counted(columns, 'tile')} of {height}x{width}; {how}",
                   *notes]
    if blank.any():
        found.note(f"{counted(blank.sum(), 'empty tile')}, left out")
    return found


def _tile(name: str, pixels: np.ndarray, labels: int) -> tuple[int, int]:
    """Height and width of a tile: as the name says, or such that there are as many square ones as labels, or 28x28.
    Without a name and labels only if nothing is drawn across the edges of such tiles: a photograph may divide into
    tiles too, and none of them is meant. DataError if none of these divides the sheet."""
    shape, told = pixels.shape, SIZE.search(name)
    side = math.isqrt(shape[0] * shape[1] // labels) if labels else 0
    for height, width in ((int(told[2]), int(told[1])) if told else (0, 0), (side, side), (SIDE, SIDE)):
        whole = height >= 2 and width >= 2 and not shape[0] % height and not shape[1] % width
        if whole and shape[0] * shape[1] // (height * width) >= FEWEST and (told or labels or _apart(pixels)):
            return height, width
    raise DataError(f"{name} is {shape[1]}x{shape[0]} pixels, and it cannot be told how large its tiles are; {HOW}")


def _apart(pixels: np.ndarray) -> bool:
    """Whether the first and last lines of tiles of 28x28 are all of one colour."""
    across, down = (np.arange(n) % SIDE % (SIDE - 1) == 0 for n in pixels.shape[:2])
    return bool((pixels[across] == pixels[0, 0]).all() and (pixels[:, down] == pixels[0, 0]).all())


def _labels(names: list[str], rows: int, columns: int, path: str) -> tuple[list[str], str]:
    """The class of every tile, "" where there is none, and how it is known."""
    if len(names) == rows and columns > 1:
        return [name for name in names for _ in range(columns)], "the text file names the class of each row"
    if not names:
        if rows < 2:
            raise DataError(f"{path} has one row of tiles and no labels; {HOW}")
        return [str(row) for row in range(rows) for _ in range(columns)], "each row is a class, numbered from 0"
    if not columns * (rows - 1) < len(names) <= rows * columns:
        raise DataError(f"{path} has {counted(rows, 'row')} of {counted(columns, 'tile')} for "
                        f"{counted(len(names), 'label')}; {HOW}")
    return [*names, *[""] * (rows * columns - len(names))], "the text file has a label for each tile"
