"""The proof: the same calls here and in CPython, and how far apart their results are.

`python -m pyapp check --record weights/check.npz` keeps what CPython computes; any other runtime, the reader's browser
among them, runs the same fixtures and compares.
"""

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from pyapp import store
from pyapp.core.losses import softmax
from pyapp.core.optim import OPTIMISERS
from pyapp.core.rng import generator
from pyapp.data import augment, drawing, mnist
from pyapp.nets import mlp
from pyapp.nets.mlp import MLP
from pyapp.parity import ladder as ladder
from pyapp.parity.attention import attention_codes
from pyapp.parity.digitgen import digit_pixels
from pyapp.parity.softmax import softmax_codes
from pyapp.quant.formats.catalogue import FORMATS
from pyapp.quant.schemes import quantize
from pyapp.quantized import fingerprint
from pyapp.quantized.qat_recipe import five_qat_steps
from pyapp.quantized.trained import shipped
from pyapp.training.trainer import Trainer

RECORDED = store.WEIGHTS / "check.npz"
SEVEN = np.array(  # a seven drawn by hand: x, y in 0..1 of the pad, stroke number
    [(0.27, 0.26, 0), (0.36, 0.25, 0), (0.47, 0.25, 0), (0.58, 0.24, 0), (0.69, 0.25, 0), (0.67, 0.33, 0),
     (0.62, 0.43, 0), (0.57, 0.53, 0), (0.52, 0.63, 0), (0.48, 0.73, 0), (0.46, 0.80, 0)], np.float32)

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Fixture:
    """A call with its bound: `exact`, or a largest difference, absolute or relative to the recorded value."""

    name: str
    what: str
    run: Callable[[], dict[str, np.ndarray]]
    bound: float = 0.0
    relative: bool = False

    def difference(self, recorded: Arrays) -> float:
        """Largest difference to what was recorded; for an exact fixture how many numbers differ. Infinite if the
        shapes differ or a number is not finite."""
        largest = 0.0
        for key, found in self.run().items():
            expected = recorded[f"{self.name}.{key}"]
            if found.shape != expected.shape or found.dtype != expected.dtype or not np.isfinite(found).all():
                return float("inf")
            apart = np.abs(found.astype(np.float64) - expected.astype(np.float64))
            if self.bound == 0:
                largest += float(np.count_nonzero(apart))
            else:
                scale = np.abs(expected.astype(np.float64)) if self.relative else 1.0
                largest = max(largest, float((apart / scale).max()))
        return largest


def random_numbers() -> dict[str, np.ndarray]:
    rng = generator(1, "check")
    return {"permutation": rng.permutation(2000).astype(np.int32),
            "integers": rng.integers(0, 7, size=500, dtype=np.int64).astype(np.int32),
            "normal": rng.standard_normal(500)}


def ten_digits() -> dict[str, np.ndarray]:
    inputs, labels = mnist.shipped("test")
    first = [int(np.flatnonzero(labels == label)[0]) for label in range(10)]
    return {"probabilities": softmax(MLP().forward(mlp.load(), inputs[first]))}


def five_steps(optimiser: str) -> dict[str, np.ndarray]:
    model = MLP()
    p = model.initial(seed=1)
    method = OPTIMISERS[optimiser]
    trainer = Trainer(model, p, method(p, method.usual_rate), *mnist.shipped("train"), seed=1,
                      augment=lambda x, rng: augment.shift(x, rng, 2))
    return {"losses": np.array([trainer.step()[0] for _ in range(5)])}


def drawn_seven() -> dict[str, np.ndarray]:
    return {"image": drawing.to_mnist(drawing.Raster().draw(drawing.framed(SEVEN)))}


def codes() -> dict[str, np.ndarray]:
    p, found = mlp.load(), {}
    for bits, name in ((8, "layer1.weight"), (8, "layer3.weight"), (4, "layer2.weight"), (3, "layer2.weight"),
                       (2, "layer2.weight"), (16, "layer3.weight")):
        tensor = quantize(p[name], bits)
        found |= {f"{name}.{bits}": tensor.codes, f"{name}.{bits}.scale": tensor.scale.reshape(1)}
    return found


def schemes() -> dict[str, np.ndarray]:
    w, found = mlp.load()["layer2.weight"], {}
    for bits, scheme, per in ((8, "affine", "tensor"), (4, "affine", "channel"), (3, "symmetric", "group:16"),
                              (2, "affine", "group:32"), (16, "symmetric", "channel")):
        tensor = quantize(w, bits, scheme, per)
        found |= {f"{bits}.{scheme}.{per}": tensor.codes, f"{bits}.zero_point": tensor.zero_point}
    return found


def format_codes() -> dict[str, np.ndarray]:
    """Of GGUF formats the blocks, in which scales lie among the codes."""
    found = {name: kind.encode(mlp.load()["layer2.weight"][:16]) for name, kind in FORMATS.items()}
    scales = {f"{name}.scale": coded.scale for name, coded in found.items() if hasattr(coded, "scale")}
    return {name: coded.codes for name, coded in found.items()} | scales


def integers() -> dict[str, np.ndarray]:
    inputs, labels = mnist.shipped("test")
    first = inputs[[int(np.flatnonzero(labels == label)[0]) for label in range(10)]]
    found = {}
    for bits in mlp.TRAINED:
        network = shipped(bits).integer()
        found[f"{bits}"] = network.forward(network.input.quantize(first)).astype(np.int32)
    return found


@cache
def exported() -> dict[str, np.ndarray]:
    """The codes of every layer, which the fingerprint hashes."""
    return {f"layer{i}": codes for i, codes in enumerate(fingerprint.results(fingerprint.usual(),
                                                                              fingerprint.ten_digits()), start=1)}


@cache
def qat_steps(estimator: str) -> dict[str, np.ndarray]:
    return five_qat_steps(estimator)  # codes and scales are two fixtures of one run


def qat(part: str) -> dict[str, np.ndarray]:
    return {f"{estimator}.{key}": array for estimator in ("lsq", "ste")
            for key, array in qat_steps(estimator).items() if key.endswith(part)}


FIXTURES = (
    Fixture("random", "permutation, bounded integers and normal draws from one seed", random_numbers),
    Fixture("codes", "integer codes and scales of the shipped weights at 2, 3, 4, 8 and 16 bits", codes),
    Fixture("schemes", "codes and zero points of a layer, affine and symmetric, per tensor, channel, group", schemes),
    Fixture("formats", "codes and scales of 16 rows of a layer in every number format", format_codes),
    Fixture("integers", "logit codes of ten digits in integer arithmetic only, shipped networks of 4, 3, 2 bits",
            integers),
    Fixture("export", "every integer that the exported 8-bit network computes for ten digits",
            exported),
    Fixture("qat codes", "codes after five steps of quantisation-aware training, LSQ and STE", lambda: qat(".codes")),
    Fixture("qat scales", "scales of weights and activations after the same five steps", lambda: qat(".scale"),
            1e-5, True),
    Fixture("softmax", "codes of every integer softmax, coarse and fine, masked, 2 bits", softmax_codes),
    Fixture("attention", "codes of rows of attention in a tiny Vision Transformer and a tiny GPT", attention_codes),
    Fixture("ladder", "all values of the toy transformer for eight prompts; descents of rungs 1 to 3", ladder.passes,
            bound=1e-9),
    Fixture("rollouts", "the words that follow in the toy transformer, greedy and drawn", ladder.words),
    Fixture("generator", "pixels of both digit generators, in float, 4 and 3 bits", digit_pixels),
    Fixture("drawing", "a recorded stroke as a 28x28 image", drawn_seven, bound=1e-6),
    Fixture("digits", "probabilities of ten test digits with the shipped weights", ten_digits, bound=1e-6),
    Fixture("sgd", "losses of five SGD steps with augmentation from seed 1", lambda: five_steps("sgd"), 1e-5, True),
    Fixture("adam", "losses of five Adam steps with augmentation from seed 1", lambda: five_steps("adam"), 1e-5, True),
)


def compare(fixture: Fixture, recorded: Arrays) -> dict:
    """One row of the proof."""
    return row(fixture, fixture.difference(recorded))


def row(fixture: Fixture, difference: float | None) -> dict:
    """A fixture's row as plain data. Without a difference, before the fixture has run, it does not hold."""
    more = {"fingerprint": print_here()} if fixture.name == "export" and difference is not None else {}
    return {**more, "name": fixture.name, "what": fixture.what, "difference": difference, "bound": fixture.bound,
            "exact": fixture.bound == 0, "relative": fixture.relative,
            "ok": difference is not None and difference <= fixture.bound}


def print_here() -> str:
    """The fingerprint of the usual export as this runtime computes it: files, engines and pages print the same."""
    return fingerprint.fingerprint(exported().values())


def record(path: Path) -> None:
    """Save this runtime's results in a file, for others to compare with."""
    found = {f"{f.name}.{key}": array for f in FIXTURES for key, array in f.run().items()}
    store.save(path, found, {
        "command": f"python -m pyapp check --record weights/{Path(path).name}",
        "data": "the shipped digits and the shipped weights of the digits network, the ladder and the generators",
        "fingerprint": print_here(),
        "python": platform.python_version(), "numpy": np.__version__, "machine": platform.machine(),
    })


def rows(path: str | Path = RECORDED) -> list[dict]:
    """Every fixture compared with the record; the row `export` has the fingerprint as well."""
    recorded = store.load(path)
    with mnist.needed_for("the proof"):
        return [compare(fixture, recorded) for fixture in FIXTURES]


def table(rows: list[dict]) -> str:
    """The rows as text: call, largest difference, bound."""
    lines = [f"{'call':10} {'max difference':>15} {'bound':>9}"]
    for row in rows:
        bound = "exact" if row["exact"] else f"{row['bound']:.0e}{' rel' if row['relative'] else ''}"
        lines.append(f"{row['name']:10} {row['difference']:15.2e} {bound:>9}  {'ok' if row['ok'] else 'FAILS'}")
    return "\n".join([*lines, f"fingerprint {print_here()}"])
