"""Text as tokens, windows and the split."""

import numpy as np
import pytest

from pyapp.data.text import LONGEST, MOST, TextError, Vocabulary, decode, in_turn, read, split, tidy, windows

TEXT = "to be, or not to be:\nthat is ëë 😀"


def test_what_is_encoded_can_be_decoded():
    vocabulary = Vocabulary(TEXT)
    tokens = vocabulary.encode(TEXT)
    assert vocabulary.decode(tokens) == TEXT
    assert tokens.dtype == np.int32 and tokens.min() == 0 and tokens.max() == len(vocabulary) - 1
    assert vocabulary.characters == "".join(sorted(set(TEXT)))


@pytest.mark.parametrize("text", ["zoo", "A", "\U0001f680", "to be?"])
def test_unknown_characters_are_named(text):
    with pytest.raises(TextError, match="which the network has never seen"):
        Vocabulary(TEXT).encode(text)


def test_many_unknown_characters_are_counted():
    with pytest.raises(TextError, match="'0123456789' and 2 more"):
        Vocabulary("a").encode("0123456789XY")
    assert Vocabulary("ab").unknown("abcdc") == "cd"


def test_the_empty_text_has_no_tokens_and_an_empty_vocabulary_knows_nothing():
    assert Vocabulary(TEXT).encode("").shape == (0,)
    assert Vocabulary("").encode("").shape == (0,)
    with pytest.raises(TextError):
        Vocabulary("").encode("a")


def test_half_a_surrogate_pair_is_a_character_like_others():
    vocabulary = Vocabulary("a\ud83d")
    assert vocabulary.decode(vocabulary.encode("\ud83da")) == "\ud83da"


def test_split_takes_the_last_tenth():
    training, validation = split(np.arange(1003), 10)
    assert len(training) == 902
    np.testing.assert_array_equal(np.concatenate([training, validation]), np.arange(1003))


def test_a_text_too_short_to_validate_is_refused():
    with pytest.raises(TextError, match="has 1 character; with a context of 10 it needs 101"):
        split(np.zeros(1, np.int32), 10)
    with pytest.raises(TextError, match="100 characters; with a context of 10 it needs 101"):
        split(np.arange(100), 10)
    assert len(split(np.arange(101), 10)[1]) == 11  # one window and what follows it


def test_windows_are_followed_by_the_next_token():
    x, y = windows(np.arange(20), 5)
    assert x.shape == y.shape == (15, 5)
    np.testing.assert_array_equal(y, x + 1)
    assert x[14].tolist() == [14, 15, 16, 17, 18]
    assert x.base is not None, "a view: a text of 10 MB has as many windows"


@pytest.mark.parametrize(("n", "context", "chunk"), [(24, 4, 3), (25, 4, 2), (3, 8, 4), (2, 8, 1)])
def test_in_turn_asks_for_every_token_but_the_first_once(n, context, chunk):
    parts = list(in_turn(np.arange(n), context, chunk))
    assert np.concatenate([y.ravel() for _, y in parts]).tolist() == list(range(1, n))
    for x, y in parts:
        np.testing.assert_array_equal(y, x + 1)
        assert len(x) <= chunk and x.shape[1] <= context


def test_a_file_that_is_not_text_is_refused(tmp_path):
    (tmp_path / "a.txt").write_bytes("é\r\n".encode())
    (tmp_path / "b.txt").write_bytes(b"\xff\xfe\x00")
    assert read(tmp_path / "a.txt") == "é\n"
    with pytest.raises(TextError, match=r"b\.txt: expected text in UTF-8"):
        read(tmp_path / "b.txt")
    with pytest.raises(TextError, match=r"c\.txt cannot be read \(No such file or directory\); name a text file"):
        read(tmp_path / "c.txt")


def test_bytes_are_decoded_or_it_is_said_why_not():
    assert decode("é\r\n😀".encode(), "a.txt") == "é\r\n😀"
    assert decode(b"\xef\xbb\xbfab", "a.txt") == "ab", "without the mark that some editors put before it"
    with pytest.raises(TextError, match=r"b\.txt: expected text in UTF-8, found the byte 0xe9 at 3; save it as UTF-8"):
        decode("caf\xe9".encode("latin-1"), "b.txt")
    with pytest.raises(TextError, match="found a zero byte at 2"):
        decode(b"ab\0c", "c.bin")


def test_a_text_of_ones_own_is_tidied():
    assert tidy("a\r\nb\rc\n") == ("a\nb\nc\n", [])
    text, notes = tidy("ab " * 3_500_000)
    assert len(text) == LONGEST and notes == [f"The text has 10,500,000 characters; the first {LONGEST:,} are used."]


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_an_empty_text_is_refused(text):
    with pytest.raises(TextError, match="the text is empty"):
        tidy(text)


def test_a_text_with_thousands_of_signs_is_refused():
    signs = "".join(map(chr, range(0x4E00, 0x4E00 + MOST)))
    assert tidy(signs)[0] == signs
    with pytest.raises(TextError, match=f"{MOST + 1} different characters; use one with at most {MOST}"):
        tidy(signs + "x")
