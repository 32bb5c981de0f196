"""What a classifier gets wrong, on six answers that are worked out by hand."""

import numpy as np
import pytest

from pyapp.measure.mistakes import Mistakes, calibration_error, confusion, in_words, precision, recall, reliability

LABELS = np.array([0, 0, 1, 1, 2, 2])
ANSWERS = np.array([
    [0.90, 0.05, 0.05],  # right, 0.9
    [0.20, 0.75, 0.05],  # a 0 said to be 1
    [0.10, 0.85, 0.05],  # right, 0.85
    [0.05, 0.90, 0.05],  # right, 0.9
    [0.05, 0.95, 0.00],  # a 2 said to be 1: the worst
    [0.50, 0.25, 0.25],  # a 2 said to be 0
])


def test_the_matrix_counts_what_is_said_of_each_class():
    found = Mistakes(ANSWERS, LABELS)
    assert found.matrix.tolist() == [[1, 1, 0], [0, 2, 0], [1, 1, 0]] and found.matrix.dtype == np.int64
    assert precision(found.matrix) == [1 / 2, 2 / 4, None] and recall(found.matrix) == [1 / 2, 1.0, 0.0]
    assert precision(confusion(np.array([1]), np.array([1]), 3)) == [None, 1.0, None]
    assert found.cell(2, 1).tolist() == [4] and found.cell(1, 1).tolist() == [2, 3] and not found.cell(1, 2).size


def test_the_worst_mistakes_are_the_surest():
    assert Mistakes(ANSWERS, LABELS).worst().tolist() == [4, 1, 5]
    assert Mistakes(ANSWERS, LABELS).worst(1).tolist() == [4]
    same = Mistakes(np.array([[0.75, 0.25]] * 3), np.array([1, 0, 1]))
    assert same.worst().tolist() == [0, 2]


def test_confidence_is_compared_with_accuracy_bin_by_bin():
    """(0.4, 0.5]: 0.5, wrong. (0.7, 0.8]: 0.75, wrong. (0.8, 0.9]: 0.9, 0.85, 0.9, all right. (0.9, 1]: 0.95, wrong.
    So the error is (0.5 + 0.75 + 3 (1 - 2.65 / 3) + 0.95) / 6."""
    curve = Mistakes(ANSWERS, LABELS).curve
    assert [(each.low, each.n, each.accuracy) for each in curve if each.n] == [
        (0.4, 1, 0.0), (0.7, 1, 0.0), (0.8, 3, 1.0), (0.9, 1, 0.0)]
    assert calibration_error(curve) == pytest.approx((0.5 + 0.75 + 3 * (1 - 2.65 / 3) + 0.95) / 6)
    assert [each.n for each in reliability(np.array([0.0, 1.0]), np.array([True, True]), 2)] == [1, 1]
    assert calibration_error(reliability(np.zeros(0), np.zeros(0, bool))) == 0.0


def test_a_classifier_as_sure_as_it_is_right_has_no_error():
    sure, right = np.full(10, 0.8), np.arange(10) < 8
    assert calibration_error(reliability(sure, right)) == pytest.approx(0.0, abs=1e-12)


def test_it_is_told_in_words_and_as_data():
    found = Mistakes(ANSWERS, LABELS)
    told, words = found.told(), in_words(found)
    assert told["worst"][0] == {"index": 4, "true": 2, "said": 1, "probability": 0.95}
    assert len(told["reliability"]) == 10 and told["precision"][2] is None
    assert "image 4: 2, read as 1 with 95.0%" in words and "  2  precision –  recall 0.0%" in words
    assert "true   0   1   2\n   0   1   1   0" in words
    assert "sound 4: 2, read" in in_words(found, "sound") and "0.5: 1 sound, " in in_words(found, "sound")
    named = in_words(Mistakes(ANSWERS, LABELS, ("ox", "aardvark", "emu")))
    assert "image 4: emu, read as aardvark with 95.0%" in named and "  emu  precision –" in named
    assert "\naardvark " in named and "    true       ox aardvark      emu" in named
    paths = Mistakes(ANSWERS, LABELS, files=[f"emu/{i}.png" for i in range(len(LABELS))])
    assert paths.told()["worst"][0]["file"] == "emu/4.png" and "image 4, emu/4.png: 2, read as 1" in in_words(paths)
    assert "no mistakes" in in_words(Mistakes(np.eye(3), np.arange(3)))
