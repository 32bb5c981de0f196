import pytest

from pyapp.experiment.params import ParamError
from pyapp.ladder import toy
from pyapp.runner import Runner


@pytest.fixture
def runner():
    return Runner()


def test_mole_is_the_same_vector_in_three_sentences(runner):
    frame = runner.open("rung4")["frame"]
    mine = frame.arrays["vector"].tolist()
    assert ["**mole**" in each["text"] for each in frame.scalars["sentences"]] == [True] * 3
    assert all(each["vector"] == mine for each in frame.scalars["sentences"])
    assert mine == toy.load()["E"][toy.WORDS.index("mole")].tolist()


def test_a_moved_cell_moves_the_word_everywhere(runner):
    run = runner.open("rung4")["run"]
    answer = runner.change(run, "table", "mole 1 3, mole 2 1, mole 1 2.5")
    assert answer["params"]["table"] == "mole 1 2.5, mole 2 1"
    assert answer["frame"].arrays["vector"].tolist()[:2] == [2.5, 1]
    assert all(each["vector"][:2] == [2.5, 1] for each in answer["frame"].scalars["sentences"])
    assert runner.change(run, "table", "")["frame"].arrays["vector"].tolist()[0] == 0.48


def test_products_are_dot_products(runner):
    frame = runner.open("rung4", {"word": "creature"})["frame"]
    table, vector = frame.arrays["table"], frame.arrays["vector"]
    assert [row["product"] for row in frame.scalars["products"]] == pytest.approx([sum(row * vector) for row in table])
    assert vector.tolist() == table[toy.WORDS.index("creature")].tolist()
    assert max(abs(row["share"]) for row in frame.scalars["products"]) == 1


def test_a_word_without_a_sentence_leaves_mole(runner):
    sentences = runner.open("rung4", {"word": "creature"})["frame"].scalars["sentences"]
    assert len(sentences) == 3 and all("**mole**" in each["text"] for each in sentences)
    assert [each["at"] for each in runner.open("rung4", {"word": "of"})["frame"].scalars["sentences"]] == [2, 3]


@pytest.mark.parametrize("dims, drawn, third", [("1, 2", [0, 1], 2), ("1, 3", [0, 2], 1), ("2, 3", [1, 2], 0)])
def test_two_dimensions_are_drawn_and_the_third_is_said(runner, dims, drawn, third):
    found = runner.open("rung4", {"dims": dims})["frame"]
    vectors, chosen = found.scalars["vectors"], found.arrays["vector"]
    assert vectors["axes"] == [f"number {i + 1}" for i in drawn]
    assert f"number {third + 1} is listed" in vectors["caption"]
    assert vectors["arrows"][0]["to"] == [chosen[i] for i in drawn]
    for i, (low, high) in enumerate(vectors["spans"]):
        assert all(low <= each["to"][i] <= high for each in vectors["arrows"])


def test_a_broken_link_opens_and_says_so_and_a_control_refuses(runner):
    opened = runner.open("rung4", {"table": "cat 1 2"})
    assert opened["params"]["table"] == "" and "'cat 1 2' cannot be read" in opened["frame"].notes[0]
    with pytest.raises(ParamError, match="cannot be read"):
        runner.change(opened["run"], "table", "mole 9 2")
    assert runner.change(opened["run"], "table", "mole 1 2")["frame"].notes == []
