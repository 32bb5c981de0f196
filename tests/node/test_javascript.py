"""JavaScript that is tested in Node: the page's messages, and the network that the benchmark compares with."""

import base64
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from pyapp.core.losses import softmax
from pyapp.core.optim import SGD
from pyapp.data import mnist
from pyapp.nets.mlp import MLP
from pyapp.training.trainer import Trainer

HERE = Path(__file__).parent
BATCH, RATE = 32, 0.1


def text(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array, np.float32)).decode()


def numbers(encoded: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(encoded), np.float32)


@pytest.mark.parametrize("tests", [
    "rpc.test.mjs", "state.test.mjs", "download.test.mjs", "guard.test.mjs", "engine.test.mjs",
    "session.test.mjs", "keep.test.mjs", "scope.test.mjs"])
def test_the_shell(needs_node, tests):
    """Messages between page and worker; links and parameters; files that arrive, or do not; which worker a page has;
    what is kept of a run; what templates read."""
    done = subprocess.run(["node", "--test", str(HERE / tests)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]


def test_the_plain_javascript_network_computes_the_same(needs_node):
    """Otherwise the benchmark would compare different work."""
    model = MLP()
    p, digits = model.initial(seed=1), mnist.load(split="train")
    trainer = Trainer(model, p, SGD(p, RATE), digits.inputs()[::25], digits.labels[::25], seed=1, batch=BATCH)
    rows = np.random.default_rng(0).permutation(len(trainer.images))
    x, labels = trainer.images[rows], trainer.labels[rows]
    trainer.images, trainer.labels = x, labels
    trainer._order, trainer._next = np.arange(len(x)), 0  # in the order given, as plain.js is told
    layers = [(f"layer{i}.weight", f"layer{i}.bias") for i in (1, 2, 3)]
    told = {"weights": [{"w": text(p[w]), "b": text(p[b])} for w, b in layers], "images": text(x),
            "labels": labels.tolist(), "batch": BATCH, "rate": RATE}
    done = subprocess.run(["node", str(HERE / "plain.mjs")], input=json.dumps(told), capture_output=True, text=True,
                          check=True)
    theirs = json.loads(done.stdout)
    ours = [trainer.step()[0] for _ in range(-(-len(x) // BATCH))]
    assert theirs["losses"] == pytest.approx(ours, rel=1e-5)
    for (w, b), found in zip(layers, theirs["weights"], strict=True):
        np.testing.assert_allclose(numbers(found["w"]).reshape(p[w].shape), p[w], atol=2e-6)
        np.testing.assert_allclose(numbers(found["b"]), p[b], atol=2e-6)
    np.testing.assert_allclose(theirs["probabilities"], softmax(model.forward(p, x[:1]))[0], atol=1e-6)
