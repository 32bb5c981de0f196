"""How much each matrix of a transformer suffers from few bits or a number format, and a choice for each under a budget
of bytes. Everything else stays float32."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pyapp.core.parameters import Parameters
from pyapp.core.watching import Watch, unwatched
from pyapp.nets.gpt import GPT
from pyapp.nets.vit import ViT
from pyapp.quant.mixed import Choice, Width
from pyapp.quant.parameters import QuantizedParameters, assemble, weight_names
from pyapp.quant.schemes import FLOAT_BYTES
from pyapp.quantized.mixing import Choices
from pyapp.quantized.sensitivity import Row, Sensitivities, log_probabilities, scores
from pyapp.quantized.transformer import TransformerSettings, encoded

Ways = Mapping[Width, TransformerSettings]  # how a matrix can be encoded, by its bits or its format


@dataclass(frozen=True)
class Judged:
    """A float32 network and what it is judged on: inputs and labels in pieces that are computed at once, images
    (N, 784) with classes (N,), or tokens (B, T) with those that follow (B, T)."""

    model: ViT | GPT
    p: Parameters
    parts: Sequence[tuple[np.ndarray, np.ndarray]]

    @cached_property
    def labels(self) -> np.ndarray:
        """The labels of all pieces, one after the other."""
        return np.concatenate([labels.reshape(-1) for _, labels in self.parts])

    @cached_property
    def exact(self) -> np.ndarray:
        """The float32 network's log probabilities (N, classes)."""
        return self._found(self.p)

    @property
    def loss(self) -> float:
        """The float32 network's cross-entropy in nats."""
        return float(-self.exact[np.arange(len(self.labels)), self.labels].mean())

    def scores(self, p: Parameters) -> Row:
        """kl, loss (the increase) and accuracy of other weights, as in `pyapp.quantized.sensitivity.sensitivity`."""
        return scores(self.exact, self._found(p), self.labels)

    def _found(self, p: Parameters) -> np.ndarray:
        return np.concatenate([log_probabilities(self.model, p, inputs) for inputs, _ in self.parts])


def sensitivity_of_matrices(judged: Judged, ways: Ways, watch: Watch = unwatched) -> Sensitivities:
    """What each weight matrix, embeddings too, costs in each way, with it alone quantised: rows as those of
    `pyapp.quantized.sensitivity.sensitivity`. Codes come from the matrix itself, not from inputs."""
    names = weight_names(judged.p)
    table: Sensitivities = {name: {} for name in names}
    for done, (name, width) in enumerate([(name, width) for name in names for width in ways], 1):
        tensor = encoded(judged.p[name], ways[width], name)
        table[name][width] = {**judged.scores(assemble(judged.p, {name: tensor}).parameters), "bytes": tensor.nbytes}
        watch(done, len(names) * len(ways))
    return table


@dataclass(frozen=True)
class MatrixMix:
    """What was seen and chosen, and the weights that were made of it."""

    front: list[Choice]
    chosen: Choice  # its cost is the prediction of `kl`
    weights: QuantizedParameters
    kl: float  # of the whole network, measured on what the choice was made by


def mix_matrices(judged: Judged, ways: Ways, budget: int, watch: Watch = unwatched) -> MatrixMix:
    """Choose each matrix's way within `budget` bytes for everything, then quantise all of them. ValueError if nothing
    fits."""
    choices = Choices(sensitivity_of_matrices(judged, ways, watch))
    choices.compare(sum(judged.p[name].size for name in judged.p if name not in choices.table) * FLOAT_BYTES)
    chosen = choices.choose(budget)
    weights = assemble(judged.p, {name: encoded(judged.p[name], ways[width], name)
                                  for name, width in chosen.bits.items()})
    return MatrixMix(choices.front, chosen, weights, judged.scores(weights.parameters)["kl"])
