"""The front door's numbers, recomputed from the networks and recipes that they are about."""

import numpy as np
import pytest

from pyapp import shipped, store
from pyapp.core.losses import softmax
from pyapp.data import mnist
from pyapp.nets.mlp import MLP
from pyapp.pages.panels.start import DOORS
from pyapp.pages.start import DIGIT, NEURONS
from pyapp.quant.parameters import quantize_parameters
from pyapp.runner import Runner
from pyapp.softmax.methods import INTEGER
from pyapp.training.trainer import evaluate


@pytest.mark.parametrize("bits", [*"2345678", "float32"])
def test_a_digit_is_read_with_rounded_weights(bits):
    frame = Runner().open("start", {"bits": bits})["frame"]
    images, labels = mnist.shipped("test")
    p = shipped.mlp() if bits == "float32" else quantize_parameters(shipped.mlp(), int(bits)).parameters
    expected = softmax(MLP().forward(p, images[DIGIT : DIGIT + 1]))[0]
    np.testing.assert_allclose(frame.arrays["now"], expected, atol=1e-6)
    assert f"{expected.argmax()}, {expected.max():.0%} sure" in frame.scalars["words"]
    assert frame.scalars["accuracy"] == evaluate(MLP(), p, images, labels)["accuracy"]
    assert np.array_equal(frame.arrays["filters"].reshape(NEURONS, -1), p["layer1.weight"][:NEURONS])


def test_the_curve_is_what_the_recipes_say():
    scalars = Runner().open("start")["frame"].scalars
    rounded, trained = (store.recipe(store.WEIGHTS / name)["metrics"]["test"] for name in ("mlp.npz", "mlp-qat3.npz"))
    at = scalars["widths"].index(3)
    assert (scalars["rounded"][at], scalars["trained"][at]) == (rounded["3"], trained["accuracy"])
    assert scalars["rounded"][-1] == rounded["float"] and scalars["official"] == rounded["n"] == 10_000


def test_two_bits_are_repaired_and_a_change_of_bits_begins_again():
    runner = Runner()
    opened = runner.open("start")
    run = opened["run"]
    assert opened["frame"].scalars["accuracy"] < 0.2
    answer = runner.advance(run, ms=1e9)
    found = answer["frame"]
    assert answer["done"] and found.scalars["accuracy"] > 0.93 and "repaired" in found.scalars["now_words"]
    assert found.scalars["weights_are"] == "weights trained with 2-bit codes"
    assert len(np.unique(found.arrays["filters"])) <= 4
    assert found.scalars["reached"]["accuracy"][0] == opened["frame"].scalars["accuracy"]
    assert found.scalars["reached"]["accuracy"][-1] == found.scalars["accuracy"]
    changed = runner.change(run, "bits", "3")["frame"]
    assert changed.scalars["now_words"] == "3 bits, just rounded" and not changed.scalars["begun"]


def test_a_repair_that_is_left_begins_at_the_other_bits():
    runner = Runner()
    run = runner.open("start")["run"]
    runner.advance(run, steps=5)
    runner.change(run, "bits", "3")
    found = runner.advance(run, ms=1e9)
    assert found["done"] and found["frame"].scalars["accuracy"] > 0.97
    assert len(found["frame"].scalars["reached"]["steps"]) == 5


def test_without_rounding_there_is_nothing_to_repair():
    runner = Runner()
    answer = runner.advance(runner.open("start", {"bits": "float32"})["run"], steps=1)
    assert answer["done"] and not answer["frame"].scalars["is_rounded"]


def test_the_door_to_the_softmax_lab_counts_all_integer_methods():
    assert f"{len(INTEGER)} integer softmaxes" in str(DOORS.as_dict())
