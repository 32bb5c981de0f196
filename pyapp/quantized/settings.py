"""How the digits network is quantised: every setting, and which of them do not go together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from pyapp.quant.adaround import RECONSTRUCTIONS
from pyapp.quant.alone import ALONE, ROUND, Alone, check_alone
from pyapp.quant.calibrate import CLIPS, RANGES, TOKEN
from pyapp.quant.mixed import Width
from pyapp.quant.parameters import ROTATED, UNPREPARED, Encoded
from pyapp.quant.schemes import GRID, SCHEMES, Granularity, check_bits

AFTER_TRAINING = ("round", "stochastic", "hqq", "adaround", "gptq")
METHODS = (*AFTER_TRAINING, "qat")  # qat trains: see pyapp.quantized.trained
OF_GRIDS = ("bits", "scheme", "per", "clip")  # settings that number formats have of their own


@dataclass(frozen=True)
class Settings:
    """How a network is quantised after training. ValueError names a setting that makes no sense."""

    bits: int | tuple[int, ...] = 8  # of the weights; one number, or one for each layer
    scheme: str = "symmetric"
    per: str = "tensor"
    activations: int | None = None  # bits of the activations; None leaves them float
    calibrate: str = "minmax"  # how the ranges of the activations are found
    method: str = "round"
    clip: str = "minmax"  # range of the weights: all of them, or the one with the least squared error
    bias_correction: bool = False
    seed: int = 1  # of AdaRound and of stochastic rounding
    reconstruction: str = "symmetric"  # what AdaRound keeps: x̂ Wᵀ, or the float32 network's x Wᵀ ("asymmetric")
    format: str | tuple[str, ...] = GRID  # of the weights, by name, or one for each layer; "grid" has the bits above
    prepare: str = UNPREPARED  # how the float32 network is changed first, see pyapp.quantized.preparation

    def __post_init__(self):
        for bits in self.layer_bits(1):
            check_bits(bits)
        if self.activations is not None:
            check_bits(self.activations, "activations")
        Granularity.parse(self.per)
        for name, value, allowed in (("scheme", self.scheme, SCHEMES), ("calibrate", self.calibrate, RANGES),
                                     ("method", self.method, METHODS), ("clip", self.clip, CLIPS),
                                     ("reconstruction", self.reconstruction, RECONSTRUCTIONS)):
            if value not in allowed:
                raise ValueError(f"{name} is {value!r}; use one of {', '.join(allowed)}")
        check_alone(self.method, self.clip, self.scheme)
        if self.format != GRID:
            from pyapp.quant.formats.catalogue import check_choice  # here, because the first page has no formats
            for name in self.layer_formats(1):
                check_choice(name, vars(self), {name: getattr(Settings, name) for name in OF_GRIDS})
            if self.method != "round":
                raise ValueError(f'method is "{self.method}", which finds codes on uniform grids; with a format, use '
                                 'method="round"')
        if self.prepare != UNPREPARED:
            from pyapp.quantized.preparation import check  # here, because the first page prepares nothing
            check(self.prepare, transformer=False, rounds=True, activations=self.activations)
            if self.method == "qat":
                raise ValueError(f'prepare is "{self.prepare}", and method "qat" trains weights of its own; use one of '
                                 f"{', '.join(AFTER_TRAINING)}")

    def layer_bits(self, layers: int) -> tuple[int, ...]:
        return self.bits if isinstance(self.bits, tuple) else (self.bits,) * layers

    def layer_formats(self, layers: int) -> tuple[str, ...]:
        return self.format if isinstance(self.format, tuple) else (self.format,) * layers

    def at(self, width: Width | tuple[Width, ...]) -> "Settings":
        """These settings with other bits, or with number formats by name, for all layers or for each."""
        first = width[0] if isinstance(width, tuple) else width
        return replace(self, **{"format" if isinstance(first, str) else "bits": width})

    def alone(self, name: str, names: Sequence[str]) -> Callable[[np.ndarray], Encoded]:
        """The encoder of the weight matrix `name`, one of all `names`, without inputs: methods that need them (GPTQ,
        AdaRound, QAT) are replaced by rounding to nearest."""
        at, layers = names.index(name), len(names)
        if (format := self.layer_formats(layers)[at]) != GRID:
            from pyapp.quant.formats.catalogue import find
            return find(format).encode
        method = self.method if self.method in ALONE else ROUND
        return partial(Alone(self.layer_bits(layers)[at], self.scheme, self.per, self.clip, method, self.seed),
                       name=name)

    @property
    def calibrated(self) -> bool:
        """Whether quantisation depends on the inputs that flow through the network, not on the weights alone."""
        ranges = self.activations is not None and self.calibrate != TOKEN
        return (ranges or self.method in ("gptq", "adaround") or self.bias_correction
                or self.prepare not in (UNPREPARED, ROTATED, "equalise"))
