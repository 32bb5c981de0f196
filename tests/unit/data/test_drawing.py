import numpy as np
import pytest

from pyapp.data import mnist
from pyapp.data.drawing import BOX, CENTRE, Raster, framed, ink_of_picture, to_mnist
from pyapp.nets import mlp
from pyapp.nets.mlp import MLP
from pyapp.pages.base.digit_input import Reader
from pyapp.parity.check import SEVEN

HAND = {  # a few corners of digits drawn by hand; `hand` rounds them off
    0: [(.5, .1), (.2, .33), (.22, .72), (.48, .9), (.78, .66), (.73, .3), (.5, .1)],
    1: [(.35, .3), (.55, .1), (.55, .5), (.55, .9)],
    2: [(.25, .3), (.4, .1), (.65, .12), (.75, .35), (.5, .6), (.25, .88), (.5, .87), (.8, .88)],
    3: [(.25, .15), (.55, .08), (.75, .25), (.5, .47), (.78, .65), (.6, .9), (.25, .85)],
    5: [(.75, .1), (.32, .1), (.3, .45), (.6, .42), (.75, .65), (.6, .88), (.25, .88)],
    7: [(.2, .12), (.5, .1), (.8, .1), (.6, .5), (.45, .9)],
}


def hand(digit: int, size: float, corner: tuple[float, float]) -> np.ndarray:
    """The strokes of a digit whose box is `size` of the pad; corner (0, 0) is at the top left, (1, 1) bottom right."""
    corners = np.array(HAND[digit])
    places = np.column_stack([np.interp(np.linspace(0, len(corners) - 1, 60), np.arange(len(corners)), axis)
                              for axis in corners.T])
    places = (places - places.min(axis=0)) / np.ptp(places, axis=0).max() * size
    places += (1 - places.max(axis=0)) * corner
    return np.column_stack([places, np.zeros(60)]).astype(np.float32)


def digit_in(image: np.ndarray) -> int:
    return int(MLP().forward(mlp.load(), image.reshape(1, -1)).argmax())


def brute_force(points: np.ndarray, side: int, radius: float) -> np.ndarray:
    """Coverage by the distance of every pixel to every segment, in float64."""
    y, x = np.mgrid[:side, :side].astype(float)
    best = np.full((side, side), np.inf)
    for i in range(len(points)):
        a = points[i - 1] if i and points[i - 1][2] == points[i][2] else points[i]
        (ax, ay), (bx, by) = ((np.float64(p[:2]) * side - 0.5) for p in (a, points[i]))
        length2 = (bx - ax) ** 2 + (by - ay) ** 2
        t = np.clip(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length2, 0, 1) if length2 else 0
        best = np.minimum(best, np.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)))
    return np.clip(radius + 0.5 - best, 0, 1)


@pytest.mark.parametrize("digit", HAND)
@pytest.mark.parametrize("size", [0.05, 0.15, 0.3, 0.6, 1.0])
@pytest.mark.in_pyodide(8, "the cases differ in settings, not in arithmetic")
def test_a_digit_is_read_however_small_it_is_drawn_and_wherever(digit, size):
    reader = Reader()
    same = reader.read({"strokes": hand(digit, 0.5, (0.5, 0.5))}).image
    for corner in ((0, 0), (1, 0), (0.3, 0.6), (0, 1), (1, 1)):
        image = reader.read({"strokes": hand(digit, size, corner)}).image
        np.testing.assert_allclose(image, same, atol=1e-3)  # float32 places in 0..1 of the pad
        assert digit_in(image) == digit


def test_a_tap_stays_a_dot():
    dot = np.array([[0.9, 0.1, 0]], np.float32)
    np.testing.assert_array_equal(framed(dot), np.array([[0.5, 0.5, 0]], np.float32))
    shaking = dot + np.array([[0, 0, 0], [0.001, 0, 0], [0.001, 0.002, 0]], np.float32)
    assert np.ptp(framed(shaking)[:, :2], axis=0).max() < 0.04  # half a pen
    assert (Reader().read({"strokes": shaking}).image > 0.5).sum() > 200  # round, as large as the box
    assert framed(np.empty((0, 3), np.float32)).shape == (0, 3)


def test_strokes_of_any_finite_size_are_framed():
    huge = np.array([[-3e38, 0, 0], [3e38, 1e38, 1]], np.float32)
    box = np.ptp(framed(huge)[:, :2], axis=0)
    np.testing.assert_allclose(box, [0.5, 0.5 / 6], rtol=1e-6)


def test_a_stroke_is_its_distance_field():
    raster = Raster(side=40, pen=0.1)
    np.testing.assert_allclose(raster.draw(SEVEN), brute_force(SEVEN, 40, 2.0), atol=1e-5)


def test_drawing_on_undoing_and_drawing_at_once_agree():
    two = np.concatenate([SEVEN, [[0.4, 0.5, 1], [0.7, 0.5, 1]]]).astype(np.float32)
    growing = Raster()
    for n in range(1, len(two) + 1):
        growing.draw(two[:n])
    at_once = Raster().draw(two)
    assert (growing.pixels == at_once).all()
    assert (growing.draw(SEVEN) == Raster().draw(SEVEN)).all()  # undo of the second stroke
    assert not growing.draw(np.empty((0, 3), np.float32)).any()  # clear


def test_a_second_stroke_is_not_joined_to_the_first():
    dots = np.array([[0.2, 0.5, 0], [0.8, 0.5, 1]], np.float32)
    pixels = Raster(side=50).draw(dots)
    assert pixels[25, 10] > 0.9 and pixels[25, 40] > 0.9 and not pixels[:, 20:30].any()


def test_strokes_outside_of_the_pad_are_cut_off():
    assert Raster().draw(np.array([[-5, -5, 0], [6, 6, 0]], np.float32)).any()
    assert not Raster().draw(np.array([[3, 3, 0]], np.float32)).any()


@pytest.mark.parametrize("bad", [np.zeros(3), np.zeros((2, 2)), np.array([[np.nan, 0, 0]])])
def test_strokes_of_another_shape_are_refused(bad):
    with pytest.raises(ValueError, match="strokes must be"):
        Raster().draw(bad)


def centre_and_box(image: np.ndarray):
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    mass = image / image.sum()
    return (mass.sum(axis=1) @ np.arange(28), mass.sum(axis=0) @ np.arange(28),
            max(np.ptp(rows), np.ptp(columns)) + 1)


def test_a_drawing_becomes_what_mnist_images_are():
    ours = centre_and_box(to_mnist(Raster().draw(SEVEN)))
    theirs = [centre_and_box(image) for image in mnist.load().images[::50]]
    for y, x, longest in [ours, *theirs]:  # the rule holds for MNIST itself
        assert abs(y - CENTRE) <= 0.51 and abs(x - CENTRE) <= 0.51 and longest == BOX


@pytest.mark.parametrize("shape", [(60, 30), (7, 90), (20, 20), (3, 2), (1, 1)])
def test_aspect_is_kept_and_area_is_averaged(shape):
    ink = np.zeros((100, 100), np.float32)
    ink[5 : 5 + shape[0], 4 : 4 + shape[1]] = 1
    image = to_mnist(ink)
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    expected = tuple(max(1, round(side * BOX / max(shape))) for side in shape)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == expected
    np.testing.assert_allclose(image[image > 0], 1, atol=1e-5)  # a full rectangle stays full


def test_area_average_of_an_exact_reduction():
    ink = np.random.default_rng(0).uniform(0.1, 1, (40, 40)).astype(np.float32)
    blocks = ink.reshape(20, 2, 20, 2).mean(axis=(1, 3))
    image = to_mnist(ink)
    np.testing.assert_allclose(image[image > 0].reshape(20, 20), blocks / blocks.max(), atol=1e-6)


def test_no_ink_is_no_image():
    assert to_mnist(np.zeros((112, 112))) is None


def test_dark_on_light_and_light_on_dark_are_the_same_ink():
    grey = np.full((30, 30), 240, np.uint8)
    grey[10:20, 12:15] = 10
    np.testing.assert_allclose(ink_of_picture(grey), ink_of_picture(255 - grey))
    assert ink_of_picture(grey)[15, 13] == 1 and ink_of_picture(grey)[0, 0] == 0
    assert not ink_of_picture(np.full((30, 30), 77, np.uint8)).any()
    with pytest.raises(ValueError, match="rows and columns"):
        ink_of_picture(np.zeros((30, 30, 5), np.uint8))
