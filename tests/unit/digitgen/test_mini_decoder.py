import json

import numpy as np
import pytest

from pyapp import store
from pyapp.digitgen import mini, mulberry, strokes
from pyapp.digitgen.mini import MiniDecoder
from pyapp.places import WEIGHTS

SLIDER = np.round(np.arange(0.35, 1.5001, 0.05), 2)
SEEDS = np.arange(100, dtype=np.uint32) * np.uint32(40_503_021)


@pytest.fixture(scope="module")
def student():
    return MiniDecoder(mini.load().routing, strokes.glyphs())


def test_latents_are_twice_the_numbers_less_one():
    u = mini.latents(SEEDS)
    np.testing.assert_array_equal(u, mulberry.uniform(SEEDS, 10) * 2 - 1)
    assert u.min() >= -1 and u.max() < 1


def test_a_lower_temperature_sharpens_every_one_of_a_hundred_seeds(student):
    u = mini.latents(SEEDS)
    entropies = np.stack([mini.entropy(student.coefficients(u, float(t))) for t in SLIDER])
    assert entropies.shape == (24, 100) and (np.diff(entropies, axis=0) > 0).all()
    assert entropies.min() >= 0 and entropies.max() <= np.log(10)


@pytest.mark.parametrize("which", ["cool", "hot"])
def test_the_largest_coefficient_has_what_the_story_says(student, which):
    told = json.loads((WEIGHTS / "trials.json").read_text())["mini_decoder"][which]
    shares = student.coefficients(mini.latents(np.arange(1000, dtype=np.uint32)), told["temperature"])
    assert round(float(shares.max(axis=1).mean()), 2) == told["largest"]


def test_pictures_are_blends_and_carry_their_largest_coefficient(student):
    drawn = student.draw(mini.latents(SEEDS), np.zeros((100, 16)))
    np.testing.assert_allclose(drawn.coefficients.sum(axis=1), 1, rtol=1e-12)
    blended = drawn.coefficients @ strokes.glyphs().astype(np.float64)
    assert np.abs(drawn.pixels - blended).max() <= 0.5 + 1e-9
    np.testing.assert_array_equal(drawn.labels, drawn.coefficients.argmax(axis=1))
    assert len(set(drawn.labels.tolist())) == 10


@pytest.mark.parametrize("digit", range(10))
def test_a_digit_that_is_asked_for_is_its_field(student, digit):
    drawn = student.draw(mini.latents(SEEDS[:2]), np.zeros((2, 16)), digit=digit)
    np.testing.assert_array_equal(drawn.pixels[1], strokes.glyphs()[digit])
    assert drawn.labels.tolist() == [digit, digit]


def test_bits_make_it_smaller_and_change_coefficients(student):
    few = MiniDecoder(mini.load().routing, strokes.glyphs(), 2)
    assert few.nbytes < student.nbytes == 440 + 7840
    u = mini.latents(SEEDS)
    assert not np.array_equal(few.coefficients(u), student.coefficients(u))


@pytest.mark.parametrize("digit", [-1, 10])
def test_what_is_no_digit_is_refused(digit):
    with pytest.raises(ValueError, match="use 0 to 9"):
        mini.one_hot(digit, 1)


@pytest.mark.parametrize("temperature", [0.34, 1.51, float("nan")])
def test_a_temperature_off_the_slider_is_refused(temperature):
    with pytest.raises(ValueError, match=r"use 0\.35 to 1\.5"):
        mini.temperature_of(temperature)


def test_a_file_without_means_is_refused(tmp_path):
    path = tmp_path / "routing.npz"
    path.write_bytes(store.pack(store.arrays_of(mini.load().routing)))
    with pytest.raises(store.StoreError, match="means"):
        mini.load(path)
