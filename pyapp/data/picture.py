"""From the pixels of a picture to ink on paper, whichever host decoded them: all decisions are made here.

A picture may be a scan, a photograph in uneven light, a drawing on transparent ground or numbers of any depth.
"""

import numpy as np

from pyapp.data.paper import uneven_paper, without_paper

MOST_PIXELS = 50_000_000  # the largest photographs of a phone; as RGBA they take 200 MB
SIDE = 480  # a larger picture is first averaged in blocks
FAINT, FAINT_SMALL = 0.15, 0.05  # less than this share of the darkest ink is paper; small pictures have soft edges
LEAST = 8 / 255  # a picture with weaker ink than this has one colour, apart from compression noise
EVEN, EVENLY = 0.5, 4 / 255  # the light is even if half of the border is this close to its median
NOISY = 0.01  # a picture with noise of a larger standard deviation is smoothed
THUMBNAIL = 32  # pixels per side; in smaller pictures ink, not light, makes the border uneven
PHOTO = 64  # pixels per side; from here on neighbouring pixels differ by noise, not by strokes
SPECK = 0.02  # of all ink: a smaller piece is dirt
DEPTHS = (255, 1023, 4095, 16383, 65535)  # the largest values of 8, 10, 12, 14 and 16 bits
COARSE = (1, 3, 7, 15, 16)  # largest values of 1 to 4 bits, and of the 17 levels of scikit-learn's digits
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


class PictureError(ValueError):
    """A picture that cannot be read, and why."""


def ink_of_picture(pixels: np.ndarray) -> np.ndarray:
    """Ink float32 0..1, 0 for paper, in a picture of (H, W) grey values, (H, W, 2) with alpha, RGB or RGBA.

    Values are bool, integers or floats; beyond uint8 the largest value decides the scale. The ink
    may be dark or light, or the transparency itself. A picture with a side over SIDE comes out smaller.
    PictureError, a ValueError, if the shape is wrong, a value is not finite or the picture is too large.
    """
    grey = _grey(_checked(pixels))
    noise = _noise(grey)
    if noise > NOISY:
        grey, noise = _mean_of_nine(grey), noise / 3
    ink = _ink(grey)
    strongest = ink.max()
    if strongest < max(LEAST, 6 * noise):
        return np.zeros_like(ink)
    ink /= strongest
    faint = FAINT if min(ink.shape) >= PHOTO else FAINT_SMALL
    ink[ink < min(max(faint, 4 * noise / strongest), 0.5)] = 0
    return _without_specks(ink)


def check_size(height: int, width: int) -> None:
    """PictureError if a picture of so many pixels is too large to be read."""
    if height * width > MOST_PIXELS:
        raise PictureError(too_large())


def too_large() -> str:
    return f"the picture has more than {MOST_PIXELS // 1_000_000} million pixels; make it smaller and try again"


def full_light(high: float) -> float:
    """The value of full light in many pictures whose largest value is `high`: the smallest usual one that holds it."""
    return float(next((level for level in (*COARSE, *DEPTHS) if high <= level), high))


def _checked(pixels: np.ndarray) -> np.ndarray:
    """The pixels as (H, W, channels)."""
    pixels = np.asarray(pixels)
    if pixels.ndim not in (2, 3) or min(pixels.shape[:2]) < 2 or pixels.shape[2:] not in ((), (1,), (2,), (3,), (4,)):
        raise PictureError("a picture must have rows and columns of grey values or colours, at least 2 x 2; found "
                           f"shape {pixels.shape}")
    check_size(*pixels.shape[:2])
    if pixels.dtype.kind not in "buif":
        raise ValueError(f"a picture must have real numbers as values; found {pixels.dtype}")
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        raise PictureError("a picture must have finite values; found NaN or infinity")
    return pixels.reshape(*pixels.shape[:2], -1)


def _grey(pixels: np.ndarray) -> np.ndarray:
    """Grey values float32 (h, w), where full light is 1."""
    alpha = pixels.shape[2] in (2, 4)
    colours = pixels[..., :-1] if alpha else pixels
    low, high = _range(colours)
    full = _range(pixels[..., -1:])[1] if alpha else 1
    factor = -(-max(pixels.shape[:2]) // SIDE)
    h, w = (n // factor or n for n in pixels.shape[:2])
    tall, wide = pixels.shape[0] // h, pixels.shape[1] // w
    bands = [_band(pixels[i * tall : (i + 1) * tall, : w * wide], wide, alpha, low, high, full) for i in range(h)]
    light, cover = (np.stack([band[part] for band in bands]) for part in (0, 1))
    return _over_paper(light, cover) if alpha else light


def _range(values: np.ndarray) -> tuple[float, float]:
    """The values of no light and of full light."""
    if values.dtype == np.uint8:
        return 0.0, 255.0
    low, high = min(0.0, float(values.min())), float(values.max())
    if low < 0 or high > DEPTHS[-1]:
        return low, high
    steps = (1, *DEPTHS) if values.dtype.kind in "bf" else DEPTHS
    return 0.0, float(next(step for step in steps if high <= step))


def _band(rows, wide: int, alpha: bool, low: float, high: float, full: float) -> tuple[np.ndarray, np.ndarray]:
    """A row of blocks of pixels: the light and the coverage of each, float32 (w,)."""
    colours = ((rows[..., : rows.shape[2] - alpha] - low) / ((high - low) or 1)).astype(np.float32)
    light = colours @ LUMA if colours.shape[2] == 3 else colours[..., 0]
    cover = (rows[..., -1] / full).astype(np.float32) if alpha else np.ones_like(light)

    def mean(values):
        return values.reshape(len(values), -1, wide).mean(axis=(0, 2), dtype=np.float32)

    return mean(light * cover), mean(cover)


def _border(values: np.ndarray) -> np.ndarray:
    return np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])


def _over_paper(light: np.ndarray, cover: np.ndarray) -> np.ndarray:
    """A picture with transparency as grey values: the transparency itself where it is the drawing."""
    solid = cover > cover.max() / 2
    colour = light / np.maximum(cover, 1e-3)
    if np.ptp(cover) < LEAST or not solid.any():
        return colour
    several = np.ptp(colour[solid]) > 0.25  # ink and paper, and not ink alone
    if np.median(_border(solid)) < 1:  # on transparent ground
        rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
        box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        if not several or solid[box].mean() < 0.7:
            return cover
        light, cover, solid, colour = light[box], cover[box], solid[box], colour[box]
    elif not several:
        return cover
    edge = _border(colour)[_border(solid)]
    return light + (1 - cover) * (np.median(edge) if edge.size else 1)


def _noise(grey: np.ndarray) -> float:
    """Standard deviation of the noise, from the median difference of neighbours; 0 in a picture too small to tell."""
    if min(grey.shape) < PHOTO:
        return 0.0
    return float(np.median(np.abs(np.diff(grey, axis=1)))) * 1.4826 / 2**0.5


def _mean_of_nine(grey: np.ndarray) -> np.ndarray:
    padded = np.pad(grey, 1, mode="edge")
    tall = padded[:-2] + padded[1:-1] + padded[2:]
    return (tall[:, :-2] + tall[:, 1:-1] + tall[:, 2:]) / np.float32(9)


def _ink(grey: np.ndarray) -> np.ndarray:
    """How much each place differs from the paper, in the direction of the ink."""
    border = _border(grey)
    median = np.median(border)
    if max(grey.shape) < THUMBNAIL or np.mean(np.abs(border - median) < EVENLY) > EVEN:
        apart = grey - median
        return apart if (apart.astype(np.float64) ** 3).sum() > 0 else -apart
    return without_paper(grey, *uneven_paper(grey)).astype(np.float32)


def _without_specks(ink: np.ndarray) -> np.ndarray:
    """The ink without pieces so small that they can only be dirt or noise."""
    factor = -(-max(ink.shape) // PHOTO)
    filled = np.pad(ink, [(0, -n % factor) for n in ink.shape])
    mass = filled.reshape(filled.shape[0] // factor, factor, filled.shape[1] // factor, factor).sum(axis=(1, 3))
    piece = _pieces(mass > 0)
    weight = np.bincount(piece.reshape(-1), mass.reshape(-1))
    keep = (weight >= SPECK * weight.sum())[piece].repeat(factor, axis=0).repeat(factor, axis=1)
    return ink * keep[: ink.shape[0], : ink.shape[1]]


def _pieces(cells: np.ndarray) -> np.ndarray:
    """A number for each connected piece, corners included; 0 where there is none."""
    padded = np.zeros([n + 2 for n in cells.shape], np.int64)  # once: np.pad takes longer than the rest of a turn
    piece = padded[1:-1, 1:-1]
    piece[cells] = np.flatnonzero(cells) + 1
    while True:
        tall = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
        grown = np.where(cells, np.maximum(np.maximum(tall[:, :-2], tall[:, 1:-1]), tall[:, 2:]), 0)
        if (grown == piece).all():
            return piece.copy()
        piece[:] = grown
