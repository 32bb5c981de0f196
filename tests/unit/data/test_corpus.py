"""What is learned in the page, and the marks of samples."""

import pytest

from pyapp.data import stories
from pyapp.data.corpus import Own, Stories


def test_the_stories_are_a_quarter_of_a_million_characters_that_all_score():
    corpus = Stories()
    assert 200_000 < len(corpus.text) < 400_000 and corpus.text is corpus.text
    assert stories.score(corpus.text[:20_000].rpartition("\n")[0]) == 1.0
    assert len(corpus.vocabulary) == len(set(corpus.text)) < 30
    assert corpus.mark("mia sleeps.") == 1.0 and corpus.mark("mia sleep.") == corpus.mark("") == 0.0


@pytest.mark.parametrize(("sample", "mark"), [
    ("the cat sat ", 1.0), ("the cog sat ", 2 / 3), ("the cat sa", 1.0), ("the cog s", 0.5), ("th", 0.0), ("", 0.0),
    ("  \n ", 0.0), ("cat\nthe\n", 1.0),
])
def test_of_ones_own_text_the_words_count_but_not_one_that_was_cut_off(sample, mark):
    assert Own("the cat sat on the mat").mark(sample) == pytest.approx(mark)


def test_samples_begin_where_words_or_lines_do():
    assert [Own(text).before for text in ("a b\nc", "a b", "abc")] == ["\n", " ", "a"]
