"""The budget as a decision: the smallest network that keeps an accuracy, found by measuring.

Candidates are the best mixtures of bits by sensitivity (pyapp.quantized.mixing), both rounded and by GPTQ, with the
same activations, and the shipped networks that were trained with quantisation from these weights. Each is measured as
a whole, smallest first, until one keeps the accuracy.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pyapp import store
from pyapp.core.parameters import Parameters
from pyapp.core.watching import Watch, last, unwatched
from pyapp.data.mnist import Digits
from pyapp.measure.measure import measure
from pyapp.nets.mlp import TRAINED, trained_path
from pyapp.quantized.mixing import Search
from pyapp.quantized.network import QuantizedNetwork, Settings
from pyapp.quantized.trained import serves, shipped

METHODS = ("round", "gptq")


@dataclass(frozen=True)
class Candidate:
    """A network that could be exported; it is only made when it is measured."""

    settings: Settings  # with bits for each layer
    nbytes: int
    make: Callable[[], QuantizedNetwork] = field(repr=False)


@dataclass(frozen=True)
class Tried:
    """A candidate with its measurements."""

    candidate: Candidate
    network: QuantizedNetwork
    measured: dict[str, Any]

    @property
    def accuracy(self) -> float:
        return self.measured["accuracy"]


def candidates(p: Parameters, settings: Settings, inputs: np.ndarray, labels: np.ndarray,
               watch: Watch = unwatched) -> list[Candidate]:
    """Everything that may be tried for the weights p, smallest first. `settings` are those of the mixtures, without
    bits and method; each layer's sensitivity is measured on labelled calibration images."""
    found = list(_trained(p))
    for done, method in enumerate(METHODS):
        search = Search(p, replace(settings, method=method), inputs, labels)
        pieces = len(search.table) * len(search.bits)
        last(search.run(), pieces, lambda at, of, done=done: watch(done * of + at, len(METHODS) * of))
        found += [_of(search, choice.bits, choice.nbytes) for choice in search.front]
    return sorted(found, key=lambda candidate: candidate.nbytes)


def _of(search: Search, bits: dict[str, int], nbytes: int) -> Candidate:
    return Candidate(replace(search.settings, bits=tuple(bits.values())), nbytes, lambda: search.network(bits))


def _trained(p: Parameters) -> Iterator[Candidate]:
    """The shipped networks that were trained with quantisation from p."""
    for bits in TRAINED:
        if store.is_made(trained_path(bits)):
            facts = store.recipe(trained_path(bits))
            settings = Settings(bits, per=facts["per"], activations=facts["activations"], method="qat",
                                seed=facts["seed"])
            if serves(facts, p, settings):
                network = shipped(bits)
                yield Candidate(settings, network.nbytes, lambda network=network: network)


def tried(all_of_them: list[Candidate], digits: Digits, keep: float) -> Iterator[Tried]:
    """The candidates measured one after the other; the last one keeps the accuracy, unless none does."""
    for candidate in all_of_them:
        network = candidate.make()
        yield (found := Tried(candidate, network, measure(network, digits)))
        if found.accuracy >= keep:
            return


def decided(found: list[Tried], most: int, keep: float) -> Tried:
    """The last one tried, if it keeps the accuracy within `most` bytes. ValueError says what is possible instead."""
    best = max((each for each in found if each.candidate.nbytes <= most), key=lambda each: each.accuracy, default=None)
    within = (f"the best within {most:,} bytes keeps {best.accuracy:.2%}" if best else
              f"no network here has {most:,} bytes or fewer")
    last_one = found[-1]
    if last_one.accuracy < keep:
        most_exact = max(found, key=lambda each: each.accuracy)
        raise ValueError(f"no network here keeps {keep:.2%}; the most accurate keeps {most_exact.accuracy:.2%} in "
                         f"{most_exact.candidate.nbytes:,} bytes, and {within}; ask for less accuracy")
    if last_one.candidate.nbytes > most:
        raise ValueError(f"{within}; the smallest that keeps {keep:.2%} needs {last_one.candidate.nbytes:,} bytes; "
                         "allow more bytes, or ask for less accuracy")
    return last_one
