"""Mixed precision for the digits network: bits for each layer under a budget of bytes."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pyapp.core.parameters import Parameters
from pyapp.models.quantized import QuantizedNetwork, Settings, quantize_network
from pyapp.models.sensitivity import BITS, sensitivity, unquantised_nbytes
from pyapp.quant.mixed import Choice, allocate, pareto
from pyapp.quant.parameters import weight_names


@dataclass(frozen=True)
class Mix:
    """What the search saw and chose, and the network that was made of it."""

    table: dict[str, dict[int, dict[str, Any]]]  # see sensitivity
    front: list[Choice]  # no other choice is smaller and cheaper at once
    chosen: Choice
    network: QuantizedNetwork


def mix(p: Parameters, settings: Settings, budget: int, inputs: np.ndarray, labels: np.ndarray,
        bits: tuple[int, ...] = BITS) -> Mix:
    """Choose each layer's bits by its sensitivity (KL on calibration images), then quantise all layers together.

    The best choice within the budget is the largest of the front that fits; ValueError if none does.
    """
    table = sensitivity(p, settings, inputs, labels, bits)
    costs = {name: {b: row["kl"] for b, row in rows.items()} for name, rows in table.items()}
    sizes = {name: {b: row["bytes"] for b, row in rows.items()} for name, rows in table.items()}
    fixed = unquantised_nbytes(p)
    front = pareto(costs, sizes, fixed)
    fitting = [choice for choice in front if choice.nbytes <= budget]
    chosen = fitting[-1] if fitting else allocate(costs, sizes, budget, fixed)  # which says what would fit
    layers = tuple(chosen.bits[name] for name in weight_names(p))
    return Mix(table, front, chosen, quantize_network(p, replace(settings, bits=layers), inputs))
