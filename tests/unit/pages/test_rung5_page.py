import numpy as np
import pytest

from pyapp.runner import Runner


@pytest.fixture
def runner():
    return Runner()


def arrow(frame, start=1):
    return next(each for each in frame.scalars["into"] if each["from"] == start)


def test_arrows_carry_product_and_weight(runner):
    opened = runner.open("rung5")
    frame = opened["frame"]
    x = frame.arrays["embeddings"]
    assert frame.scalars["at"] == 3, "the last word looks"
    for to in range(4):
        frame = runner.change(opened["run"], "look", to + 1)["frame"]
        assert frame.scalars["at"] == to and len(frame.scalars["into"]) == to + 1
        products = [x[to] @ x[start] for start in range(to + 1)]
        weights = np.exp(products) / np.exp(products).sum()
        for start in range(to + 1):
            found = arrow(frame, start)
            assert found["product"] == pytest.approx(products[start]) == found["score"]
            assert found["weight"] == pytest.approx(weights[start])
        most = frame.scalars["words"][int(np.argmax(weights))]
        assert f"looks most at {most}, {max(weights):.1%}." in frame.scalars["looks"]
        assert frame.scalars["sum"][-2]["vector"] == pytest.approx(frame.arrays["nudge"][to])
        assert frame.scalars["sum"][-1]["vector"] == pytest.approx(frame.arrays["refined"][to])
    assert frame.arrays["mixed"].sum(1) == pytest.approx(frame.arrays["nudge"])
    assert frame.arrays["refined"] == pytest.approx(x + frame.arrays["nudge"])


def test_a_cell_of_rung_4_moves_an_arrow_here(runner):
    table = "fluffy 2 2.5"
    there = runner.open("rung4", {"word": "fluffy", "table": table})["params"]["table"]
    before, after = runner.open("rung5")["frame"], runner.open("rung5", {"table": there})["frame"]
    moved = (2.5 - before.arrays["embeddings"][1, 1]) * before.arrays["embeddings"][3, 1]
    assert arrow(after)["product"] - arrow(before)["product"] == pytest.approx(moved)
    assert arrow(after)["weight"] > arrow(before)["weight"]


def test_the_switches(runner):
    run = runner.open("rung5")["run"]
    plain = runner.change(run, "scaled", False)["frame"]
    assert np.array_equal(plain.arrays["W_Q"], np.eye(3))
    scaled = runner.change(run, "scaled", True)["frame"]
    assert arrow(scaled)["score"] == pytest.approx(arrow(plain)["product"] / np.sqrt(3))
    assert arrow(scaled)["product"] == arrow(plain)["product"]
    own = runner.change(run, "own", True)["frame"]
    q, k = own.arrays["queries"], own.arrays["keys"]
    assert arrow(own)["product"] == pytest.approx(q[3] @ k[1]) and not np.array_equal(own.arrays["W_V"], np.eye(3))


def test_another_prompt(runner):
    run = runner.open("rung5", {"prompt": "a green creature"})
    assert "does not know 'green'" in run["frame"].notes[0] and run["params"]["prompt"] == "a fluffy blue creature"
    frame = runner.change(run["run"], "prompt", "Take a biopsy of the mole.")["frame"]
    assert frame.scalars["words"][-2:] == ["mole", "."] and frame.notes == []
    runner.change(run["run"], "look", 7)
    frame = runner.change(run["run"], "prompt", "a creature")["frame"]
    assert frame.scalars["at"] == 1, "there are no seven words any more"


def test_edits_are_obeyed(runner):
    run = runner.open("rung5")["run"]
    source = ("def softmax(s):\n    hard = s == np.max(s, axis=-1, keepdims=True)\n"
              "    return hard / hard.sum(-1, keepdims=True)")
    frame = runner.edit(run, "softmax", source)["frame"]
    assert set(frame.arrays["weights"].ravel()) == {0.0, 1.0}
    source = "def scores(X, W_Q, W_K, scale):\n    return X @ X.T"  # without the mask
    assert np.isfinite(frame.arrays["shade"]).tolist() == np.tri(4).astype(bool).tolist()
    assert np.isfinite(runner.edit(run, "scores", source)["frame"].arrays["shade"]).all()
    answer = runner.edit(run, "nudge", "def nudge(A, X, W_V):\n    return A")
    assert "shape (4, 4), expected an array of shape (4, 3)" in answer["error"]["message"]


def test_an_edit_that_leaves_no_numbers_is_not_taken(runner):
    opened = runner.open("rung5")
    answer = runner.edit(opened["run"], "scores", "def scores(X, W_Q, W_K, scale):\n"
                                                  "    return np.full((len(X), len(X)), -np.inf)")
    assert "the probabilities are not numbers" in answer["error"]["message"] and answer["edited"] == []
    assert answer["frame"].scalars["into"] == opened["frame"].scalars["into"]
