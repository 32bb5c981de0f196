"""The encoder that ships: MobileBERT's blocks in a small size, which answers questions about short stories."""

from pathlib import Path

import numpy as np

from pyapp import checkpoint, store
from pyapp.checkpoint import VOCABULARY
from pyapp.core.parameters import Parameters
from pyapp.core.words import counted
from pyapp.data import questions
from pyapp.data.questions import PEOPLE
from pyapp.data.text import TextError
from pyapp.data.wordpiece import SPECIAL, WordPiece
from pyapp.nets.encoder import huggingface
from pyapp.nets.encoder.huggingface import Pretrained
from pyapp.nets.encoder.model import EncoderSize
from pyapp.store import StoreError

SHIPPED = store.WEIGHTS / "encoder.npz"


def vocabulary() -> WordPiece:
    """The vocabulary: every word of stories and questions is one piece."""
    return WordPiece((*SPECIAL, *questions.words()))


def size() -> EncoderSize:
    """The shipped network: 3 layers of 4 heads."""
    return EncoderSize(vocabulary=len(vocabulary()), embedding=32, width=64, inner=48, hidden=64, layers=3, networks=2,
                       heads=4, context=64, classes=len(PEOPLE))


def load(path: Path = SHIPPED) -> Pretrained:
    """Network, weights, vocabulary and classes from a file, by default the shipped one. StoreError says what is wrong.
    """
    found = checkpoint.load(path).need_float("encoder")
    arrays = {name: array for name, array in found.weights.items() if name != VOCABULARY}
    model, weights = huggingface.network(arrays, {"num_attention_heads": found.sizes["heads"]}, found.name)
    if model.size.classes != len(PEOPLE):
        raise StoreError(f"{found.name} has {counted(model.size.classes, 'class')}; expected {len(PEOPLE)}, one for "
                         "each person of the stories")
    points = found.arrays.get(VOCABULARY)
    try:
        if points is None or points.dtype != np.int32 or points.ndim != 1:
            raise ValueError("it is missing")
        pieces = WordPiece("".join(map(chr, points)).split("\n"))
    except (ValueError, OverflowError, TextError) as error:
        raise StoreError(f"{found.name}: expected a vocabulary, found none that can be read ({error})") from None
    return Pretrained(model, weights, pieces, PEOPLE)


def arrays_of(p: Parameters, words: WordPiece) -> dict[str, np.ndarray]:
    """The arrays under which a network is saved: float16 weights, half the size, and the vocabulary."""
    return {**{name: p[name].astype(np.float16) for name in p},
            VOCABULARY: np.array([ord(c) for c in "\n".join(words.pieces)], np.int32)}
