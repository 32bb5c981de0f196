"""The block that both transformers are made of. B sequences of T tokens are R = B·T rows of C columns."""

from collections.abc import Callable, Mapping

import numpy as np

from pyapp.core.activations import GELU
from pyapp.core.attention import Attention, Cache, float_softmax
from pyapp.core.dropout import Dropout
from pyapp.core.engine import accelerated
from pyapp.core.layers import Linear
from pyapp.core.norm import LayerNorm
from pyapp.core.parameters import Parameters

Shapes = Mapping[str, tuple[int, ...]]
# (block, parameters, rows (R, C), tokens per sequence, queries per sequence) -> what `Block.infer` gives, or None
AtOnce = Callable[["Block", Parameters, np.ndarray, int, int], np.ndarray | None]


class Block:
    """x ← x + attention(norm(x)), then x ← x + W₂ GELU(W₁ norm(x)): the pre-norm block (Xiong et al. 2020, figure 1b),
    which trains without a warm-up of many steps."""

    def __init__(self, name: str, width: int, heads: int, hidden: int, causal: bool = False, dropout: float = 0.0):
        self.norm1, self.norm2 = LayerNorm(f"{name}.norm1", width), LayerNorm(f"{name}.norm2", width)
        self.attention = Attention(f"{name}.attention", width, heads, causal)
        self.up, self.down = Linear(f"{name}.up", width, hidden), Linear(f"{name}.down", hidden, width)
        self.gelu = GELU()
        self.dropouts = [Dropout(dropout), Dropout(dropout)]
        self.at_once: AtOnce = in_float

    @property
    def linears(self) -> list[Linear]:
        return [*self.attention.linears, self.up, self.down]

    @property
    def shapes(self) -> Shapes:
        return shapes_of([self.norm1, *self.attention.linears, self.norm2, self.up, self.down])

    def initialise(self, p: Parameters, rng: np.random.Generator, blocks: int) -> None:
        """W ~ N(0, 1/I), and 1/(2·blocks) of that variance for the two matrices that add to the stream, so that it does
        not grow with the depth (Radford et al. 2019, section 2.3)."""
        for norm in (self.norm1, self.norm2):
            norm.initialise(p, rng)
        for linear in self.linears:
            adds = linear in (self.attention.out, self.down)
            initialise(linear, p, rng, 1 / (2 * blocks) if adds else 1.0)

    def forward(self, p: Parameters, x: np.ndarray, tokens: int, cache: Cache | None = None) -> np.ndarray:
        if len(x) == 1 and type(cache) is Cache and self.plain:
            y = x.copy()
            probabilities = one_token(y, [p[name] for name in self.shapes], cache)
            if probabilities is not None:
                self.attention.probabilities = probabilities
                return y
        return self._add(p, x, self.attention.forward(p, self.norm1.forward(p, x), tokens, cache))

    def infer(self, p: Parameters, x: np.ndarray, tokens: int, queries: int) -> np.ndarray:
        """The first `queries` rows of each sequence, 1 or all, (B·queries, C), as `forward` gives them; one row is less
        than half the work. Neither `backward` nor the attention's probabilities can follow."""
        if (y := self.at_once(self, p, x, tokens, queries)) is not None:
            return y
        attended = self.attention.forward(p, self.norm1.forward(p, x), tokens, queries=queries)
        return self._add(p, x.reshape(-1, tokens, x.shape[1])[:, :queries].reshape(-1, x.shape[1]), attended)

    def _add(self, p: Parameters, x: np.ndarray, attended: np.ndarray) -> np.ndarray:
        x = x + self.dropouts[0].forward(p, attended)
        hidden = self.gelu.forward(p, self.up.forward(p, self.norm2.forward(p, x)))
        return x + self.dropouts[1].forward(p, self.down.forward(p, hidden))

    @property
    def plain(self) -> bool:
        """Whether a kernel can run the whole block in float: there is neither dropout nor anything quantised."""
        return (type(self.attention) is Attention and self.attention.softmax is float_softmax
                and all(type(each) is Linear for each in self.linears)
                and all(each.rng is None for each in self.dropouts))

    def backward(self, p: Parameters, dx: np.ndarray) -> np.ndarray:
        dhidden = self.down.backward(p, self.dropouts[1].backward(p, dx))
        dx = dx + self.norm2.backward(p, self.up.backward(p, self.gelu.backward(p, dhidden)))
        return dx + self.norm1.backward(p, self.attention.backward(p, self.dropouts[0].backward(p, dx)))


@accelerated
def one_token(x: np.ndarray, parameters: list[np.ndarray], cache: Cache) -> np.ndarray | None:
    """A block for one new token x (1, C) of a text, in place, if a kernel does that in one call: the parameters are in
    the order of `Block.shapes`. It gives the probabilities (1, H, 1, S); None if `Block.forward` has to do it."""
    return None


@accelerated
def in_float(block: Block, p: Parameters, x: np.ndarray, tokens: int, queries: int) -> np.ndarray | None:
    """`Block.infer` in one call of a kernel, or None if the layers have to do it."""
    return None


def initialise(linear: Linear, p: Parameters, rng: np.random.Generator, gain: float = 1.0) -> None:
    """W ~ N(0, gain / I), b = 0."""
    linear.initialise(p, rng)  # N(0, 2 / I)
    p[linear.weight][...] *= p.vector.dtype.type((gain / 2) ** 0.5)


def shapes_of(layers: list) -> dict[str, tuple[int, ...]]:
    """The shapes of the parameters of layers or blocks, in their order."""
    return {name: shape for layer in layers for name, shape in layer.shapes.items()}
