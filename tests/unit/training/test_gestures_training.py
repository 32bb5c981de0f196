import json

import numpy as np

from pyapp import store
from pyapp.data import sample_gestures
from pyapp.data.gestures import DIRECTIONS, PICTURE, Variation
from pyapp.machine import made_on
from pyapp.training import gestures
from pyapp.training.trainer import evaluate


def test_a_few_drawings_of_two_classes_are_enough_for_others():
    """Which way a circle goes round: the maps of directions show it, the plain picture does not."""
    names = ("clockwise", "anticlockwise")

    def some(seed: int, each: int):
        return [(points, names.index(name)) for name, points in sample_gestures.made(seed, each) if name in names]

    accuracies = {}
    for features in (DIRECTIONS, PICTURE):
        train, test = ((gestures.inputs([points for points, _ in found], features),
                        np.array([label for _, label in found], np.int64)) for found in (some(5, 3), some(6, 6)))
        training = gestures.trainer(train, 2, seed=1)
        for _ in range(60):
            training.step()
        accuracies[features] = evaluate(training.model, training.p, *test)["accuracy"]
    assert accuracies[DIRECTIONS] == 1 and accuracies[PICTURE] < 0.8


def test_a_drawing_decides_its_variants():
    (_, points), (_, other) = sample_gestures.made(1, 1)[:2]
    first, again = (gestures.variants(points, Variation(), 2) for _ in range(2))
    assert all(map(np.array_equal, first, again)) and not np.array_equal(*first)
    assert not np.array_equal(first[0], gestures.variants(other, Variation(), 1)[0])


def test_the_recipe_has_what_the_page_and_its_story_name(monkeypatch):
    """Made small here; the shipped one has the same form."""
    for name, value in {"NUMBERS": (1, 2), "VARIANTS": (0, 1), "TESTED": 1, "STEPS": 2}.items():
        monkeypatch.setattr(gestures, name, value)
    made, shipped = json.loads(gestures.recipe((1,), 4)), store.recipe(store.WEIGHTS / "gestures.npz")
    assert made.keys() == {*shipped, "made_on"} and made["made_on"] == made_on()  # the shipped one may be older
    assert made["n"] == len(sample_gestures.CLASSES)
    for features, found in made["accuracies"].items():
        assert list(found) == ["0", "1"] and list(shipped["accuracies"][features]) == ["0", "6"]
        for rows in (*found.values(), *shipped["accuracies"][features].values()):
            assert all(0 <= row["float"] <= 1 and 0 <= row["quantised"] <= 1 for row in rows)
        assert [row["drawings"] for row in found["1"]] == [1, 2]
