"""Folders of pictures named by class, and a picture file as `predict` reads it."""

import io
import re
import warnings
from typing import Any, BinaryIO

import numpy as np

from pyapp.data.digits import DataError
from pyapp.data.importers import png
from pyapp.data.importers.found import SPLITS, Found
from pyapp.data.importers.images import few, of_picture
from pyapp.data.importers.source import File, Source
from pyapp.data.picture import PictureError, check_size, too_large

ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")
LARGEST = 2**26  # bytes of a picture's file
NO_PILLOW = "reading {} needs Pillow, which is not installed; pip install pillow, or save the picture as PNG"


def pixels_in(file: BinaryIO, name: str) -> np.ndarray:
    """The picture in a file, turned upright by its EXIF tag: (H, W) grey, as integers or floats if deeper than 8 bits,
    or (H, W, 2 to 4) with colours or alpha. Of several frames only the first is read. PictureError says why it cannot
    be read. PNG files without EXIF are decoded here, so that they become the same numbers on every host."""
    head = file.read(LARGEST + 1) if name.lower().endswith(".png") else b""
    if head.startswith(png.SIGNATURE) and b"eXIf" not in head and len(head) <= LARGEST:
        return png.decoded(head)
    file.seek(0)
    try:  # which the page does not ship
        from PIL import Image, ImageOps
    except ModuleNotFoundError:
        raise PictureError(NO_PILLOW.format(name.rpartition(".")[2].upper() or "this file")) from None
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
    return [file for file in source.files if file.ending in ENDINGS]


def read_picture(file: File) -> np.ndarray:
    """The pixels of a picture's file. PictureError, or DataError, says why there are none."""
    return pixels_in(io.BytesIO(file.read(LARGEST)), file.name)


def read(source: Source) -> Found | None:
    """Images from folders of pictures, whose names are the classes; None if there are no two such folders."""
    there = [file for file in pictures(source) if class_of(file)]
    if len({class_of(file) for file in there}) < 2:
        return None
    few(len(there), source.name)
    found = Found("pictures in folders named by class")
    for file in source.files:
        if file not in there:
            source.skip(file, "it is not a picture" if file.ending not in ENDINGS else
                        "it is not in a folder that is named by its class")
    for file in there:
        try:
            found.add(split_of(file), of_picture(read_picture(file)), class_of(file))
        except (PictureError, DataError) as error:
            source.skip(file, str(error).removeprefix(f"{file.path} "))
    return found


def class_of(file: File) -> str:
    """The folder that a file lies in, or "" if that is none, or the name of a split."""
    name = file.folders[-1] if file.folders else ""
    return "" if name.lower() in SPLITS else name


def split_of(file: File) -> str:
    """The split that a folder around the class names."""
    return next((SPLITS[name.lower()] for name in file.folders[:-1] if name.lower() in SPLITS), "")
