import hashlib

import numpy as np

from pyapp.digitgen.strokes import RADIUS, SIDE, STROKES, Stroke, flatten, glyphs, line, loop, render

# Of the shipped glyphs: no other machine, library or runtime may draw other pixels.
SHA256 = "f8a5a7294f2aec0630636621ded2ab76c54ee5a0b55ac031cf7cc7dee9e4c752"


def test_the_glyphs_are_these_very_pixels():
    assert glyphs().shape == (10, 784) and glyphs().dtype == np.uint8
    assert hashlib.sha256(glyphs().tobytes()).hexdigest() == SHA256


def test_a_straight_stroke_has_the_ink_of_its_area():
    ink = render((line((8, 14), (20, 14)),)).reshape(SIDE, SIDE) / 255
    expected = 12 * 2 * RADIUS + np.pi * RADIUS**2
    assert abs(ink.sum() - expected) < 0.06 * expected
    np.testing.assert_array_equal(ink, ink[::-1])  # mirrored: the line lies between two rows
    assert ink[13, 14] == 1 and ink[9].max() == 0


def test_the_edge_is_anti_aliased():
    column = render((line((4.0, 14.0), (24.0, 14.0)),)).reshape(SIDE, SIDE)[:, 14] / 255
    assert np.round(column[10:14], 2).tolist() == [0, 0, 0.3, 1]  # 1.8 less the distance


def test_a_curve_passes_through_its_points_and_a_loop_closes():
    points = ((5, 5), (20, 6), (18, 20))
    path = flatten(Stroke(points))
    for point in points:
        assert (path == point).all(axis=1).any()
    closed = flatten(loop(*points))
    assert closed[0].tolist() == closed[-1].tolist() == [5, 5]


def test_a_point_is_a_dot_and_all_glyphs_stay_on_the_paper():
    assert render((line((14, 14), (14, 14)),)).max() == 255
    for field in glyphs().reshape(-1, SIDE, SIDE):
        assert field[:2].max() == field[-2:].max() == field[:, :4].max() == field[:, -4:].max() == 0
    assert len(STROKES) == 10
