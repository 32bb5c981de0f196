"""`trace` for a network that is quantised in simulation: which of its operations compute in floats."""

from typing import Any

import numpy as np

from pyapp.core import engine
from pyapp.core.parameters import Parameters
from pyapp.nets.gpt import GPT
from pyapp.nets.vit import ViT
from pyapp.quantized.trace import Operation, Trace, watched
from pyapp.quantized.transformer import QuantizedTransformer

# What a block computes between two of its layers, by the layer before it.
BETWEEN = {"qkv": ("scores", "matmul"), "softmax": ("weighted", "matmul"), "out": ("add1", "residual add"),
           "down": ("add2", "residual add")}
KINDS = {"norm1": "LayerNorm", "norm2": "LayerNorm", "gelu": "GELU", "softmax": "softmax"}


class _Watch:
    """Notes what watched arrays do in the operation that runs now, whichever operation they come from."""

    def __init__(self):
        self.trace = Trace()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.trace.operations[-1], name)

    def begin(self, name: str, kind: str, x: np.ndarray) -> np.ndarray:
        """The array, watched as the input of a new operation."""
        found = Operation(name, kind, [str(x.dtype)], [x.shape])
        if x.dtype.kind == "f":
            found.floats.append(f"input {x.dtype}")
        self.trace.operations.append(found)
        return watched(x, self)

    def end(self, y: np.ndarray) -> None:
        self.trace.operations[-1].ends(y)


class _Layer:
    """A layer that is traced as an operation; another operation may begin where it ends."""

    def __init__(self, watch: _Watch, name: str, kind: str, layer: Any, then: tuple[str, str] | None = None):
        self.watch, self.name, self.kind, self.layer, self.then = watch, name, kind, layer, then

    def __getattr__(self, name: str) -> Any:
        return getattr(self.layer, name)

    def forward(self, p: Parameters, x: np.ndarray) -> np.ndarray:
        return self._watched(x, lambda given: self.layer.forward(p, given))

    def __call__(self, scores: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
        """As `Attention.softmax`."""
        return self._watched(scores, lambda given: self.layer(given, mask))

    def _watched(self, x: np.ndarray, run: Any) -> np.ndarray:
        if self.watch.trace.operations and not self.watch.trace.operations[-1].output:
            self.watch.end(x)  # of what was computed since the last layer
        y = run(self.watch.begin(self.name, self.kind, x))
        self.watch.end(y)
        return self.watch.begin(*self.then, y) if self.then else y


def trace_simulated(network: QuantizedTransformer, inputs: np.ndarray) -> Trace:
    """The operations of one pass of `quantize_vit` on images (B, 784) or `quantize_gpt` on tokens (B, T).

    Queries, keys and values are one operation, as are a shift and its softmax. The network is not for use after that.
    """
    model, watch = network.model, _Watch()
    _wrap(model, watch)
    with engine.using(engine.NUMPY):
        logits = model.forward(network.parameters, inputs)
    if not watch.trace.operations[-1].output:
        watch.end(logits)
    return watch.trace


def _wrap(model: ViT | GPT, watch: _Watch) -> None:
    add = ("add", "residual add")
    if isinstance(model, ViT):
        model.embed = _Layer(watch, "patch", "linear", model.embed, add)
        model.norm, model.head = _Layer(watch, "norm", "LayerNorm", model.norm), _Layer(watch, "head", "linear",
                                                                                        model.head)
    else:
        tokens = model.tokens
        model.tokens = _Layer(watch, "tokens", "embedding", tokens)
        model.places = _Layer(watch, "places", "embedding", model.places, add)
        model.norm = _Layer(watch, "norm", "LayerNorm", model.norm, ("head", "linear"))
    for i, block in enumerate(model.blocks, 1):
        for owner, names in ((block.attention, ("qkv", "softmax", "out")),
                             (block, ("norm1", "norm2", "up", "gelu", "down"))):
            for name in names:
                then = BETWEEN.get(name)
                setattr(owner, name, _Layer(watch, f"block{i}.{name}", KINDS.get(name, "linear"),
                                            getattr(owner, name), then and (f"block{i}.{then[0]}", then[1])))
