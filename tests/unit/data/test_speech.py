"""Made words: the same for a seed, within range, with their vowels' formants, and apart from silence."""

import numpy as np
import pytest

from pyapp.core.rng import generator
from pyapp.data import speech


def test_a_word_is_the_same_for_a_seed_and_fills_one_second():
    for name in speech.CLASSES:
        one, again, other = (speech.word(name, generator(seed, name)) for seed in (1, 1, 2))
        assert len(one) == speech.RATE and np.isfinite(one).all() and 0 < np.abs(one).max() <= 1
        assert (one == again).all() and (one != other).any()


def test_the_resonances_are_those_of_the_formula():
    at = np.array([[500.0, 1500.0, 2500.0]])
    found = speech.response(np.array([0.0, 500.0, 1500.0, 3900.0]), at)[0]
    expected = 1.0
    for centre, width in zip(at[0], speech.WIDTHS, strict=True):  # as poles s = -πB ± 2πiF on the axis at 1,500 Hz
        pole, s = complex(-width / 2, centre), 1500j
        expected *= abs(pole * pole.conjugate() / ((s - pole) * (s - pole.conjugate())))
    assert found[0] == pytest.approx(1) and found[2] == pytest.approx(expected, rel=1e-12)
    assert found[3] < 0.1 < 1 < found[1]


def test_the_signal_is_as_far_above_the_noise_as_asked():
    quiet, loud = (speech.word("go", generator(5, "x"), decibels) for decibels in (0.0, 40.0))
    for word, share in ((quiet, 0.2), (loud, 1e-3)):
        energy = np.sort(np.square(word).reshape(-1, 80).sum(axis=1))
        assert (energy[:10].mean() / energy[-10:].mean() < share) == (word is loud)
