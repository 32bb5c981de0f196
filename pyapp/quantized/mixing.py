"""Mixed precision: bits, or a number format, for each layer under a budget of bytes."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pyapp.core.parameters import Parameters
from pyapp.core.watching import Watch, last, unwatched
from pyapp.nets.mlp import MLP
from pyapp.quant.mixed import Choice, Width, allocate, pareto, total
from pyapp.quant.parameters import weight_names
from pyapp.quantized.network import Memo, QuantizedNetwork, Settings, quantize_network
from pyapp.quantized.sensitivity import BITS, Sensitivities, divergence, log_probabilities, sensitivities


class Choices:
    """What a table of sensitivities leaves to choose, for any budget; KL is the cost.

    `front` has the choices that no other beats in bytes and cost at once. `fixed_bytes` is the size of all that no
    choice changes.
    """

    def __init__(self, table: Sensitivities):
        self.table, self.fixed_bytes = table, 0
        self.front: list[Choice] = []

    def compare(self, fixed_bytes: int) -> None:
        """Find the front, once the table is whole."""
        self.fixed_bytes = fixed_bytes
        self.front = pareto(*self._costs_and_sizes(), fixed_bytes)

    def best_within(self, budget: float) -> Choice | None:
        """The largest choice of the front that fits, which is the cheapest; None if nothing fits."""
        return next((choice for choice in reversed(self.front) if choice.nbytes <= budget), None)

    def choose(self, budget: int) -> Choice:
        """`best_within`, but a ValueError says what would fit if nothing does."""
        return self.best_within(budget) or allocate(*self._costs_and_sizes(), budget, self.fixed_bytes)

    def choice(self, bits: dict[str, Width]) -> Choice:
        """Any bits per layer, on the front or not, with their bytes and the sum of their costs."""
        return total(*self._costs_and_sizes(), bits, self.fixed_bytes)

    def uniform(self, bits: Width) -> dict[str, Width]:
        """{layer: bits} with the same bits for every layer."""
        return dict.fromkeys(self.table, bits)

    def _costs_and_sizes(self) -> tuple[dict[str, dict[Width, float]], dict[str, dict[Width, int]]]:
        return tuple({name: {b: row[column] for b, row in rows.items()} for name, rows in self.table.items()}
                     for column in ("kl", "bytes"))


class Search(Choices):
    """Bits per layer for any budget, chosen by the layers' sensitivities (KL on calibration images).

    `run` finds the sensitivities piece by piece; only after it there are a `front` and choices. Labelled calibration
    images: float32 (N, 784) and int64 (N,).
    """

    def __init__(self, p: Parameters, settings: Settings, inputs: np.ndarray, labels: np.ndarray,
                 bits: tuple[Width, ...] = BITS):
        self.p, self.settings, self.inputs, self.labels, self.bits = p, settings, inputs, labels, bits
        super().__init__({name: {} for name in weight_names(p)})
        self._memo: Memo = {}

    def run(self) -> Iterator[None]:
        """Measure the sensitivities; yields after each layer and number of bits."""
        for name, b, row in sensitivities(self.p, self.settings, self.inputs, self.labels, self.bits, self._memo):
            self.table[name][b] = row
            yield
        whole = self.network(self.uniform(max(self.bits)))
        # biases, and the grids of the activations
        self.compare(whole.nbytes - sum(tensor.nbytes for tensor in whole.weights.tensors.values()))

    def network(self, bits: dict[str, Width]) -> QuantizedNetwork:
        """All layers quantised together, with activations if the settings have them."""
        return quantize_network(self.p, self.settings.at(tuple(bits.values())), self.inputs, self._memo)

    def divergence(self, network: QuantizedNetwork) -> float:
        """Mean KL(float || quantised) in nats of the whole network on the calibration images."""
        return divergence(self._exact, log_probabilities(network.simulated(), network.parameters, self.inputs))

    def forget(self) -> None:
        """Free what is kept to make further networks quickly."""
        self._memo.clear()

    @cached_property
    def _exact(self) -> np.ndarray:
        return log_probabilities(MLP.of(self.p), self.p, self.inputs)


@dataclass(frozen=True)
class Mix:
    """What the search saw and chose, and the network that was made of it."""

    table: Sensitivities
    front: list[Choice]
    chosen: Choice
    network: QuantizedNetwork
    kl: float  # of the whole network, measured on the calibration images; chosen.cost is the prediction


def mix(p: Parameters, settings: Settings, budget: int, inputs: np.ndarray, labels: np.ndarray,
        bits: tuple[Width, ...] = BITS, watch: Watch = unwatched) -> Mix:
    """Choose each layer's bits within `budget` bytes for everything, then quantise all layers together.

    ValueError if nothing fits.
    """
    search = Search(p, settings, inputs, labels, bits)
    last(search.run(), len(search.table) * len(bits), watch)
    chosen = search.choose(budget)
    network = search.network(chosen.bits)
    return Mix(search.table, search.front, chosen, network, search.divergence(network))
