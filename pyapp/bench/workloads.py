"""The work that the benchmark times, the same in every runtime, and the results that prove it was done."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from pyapp.core import engine as engines
from pyapp.core.losses import softmax
from pyapp.core.ops import linear
from pyapp.core.optim import SGD, Adam
from pyapp.core.rng import generator
from pyapp.data import mnist
from pyapp.nets import gpt, mlp, vit
from pyapp.nets.generate import Sampling, Writer
from pyapp.nets.mlp import MLP
from pyapp.quant.matmul import matmul_integer_to_float, row_sums
from pyapp.quant.schemes import quantize
from pyapp.quantized.network import Settings, quantize_network
from pyapp.training.trainer import Trainer

BATCH, RATE, SEED = 32, 0.1, 1
HELD_OUT = 500  # images of the batch, and of the loss after an epoch
PRODUCTS = ("32x784x128", "128x128x128", "256x256x256", "512x512x512")  # M x K x N of X (M, K) times Wᵀ, W (N, K)
PROMPT, CHARACTERS = "ROMEO:\nBut soft, what light", 60
VIT_RATE, VIT_STEPS = 0.001, 3  # the loss after so many steps is compared
WIDTHS, CONTEXTS, ROWS = (32, 64, 128, 256, 512, 1024), (16, 32, 64, 128, 256, 512), (64, 256, 1024, 4096)
SOFTMAX_ROWS = 64
COMPARED = 8  # rows of a product that engines compare, evenly spread


@dataclass(frozen=True)
class Work:
    """Something to time: `run` is timed, after `reset`, which is not. `result` is what the last run came to."""

    run: Callable[[], Any]
    result: Callable[[], np.ndarray]
    reset: Callable[[], Any] = lambda: None


class Operands(NamedTuple):
    """The factors of a product: inputs as after a ReLU, and weights. The result is x Wᵀ (M, N)."""

    x: np.ndarray  # float32 (M, K), 0 to 1
    w: np.ndarray  # float32 (N, K)


@cache
def operands(size: str) -> Operands:
    """The factors of the product called M x K x N, such as "32x784x128"."""
    m, k, n = map(int, size.split("x"))
    rng = generator(SEED, f"product {size}")
    return Operands(rng.random((m, k), np.float32), rng.standard_normal((n, k), np.float32) / np.float32(k**0.5))


class Epoch:
    """The first epoch of the digits network, trained anew in each run: 2,000 images, batches of 32, SGD, seed 1."""

    def __init__(self, hidden: int = mlp.SIZES[1]):
        self.model = MLP((mlp.SIZES[0], hidden, *mlp.SIZES[2:]))
        self.start = self.model.initial(SEED)
        self.p = self.start.copy()
        self.reset()

    def reset(self) -> None:
        self.p.vector[:] = self.start.vector
        self.trainer = Trainer(self.model, self.p, SGD(self.p, RATE), *mnist.shipped("train"), seed=SEED, batch=BATCH)

    def run(self) -> None:
        self.trainer.step()
        while not self.trainer.epoch_ended:
            self.trainer.step()

    def result(self) -> np.ndarray:
        """Logits of 500 test images after the epoch, (500, 10)."""
        return self.model.forward(self.p, held_out())


class Text:
    """The shipped GPT writes 60 characters; or one of random weights fills its context of another length."""

    def __init__(self, context: int | None = None):
        if context:
            self.characters = context
            self.model = gpt.GPT(65, gpt.GPTSize(context=context))
            self.p, self.prompt = self.model.initial(SEED), np.zeros(1, np.int32)
        else:
            self.characters = CHARACTERS
            self.model, self.p, vocabulary = gpt.load()
            self.prompt = vocabulary.encode(PROMPT)
        self.reset()

    def reset(self) -> None:
        self.writer, self.tokens = Writer(self.model, self.p, self.prompt, Sampling(), SEED), []

    def run(self) -> None:
        for _ in range(self.characters):
            self.tokens.append(self.writer.write().token)

    def result(self) -> np.ndarray:
        """The characters, as numbers of the vocabulary."""
        return np.array(self.tokens, np.float32)


class Steps:
    """Training steps of the Vision Transformer: batches of 32 with Adam, seed 1."""

    def __init__(self):
        self.model = vit.ViT()
        self.start = self.model.initial(SEED)
        self.p = self.start.copy()
        self.reset()

    def reset(self) -> None:
        self.p.vector[:] = self.start.vector
        self.losses = []
        self.trainer = Trainer(self.model, self.p, Adam(self.p, VIT_RATE), *mnist.shipped("train"), seed=SEED,
                               batch=BATCH)

    def run(self) -> None:
        self.losses.append(self.trainer.step()[0])

    def result(self) -> np.ndarray:
        """The losses of the first three steps."""
        self.reset()
        for _ in range(VIT_STEPS):
            self.run()
        return np.array(self.losses, np.float32)


@cache
def held_out() -> np.ndarray:
    """The first 500 shipped test images, float32 (500, 784)."""
    return mnist.shipped("test")[0][:HELD_OUT]


def held_out_labels() -> np.ndarray:
    return mnist.shipped("test")[1][:HELD_OUT]


def computing(function: Callable[[], np.ndarray]) -> Work:
    """Work without a state: what it returns is its result."""
    return Work(function, function)


def training(work: Epoch | Text | Steps, again: bool = True) -> Work:
    return Work(work.run, work.result, work.reset if again else lambda: None)


def predicting(images: int) -> Work:
    """Logits of the shipped digits network."""
    model, p, x = MLP(), mlp.load(), held_out()[:images]
    return computing(lambda: model.forward(p, x))


def predicting_integers(images: int) -> Work:
    """The digits network with 8-bit weights and activations, in integer arithmetic. Quantising the images is timed."""
    network = quantize_network(mlp.load(), Settings(bits=8, activations=8), mnist.calibration()).integer()
    x = held_out()[:images]
    return computing(lambda: network.logits(x))


def product(size: str) -> Work:
    x, w = operands(size)
    return computing(lambda: linear(x, w))


def product_integers(size: str) -> Work:
    """uint8 inputs times int8 weights; quantising the inputs and scaling the sums are timed, the weights are codes."""
    x, w = operands(size)
    inputs, weights = quantize(x, 8, "affine").grid, quantize(w, 8, "symmetric")
    codes, sums = weights.codes, row_sums(weights.codes)
    scale = np.float32(inputs.scale * weights.grid.scale)
    zero = int(inputs.zero_point)
    return computing(lambda: matmul_integer_to_float(inputs.quantize(x), codes, scale, zero, sums))


def seeing() -> Work:
    """Logits of one image from the shipped Vision Transformer."""
    model, p, x = vit.ViT(), vit.load(), held_out()[:1]
    return computing(lambda: model.forward(p, x))


def softmaxes(length: int) -> Work:
    """The softmax of 64 rows."""
    x = generator(SEED, "softmax").standard_normal((SOFTMAX_ROWS, length), np.float32)
    return computing(lambda: softmax(x))


WORKLOADS: dict[str, Callable[[], Work]] = {  # in float32
    "epoch": lambda: training(Epoch()),
    "image": lambda: predicting(1),
    "batch": lambda: predicting(HELD_OUT),
    **{f"product {size}": lambda size=size: product(size) for size in PRODUCTS},
    "text": lambda: training(Text()),
    "vit step": lambda: training(Steps(), again=False),
    "vit image": seeing,
}
INTEGERS: dict[str, Callable[[], Work]] = {  # with 8-bit weights and activations
    "image": lambda: predicting_integers(1),
    "batch": lambda: predicting_integers(HELD_OUT),
    **{f"product {size}": lambda size=size: product_integers(size) for size in PRODUCTS},
}
GROWING: dict[str, Callable[[], Work]] = {  # how cost grows, see growth.py
    **{f"epoch, hidden width {n}": lambda n=n: training(Epoch(n)) for n in WIDTHS},
    **{f"text, context {n}": lambda n=n: training(Text(n)) for n in CONTEXTS},
    **{f"softmax, row length {n}": lambda n=n: softmaxes(n) for n in ROWS},
}
BY_PRECISION = {"float32": WORKLOADS | GROWING, "int8": INTEGERS}


@cache
def made(name: str, precision: str) -> Work:
    """The work by its name, made once. ValueError if there is none."""
    if precision not in BY_PRECISION:
        raise ValueError(f"precision is {precision!r}; use one of {', '.join(BY_PRECISION)}")
    if name not in BY_PRECISION[precision]:
        raise ValueError(f"{name!r} is no work in {precision}; use one of {', '.join(BY_PRECISION[precision])}")
    return BY_PRECISION[precision][name]()


def timed(name: str, repeats: int, engine: str | None = None, precision: str = "float32") -> dict[str, list[float]]:
    """Milliseconds of each of `repeats` runs of a workload, after one that is not counted. `engine` computes, or if it
    is None the one that this runtime uses. ValueError if there is no such work or engine, or nothing to repeat."""
    if repeats < 1:
        raise ValueError(f"repeats is {repeats}; use 1 or more")
    with engines.using(engine or engines.name()):
        work, ms = made(name, precision), []
        for _ in range(repeats + 1):
            work.reset()
            start = perf_counter()
            work.run()
            ms.append((perf_counter() - start) * 1000)
    return {"ms": ms[1:]}


def works(engine: str | None = None, precision: str = "float32") -> list[str]:
    """The names of the work that an engine can do. ValueError if there is no such engine."""
    with engines.using(engine or engines.name()):
        return list(BY_PRECISION[precision])


def first(name: str, engine: str | None = None, precision: str = "float32") -> dict[str, list[float]]:
    """Milliseconds of one run, as the first answer after a start takes them."""
    with engines.using(engine or engines.name()):
        work = made(name, precision)
        start = perf_counter()
        work.run()
        return {"ms": [(perf_counter() - start) * 1000]}


def checked(name: str, engine: str | None = None, precision: str = "float32") -> dict[str, Any]:
    """The result of the work, computed once more: {"shape", "values"}, at most eight rows of a product."""
    with engines.using(engine or engines.name()):
        work = made(name, precision)
        work.reset()
        work.run()
        result = np.asarray(work.result(), np.float32)
    if name.startswith("product"):
        result = result[compared(len(result))]
    return {"shape": list(result.shape), "values": result.ravel().tolist()}


def compared(rows: int) -> np.ndarray:
    """Which rows of a product engines compare, int64."""
    return np.linspace(0, rows - 1, min(rows, COMPARED)).astype(np.int64)
