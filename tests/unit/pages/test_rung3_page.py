import numpy as np
import pytest

from pyapp.ladder import stack
from pyapp.pages.rung3 import condition
from pyapp.quant.schemes import quantize
from pyapp.runner import Runner

RELU = {"activation": "relu", "rate": stack.RATES["relu"]}


@pytest.fixture
def runner():
    return Runner()


def test_relu_reaches_loss_zero_and_few_bits_undo_it(runner):
    run = runner.open("rung3", RELU)["run"]
    frame = runner.advance(run, steps=600)["frame"]
    assert frame.scalars["loss"] < 1e-6 and not frame.scalars["rounded"]
    losses = []
    for bits in (16, 8, 4):
        coarse = runner.change(run, "bits", bits)["frame"]
        tensor = quantize(coarse.arrays["here"], bits)
        neurons = coarse.scalars["neurons"]
        assert [each["codes"] for each in neurons] == tensor.codes.reshape(2, 2).T.tolist()
        assert coarse.scalars["loss"] == frame.scalars["loss"]
        assert [each["rounded"] for each in neurons] == tensor.dequantize().reshape(2, 2).T.tolist()
        losses.append(coarse.scalars["quantised_loss"])
    assert losses == sorted(losses) and losses[0] < 1e-6 and losses[-1] > 0.1
    assert coarse.arrays["quantised_curve"].shape == coarse.arrays["curve_y"].shape
    assert not runner.change(run, "bits", "off")["frame"].scalars["rounded"]


def test_the_curve_is_the_difference_of_the_neurons(runner):
    frame = runner.open("rung3")["frame"]
    assert frame.arrays["curve_y"] == pytest.approx(frame.arrays["h1"] - frame.arrays["h2"])
    for neuron in frame.scalars["neurons"]:
        assert neuron["bends"] == pytest.approx(-neuron["b"] / neuron["w"])


def test_changing_the_activation_sets_the_rate_and_starts_anew(runner):
    run = runner.open("rung3")["run"]
    start = runner.advance(run, steps=500)["frame"].arrays["here"]
    answer = runner.change(run, "activation", "relu")
    assert answer["params"]["rate"] == stack.RATES["relu"] and "usual value for relu" in answer["notes"][0]
    assert answer["restarted"] and answer["frame"].step == 0
    assert not np.array_equal(answer["frame"].arrays["here"], start)
    assert runner.advance(run, steps=1500)["frame"].scalars["loss"] < 1e-6


def test_a_link_to_relu_has_its_rate(runner):
    run = runner.open("rung3", {"activation": "relu"})["run"]
    assert runner.advance(run, steps=1500)["frame"].scalars["loss"] < 1e-6


def test_another_seed_is_another_start(runner):
    run = runner.open("rung3", {"seed": 1})["run"]
    starts = [runner.change(run, "seed", seed)["frame"].arrays["here"].tolist() for seed in (2, 3, 2)]
    assert starts[0] == starts[2] != starts[1]


@pytest.mark.parametrize("slopes, kind, word", [
    ([0, 0, 0, 0], "relu", "dead"), ([0, 0, 0, 1], "relu", "dying"), ([0, 1, 1, 0], "relu", "alive"),
    ([1e-4, 0, 0, 0], "sigmoid", "dead"), ([1e-2, 0, 0, 0], "sigmoid", "dying"), ([0, 0.2, 0, 0], "sigmoid", "alive")])
def test_conditions(slopes, kind, word):
    assert condition(np.array(slopes, np.float64), kind) == word


def test_a_dead_neuron_never_moves_again(runner):
    """Among the first seeds there are some whose neurons die."""
    dead = 0
    for seed in range(6):
        run = runner.open("rung3", {**RELU, "seed": seed})["run"]
        frame = runner.advance(run, steps=200)["frame"]
        later = runner.advance(run, steps=100)["frame"]
        for then, now in zip(frame.scalars["neurons"], later.scalars["neurons"], strict=True):
            if then["state"].startswith("dead"):
                dead += 1
                assert now["w"] == then["w"] and now["state"] == then["state"]
    assert dead > 0


def test_an_edit_of_the_activation_is_obeyed(runner):
    run = runner.open("rung3", RELU)["run"]
    frame = runner.edit(run, "activate", "def activate(z, kind):\n    return np.minimum(np.maximum(z, 0), 1)")["frame"]
    assert max(frame.arrays["h1"].max(), frame.arrays["h2"].max()) <= 1
