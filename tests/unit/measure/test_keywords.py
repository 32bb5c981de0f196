"""The spotter: one second around the loud part, own classes, and what it hears."""

import numpy as np
import pytest

from pyapp.core.rng import generator
from pyapp.data import speech
from pyapp.data.digits import DataError
from pyapp.data.importers.sounds import Sounds
from pyapp.data.importers.wav import Sound
from pyapp.data.speech import RATE
from pyapp.measure.keywords import Spotter, one_second


def test_the_second_lies_around_the_loud_part_wherever_it_is():
    burst = np.sin(np.arange(1600) / 2)
    for before, after in ((0, 0), (12_000, 300), (300, 12_000)):
        x = one_second(Sound(np.concatenate([np.zeros(before), burst, np.zeros(after)]), RATE))
        loud = np.flatnonzero(np.abs(x) > 0.3)
        assert len(x) == RATE and abs((loud[0] + loud[-1]) / 2 - RATE / 2) < 100
        assert np.abs(x).max() == pytest.approx(0.6)
    assert not one_second(Sound(np.zeros(50), RATE)).any()
    assert len(one_second(Sound(np.ones(44_100), 44_100))) == RATE


def own(names: tuple[str, ...], each: int) -> Sounds:
    made = [(name, f"{name}/{i}.wav", Sound(speech.word(name, generator(i, name)), RATE))
            for name in names for i in range(each)]
    classes, files, given = (list(each) for each in zip(*made, strict=True))
    return Sounds("my.zip", given, classes, files, (), ())


def test_classes_of_ones_own_are_learned_and_few_bits_hear_them():
    given = own(("left", "noise", "yes"), 10)
    spotter = Spotter(1, given)
    assert list(spotter.prepare())[-1] == spotter.total == 30
    assert len(list(spotter.train())) == spotter.steps and spotter.trained
    assert spotter.classes == ("left", "noise", "yes") and np.bincount(spotter.held_out[1]).tolist() == [2, 2, 2]
    for i, file in enumerate(spotter.files):
        row = spotter.features(one_second(given.sounds[given.files.index(file)]))[0]
        assert (row == spotter.held_out[0][i]).all()
    exact, eight, two = (spotter.network(bits) for bits in (None, 8, 2))
    found = exact.mistakes(*spotter.held_out)
    accuracy, answers = found.right.mean(), found.predictions
    assert accuracy >= 5 / 6 and eight.nbytes < exact.nbytes / 3 and two.nbytes < eight.nbytes / 3
    assert (eight.mistakes(*spotter.held_out).predictions == answers).mean() >= 5 / 6
    p = exact.probabilities(spotter.features(one_second(Sound(speech.word("yes", generator(99, "new")), RATE))))
    assert p.sum() == pytest.approx(1) and p.argmax() == 2


def test_sounds_without_classes_are_refused():
    with pytest.raises(DataError, match="not in two or more folders"):
        Spotter(1, own(("yes",), 3))
    with pytest.raises(DataError, match="one sound of left; give at least two"):
        Spotter(1, own(("left", "yes"), 1))
