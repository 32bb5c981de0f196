"""How the decoder learns: as half of a conditional variational autoencoder, with a classifier at its side.

The encoder and the classifier are thrown away when the decoder has learned.
"""

from typing import NamedTuple

import numpy as np

from pyapp.core.losses import softmax_cross_entropy
from pyapp.core.parameters import Parameters
from pyapp.core.rng import generator
from pyapp.digitgen.teacher import CLASSES, PIXELS, STYLES, Chain, decoder, shapes_of

SEES, JUDGES = (384, 256), (128,)  # hidden layers of the encoder and of the classifier


class Row(NamedTuple):
    """The parts of an input row, side by side: an image, its class as one-hot, and two draws of N(0, 1)."""

    image: np.ndarray  # B, 784
    label: np.ndarray  # B, K
    noise: np.ndarray  # B, S: moves the style that the encoder saw
    style: np.ndarray  # B, S: a style out of nothing

    @classmethod
    def of(cls, rows: np.ndarray) -> "Row":
        return cls(*np.split(rows, np.cumsum([PIXELS, CLASSES, STYLES]), axis=1))


class Out(NamedTuple):
    """The parts of an output row, side by side."""

    picture: np.ndarray  # B, 784: logits of the picture from the encoded style
    mean: np.ndarray  # B, S
    log_variance: np.ndarray  # B, S
    real: np.ndarray  # B, K: the classifier's logits of the image
    made: np.ndarray  # B, K: and of the picture from a style out of nothing

    @classmethod
    def of(cls, rows: np.ndarray) -> "Out":
        return cls(*np.split(rows, np.cumsum([PIXELS, STYLES, STYLES, CLASSES]), axis=1))


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + e^-x), from the exponential of a negative number, which cannot overflow."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, x.dtype.type(1), small) / (1 + small)


class Autoencoder:
    """x, y → μ, log σ² → z = μ + σ ε → picture (Kingma and Welling 2014; given the class, Sohn et al. 2015).

    Besides, y and a style that no image had → picture → classifier, whose answer should be y (Odena et al. 2017): an
    autoencoder alone has no reason to keep the class out of z, and then it writes another digit than it was asked for.
    """

    def __init__(self):
        self.encoder = Chain("encoder", (PIXELS + CLASSES, *SEES, 2 * STYLES))
        self.decoder = decoder()
        self.judge_real, self.judge_made = (Chain("judge", (PIXELS, *JUDGES, CLASSES)) for _ in "ab")  # same numbers

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return shapes_of([self.encoder, self.decoder, self.judge_real])

    def initial(self, seed: int, dtype: np.dtype | type = np.float32) -> Parameters:
        """Random parameters from a seed."""
        p, rng = Parameters(self.shapes, dtype), generator(seed, "weights")
        for part in (self.encoder, self.decoder, self.judge_real):
            for linear in part.linears:
                linear.initialise(p, rng)
        for part in (self.encoder, self.decoder):
            p[part.linears[-1].weight][:] *= p.vector.dtype.type(0.1)  # begin near N(0, 1) and near grey
        return p

    def forward(self, p: Parameters, rows: np.ndarray) -> np.ndarray:
        row = Row.of(rows)
        seen = self.encoder.forward(p, np.concatenate([row.image, row.label], axis=1))
        mean, log_variance = np.split(seen, 2, axis=1)
        self.moved = np.exp(log_variance / 2) * row.noise
        asked = np.concatenate([np.concatenate([row.label, mean + self.moved], axis=1),
                                np.concatenate([row.label, row.style], axis=1)])
        pictures = self.decoder.forward(p, asked)  # 2 B, 784
        self.made = sigmoid(pictures[len(rows) :])
        return np.concatenate([pictures[: len(rows)], seen, self.judge_real.forward(p, row.image),
                               self.judge_made.forward(p, self.made)], axis=1)

    def backward(self, p: Parameters, d: np.ndarray) -> None:
        """dμ = dz, d log σ² = dz · ε σ / 2, besides what the loss says of both. The classifier learns from images only:
        its gradient from the made pictures is overwritten."""
        out = Out.of(d)
        dmade = self.judge_made.backward(p, np.ascontiguousarray(out.made)) * self.made * (1 - self.made)
        self.judge_real.backward(p, np.ascontiguousarray(out.real), input_gradient=False)
        dasked = self.decoder.backward(p, np.concatenate([out.picture, dmade]))
        dstyle = dasked[: len(d), CLASSES:]
        dseen = np.concatenate([out.mean + dstyle, out.log_variance + dstyle * self.moved / 2], axis=1)
        self.encoder.backward(p, dseen, input_gradient=False)


class Loss:
    """Per picture in nats, averaged over the batch; l are the picture's logits:

    Σ_pixels [log(1 + e^l) - x l] + β/2 Σ_S (μ² + σ² - 1 - log σ²) + CE(image) + γ CE(made picture).
    """

    def __init__(self, beta: float, gamma: float):
        self.beta, self.gamma = beta, gamma

    def __call__(self, rows: np.ndarray, answer: np.ndarray,
                 labels: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """The loss, its gradient with respect to `answer`, and the classifier's probabilities for the made pictures."""
        image, out, scalar = rows[:, :PIXELS], Out.of(answer), answer.dtype.type
        b, n = scalar(self.beta), scalar(len(rows))
        reconstruction = float(np.logaddexp(0, out.picture).sum() - (image * out.picture).sum()) / len(rows)
        variance = np.exp(out.log_variance)
        divergence = float((out.mean**2 + variance - 1 - out.log_variance).sum()) / 2 / len(rows)
        real, dreal, _ = softmax_cross_entropy(out.real, labels)
        made, dmade, probabilities = softmax_cross_entropy(out.made, labels)
        gradient = [(sigmoid(out.picture) - image) / n, b * out.mean / n, b / 2 * (variance - 1) / n, dreal,
                    dmade * scalar(self.gamma)]
        total = reconstruction + self.beta * divergence + real + self.gamma * made
        return total, np.concatenate(gradient, axis=1), probabilities
