"""Folders of pictures named by class, and a picture file as `predict` reads it."""

import io
import re
import sys
import warnings
from typing import Any, BinaryIO

import numpy as np

from pyapp.core.classes import LONGEST
from pyapp.data.digits import DataError
from pyapp.data.importers import png
from pyapp.data.importers.found import SPLITS, Found, normal
from pyapp.data.importers.images import few, of_picture
from pyapp.data.importers.source import EMPTY, PICTURES, File, Source
from pyapp.data.picture import PictureError, check_size, too_large
from pyapp.files import up_to

LARGEST = 2**26  # bytes of a picture's file
NO_PILLOW = "reading {} needs Pillow, which is not installed; pip install pillow, or save the picture as PNG"
HEIC = (b"ftypheic", b"ftypheix")  # after four bytes, in the photographs of Apple's phones
POSTSCRIPT = (b"%!PS", b"\xc5\xd0\xd3\xc6")  # which Pillow would hand to Ghostscript
NO_PNG = "its name says PNG, but it is something else; open it with another program and save it as PNG"
ON_THE_PAGE = "the page reads only PNG files here; save the picture as PNG, or use the commands, which read {} too"


def pixels_in(file: BinaryIO, name: str) -> np.ndarray:
    """The picture in a file, turned upright by its EXIF tag: (H, W) grey, as integers or floats if deeper than 8 bits,
    or (H, W, 2 to 4) with colours or alpha. Of several frames only the first is read. PictureError says why it cannot
    be read. PNG files, whatever their names, are decoded here, so that they become the same numbers on every host."""
    head = file.read(12)
    if not head:
        raise PictureError("the file is empty; save the picture again")
    if head[4:] in HEIC:
        raise PictureError("it is a HEIC picture, which is not read; save it as JPEG or PNG")
    if head.startswith(POSTSCRIPT):
        raise PictureError("it is PostScript, which only running it would draw; save it as PNG")
    if head.startswith(png.SIGNATURE):
        data = head + up_to(file, LARGEST + 1)
        if len(data) <= LARGEST:
            return png.decoded(data)
    file.seek(0)
    try:  # which the page does not ship
        from PIL import Image, ImageOps
    except ModuleNotFoundError:
        kind = name.rpartition(".")[2].upper() or "this file"
        why = ON_THE_PAGE if sys.platform == "emscripten" else NO_PILLOW  # browsers decode JPEG to unequal numbers
        raise PictureError((NO_PNG if kind == "PNG" else why).format(kind)) from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # serious damage is refused below; damaged metadata does not matter
        try:
            with Image.open(file) as picture:
                check_size(picture.height, picture.width)
                return np.asarray(_plain(ImageOps.exif_transpose(picture)))
        except Image.DecompressionBombError:
            raise PictureError(too_large()) from None
        except PictureError:
            raise
        except Exception as error:  # on damaged files Pillow's decoders raise errors of any type
            why = re.sub(r" <.*?>| file '.*?'", "", " ".join(str(error).split()))[:100] or type(error).__name__
            raise PictureError(f"expected a picture such as a PNG, found something else ({why})") from None


def _plain(picture: Any) -> Any:
    """The picture converted to grey or RGB values, with alpha where it has transparency."""
    if picture.mode in ("L", "RGB") and "transparency" not in picture.info:
        return picture
    if picture.mode in ("LA", "RGBA", "I", "F") or picture.mode.startswith("I;16"):
        return picture
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def pictures(source: Source) -> list[File]:
    """The files of a source that are pictures by their names."""
    return [file for file in source.files if file.ending in PICTURES]


def read_picture(file: File) -> np.ndarray:
    """The pixels of a picture's file. PictureError, or DataError, says why it cannot be read."""
    return pixels_in(io.BytesIO(file.read(LARGEST)), file.name)


def read(source: Source) -> Found | None:
    """Images from folders of pictures, whose names are the classes; None if there is at most one picture, or a CSV file
    and no such folders. DataError says what is missing for two classes."""
    there = pictures(source)
    placed, deeper = _placed(there)
    named = {normal(name) for _, name in placed.values()}
    if len(there) < 2 or (len(named) < 2 and any(file.ending == ".csv" for file in source.files)):
        return None
    if len(named) < 2:
        raise DataError(_too_few(source, there, named))
    few(len(placed), source.name)
    found = Found("pictures in folders named by class")
    if deeper:
        found.note(f"some pictures lie in folders within the class's, such as {deeper.path}; they are read as "
                   f"{placed[deeper][1]}")
    for file in source.files:
        if file not in placed:
            source.skip(file, "it is not in a folder that is named by its class" if file.ending in PICTURES else
                        "it is not a picture")
    for file, (split, name) in placed.items():
        try:
            found.add(split, of_picture(read_picture(file)), name, file.path)
        except (PictureError, DataError) as error:
            source.skip(file, str(error).removeprefix(f"{file.path} "))
    for name in sorted(named.difference(*found.names.values())):
        found.note(f"no picture in the folder {name} can be read, so there is no such class")
    return found


At = list[tuple[File, str, tuple[str, ...]]]  # pictures with their part, and the folders that are left to look at


def _placed(files: list[File]) -> tuple[dict[File, tuple[str, str]], File | None]:
    """The part ("" where none is named) and the class of each picture, and the first picture that lies deeper than in
    its class's folder. The class is the first folder, or the first within a folder that is named as a part. A folder is
    a part only if there are folders in it; a single folder around all does not count."""
    at = _without_wrapper([(file, "", file.folders) for file in files])
    parts = {rest[0] for _, _, rest in at if len(rest) > 1 and rest[0].lower() in SPLITS}
    inside = _without_wrapper([(file, SPLITS[rest[0].lower()], rest[1:]) for file, _, rest in at
                               if rest and rest[0] in parts])
    beside = [each for each in at if each[2] and not (parts and each[2][0].lower() in SPLITS)]
    if beside and all(rest[0].lower() in SPLITS for _, _, rest in beside):
        beside = []  # train/1.png and test/2.png have no class
    placed, deeper = {}, None
    for file, split, (name, *more) in [each for each in inside if each[2]] + beside:
        within = next((SPLITS[folder.lower()] for folder in more if folder.lower() in SPLITS), "")  # cat/train/1.png
        placed[file] = (split or within, name)
        deeper = deeper or (file if len(more) > bool(within and not split) else None)
    return {file: placed[file] for file in files if file in placed}, deeper


def _without_wrapper(at: At) -> At:
    """The places of the files without a single folder that is around all others."""
    while len(tops := {rest[0] for _, _, rest in at if rest}) == 1 and any(len(rest) > 1 for _, _, rest in at) and (
            next(iter(tops)).lower() not in SPLITS):
        at = [(file, split, rest[1:]) for file, split, rest in at]
    return at


def _too_few(source: Source, there: list[File], named: set[str]) -> str:
    """Why there are no two classes, and what to do."""
    empty = next((f" ({name} is an empty folder)" for name, why in source.skipped if why == EMPTY), "")
    parts = {file.folders[-1] for file in there if file.folders and file.folders[-1].lower() in SPLITS}
    if named:
        what = f"all pictures are of one class, {next(iter(named))[:LONGEST]}{empty}"
    elif parts:
        what = f"the pictures lie directly in {' and '.join(sorted(parts))}, which are named like parts of a data set"
    else:
        what = f"{len(there):,} pictures lie in no folder that names their class{empty}"
    return (f"{source.name}: {what}; put the pictures of each class into a folder of its own, named by the class, "
            "such as cat/1.png and dog/1.png")
