"""Texts that a network can learn to write in the page, each with an automatic score of its writing."""

from functools import cached_property

from pyapp.data import stories
from pyapp.data.text import Vocabulary

LONGEST_WORD = 16  # characters; if the average is longer, spaces do not separate words
GROUP = 3  # characters
SEED, SENTENCES = 1, 8000  # of the stories that are learned: a quarter of a million characters


class Corpus:
    """A text to learn, and how samples are written, which begin after the character `before`, and scored.

    `end` is the character that completes a sample; None if only the network's context ends it.
    """

    text: str
    before: str
    end: str | None = None
    scored: str  # what the score counts, as words for the page

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.text)

    def mark(self, sample: str) -> float:
        """How much of a sample is right, 0 to 1."""
        raise NotImplementedError


class Stories(Corpus):
    """Sentences of the story grammar; a sample is right if the grammar has it."""

    before = end = stories.END
    scored = "grammatical sentences"

    @cached_property
    def text(self) -> str:
        return stories.write(SEED, SENTENCES)

    def mark(self, sample: str) -> float:
        return float(stories.accepts(sample))


class Own(Corpus):
    """The reader's own text. The score of a sample is the share of its words that occur in the text.

    Where spaces do not separate words, as in Chinese or in a genome, groups of GROUP characters count instead.
    Otherwise a sample would be a single word, cut off at its end, and every score 0.
    """

    def __init__(self, text: str):
        self.text = text
        self.before = next((c for c in "\n " if c in text), text[0])
        words = text.split()
        self.by_words = sum(map(len, words)) <= LONGEST_WORD * len(words)
        self.scored = ("words that occur in the text" if self.by_words else
                       f"groups of {GROUP} characters that occur in the text (spaces do not separate its words)")

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(self.text.split())

    @cached_property
    def groups(self) -> frozenset[str]:
        return frozenset(_groups(self.text))

    def mark(self, sample: str) -> float:
        if not self.by_words:
            groups = _groups(sample)
            return sum(group in self.groups for group in groups) / max(1, len(groups))
        words = sample.split()
        if not sample[-1:].isspace():
            words = words[:-1]  # it may have been cut off
        return sum(word in self.words for word in words) / max(1, len(words))


def _groups(text: str) -> list[str]:
    """All groups of GROUP neighbouring characters."""
    return [text[i : i + GROUP] for i in range(len(text) - GROUP + 1)]
