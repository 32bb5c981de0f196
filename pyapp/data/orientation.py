"""Which way up digits are, and whether they are digits: EMNIST's files store every image transposed, other files have
dark ink on light paper, and Fashion-MNIST's files have the same names but no digits.

Ten mean digits of 7x7 are enough to detect it, without a network and without other files: the nearest is the right
one for 75 % of MNIST's images, and for 16 % once they are transposed.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np

from pyapp.core.classes import TEN
from pyapp.core.words import counted
from pyapp.data.picture import full_light

EMNISTS = (26, 27, 37, 47, 62)  # classes of EMNIST's sets that have letters
FEWEST = 20  # images; fewer are not conclusive
SEEN = 2000  # images looked at, if there are more; evenly spread
LIGHT = 170  # of 255: noise has 127
MANY, FEW_READ = 100, 0.3  # if of at least so many images only this share is recognised, they are not digits
# Means of the shipped training digits 0 to 9 over 4x4 pixels, row by row, divided by 17 and rounded: hexadecimal.
MEANS = """
0000000002793001787700481370076275004a96100000000 000000000035100006600000a200003910000551000000000
0001000014772001237300136720048973003654200000000 0000000014872001368200049810021282004895100011000
0000000002122001536300396920025771000143100001000 0000000002553101574210167510022462002775100011000
0001200001650000471000186730019993000473000000000 000000000122000388a400122920001750000371000133100
000000000277300166750004b610017851001884000011000 0000000001440001768200277a10003760000253000012100
"""


@cache
def _means() -> np.ndarray:
    return np.array([[int(sign, 16) * 17 for sign in word] for word in MEANS.split()], np.float32)  # 10, 49


def share_read(images: np.ndarray, labels: np.ndarray) -> float:
    """The share of the images (N, 28, 28), 0 to 1, whose nearest mean digit is that of their label."""
    small = images.reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4), dtype=np.float32).reshape(-1, 49)
    distance = (_means() ** 2).sum(axis=1) - 2 * small @ _means().T  # N, 10; the image's own square is left out
    return float((distance.argmin(axis=1) == labels).mean())


def transposed(images: np.ndarray, labels: np.ndarray, suspected: bool = False) -> bool:
    """Whether digits (N, 28, 28) are stored transposed: most are recognised transposed, under half of that as stored.

    With `suspected`, for example from the name of the file, a few images are enough.
    """
    if len(images) < FEWEST and not suspected:
        return False
    upright, turned = (share_read(_some(each), _some(labels)) for each in (images, images.transpose(0, 2, 1)))
    if len(images) < FEWEST:
        return turned > upright
    return turned >= 0.5 and upright <= turned / 2


def sideways(images: np.ndarray, labels: np.ndarray, classes: Sequence[str], emnist: bool) -> bool:
    """Whether images (N, 28, 28) of any classes are stored transposed. If digits are among them, as in EMNIST's
    balanced set, these tell; if they do not, the files' name does: `emnist`."""
    if tuple(classes) == TEN:
        return transposed(images, labels, emnist)
    digits = np.array([int(name) if name in TEN else -1 for name in classes])[labels]
    images, digits = images[digits >= 0], digits[digits >= 0]
    return transposed(images, digits) or (emnist and not transposed(images.transpose(0, 2, 1), digits))


def light_paper(images: np.ndarray) -> bool:
    """Whether images (N, 28, 28) have light paper: the median pixel of the border, in most of them."""
    some = _some(images)
    border = np.concatenate([some[:, 0], some[:, -1], some[:, :, 0], some[:, :, -1]], axis=1)
    return bool(np.median(np.median(border, axis=1)) > LIGHT)


def foreign(images: np.ndarray, labels: np.ndarray) -> bool:
    """Whether images (N, 28, 28), at least MANY, hardly ever show the digits that their labels name."""
    return len(images) >= MANY and share_read(_some(images), _some(labels)) < FEW_READ


def as_mnist(images: np.ndarray, labels: np.ndarray, emnist: bool,
             classes: Sequence[str] = TEN) -> tuple[np.ndarray, list[str]]:
    """Images (N, 28, 28) as MNIST has them, light on dark, of full brightness and upright, and sentences about how they
    were changed, or that they do not look like the digits that they are called. `emnist` is whether the files' name
    says that they are EMNIST's."""
    found, digits = [], tuple(classes) == TEN
    if (high := int(images.max())) and (full := int(full_light(high))) < 255:
        images = np.rint(images * (255 / full)).astype(np.uint8)
        found.append(f"the largest pixel is {high}; {full} is read as 255")
    if light_paper(images):
        images = 255 - images
        found.append(f"the {'digits' if digits else 'images'} are dark on light, where MNIST's are light on dark; they "
                     "are read inverted")
    if sideways(images, labels, classes, emnist):
        images = np.ascontiguousarray(images.transpose(0, 2, 1))
        found.append("the names say EMNIST, whose images are stored transposed; they are read upright (rename the "
                     "files if they were upright before)" if emnist and not set(TEN) <= set(classes) else
                     "the images are stored transposed, as EMNIST's are; they are read upright")
    elif not emnist and len(classes) in EMNISTS and all(map(str.isdecimal, classes)):
        found.append("if the images lie on their side, as EMNIST's do, put “emnist” into the name of their file or "
                     "folder, and they are read upright")
    blank = _blank(images)
    if blank:
        found.append(f"all {len(images):,} images are blank" if blank == len(images) else
                     f"{counted(blank, 'image')} of {len(images):,} {'is' if blank == 1 else 'are'} blank")
    if digits and blank < len(images) and foreign(images, labels):
        found.append("few of the images look like the digits that their labels name: they may show something else, as "
                     "Fashion-MNIST's do, be turned, or have other labels")
    return images, found


def _blank(images: np.ndarray) -> int:
    """How many of the images (N, 28, 28) have one value in all pixels."""
    pixels = images.reshape(len(images), -1)
    return int((pixels.min(axis=1) == pixels.max(axis=1)).sum())


def _some(values: np.ndarray) -> np.ndarray:
    return values[np.linspace(0, len(values) - 1, min(SEEN, len(values))).astype(np.intp)]
