"""What a network can learn to write in the page, and a score of its writing that needs no eye."""

from functools import cached_property

from pyapp.data import stories
from pyapp.data.text import Vocabulary

SEED, SENTENCES = 1, 8000  # of the stories that are learned: a quarter of a million characters


class Corpus:
    """A text to learn, and what is made of a sample that begins after `before`.

    `end` is the character with which a sample is complete, None where nothing ends it but the network's context.
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
    scored = "sentences that the grammar accepts"

    @cached_property
    def text(self) -> str:
        return stories.write(SEED, SENTENCES)

    def mark(self, sample: str) -> float:
        return float(stories.accepts(sample))


class Own(Corpus):
    """A text of the reader's own; of a sample as much is right as there are words that the text has, too."""

    scored = "words that the text has, too"

    def __init__(self, text: str):
        self.text = text
        self.before = next((c for c in "\n " if c in text), text[0])

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(self.text.split())

    def mark(self, sample: str) -> float:
        words = sample.split()
        if not sample[-1:].isspace():
            words = words[:-1]  # it may have been cut off
        return sum(word in self.words for word in words) / max(1, len(words))
