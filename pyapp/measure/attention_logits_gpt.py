"""The logits of trained heads as a source for the softmax lab: those of the GPT over a text that it wrote."""

import numpy as np

from pyapp import shipped
from pyapp.core.attention import scores_of
from pyapp.nets.generate import Sampling, Writer
from pyapp.softmax.sources import FINENESS, Source, causal_mask

SHOWN = {"\n": "↵", " ": "␣"}  # so that a label can be seen


def written(length: int, causal: bool, seed: int) -> Source:
    """All heads of all blocks of the shipped GPT over the first `length` characters, at most its context, that
    it writes from the seed.

    It was trained with the causal mask and its logits mean nothing without: `causal` changes nothing.
    """
    model, p, vocabulary = shipped.gpt()
    length = min(length, model.size.context)
    writer = Writer(model, p, vocabulary.encode("\n"), Sampling(), seed)
    while len(writer.window) < length:
        writer.write()
    model.forward(p, np.array([writer.window], np.int32)[:, :length])
    heads = [block.attention for block in model.blocks]
    logits = np.concatenate([scores_of(each.q, each.k)[0] for each in heads])  # L·H, T, T
    labels = tuple(SHOWN.get(c, c) for c in vocabulary.decode(writer.window[:length]))
    about = (f"The GPT reads {length} characters that it wrote itself: {model.size.blocks} blocks of "
             f"{model.size.heads} heads, counted from the first block on. It never saw a later character, so the "
             "causal mask always holds.")
    return Source(np.rint(logits * FINENESS) / FINENESS, causal_mask(length), labels, labels, about)
