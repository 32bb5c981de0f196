"""What a search for mixed precision predicted, measured: sensitivities do not simply add up, so each network is judged
as a whole."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pyapp.core.parameters import Parameters
from pyapp.measure.mistakes import Mistakes
from pyapp.nets.mlp import MLP
from pyapp.quant.mixed import Choice
from pyapp.quantized.mixing import Search
from pyapp.quantized.network import QuantizedNetwork
from pyapp.training.trainer import judge

NEAR = 0.02  # of a uniform network's bytes: how much larger a mixture may be and still count as of its size
Bits = tuple[int, ...]


@dataclass(frozen=True)
class Verified:
    """One network, all layers quantised together."""

    nbytes: int
    kl: float  # mean KL(float || quantised) in nats on the calibration images: what the sum of costs predicts
    mistakes: Mistakes  # on the held-out images, which no choice has seen

    @cached_property
    def accuracy(self) -> float:
        """Share of the held-out images that are classified correctly."""
        return float(self.mistakes.right.mean())


class Verification:
    """Every choice of a search's front, and the networks with the same bits in all layers, measured piece by piece.

    Held-out images float32 (N, 784) and labels int64 (N,).
    """

    def __init__(self, search: Search, images: np.ndarray, labels: np.ndarray):
        self.search, self.images, self.labels = search, images, labels
        self.float32: Mistakes | None = None  # of the unquantised network
        self.verified: dict[Bits, Verified] = {}
        self.wanted: Choice | None = None  # is measured before the others
        self._work = self._pieces()

    @property
    def float_accuracy(self) -> float | None:
        return self.float32 and float(self.float32.right.mean())

    def advance(self) -> bool:
        """Do the next piece of work; False if none is left."""
        return next(self._work, False)

    @cached_property
    def uniform(self) -> list[Choice]:
        """The choices with the same bits in every layer; like `choices`, only after the search has ended."""
        return [self.search.choice(self.search.uniform(b)) for b in self.search.bits]

    @cached_property
    def choices(self) -> dict[Bits, Choice]:
        """The front and the uniform networks, from the smallest to the largest."""
        everything = sorted([*self.search.front, *self.uniform], key=lambda choice: (choice.nbytes, choice.cost))
        return {key(choice): choice for choice in everything}

    @cached_property
    def front(self) -> set[Bits]:
        """The bits of choices that no other beats, by prediction."""
        return {key(choice) for choice in self.search.front}

    def of(self, choice: Choice) -> Verified | None:
        """The measurement of a choice; None if there is none yet."""
        return self.verified.get(key(choice))

    def within(self, budget: float) -> Choice | None:
        """The largest uniform network that fits, if one does."""
        return max((choice for choice in self.uniform if choice.nbytes <= budget),
                   key=lambda choice: choice.nbytes, default=None)

    def rivals(self, uniform: Choice) -> tuple[Choice | None, Choice | None]:
        """What the search chooses in no more bytes than a uniform network, and in a few more (NEAR)."""
        return tuple(self.search.best_within((1 + more) * uniform.nbytes) for more in (0, NEAR))

    def ratios(self) -> list[float]:
        """Measured over predicted divergence of every choice that was measured."""
        return [found.kl / self.choices[bits].cost for bits, found in self.verified.items()]

    def _pieces(self) -> Iterator[bool]:
        for _ in self.search.run():
            yield True
        self.float32 = yield from self._mistakes(MLP.of(self.search.p), self.search.p)
        while choice := self._next():
            self.verified[key(choice)] = yield from self._verify(self.search.network(choice.bits))
        self.search.forget()

    def _next(self) -> Choice | None:
        """The next choice to measure: the wanted one, then those to compare with, then the front from the smallest."""
        order = [self.wanted, *self.uniform, *(c for uniform in self.uniform for c in self.rivals(uniform)),
                 *self.search.front]
        return next((choice for choice in order if choice and key(choice) not in self.verified), None)

    def _verify(self, network: QuantizedNetwork) -> Generator[bool, None, Verified]:
        yield True
        kl = self.search.divergence(network)
        yield True
        return Verified(network.nbytes, kl, (yield from self._mistakes(network.simulated(), network.parameters)))

    def _mistakes(self, model: MLP, p: Parameters) -> Generator[bool, None, Mistakes]:
        for result in judge(model, p, self.images, self.labels):
            if result is None:
                yield True
        return Mistakes(result["answers"], self.labels)


def key(choice: Choice) -> Bits:
    """A choice's bits, layer by layer."""
    return tuple(choice.bits.values())
