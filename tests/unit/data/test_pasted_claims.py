"""Pasted numbers that could be read wrongly without a word: they are read right, or refused with a reason."""

import pytest

from pyapp.data.pasted import NumbersError, read


def refused(text: str, message: str) -> None:
    with pytest.raises(NumbersError, match=message) as error:
        read(text)
    assert error.value.hint and len(str(error.value)) < 200


@pytest.mark.parametrize("text, message", [
    ("-np.array([1,2])", "neither"), ("0.5*np.array([1,2])", "neither"), ("x = 2-torch.tensor([1., 2.])", "neither"),
    ("-np.float32(1)", "neither"), ("np.array([1, 2]*-1)", r"“\*-1” stands after"), ("np.array([1, 2]/s)", "“/s”"),
    ("-np.Tensor [1, 2]", "outside"), ("x -= np.array([1, 2])", "changes"), ("x *= [1, 2]", "changes"),
    ("np.array([1, 2])/255", "outside"),
])
def test_arithmetic_is_never_dropped(text, message):
    refused(text, message)


@pytest.mark.parametrize("text, message", [
    ("1\t2\t#N/A\n3\t4\t#N/A", "missing: the text has the cell “#N/A”"), ("1\t#REF!\t3\n4\t#REF!\t6", "#REF!"),
    ("#DIV/0!\t1\n2\t3", "#DIV/0!"), ("1\n#VALUE!\n2", "#VALUE!"), ("1\t#VALEUR!\n2\t3", "#VALEUR!"),
    ("1\t#NV\n2\t3", "#NV"), ("1\t#####\t3\n4\t####\t6", "####"), ("1//2 3//4\n5//6 7//8", "“1//2” is a fraction"),
    ("%%MatrixMarket matrix coordinate real general\n2 2 2\n1 1 0.5\n2 2 1.5", "MatrixMarket"),
])
def test_a_value_is_no_comment(text, message):
    refused(text, message)


@pytest.mark.parametrize("text, rows, note", [
    ("1 2 # 3\n4 5", [[1, 2], [4, 5]], "“# 3” was left out"), ("[1, 2, // 3,\n 4]", [[1, 2, 4]], "“// 3,” was"),
    ("{1, /* 2, */ 3}", [[1, 3]], "“/* 2, */” was"), ("% 7 8\n1 2", [[1, 2]], "“% 7 8” was"),
])
def test_a_comment_with_numbers_is_noted(text, rows, note):
    assert read(text).values.tolist() == rows
    assert note in read(text).notes[0]
    assert read("1 2 # first\n3 4").notes == []


@pytest.mark.parametrize("text, message", [
    ("1,5\t2.5\n3,5\t4", "“1,5” can be two numbers"), ("1,5;2.5\n3,5;4", "“1,5” can be"),
    ("1\t,5\n2\t,5", "empty cell"),
    ("1\x002", r"U\+0000"), ("1\x1f2", r"U\+001F"), ("1\ufeff2", r"U\+FEFF"), ("1\u200b2", r"U\+200B"),
    ("[1.\u20605]", r"U\+2060"),
])
def test_commas_in_cells_and_hidden_characters_are_asked_about(text, message):
    refused(text, message)


def test_hidden_characters_between_numbers_and_colours_are_left_out():
    assert read("\u200b1\u200b \ufeff-\u200b2\u2060").values.tolist() == [[1, -2]]
    assert read("\x1b[31m1\x1b[0m 2\n\x1b[1;32m3\x1b[m 4").values.tolist() == [[1, 2], [3, 4]]
    assert read("\x1b[36m[\x1b[0m1, \x1b[31m-2\x1b[0m]").values.tolist() == [[1, -2]]
