"""From arrays of any common shape and range to images uint8 (N, 28, 28), 0 for paper.

Grey values of 28x28 are taken as they are, once their range is 0 to 255. Pictures of other sizes or with colours go the
way of a picture that `predict` reads: ink on paper, 20x20 in the middle of 28x28.
"""

from collections.abc import Callable

import numpy as np

from pyapp.data.digits import SIDE, DataError
from pyapp.data.drawing import ink_of_picture, to_mnist
from pyapp.data.picture import PictureError, check_size, full_light

AT_ONCE = 1000  # images
MOST = 300_000  # images of 784 bytes each: 235 MB
COLOURS = (1, 3, 4)
NO_INK = "there is no ink in it"


def of_picture(pixels: np.ndarray) -> np.ndarray:
    """A picture as an image uint8 (28, 28), by the same steps as `predict` takes. PictureError if it has no ink."""
    image = to_mnist(ink_of_picture(pixels))
    if image is None:
        raise PictureError(NO_INK)
    return np.rint(image * np.float32(255)).astype(np.uint8)


def few(n: int, name: str) -> None:
    """DataError if there are too many images for any machine's memory."""
    if n > MOST:
        raise DataError(f"{name} has {n:,} images or more; at most {MOST:,} are read: use a part of them")


def shaped(shape: tuple[int, ...], name: str) -> tuple[int, ...]:
    """The shape (N, H, W) or (N, H, W, C) that an array of images has, or that its flat rows stand for. DataError if
    it has none."""
    n, *rest = shape or (0,)  # a scalar has no images
    side = round(rest[0] ** 0.5) if len(rest) == 1 else 0
    if len(rest) == 1 and side * side == rest[0] and side > 1:
        return n, side, side
    if len(rest) == 3 and rest[0] in COLOURS and rest[2] not in COLOURS:
        rest = [*rest[1:], rest[0]]  # channels first, as PyTorch has it
    if len(rest) == 2 or (len(rest) == 3 and rest[2] in COLOURS):
        if min(rest[:2]) < 2:
            raise DataError(f"{name} has images of {rest[0]}x{rest[1]}; use at least 2x2")
        check_size(*rest[:2])
        return n, *rest[:2], *(rest[2:] if rest[2:] != [1] else ())
    raise DataError(f"{name} has shape {shape}; expected images (N, height, width), with colours or without, or rows "
                    "of a square number of pixels")


def of_array(values: np.ndarray, name: str,
             skip: Callable[[int, str], None]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Images uint8 (N, 28, 28) of an array, which of its rows they are, and notes on how they were read. `skip` is told
    the number of every row that cannot be used, and why. DataError if none can be."""
    few(len(values), name)
    shape = shaped(values.shape, name)
    if values.dtype.kind not in "buif":
        raise DataError(f"{name} has values of type {values.dtype}; expected numbers")
    if values.ndim == 4 and values.shape[1] in COLOURS and values.shape[3] not in COLOURS:
        values = np.moveaxis(values, 1, 3)
    values = values.reshape(shape)
    if not len(values):
        raise DataError(f"{name} holds no image")
    low, high, finite = _range(values)
    if not finite:
        raise DataError(f"{name} has values that are NaN or infinite; write numbers in their place")
    if shape[1:] == (SIDE, SIDE):
        return *_as_they_are(values, low, high), _told(low, high, values.dtype)
    found, rows = [], []
    for i, picture in enumerate(values):
        try:
            found.append(of_picture(_scaled(picture, low, high)))
            rows.append(i)
        except PictureError as error:
            skip(i, str(error))
    if not found:
        raise DataError(f"{name}: no image in it has any ink")
    size = "x".join(map(str, shape[1:3]))
    how = f"the images are {size}; each is read as a picture is, 20x20 in the middle of 28x28"
    return np.stack(found), np.array(rows, np.int64), [how, *_told(low, high, values.dtype)]


def _range(values: np.ndarray) -> tuple[float, float, bool]:
    """The smallest and the largest value, and whether all are finite."""
    parts = [values[at : at + AT_ONCE] for at in range(0, len(values), AT_ONCE)]
    low, high = min(float(part.min()) for part in parts), max(float(part.max()) for part in parts)
    return low, high, bool(np.isfinite(low) and np.isfinite(high))  # NaN comes through min and max


def _scaled(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values as uint8, 0 to 255 between no light and full light."""
    none, full = (low, high) if low < 0 else (0.0, full_light(high))
    if values.dtype == np.uint8 and full == 255:
        return values
    share = (values.astype(np.float64) - none) / ((full - none) or 1)
    return np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)


def _as_they_are(values: np.ndarray, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    images = np.empty(values.shape, np.uint8)
    for at in range(0, len(values), AT_ONCE):
        images[at : at + AT_ONCE] = _scaled(values[at : at + AT_ONCE], low, high)
    return images, np.arange(len(values))


def _told(low: float, high: float, dtype: np.dtype) -> list[str]:
    """A sentence about a range of values that is unusual for its type; none for a usual one."""
    if low < 0:
        return [f"the values go from {low:g} to {high:g}; they are read as 0 to 255"]
    full = full_light(high)
    usual = full == 255 or (full == 1 and dtype.kind in "bf")
    return [] if usual or not high else [f"the largest value is {high:g}; {full:g} is read as 255"]
