"""Pictures of digits as people bring them: depths, transparency, uneven light, noise. The digits are held-out ones that
the network reads right as they are, so a picture that is read otherwise was taken apart wrongly."""

import numpy as np
import pytest

from pyapp.core.rng import generator
from pyapp.data import mnist, picture
from pyapp.data.drawing import ink_of_picture, to_mnist
from pyapp.data.resample import area_average, cubic
from pyapp.nets import mlp
from pyapp.nets.mlp import MLP
from pyapp.pages.base.digit_input import Reader

pytestmark = pytest.mark.in_pyodide(1, "the cases differ in their files, not in arithmetic")

PEOPLE = 10  # digits a kind


def digit_in(pixels: np.ndarray) -> int | None:
    image = Reader().read({"image": pixels}).image
    return None if image is None else int(MLP().forward(mlp.load(), image.reshape(1, -1)).argmax())


def digits():
    """Masks (200, 160) of ink 0..1 with sharp edges, and labels."""
    images, labels = mnist.load()
    for i in range(0, 3000, 3000 // PEOPLE):
        rows, columns = cubic(28, 150), cubic(28, 150)
        ink = np.zeros((200, 160), np.float32)
        ink[25:175, 5:155] = np.clip((rows @ (images[i] / np.float32(255)) @ columns.T - 0.5) * 3 + 0.5, 0, 1)
        yield ink, int(labels[i])


def places(shape):
    return np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")


LIGHTS = {
    "to the right": lambda y, x: (x + 1) / 2,
    "upwards": lambda y, x: (1 - y) / 2,
    "to a corner": lambda y, x: (x + y + 2) / 4,
    "to the border": lambda y, x: (x * x + y * y) / 2,
    "under a lamp": lambda y, x: 1 - np.exp(-((x - 0.6) ** 2 + (y + 0.5) ** 2) / 1.5),
    "in a soft shadow": lambda y, x: 1 / (1 + np.exp(-(x + 0.4 * y) * 8)),
}


@pytest.mark.parametrize("darkest", [0.7, 0.48])
@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize(("paper", "ink"), [(0.92, 0.1), (0.25, 0.9)], ids=["pen", "chalk"])
def test_uneven_light_is_divided_out(light, darkest, paper, ink):
    rng, wrong = generator(5, "noise"), 0
    for mask, label in digits():
        shade = 1 - (1 - darkest) * LIGHTS[light](*places(mask.shape))
        grey = (paper + (ink - paper) * mask) * shade * 255 + rng.normal(0, 3, mask.shape)
        wrong += digit_in(np.clip(grey, 0, 255).astype(np.uint8)) != label
    assert wrong <= (1 if paper > ink else 3)  # a blackboard's own brightness tells little about the light


def test_a_picture_in_even_light_is_what_differs_from_its_border():
    for image in mnist.load().images[::150]:
        ink = image / np.float32(255)
        for grey in (image, 255 - image):
            found = ink_of_picture(grey)
            kept = found > 0
            np.testing.assert_allclose(found[kept], ink[kept] / ink.max(), atol=1e-6)
            assert ink[~kept].sum() < 0.05 * ink.sum()  # what is faint, and pieces too small to be strokes


def test_ink_that_ends_at_the_border_is_not_taken_for_uneven_light():
    wrong = 0
    images, labels = mnist.load()
    for image, label in list(zip(images, labels, strict=True))[::60]:
        tight = image[np.flatnonzero(image.any(axis=1))][:, np.flatnonzero(image.any(axis=0))]
        wrong += digit_in(tight) != label
    assert wrong <= 1


def test_noise_and_specks_are_not_ink():
    rng, wrong = generator(6, "noise"), 0
    for mask, label in digits():
        grey = (0.9 - 0.7 * mask) * 255 + rng.normal(0, 14, mask.shape)
        grey[3:5, 3:5], grey[-6:-4, 10] = 0, 40
        wrong += digit_in(np.clip(grey, 0, 255).astype(np.uint8)) != label
    assert wrong <= 1
    blank = 200 + rng.normal(0, 14, (200, 160))
    assert digit_in(np.clip(blank, 0, 255).astype(np.uint8)) is None


MASK, LABEL = next(digits())
GREY = np.round(230 - 200 * MASK)
DEPTHS = {
    "10 bits": (GREY / 255 * 1023).astype(np.uint16), "12 bits": (GREY / 255 * 4095).astype(np.uint16),
    "14 bits": (GREY / 255 * 16383).astype(np.int16), "16 bits": (GREY * 257).astype(np.uint16),
    "16 bits, big end first": (GREY * 257).astype(">u2"), "mode I": (GREY * 257).astype(np.int32),
    "0..1": (GREY / 255).astype(np.float32), "0..255": GREY, "half": (GREY / 255).astype(np.float16),
    "below zero": GREY / 100 - 1.3, "huge": GREY * 1e30, "tiny": GREY * 1e-6 / 255 * 255e6, "65535": GREY * 257.0,
}


@pytest.mark.parametrize("kind", DEPTHS)
def test_the_depth_of_the_values_does_not_matter(kind):
    expected = to_mnist(ink_of_picture(GREY.astype(np.uint8)))
    np.testing.assert_allclose(to_mnist(ink_of_picture(DEPTHS[kind])), expected, atol=0.03)


def test_a_picture_of_two_values():
    for two in (MASK > 0.5, MASK < 0.5):
        assert digit_in(two) == LABEL


def rgba(ink, alpha):
    return np.dstack([np.broadcast_to(np.array(ink, np.float32), (*alpha.shape, 3)), alpha]).round().astype(np.uint8)


PALE = 0.35 + 0.65 * MASK  # of the whole: a ground through which one sees
TRANSPARENT = {
    "white ink": rgba((255, 255, 255), 255 * MASK), "black ink": rgba((0, 0, 0), 255 * MASK),
    "red ink": rgba((220, 30, 40), 255 * MASK), "grey ink": rgba((127, 127, 127), 255 * MASK),
    "ink one sees through": rgba((255, 255, 255), 120 * MASK), "a pale ground": rgba((255, 255, 255), 255 * PALE),
    "a stencil": rgba((30, 30, 30), 255 * (1 - MASK)),
    "opaque": np.dstack([GREY] * 3 + [np.full(MASK.shape, 255)]).astype(np.uint8),
    "all half transparent": np.dstack([GREY] * 3 + [np.full(MASK.shape, 128)]).astype(np.uint8),
    "grey with alpha": np.dstack([np.full(MASK.shape, 255), 255 * MASK]).astype(np.uint8),
    "16 bits": np.dstack([np.full(MASK.shape, 65535), 65535 * MASK]).astype(np.uint16),
    "floats": np.dstack([np.ones(MASK.shape), MASK]),
    "a card": np.pad(np.dstack([GREY] * 3 + [np.full(MASK.shape, 255)]), [(30, 30), (40, 20), (0, 0)]).astype(np.uint8),
}


@pytest.mark.parametrize("kind", TRANSPARENT)
def test_transparency_is_the_background_or_the_drawing_itself(kind):
    assert digit_in(TRANSPARENT[kind]) == LABEL


def test_a_drawing_seen_through_a_canvas_is_the_same():
    """A canvas keeps colours multiplied by alpha, and what is transparent comes back black."""
    straight = TRANSPARENT["red ink"]
    seen = straight.copy()
    alpha = straight[..., 3:].astype(np.float32) / 255
    seen[..., :3] = np.round(np.round(straight[..., :3] * alpha) / np.maximum(alpha, 1e-6)).clip(0, 255)
    np.testing.assert_allclose(ink_of_picture(seen), ink_of_picture(straight), atol=0.01)


def test_a_large_picture_is_averaged_in_blocks():
    large = np.kron(GREY, np.ones((8, 8))).astype(np.uint8)
    assert max(ink_of_picture(large).shape) <= picture.SIDE
    expected = to_mnist(ink_of_picture(GREY.astype(np.uint8)))
    np.testing.assert_allclose(to_mnist(ink_of_picture(large)), expected, atol=0.05)


@pytest.mark.parametrize("side", [8, 12, 16])
def test_very_small_originals_are_interpolated(side):
    wrong = 0
    for mask, label in digits():
        box = mask[np.flatnonzero(mask.any(axis=1))][:, np.flatnonzero(mask.any(axis=0))]
        width = max(2, round(side * box.shape[1] / box.shape[0]))
        small = area_average(box.shape[0], side) @ box @ area_average(box.shape[1], width).T
        wrong += digit_in(np.pad(np.round(255 - 255 * small), 1, constant_values=255).astype(np.uint8)) != label
    assert wrong <= (1 if side > 8 else 2)


def test_interpolation_is_cubic():
    cells = np.arange(9, dtype=np.float64)
    at = (np.arange(27) + 0.5) / 3 - 0.5
    inside = slice(6, -6)  # away from the ends, which go on as they are
    for power in (0, 1, 2):
        np.testing.assert_allclose((cubic(9, 27) @ cells**power)[inside], at[inside] ** power, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("pixels", "message"), [
    (np.array([[0, np.nan], [1, 1]]), "NaN or infinity"), (np.full((4, 4), np.inf), "NaN or infinity"),
    (np.zeros((30, 30, 5), np.uint8), "rows and columns"), (np.zeros((1, 30), np.uint8), "at least 2 x 2"),
    (np.zeros((4, 4), complex), "real numbers"), (np.zeros(9), "rows and columns"),
    (np.broadcast_to(np.uint8(0), (10_000, 10_000)), "more than 50 million pixels"),
])
def test_an_array_that_is_not_a_picture_is_refused_in_a_sentence(pixels, message):
    with pytest.raises(ValueError, match=message):
        ink_of_picture(pixels)


@pytest.mark.parametrize("pixels", [
    np.full((30, 30), 7.5), np.zeros((30, 30, 4), np.uint8), np.full((30, 30), 4000, np.uint16), np.zeros((9, 9), bool),
])
def test_a_picture_of_one_colour_has_no_ink(pixels):
    assert not ink_of_picture(pixels).any()


def test_an_image_that_was_read_before_is_used_unchanged():
    image = mnist.load().images[5] / np.float32(255)
    assert (Reader().read({"input": image}).image == image).all()
    for bad in (np.zeros((20, 20)), np.full((28, 28), np.nan), np.full((28, 28), 2)):
        with pytest.raises(ValueError, match="28 x 28 values of 0 to 1"):
            Reader().read({"input": bad})
