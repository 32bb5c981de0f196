"""A small GPT that learns a text in the page, and the score of its writing with float and with rounded weights."""

from collections.abc import Iterator

import numpy as np

from pyapp.core.optim import AdamW
from pyapp.core.parameters import Parameters
from pyapp.core.schedule import inverse_root
from pyapp.data.corpus import Corpus
from pyapp.data.text import TextError, decode, split, tidy, windows
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.nets.next_token import next_token
from pyapp.nets.sampling import write_many
from pyapp.quant.parameters import QuantizedParameters, assemble, float_nbytes
from pyapp.quant.schemes import quantize
from pyapp.store import StoreError
from pyapp.training.gpt_recipe import GPTRecipe
from pyapp.training.trainer import Trainer

CONTEXT = 68  # the longest sentence of the stories has 66 characters
SIZES = {
    "small": GPTSize(32, 4, 1, CONTEXT, 128),
    "medium": GPTSize(48, 4, 2, CONTEXT, 192),
    "large": GPTSize(64, 4, 2, CONTEXT, 256),
}
WARMUP = 100  # steps
HELD_OUT = 32  # windows that the loss is taken of, spread over the text that is held out
CHUNK = 4  # windows in one piece of work
SAMPLES = 64  # texts that a score is taken of
MARKED = 8  # of them in one piece of work
LARGEST = 20_000_000  # bytes of a text file


class TextTraining:
    """A training on a corpus from random weights. TextError if the text is too short to hold a tenth of it out.

    Where samples have an end, each window of the training begins where a sample does, as in the writing.
    """

    def __init__(self, corpus: Corpus, size: str, seed: int):
        self.corpus, self.seed = corpus, seed
        shape, recipe, vocabulary = SIZES[size], GPTRecipe(seed), corpus.vocabulary
        self._before, self._end = (None if c is None else int(vocabulary.encode(c)[0])
                                   for c in (corpus.before, corpus.end))
        tokens, held_out = split(vocabulary.encode(corpus.text), shape.context)
        x, y = self._windows(held_out, shape.context)
        spread = np.linspace(0, len(x) - 1, min(HELD_OUT, len(x))).astype(np.intp)
        self.held_out = x[spread], y[spread]  # B, T
        self.by_frequency = loss_by_frequency(tokens, self.held_out[1], len(vocabulary))
        model = GPT(len(vocabulary), shape)
        p = model.initial(seed)
        optimiser = AdamW(p, recipe.rate, recipe.decay, recipe.beta2, recipe.clip)
        self.trainer = Trainer(model, p, optimiser, *self._windows(tokens, shape.context), seed, loss=next_token)

    def _windows(self, tokens: np.ndarray, context: int) -> tuple[np.ndarray, np.ndarray]:
        """The windows to learn from, (n, T), and the tokens that follow each."""
        x, y = windows(tokens, context)
        if self._end is not None:
            begins = np.flatnonzero(x[:, 0] == self._before)
            x, y = x[begins], y[begins]
        return x, y

    @property
    def model(self) -> GPT:
        return self.trainer.model

    @property
    def p(self) -> Parameters:
        return self.trainer.p

    @property
    def diverged(self) -> bool:
        return not np.isfinite(self.p.vector).all()

    def step(self, highest: float) -> tuple[float, float]:
        """Train on a batch with the rate that the schedule makes of the highest one; loss and accuracy before it."""
        self.trainer.optimiser.rate = highest * inverse_root(self.trainer.steps, WARMUP)
        return self.trainer.step()

    def rounded(self, bits: int) -> QuantizedParameters:
        """The network with the weights of its dense layers rounded, each output channel on a scale of its own. The
        tables of characters and places stay float."""
        return assemble(self.p, {layer.weight: quantize(self.p[layer.weight], bits, "symmetric", "channel")
                                 for layer in self.model.linears})

    def read(self, bits: int | None, temperature: float) -> Iterator[dict | None]:
        """The loss and the writing of the network with `bits`-bit weights, or float for None; yields None after each
        piece of work.

        The last item has the `step`, the `bytes` of the weights, the `loss` on held-out text in nats per character, the
        `samples`, the `marks` of each, and their mean, the `score`. All widths write with the same random numbers.
        """
        rounded = self.rounded(bits) if bits else None
        p, nbytes = (rounded.parameters, rounded.nbytes) if rounded else (self.p, float_nbytes(self.p))
        losses = []
        for start in range(0, len(self.held_out[0]), CHUNK):
            x, y = (part[start : start + CHUNK] for part in self.held_out)
            losses.append(next_token(x, self.model.forward(p, x), y)[0] * len(x))
            yield None
        for written in write_many(self.model, p, self._before, self._end, SAMPLES, temperature, self.seed):
            if written is None:
                yield None
        samples, marks = [self._text(row) for row in written], []
        for start in range(0, SAMPLES, MARKED):
            marks += [self.corpus.mark(sample) for sample in samples[start : start + MARKED]]
            yield None
        yield {"step": self.trainer.steps, "bytes": nbytes, "loss": sum(losses) / len(self.held_out[0]),
               "score": sum(marks) / len(marks), "samples": samples, "marks": marks}

    def _text(self, tokens: np.ndarray) -> str:
        """The text of tokens, up to its end character."""
        text = self.corpus.vocabulary.decode(tokens)
        return text if self.corpus.end is None else text.partition(self.corpus.end)[0]


def loss_by_frequency(known: np.ndarray, asked: np.ndarray, vocabulary: int) -> float:
    """Nats per character of the tokens `asked` for one who knows nothing but how often each occurs among the `known`
    ones: the mean of -log (n + 1) / Σ (n + 1), so that one that does not occur there has a probability too."""
    counts = np.bincount(known, minlength=vocabulary) + 1.0
    return float(-np.log(counts / counts.sum())[asked].mean())


def readable(text: str) -> tuple[str, list[str]]:
    """A reader's text in the form in which it is learned, and notes about it. TextError if it cannot be learned."""
    text, notes = tidy(text)
    split(np.zeros(len(text), np.uint8), CONTEXT)
    return text, notes


def of_file(data: bytes, name: str) -> tuple[str, list[str]]:
    """`readable` for the bytes of a text file; StoreError says why it cannot be learned."""
    try:
        if len(data) > LARGEST:
            raise TextError(f"{name} has {len(data):,} bytes; use a text of at most {LARGEST:,}")
        return readable(decode(data, name))
    except TextError as error:
        raise StoreError(str(error) if name in str(error) else f"{name}: {error}") from None
