"""What is learned in the page, and the marks of samples."""

import pytest

from pyapp.data import stories
from pyapp.data.corpus import Own, Stories
from pyapp.pages.base.text_training import TextTraining


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


NO_SPACES = ["床前明月光疑是地上霜举头望明月低头思故乡", "0123456789" * 20,
             "ACGTTGCAACGGTTAACCGGTACGATCGATTACGACG\nTTGACCATGGCATCGATGCTAGCTAGGATTCAGCAT"]


@pytest.mark.parametrize("text", NO_SPACES)
def test_groups_of_characters_count_where_spaces_do_not_separate_words(text):
    corpus = Own(text)
    assert "groups of 3 characters" in corpus.scored
    assert corpus.mark(text) == corpus.mark(text[:10]) == 1.0  # 0.0 by words, of which the only one is cut off
    assert corpus.mark(text[:10] + "#" + text[10:20]) == pytest.approx(1 - 3 / 19)
    assert corpus.mark("#" * 10) == corpus.mark("") == corpus.mark(text[:2]) == 0.0


@pytest.mark.parametrize("text", ["the cat sat on the mat", "Donaudampfschifffahrtsgesellschaft und Kapitän",
                                  "def f(x):\n    return np.exp(x) / np.exp(x).sum()\n"])
def test_words_count_where_spaces_separate_them(text):
    assert Own(text).scored == "words that occur in the text" and Own(text).mark(text + " ") == 1.0


def test_a_network_that_learns_a_genome_has_a_score():
    """Of 64 groups of three letters a genome soon has nearly all, and a network knows nothing but the letters."""
    learner = TextTraining(Own(NO_SPACES[2] * 12), "small", 1)
    *_, found = learner.read(None, 0.8)
    assert 0.3 < found["score"] <= 1
