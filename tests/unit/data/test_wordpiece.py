"""WordPiece: cleaning, splitting, pieces and truncation, against what BERT's tokenizer is documented to do."""

import pytest

from pyapp.data import wordpiece
from pyapp.data.text import TextError
from pyapp.data.wordpiece import SPECIAL, WordPiece, split

PIECES = WordPiece([*SPECIAL, "un", "##aff", "##able", "##s", "the", "cat", ",", ".", "cafe", "你", "好", "a"])


@pytest.mark.parametrize("text, words", [
    ("The Cat, THE cat.", ["the", "cat", ",", "the", "cat", "."]),
    ("Café RÉSUMÉ", ["cafe", "resume"]),
    ("it's $5-$6", ["it", "'", "s", "$", "5", "-", "$", "6"]),
    ("a你好b", ["a", "你", "好", "b"]),
    ("zero\x00width\u200bspace\ufffd", ["zerowidthspace"]),
    ("no\u00a0break\u3000wide\tline\r\nend", ["no", "break", "wide", "line", "end"]),
    ("“quotes”…", ["“", "quotes", "”", "…"]),
    ("", []),
])
def test_text_is_split_into_words(text, words):
    assert split(text) == words


def test_case_and_accents_are_kept_where_the_model_keeps_them():
    assert split("Café", lower=False) == ["Café"]


def test_words_are_cut_into_the_longest_pieces():
    found = PIECES.encode("Unaffable cats")
    assert found.pieces == ("[CLS]", "un", "##aff", "##able", "cat", "##s", "[SEP]")
    assert found.ids.tolist() == [2, 4, 5, 6, 9, 7, 3] and found.unknown == () and found.cut == 0


def test_a_word_without_pieces_is_unknown_as_a_whole_and_told_once():
    found = PIECES.encode("the zebra, unz zebra " + "a" * 101)
    assert found.pieces[1:-1] == ("the", "[UNK]", ",", "[UNK]", "[UNK]", "[UNK]")
    assert found.unknown == ("zebra", "unz", "a" * 101)


def test_two_texts_have_two_types():
    found = PIECES.encode("the cat", "a.")
    assert found.pieces == ("[CLS]", "the", "cat", "[SEP]", "a", ".", "[SEP]")
    assert found.types.tolist() == [0, 0, 0, 0, 1, 1, 1]


def test_what_does_not_fit_is_cut_from_the_longer_text():
    assert PIECES.encode("the cat, the cat.", context=5).pieces == ("[CLS]", "the", "cat", ",", "[SEP]")
    pair = PIECES.encode("the cat, the cat.", "a a a", context=8)
    assert pair.pieces == ("[CLS]", "the", "cat", ",", "[SEP]", "a", "a", "[SEP]") and pair.cut == 4


@pytest.mark.parametrize("pieces, words", [(SPECIAL[1:], "no \\[PAD\\]"), ([*SPECIAL, "a", "a"], "'a' twice")])
def test_a_vocabulary_that_is_none_is_refused(pieces, words):
    with pytest.raises(TextError, match=words):
        WordPiece(pieces)


def test_no_room_for_a_text_is_said():
    with pytest.raises(TextError, match="2 tokens leave no room"):
        PIECES.encode("the", context=2)


def test_a_vocabulary_is_read_from_a_file(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_text("\r\n".join(PIECES.pieces) + "\r\n", encoding="utf-8", newline="")
    assert wordpiece.load(path).pieces == PIECES.pieces
    path.write_text("a\n")
    with pytest.raises(TextError, match=r"vocab.txt: the vocabulary has no \[PAD\]"):
        wordpiece.load(path)
