import numpy as np
import pytest

from pyapp.ladder import toy
from pyapp.runner import Runner


@pytest.fixture
def runner():
    return Runner()


def test_what_fires_is_what_is_added(runner):
    frame = runner.open("rung6")["frame"]
    neurons, found, p = frame.scalars["neurons"], frame.arrays, toy.load()
    assert [n["fired"] for n in neurons] == [n["sum"] > 0 for n in neurons] == np.isfinite(found["shade"][-1]).tolist()
    assert 0 < sum(n["fired"] for n in neurons) < 6
    assert found["parts"] == pytest.approx(np.array([n["value"] * p["W2"][:, k] for k, n in enumerate(neurons)]))
    assert found["output"][-1] == pytest.approx(found["refined"][-1] + found["parts"].sum(0) + p["b2"])
    assert np.sum([row["vector"] for row in frame.scalars["sum"][:-1]], 0) == pytest.approx(found["output"][-1])


def test_without_the_block_the_word_only_knows_itself(runner):
    opened = runner.open("rung6")
    assert opened["frame"].scalars["on"][0]["word"] == "roamed"
    assert opened["frame"].scalars["on"][0]["probability"] == pytest.approx(0.8, abs=0.02)
    assert opened["frame"].scalars["off"][0]["word"] == "creature"
    off = runner.change(opened["run"], "mlp", False)["frame"]
    assert off.arrays["output"].tolist() == off.arrays["refined"].tolist()


def test_an_edit_is_obeyed(runner):
    run = runner.open("rung6")["run"]
    frame = runner.edit(run, "hidden", "def hidden(R, W1, b1):\n    return 0 * (R @ W1.T)")["frame"]
    assert not any(n["fired"] for n in frame.scalars["neurons"])
    assert frame.scalars["on"][0]["word"] != "roamed"
