"""How the shipped encoder is made: it learns to answer questions about short stories, which are written from a seed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pyapp.core.losses import softmax_cross_entropy
from pyapp.core.optim import AdamW
from pyapp.core.parameters import Parameters
from pyapp.data import questions
from pyapp.data.wordpiece import WordPiece
from pyapp.nets.encoder import own
from pyapp.nets.encoder.model import PAD, Encoder
from pyapp.training.recipes import option
from pyapp.training.resumable import Checkpoint, hash_of, train_resumable
from pyapp.training.trainer import Trainer

ASKING = 3  # tokens of each question that have to know the answer too, before the last one
HELD_OUT_SEED, HELD_OUT = 20261128, 2000  # of the stories that measure: first read when the weights were done


@dataclass(frozen=True)
class EncoderRecipe:
    """Everything that decides the weights. The defaults are the shipped recipe."""

    seed: int = option(1, "sets the first weights and the order of the stories", least=0)
    stories: int = option(32000, "different stories to train on", most=1_000_000)
    easy: int = option(700, "steps on easy stories first, of three words per sentence", least=0)
    epochs: int = option(2, "passes over the stories in a round")
    rounds: int = option(2, "rounds, in each of which the learning rate falls anew", most=9)
    rate: float = option(0.001, "peak learning rate, which then falls to zero along half a cosine")
    warmup: int = option(200, "steps in which the learning rate rises to its peak", least=0)
    batch: int = option(64, "stories averaged in one step")
    decay: float = option(0.01, "weight decay of AdamW", least=0)
    beta2: float = option(0.98, "decay rate of AdamW's second moment: without norms, gradients change fast", least=0)
    clip: float = option(1.0, "norm to which a longer gradient is scaled down")


class Student:
    """An encoder as `Trainer` calls it, with batches (1, B, T) of padded stories.

    The loss asks the answer of the first token and of `ASKING` tokens of the question, which are one attention step
    nearer to it and learn it first (deep supervision, Lee et al. 2015). With the first token alone nothing was learned
    in the same time.
    """

    def __init__(self, encoder: Encoder):
        self.encoder, self.size = encoder, encoder.size

    def forward(self, p: Parameters, batches: np.ndarray) -> np.ndarray:
        """Logits ((1 + ASKING)·B, classes): of all first tokens, then of all last but one, and so on."""
        ids = batches.reshape(-1, batches.shape[-1])
        lengths = (ids != PAD).sum(axis=1, dtype=np.int64)
        longest = int(lengths.max())
        ids, first = ids[:, :longest], np.arange(0, len(ids) * longest, longest, dtype=np.int64)
        at = [first, *(first + lengths - 2 - i for i in range(ASKING))]
        return self.encoder.forward(p, ids, ids != PAD, at=np.concatenate(at))

    def backward(self, p: Parameters, dlogits: np.ndarray) -> None:
        self.encoder.backward(p, dlogits)


def answers(x: np.ndarray, logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Loss and gradient of all tokens that have to know the answer, and the probabilities of the first ones alone."""
    each = labels.reshape(-1)
    loss, gradient, probabilities = softmax_cross_entropy(logits, np.tile(each, len(logits) // len(each)))
    return loss, gradient, probabilities[: len(each)]


def encoded(words: WordPiece, texts: list[str], context: int) -> np.ndarray:
    """Tokens int32 (N, context), filled up with `PAD`."""
    rows = np.full((len(texts), context), PAD, np.int32)
    for row, text in zip(rows, texts, strict=True):
        ids = words.encode(text, context=context).ids
        row[: len(ids)] = ids
    return rows


def batched(ids: np.ndarray, labels: np.ndarray, batch: int) -> tuple[np.ndarray, np.ndarray]:
    """Batches of stories that are about as long as each other: int32 (N, B, T) and int64 (N, B)."""
    order = np.argsort((ids != PAD).sum(axis=1), kind="stable")
    order = order[: len(order) // batch * batch].reshape(-1, batch)
    return ids[order], labels[order]


def train_encoder(recipe: EncoderRecipe, report: Callable[[str], None],
                  checkpoint: Path | None = None) -> tuple[Encoder, Parameters, WordPiece]:
    """Train from random weights, or resume from a checkpoint; `report` gets a line per epoch, with the accuracy on
    the first held-out stories. ValueError if the stories do not fill a batch.

    Each round after the first has a checkpoint of its own beside the first one's. Easy stories come first: with all
    kinds mixed from the start, as many steps again had learned half as much.
    """
    words, size = own.vocabulary(), own.size()
    if recipe.stories < recipe.batch:
        raise ValueError(f"{recipe.stories} stories do not fill a batch of {recipe.batch}; use more of them")
    student = Student(Encoder(size))
    p = student.encoder.initial(recipe.seed)

    def trainer_of(texts: list[str], labels: np.ndarray, seed: int = recipe.seed) -> Trainer:
        optimiser = AdamW(p, recipe.rate, recipe.decay, recipe.beta2, recipe.clip)
        return Trainer(student, p, optimiser, *batched(encoded(words, texts, size.context), labels, recipe.batch),
                       seed, 1, loss=answers)

    def judge() -> str:
        return f"held out {accuracy(student.encoder, p, words, *held_out(300)):.4f}"

    if recipe.easy and not (checkpoint and checkpoint.is_file()):  # else it is done
        train_resumable(trainer_of(*training_stories(recipe, easy=True)), recipe.easy, recipe.rate, recipe.warmup,
                        report, judge=judge)
    stories = training_stories(recipe)
    for number in range(recipe.rounds):
        trainer = trainer_of(*stories, recipe.seed + number)
        epoch, data = len(trainer.images), hash_of(trainer.images, trainer.labels)
        path = checkpoint and (checkpoint.with_name(f"{checkpoint.name}.{number + 1}") if number else checkpoint)
        train_resumable(trainer, recipe.epochs * epoch, recipe.rate, recipe.warmup, report, judge=judge, every=epoch,
                        checkpoint=path and Checkpoint(path, recipe, data, "train encoder"))
    return student.encoder, p, words


def training_stories(recipe: EncoderRecipe, easy: bool = False) -> tuple[list[str], np.ndarray]:
    """Stories to train on and their answers, none of them among those that are held out; half as many easy ones."""
    count = max(recipe.stories // 2, recipe.batch) if easy else recipe.stories
    return questions.write(recipe.seed, count, held_out()[0], easy)


def held_out(count: int = HELD_OUT) -> tuple[list[str], np.ndarray]:
    """Held-out stories, from a seed of their own, and their answers."""
    return questions.write(HELD_OUT_SEED, count)


def accuracy(model: Encoder, p: Parameters, words: WordPiece, texts: list[str], labels: np.ndarray) -> float:
    """Share of right answers."""
    ids = encoded(words, texts, model.size.context)
    found = [model.forward(p, rows, rows != PAD).argmax(axis=1) for rows in np.array_split(ids, -(-len(ids) // 200))]
    return float((np.concatenate(found) == labels).mean())
