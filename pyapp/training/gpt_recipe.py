"""How the shipped GPT is made."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pyapp.core.optim import AdamW
from pyapp.core.parameters import Parameters
from pyapp.core.rng import generator
from pyapp.data.text import Vocabulary, windows
from pyapp.nets.gpt import GPT, SIZE, GPTSize, code_points
from pyapp.nets.next_token import evaluate, next_token
from pyapp.training.recipes import option
from pyapp.training.resumable import Checkpoint, hash_of, train_resumable
from pyapp.training.trainer import Trainer


@dataclass(frozen=True)
class GPTRecipe:
    """Everything that decides the weights besides the text. The defaults are the shipped recipe."""

    seed: int = option(1, "sets the first weights, order and dropout", least=0)
    steps: int = option(6000, "steps of training")
    rate: float = option(0.002, "peak learning rate, which then falls to zero along half a cosine")
    warmup: int = option(100, "steps in which the learning rate rises to its peak", least=0)
    batch: int = option(32, "windows averaged in one step", most=4096)
    dropout: float = option(0.1, "share of activations set to 0 in training, after each branch and the embedding",
                            least=0)
    decay: float = option(0.1, "weight decay of AdamW", least=0)
    beta2: float = option(0.99, "decay rate of AdamW's second moment", least=0)
    clip: float = option(1.0, "norm to which a longer gradient is scaled down")


def trainer_of(recipe: GPTRecipe, tokens: np.ndarray, characters: int, size: GPTSize = SIZE) -> Trainer:
    """A trainer on all windows of a text, in an order of its own, from random weights."""
    model = GPT(characters, size, recipe.dropout)
    p = model.initial(recipe.seed)
    optimiser = AdamW(p, recipe.rate, recipe.decay, recipe.beta2, recipe.clip)
    return Trainer(model, p, optimiser, *windows(tokens, size.context), recipe.seed, recipe.batch, loss=next_token)


def train_gpt(recipe: GPTRecipe, tokens: np.ndarray, characters: int, report: Callable[[str], None],
              held_out: np.ndarray | None = None, checkpoint: Path | None = None, size: GPTSize = SIZE,
              vocabulary: Vocabulary | None = None) -> tuple[GPT, Parameters]:
    """Train from random weights, or resume from a checkpoint of the same text; `report` gets a line every 500 steps,
    with the loss on `held_out`. A checkpoint that has the vocabulary can also generate text."""
    trainer = trainer_of(recipe, tokens, characters, size)
    model, p = trainer.model, trainer.p

    def drop(step: int) -> None:  # numbers that depend on the step alone need not be kept in a checkpoint
        model.drop(generator(recipe.seed, f"dropout {step}"))

    def judge() -> str:
        model.drop(None)
        return "" if held_out is None else f"held out {evaluate(model, p, held_out)['loss']:.4f}"

    extra = code_points(vocabulary) if vocabulary else {}
    data = [tokens, *([] if held_out is None else [held_out]), *extra.values()]
    train_resumable(trainer, recipe.steps, recipe.rate, recipe.warmup, report, drop, judge,
                    checkpoint=checkpoint and Checkpoint(checkpoint, recipe, hash_of(*data), "train gpt", extra))
    model.drop(None)
    return model, p
