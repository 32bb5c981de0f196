"""The smallest network that keeps an accuracy, and the error when none does."""

import pytest

from pyapp.data import mnist
from pyapp.export import budget
from pyapp.export.budget import Candidate, Tried, candidates, decided, tried
from pyapp.nets import mlp
from pyapp.nets.mlp import MLP
from pyapp.quantized.network import Settings


def made(*pairs: tuple[int, float]) -> list[Tried]:
    return [Tried(Candidate(Settings(8), nbytes, lambda: None), None, {"accuracy": accuracy})
            for nbytes, accuracy in pairs]


def test_the_last_one_tried_is_the_decision():
    found = made((10, 0.5), (20, 0.8), (30, 0.9))
    assert decided(found, 30, 0.9) is found[-1]


@pytest.mark.parametrize(("pairs", "most", "said"), [
    (((10, 0.5), (20, 0.7), (30, 0.95)), 25, "the best within 25 bytes keeps 70.00%; the smallest that keeps 90.00% "),
    (((10, 0.5), (20, 0.7)), 25, "no network here keeps 90.00%; the most accurate keeps 70.00% in 20 bytes, and"),
    (((30, 0.95),), 25, "no network here has 25 bytes or fewer; the smallest that keeps 90.00% needs 30 bytes")])
def test_what_could_be_had_instead_is_said(pairs, most, said):
    with pytest.raises(ValueError, match=said):
        decided(made(*pairs), most, 0.9)


def test_they_are_tried_from_the_smallest_until_one_keeps_the_accuracy(monkeypatch):
    """An oracle for the search: what is tried are all smaller ones, and none of those keeps it."""
    monkeypatch.setattr(budget, "METHODS", ("round",))
    rows = mnist.calibration_rows()[:128]
    inputs, labels = (part[rows] for part in mnist.shipped("train"))
    listed = candidates(mlp.load(), Settings(per="channel", activations=8), inputs, labels)
    sizes = [candidate.nbytes for candidate in listed]
    assert sizes == sorted(sizes) and {"round", "qat"} == {candidate.settings.method for candidate in listed}
    digits = mnist.load()
    few = mnist.Digits(digits.images[:300], digits.labels[:300])
    found = list(tried(listed, few, 0.99))
    assert [each.candidate for each in found] == listed[: len(found)]
    assert all(each.accuracy < 0.99 for each in found[:-1]) and found[-1].accuracy >= 0.99
    assert found[-1].network.nbytes == found[-1].candidate.nbytes


def test_what_was_trained_belongs_to_the_shipped_weights(monkeypatch):
    monkeypatch.setattr(budget, "METHODS", ())
    of = lambda p: candidates(p, Settings(activations=8), mnist.calibration()[:8], mnist.calibration_labels()[:8])  # noqa: E731
    assert [candidate.settings.bits for candidate in of(mlp.load())] == [2, 3, 4]
    assert of(MLP().initial(1)) == []
