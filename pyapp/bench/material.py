"""What engines outside of Python need to do the same work: data, weights and models, as files in a folder.

material.json lists the arrays, {name: {"dtype", "shape"}}; each is a file NAME.bin, in C order, little-endian.
"""

import json
from pathlib import Path

import numpy as np

from pyapp.bench import models
from pyapp.bench.workloads import PRODUCTS, SEED, held_out, operands
from pyapp.core.parameters import Parameters
from pyapp.core.rng import generator
from pyapp.data import mnist
from pyapp.nets import mlp
from pyapp.nets.mlp import MLP

LIST = "material.json"


def arrays() -> dict[str, np.ndarray]:
    """The arrays by name: training images in the order in which a Trainer's first epoch sees them, their labels, test
    images, the weights to start from, the shipped weights, and the factors of the products."""
    images, labels = mnist.shipped("train")
    order = generator(SEED, "batches").permutation(len(images))  # as Trainer draws it
    found = {"images": images[order], "labels": labels[order].astype(np.uint8), "held-out": held_out(),
             **_named("start", MLP().initial(SEED)), **_named("shipped", mlp.load())}
    for size in PRODUCTS:
        x, w = operands(size)
        found |= {f"{size}.x": x, f"{size}.w": w}
    return found


def _named(prefix: str, p: Parameters) -> dict[str, np.ndarray]:
    return {f"{prefix}.{name}": p[name] for name in p}


def write(folder: Path) -> None:
    """Write the arrays and the models into a folder."""
    found = arrays()
    for name, array in found.items():
        (folder / f"{name}.bin").write_bytes(np.ascontiguousarray(array).tobytes())
    listed = {name: {"dtype": array.dtype.name, "shape": list(array.shape)} for name, array in found.items()}
    (folder / LIST).write_text(json.dumps(listed))
    for name, data in models.files().items():
        (folder / name).write_bytes(data)
