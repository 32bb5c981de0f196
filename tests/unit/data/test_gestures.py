"""Drawings as strokes: what resampling, variants and both pictures keep, and what they do not."""

import numpy as np
import pytest

from pyapp.core.rng import generator
from pyapp.data import sample_gestures
from pyapp.data.drawing import framed, to_mnist
from pyapp.data.gestures import (
    CELLS,
    COMPASS,
    SPACING,
    Variation,
    directions,
    even,
    joined,
    length,
    picture,
    resampled,
    strokes_of,
    varied,
)

SAMPLES = {name: [points for other, points in sample_gestures.made(3, 3) if other == name]
           for name in sample_gestures.CLASSES}
HOOK = np.array([(0.2, 0.2), (0.2, 0.8), (0.6, 0.8)])


def maps(points: np.ndarray) -> np.ndarray:
    """Right, down, left, up, (4, 14, 14)."""
    image = directions(points)
    return np.stack([image[:CELLS, :CELLS], image[:CELLS, CELLS:], image[CELLS:, :CELLS], image[CELLS:, CELLS:]])


def reversed_(points: np.ndarray) -> np.ndarray:
    return joined([stroke[::-1] for stroke in strokes_of(points)])


def area(points: np.ndarray) -> float:
    """Twice the signed area of a closed stroke; with y downwards it is positive clockwise (shoelace formula)."""
    (x, y), (x1, y1) = points[:, :2].T, np.roll(points[:, :2], -1, axis=0).T
    return float((x * y1 - x1 * y).sum())


def test_resampling_sets_points_at_equal_distances_and_keeps_the_line():
    found = resampled(HOOK, 11)  # whose points come to lie in the corner: 0.6 + 0.4 in ten steps
    np.testing.assert_allclose(np.hypot(*np.diff(found, axis=0).T), 0.1, atol=1e-12)
    np.testing.assert_allclose(found[[0, 6, 10]], HOOK, atol=1e-12)
    assert length(found) == pytest.approx(length(HOOK)) == pytest.approx(1.0)


def test_the_speed_of_the_pen_does_not_count():
    """The same line reported at other moments, many at its slow start, or few."""
    slow = resampled(HOOK, 500)[np.unique((np.linspace(0, 1, 90) ** 2 * 499).astype(int))]
    slow = np.insert(slow, np.flatnonzero((slow[:-1, 1] < 0.8) & (slow[1:, 1] == 0.8))[0] + 1, HOOK[1], axis=0)
    np.testing.assert_allclose(resampled(slow, 20), resampled(HOOK, 20), atol=5e-3)


def test_a_tap_and_nothing_are_drawings_too():
    tap = joined([np.array([(0.3, 0.4)])])
    assert np.isfinite(directions(tap)).all() and not directions(tap).any() and picture(tap).max() == 1
    nothing = np.empty((0, 3), np.float32)
    assert not picture(nothing).any() and not directions(nothing).any() and len(even(nothing)) == 0


def test_strokes_that_are_no_numbers_are_refused():
    for wrong in (np.zeros((2, 2)), np.array([[0, np.nan, 0]])):
        with pytest.raises(ValueError, match="finite rows"):
            directions(wrong)


@pytest.mark.parametrize("name", SAMPLES)
def test_place_and_size_change_neither_picture(name):
    points = SAMPLES[name][0]
    moved = framed(points) * np.float32([0.5, 0.5, 1]) + np.float32([0.125, 0.25, 0])
    for reads in (picture, directions):
        np.testing.assert_allclose(reads(moved), reads(points), atol=0.03)  # places are multiples of 1/4096 of the pad


@pytest.mark.parametrize("name", SAMPLES)
def test_drawn_backwards_the_maps_change_places_and_the_picture_stays(name):
    points = even(framed(SAMPLES[name][0]))
    np.testing.assert_allclose(maps(reversed_(points)), maps(points)[[2, 3, 0, 1]], atol=0.03)
    np.testing.assert_allclose(picture(reversed_(points)), picture(points), atol=0.03)


def test_a_straight_line_is_in_the_maps_of_its_directions_by_their_squares():
    """36.87 degrees: the cosine is 0.8 and the sine 0.6, so the shares are 0.64 to the right and 0.36 down."""
    found = maps(joined([np.array([(0.1, 0.2), (0.9, 0.8)])]))
    assert found[0].max() == pytest.approx(0.64, abs=0.01) and found[1].max() == pytest.approx(0.36, abs=0.01)
    assert not found[2:].any() and COMPASS.sum() == 0


def test_the_plain_picture_is_what_the_digits_network_reads():
    from pyapp.data.drawing import Raster

    points = even(framed(SAMPLES["tick"][0]))
    np.testing.assert_array_equal(picture(SAMPLES["tick"][0]), to_mnist(Raster().draw(points)))


def test_a_variant_is_the_drawing_where_nothing_may_differ():
    for name in ("cross", "zigzag"):
        points = SAMPLES[name][0]
        same = varied(points, Variation(0, 0, 0), generator(1, "test"))
        np.testing.assert_allclose(same, even(framed(points)), atol=1 / 4096)


def test_a_rotation_keeps_all_lengths():
    points = SAMPLES["arrow"][0]
    turned = varied(points, Variation(45, 0, 0), generator(2, "test"))
    for a, b in zip(strokes_of(even(framed(points))), strokes_of(turned), strict=True):
        assert length(a) == pytest.approx(length(b), rel=0.01) and not np.allclose(a, b, atol=SPACING / 4)


def test_variants_keep_what_makes_the_class():
    """The number of strokes, and which way a circle goes round."""
    rng = generator(3, "test")
    for name, drawings in SAMPLES.items():
        for points in drawings:
            variant = varied(points, Variation(), rng)
            assert len(strokes_of(variant)) == len(strokes_of(points))
            if name.endswith("clockwise"):
                assert np.sign(area(variant)) == np.sign(area(points)) == (1 if name == "clockwise" else -1)


def test_the_samples_are_those_of_their_seed_and_lie_on_the_pad():
    again = sample_gestures.made(3, 3)
    flat = [points for drawings in SAMPLES.values() for points in drawings]
    assert [name for name, _ in again] == [name for name in SAMPLES for _ in range(3)]
    for (_, points), known in zip(again, flat, strict=True):
        np.testing.assert_array_equal(points, known)
        assert points.dtype == np.float32 and points[:, :2].min() >= 0 and points[:, :2].max() <= 1
    assert {len(strokes_of(points)) for points in SAMPLES["cross"]} == {2}
