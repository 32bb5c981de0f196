"""Multi-head self-attention (Vaswani et al. 2017, section 3.2) and its cache of keys and values.

Shapes: B sequences of T tokens, R = B·T rows, C columns, H heads of D = C/H columns, S tokens that can be attended to.
"""

from collections.abc import Callable

import numpy as np

from pyapp.core.engine import accelerated
from pyapp.core.layers import Linear
from pyapp.core.ops import WASM
from pyapp.core.parameters import Parameters

# (scores (B, H, T, S), mask bool (T, S) that is True where a token may be attended to, or None) -> probabilities
Softmax = Callable[[np.ndarray, np.ndarray | None], np.ndarray]


@accelerated
def float_softmax(scores: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """p = exp(z - max z) / Σ exp(z - max z) over the last axis, 0 where the mask is False. Overwrites `scores`."""
    if mask is not None:
        scores += np.where(mask, 0, -np.inf).astype(scores.dtype)
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    return scores


class Cache:
    """Keys and values of the tokens that a layer has seen, so that a new token costs one row."""

    def __init__(self, batch: int, heads: int, context: int, depth: int, dtype: np.dtype | type = np.float32):
        self.keys, self.values = np.zeros((2, batch, heads, context, depth), dtype)  # B, H, S, D
        self.length = 0

    def extend(self, k: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """All keys and values up to and with these new ones, (B, H, S, D). ValueError if there is no room."""
        stop = self.length + k.shape[2]
        if stop > self.keys.shape[2]:
            raise ValueError(f"the cache holds {self.keys.shape[2]} tokens; {stop} do not fit")
        self.keys[:, :, self.length : stop], self.values[:, :, self.length : stop] = k, v
        self.length = stop
        return self.keys[:, :, :stop], self.values[:, :, :stop]


class Attention:
    """y = concat_h(softmax(q kᵀ / √D) v) Woᵀ + bo with q, k, v = x Wᵀ + b, all heads in one matrix W (3C, C).

    `softmax` may be replaced for inference, by a quantised one for example; `backward` holds for the float one only
    (`quantized/transformer_qat.py` has an attention that is trained with a quantised one).
    After `forward`, `probabilities` (B, H, T, S) are what the heads looked at.
    """

    def __init__(self, name: str, width: int, heads: int, causal: bool = False):
        if width % heads:
            raise ValueError(f"{heads} heads cannot share {width} columns; use a divisor")
        self.qkv, self.out = Linear(f"{name}.qkv", width, 3 * width), Linear(f"{name}.out", width, width)
        self.heads, self.depth, self.causal = heads, width // heads, causal
        self.softmax: Softmax = float_softmax

    @property
    def linears(self) -> list[Linear]:
        return [self.qkv, self.out]

    def forward(self, p: Parameters, x: np.ndarray, tokens: int, cache: Cache | None = None,
                queries: int | None = None) -> np.ndarray:
        """(R, C) for rows x (R, C), T = `tokens` per sequence. With a cache they follow the tokens that it holds. If
        `queries` is given, only for so many tokens at the start of each sequence; the others are still attended to,
        so the attention must not be causal."""
        qkv = self.qkv.forward(p, x)  # R, 3C
        qkv[:, : x.shape[1]] *= x.dtype.type(self.depth**-0.5)  # before the product: q has fewer numbers than q kᵀ
        self.q, self.k, self.v = (by_head(part, tokens, self.heads) for part in thirds(qkv))  # B, H, T, D
        if cache is not None:
            self.k, self.v = cache.extend(self.k, self.v)  # B, H, S, D
        self.q = self.q[:, :, :queries]
        scores = scores_of(self.q, self.k)  # B, H, T, S
        self.probabilities = self.softmax(scores, self.mask(*scores.shape[2:]))
        batch, _, asking, _ = self.q.shape
        self.context = np.empty((batch * asking, x.shape[1]), x.dtype)  # R, C
        weighted(self.probabilities, self.v, out=by_head(self.context, asking, self.heads))
        return self.out.forward(p, self.context)

    def backward(self, p: Parameters, dy: np.ndarray) -> np.ndarray:
        """dL/dx from dL/dy, see `gradients`."""
        tokens = self.q.shape[2]
        dcontext = self.out.backward(p, dy)  # R, C
        do = by_head(dcontext, tokens, self.heads)  # B, H, T, D
        dqkv = np.empty((len(dy), 3 * dy.shape[1]), dy.dtype)
        dq, dk, dv = (by_head(part, tokens, self.heads) for part in thirds(dqkv))
        gradients(self, *self.differentiated(), do, dq, dk, dv)
        dqkv[:, : dy.shape[1]] *= dy.dtype.type(self.depth**-0.5)
        return self.qkv.backward(p, dqkv)

    def differentiated(self) -> tuple[np.ndarray, np.ndarray]:
        """The probabilities P (B, H, T, S) at which the softmax is differentiated, and the weighted values P v,
        (B, H, T, D)."""
        return self.probabilities, by_head(self.context, self.q.shape[2], self.heads)

    def cache(self, batch: int, context: int, dtype: np.dtype | type = np.float32) -> Cache:
        """An empty cache for sequences of up to `context` tokens."""
        return Cache(batch, self.heads, context, self.depth, dtype)

    def scores(self) -> np.ndarray:
        """The softmax's input in the last forward pass, (B, H, T, S)."""
        return scores_of(self.q, self.k)

    def mask(self, rows: int, columns: int) -> np.ndarray | None:
        """Which of S tokens each of the last T may attend to, bool (T, S): itself and those before it. None if all
        may be: for one new token, and without a causal order."""
        if not self.causal or rows == 1:
            return None
        return np.tri(rows, columns, columns - rows, dtype=bool)


def thirds(rows: np.ndarray) -> np.ndarray:
    """Views of queries, keys and values in rows (R, 3C) as (3, R, C)."""
    return rows.reshape(len(rows), 3, -1).swapaxes(0, 1)


def by_head(rows: np.ndarray, tokens: int, heads: int) -> np.ndarray:
    """A view of rows (R, C) as (B, H, T, D)."""
    return rows.reshape(-1, tokens, heads, rows.shape[1] // heads).transpose(0, 2, 1, 3)


def gradients(attention, p: np.ndarray, o: np.ndarray, do: np.ndarray, dq: np.ndarray, dk: np.ndarray,
              dv: np.ndarray) -> None:
    """Write dL/dq, dL/dk and dL/dv of an attention that has run, all (B, H, T, D), from dL/do.

    With P = softmax(Z) and O = P v: dv = Pᵀ dO, dP = dO vᵀ, dZ = P (dP - Σ_S P dP), dq = dZ k, dk = dZᵀ q. The row sum
    Σ_S P dP is Σ_D O dO, which is shorter (Dao et al. 2022, appendix B.4). q holds the factor 1/√D already. `p` and `o`
    are P and O in dZ; dv has the probabilities of the forward pass.
    """
    weighted_transposed(attention.probabilities, do, out=dv)
    dz = scores_of(do, attention.v)  # B, H, T, T
    dz -= np.einsum("bhtd,bhtd->bht", o, do)[..., None]
    dz *= p
    weighted(dz, attention.k, out=dq)
    weighted_transposed(dz, attention.q, out=dk)


@accelerated
def scores_of(q: np.ndarray, k: np.ndarray) -> np.ndarray:
    """q kᵀ of each head: (B, H, T, D) and (B, H, S, D) to (B, H, T, S)."""
    return q @ k.swapaxes(2, 3)


@accelerated
def weighted(p: np.ndarray, v: np.ndarray, out: np.ndarray) -> None:
    """P v of each head, (B, H, T, S) and (B, H, S, D), written into `out` (B, H, T, D)."""
    np.matmul(p, v, out=out)


@accelerated
def weighted_transposed(p: np.ndarray, v: np.ndarray, out: np.ndarray) -> None:
    """Pᵀ v of each head, (B, H, T, S) and (B, H, T, D), written into `out` (B, H, S, D)."""
    columns = p.swapaxes(2, 3)
    np.matmul(np.ascontiguousarray(columns) if WASM else columns, v, out=out)  # without BLAS 5 times as fast at T = 128
