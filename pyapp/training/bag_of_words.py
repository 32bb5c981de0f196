"""A baseline that only counts words, for networks that read their order."""

import numpy as np

from pyapp.core.layers import Linear
from pyapp.core.optim import Adam
from pyapp.core.parameters import Parameters
from pyapp.core.rng import generator
from pyapp.training.trainer import Trainer, evaluate

HIDDEN, EPOCHS, BATCH, RATE = 64, 5, 128, 0.003


class BagOfWords:
    """Counts → 64 ReLU → logits: told how often each token is there, and not where."""

    def __init__(self, tokens: int, classes: int):
        self.up, self.down = Linear("up", tokens, HIDDEN), Linear("down", HIDDEN, classes)
        self.shapes = self.up.shapes | self.down.shapes

    def initial(self, seed: int) -> Parameters:
        p, rng = Parameters(self.shapes), generator(seed, "weights")
        self.up.initialise(p, rng)
        self.down.initialise(p, rng)
        return p

    def forward(self, p: Parameters, counts: np.ndarray) -> np.ndarray:
        return self.down.forward(p, self.up.forward(p, counts, relu=True))

    def backward(self, p: Parameters, dlogits: np.ndarray) -> None:
        self.up.backward(p, self.down.backward(p, dlogits, after_relu=True), input_gradient=False)


def counts(ids: np.ndarray, tokens: int) -> np.ndarray:
    """How often each token is in each row of ids (N, T), float32 (N, tokens)."""
    found = np.zeros((len(ids), tokens), np.float32)
    np.add.at(found, (np.arange(len(ids))[:, None], ids), np.float32(1))
    return found


def baseline(training: tuple[np.ndarray, np.ndarray], held_out: tuple[np.ndarray, np.ndarray], tokens: int,
             seed: int = 1) -> float:
    """Accuracy on held-out texts of a bag of words trained on others; each are ids (N, T) and labels (N,)."""
    (ids, labels), (other_ids, other_labels) = training, held_out
    model = BagOfWords(tokens, int(labels.max()) + 1)
    p = model.initial(seed)
    trainer = Trainer(model, p, Adam(p, RATE), counts(ids, tokens), labels, seed, BATCH)
    while trainer.epoch < EPOCHS:
        trainer.step()
    return evaluate(model, p, counts(other_ids, tokens), other_labels)["accuracy"]
