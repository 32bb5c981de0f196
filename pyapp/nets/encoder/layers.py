"""What a MobileBERT layer is made of (Sun et al. 2020, section 3), each part with its backward pass.

Parameters have the names of Hugging Face's checkpoints. Shapes: B texts of T tokens, R = B·T rows, C columns of the
stream between layers, I inner columns, H heads of D = I/H columns.
"""

import numpy as np

from pyapp.core.attention import Softmax, by_head, float_softmax, gradients, scores_of, weighted
from pyapp.core.layers import Linear
from pyapp.core.parameters import Parameters
from pyapp.nets.transformer import initialise, shapes_of


class NoNorm:
    """y = g · x + b for each column, without mean or variance (Sun et al. 2020, section 3.4): faster than LayerNorm.

    Checkpoints call it LayerNorm all the same.
    """

    def __init__(self, name: str, width: int):
        self.weight, self.bias = f"{name}.weight", f"{name}.bias"
        self.shapes = {self.weight: (width,), self.bias: (width,)}

    def initialise(self, p: Parameters, rng: np.random.Generator) -> None:
        """Gain 1 and shift 0."""
        p[self.weight][:], p[self.bias][:] = 1.0, 0.0

    def forward(self, p: Parameters, x: np.ndarray) -> np.ndarray:
        self.x = x  # R, C
        return x * p[self.weight] + p[self.bias]

    def backward(self, p: Parameters, dy: np.ndarray) -> np.ndarray:
        np.einsum("rc,rc->c", dy, self.x, out=p.grad[self.weight])
        dy.sum(axis=0, out=p.grad[self.bias])
        return dy * p[self.weight]


class Projected:
    """y = NoNorm(x Wᵀ + b + residual), for rows x (R, I) and a residual (R, O) or none."""

    def __init__(self, name: str, inputs: int, outputs: int):
        self.dense, self.norm = Linear(f"{name}.dense", inputs, outputs), NoNorm(f"{name}.LayerNorm", outputs)
        self.shapes = shapes_of([self.dense, self.norm])

    def initialise(self, p: Parameters, rng: np.random.Generator, gain: float = 1.0) -> None:
        """W ~ N(0, gain / I), and no bias."""
        initialise(self.dense, p, rng, gain)
        self.norm.initialise(p, rng)

    def forward(self, p: Parameters, x: np.ndarray, residual: np.ndarray | None = None) -> np.ndarray:
        y = self.dense.forward(p, x)  # R, O
        return self.norm.forward(p, y if residual is None else y + residual)

    def backward(self, p: Parameters, dy: np.ndarray, after_relu: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """dL/dx and dL/dresidual; with `after_relu`, x came out of a ReLU and its gradient is the one before that."""
        dsum = self.norm.backward(p, dy)
        return self.dense.backward(p, dsum, after_relu=after_relu), dsum


class FeedForward:
    """y = NoNorm(W₂ ReLU(W₁ x) + x): inner columns to hidden ones and back."""

    def __init__(self, name: str, width: int, hidden: int):
        self.up = Linear(f"{name}.intermediate.dense", width, hidden)
        self.down = Projected(f"{name}.output", hidden, width)
        self.shapes = shapes_of([self.up, self.down])

    def initialise(self, p: Parameters, rng: np.random.Generator, gain: float) -> None:
        self.up.initialise(p, rng)
        self.down.initialise(p, rng, gain)

    def forward(self, p: Parameters, x: np.ndarray) -> np.ndarray:
        return self.down.forward(p, self.up.forward(p, x, relu=True), x)

    def backward(self, p: Parameters, dy: np.ndarray) -> np.ndarray:
        dhidden, dx = self.down.backward(p, dy, after_relu=True)
        return dx + self.up.backward(p, dhidden)


class BottleneckAttention:
    """NoNorm(concat_h(softmax(q kᵀ / √D) v) Woᵀ + bo + residual), q and k of one narrow input, v of the wide stream.

    `softmax` may be replaced for inference, by a quantised one for example. After `forward`, `probabilities`
    (B, H, T, T) are what the heads looked at.
    """

    def __init__(self, name: str, width: int, inner: int, heads: int):
        if inner % heads:
            raise ValueError(f"{heads} heads cannot share {inner} columns; use a divisor")
        self.query, self.key = (Linear(f"{name}.self.{part}", inner, inner) for part in ("query", "key"))
        self.value, self.out = Linear(f"{name}.self.value", width, inner), Projected(f"{name}.output", inner, inner)
        self.heads, self.depth = heads, inner // heads
        self.softmax: Softmax = float_softmax
        self.shapes = shapes_of([self.query, self.key, self.value, self.out])

    def initialise(self, p: Parameters, rng: np.random.Generator, gain: float) -> None:
        for linear in (self.query, self.key, self.value):
            initialise(linear, p, rng)
        self.out.initialise(p, rng, gain)

    def forward(self, p: Parameters, shared: np.ndarray, x: np.ndarray, residual: np.ndarray, tokens: int,
                mask: np.ndarray | None = None) -> np.ndarray:
        """(R, I) for the shared input (R, I), the stream x (R, C) and the residual (R, I), T = `tokens` per text. The
        mask, bool (B, 1, 1, T), is True for tokens that may be attended to; without one all may."""
        q = self.query.forward(p, shared)
        q *= q.dtype.type(self.depth**-0.5)  # before the product: q has fewer numbers than q kᵀ
        self.q, self.k, self.v = (by_head(rows, tokens, self.heads) for rows in (
            q, self.key.forward(p, shared), self.value.forward(p, x)))  # B, H, T, D
        self.probabilities = self.softmax(self.scores(), mask)  # B, H, T, T
        self.context = np.empty_like(q)  # R, I
        weighted(self.probabilities, self.v, out=by_head(self.context, tokens, self.heads))
        return self.out.forward(p, self.context, residual)

    def backward(self, p: Parameters, dy: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """dL/dshared, dL/dx and dL/dresidual, as in `pyapp.core.attention.Attention.backward`."""
        tokens = self.q.shape[2]
        dcontext, dresidual = self.out.backward(p, dy)
        do, o = (by_head(each, tokens, self.heads) for each in (dcontext, self.context))
        rows = np.empty((3, *self.context.shape), dy.dtype)  # R, I each
        dq, dk, dv = (by_head(each, tokens, self.heads) for each in rows)
        gradients(self, self.probabilities, o, do, dq, dk, dv)
        rows[0] *= dy.dtype.type(self.depth**-0.5)
        return (self.query.backward(p, rows[0]) + self.key.backward(p, rows[1]), self.value.backward(p, rows[2]),
                dresidual)

    def scores(self) -> np.ndarray:
        """The softmax's input in the last forward pass, (B, H, T, T)."""
        return scores_of(self.q, self.k)


class Layer:
    """Stream (R, C) → two bottlenecks (R, I) → attention → feed-forward networks, one after another → stream (R, C).

    One bottleneck is what attention's output is added to, the other is the input of queries and keys. Values read the
    stream itself, and the stream is added again at the end.
    """

    def __init__(self, name: str, width: int, inner: int, heads: int, hidden: int, networks: int):
        self.entry = Projected(f"{name}.bottleneck.input", width, inner)
        self.shared = Projected(f"{name}.bottleneck.attention", width, inner)
        self.attention = BottleneckAttention(f"{name}.attention", width, inner, heads)
        names = [*(f"{name}.ffn.{i}" for i in range(networks - 1)), name]
        self.networks = [FeedForward(each, inner, hidden) for each in names]
        self.exit = Projected(f"{name}.output.bottleneck", inner, width)
        self.shapes = shapes_of([self.entry, self.shared, self.attention, *self.networks, self.exit])

    def initialise(self, p: Parameters, rng: np.random.Generator, layers: int) -> None:
        """The more matrices add to a stream, the smaller they start, so that no stream grows with the depth."""
        for part in (self.entry, self.shared):
            part.initialise(p, rng)
        self.attention.initialise(p, rng, 0.5)
        for network in self.networks:
            network.initialise(p, rng, 0.5 / len(self.networks))
        self.exit.initialise(p, rng, 0.5 / layers)

    def forward(self, p: Parameters, x: np.ndarray, tokens: int, mask: np.ndarray | None = None) -> np.ndarray:
        a = self.attention.forward(p, self.shared.forward(p, x), x, self.entry.forward(p, x), tokens, mask)
        for network in self.networks:
            a = network.forward(p, a)
        return self.exit.forward(p, a, x)

    def backward(self, p: Parameters, dy: np.ndarray) -> np.ndarray:
        da, dx = self.exit.backward(p, dy)
        for network in reversed(self.networks):
            da = network.backward(p, da)
        dshared, dvalue, dentry = self.attention.backward(p, da)
        return dx + dvalue + self.shared.backward(p, dshared)[0] + self.entry.backward(p, dentry)[0]
