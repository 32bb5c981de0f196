"""Backward passes against central differences and against torch."""

from pathlib import Path

import numpy as np
import pytest

from pyapp.core.clamps import CLAMPS
from pyapp.core.gradcheck import numeric_gradient
from pyapp.core.layers import Linear, ReLU
from pyapp.core.losses import softmax_cross_entropy
from pyapp.core.optim import OPTIMISERS
from pyapp.core.parameters import Parameters
from pyapp.nets.mlp import MLP

TORCH = np.load(Path(__file__).parents[2] / "oracles" / "torch_mlp.npz")  # made by record_torch.py beside it


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape)


def test_linear_gradients_match_central_differences():
    layer = Linear("l", 4, 3)
    p = Parameters(layer.shapes, np.float64)
    p.vector[:] = random(p.vector.size)
    x, weight = random(5, 4), random(5, 3)  # the scalar is Σ y·weight, so dL/dy = weight

    def loss() -> float:
        return float((layer.forward(p, x) * weight).sum())

    loss()
    dx = layer.backward(p, weight)
    np.testing.assert_allclose(dx, numeric_gradient(loss, x), atol=1e-8)
    np.testing.assert_allclose(p.gradient, numeric_gradient(loss, p.vector), atol=1e-8)


def test_relu_gradient_matches_central_differences():
    layer, x, weight = ReLU(), random(6, 7), random(6, 7)

    def loss() -> float:
        return float((layer.forward({}, x) * weight).sum())

    loss()
    np.testing.assert_allclose(layer.backward({}, weight), numeric_gradient(loss, x), atol=1e-8)
    assert (layer.forward({}, np.array([-1.0, 0.0, 2.0])) == [0, 0, 2]).all()


def test_cross_entropy_gradient_matches_central_differences():
    logits, labels = random(5, 4), np.array([0, 3, 1, 2, 2])
    _, gradient, _ = softmax_cross_entropy(logits, labels)
    numeric = numeric_gradient(lambda: softmax_cross_entropy(logits, labels)[0], logits)
    np.testing.assert_allclose(gradient, numeric, atol=1e-9)


@pytest.mark.parametrize("activation", CLAMPS)
def test_the_whole_network_matches_central_differences(activation):
    model = MLP((6, 5, 4, 3))
    p = model.initial(seed=3, dtype=np.float64, activation=activation)
    p["layer1.weight"][:] *= 4  # so that both ends of an activation are reached
    x, labels = random(4, 6), np.array([0, 1, 2, 1])

    def loss() -> float:
        return softmax_cross_entropy(model.forward(p, x), labels)[0]

    model.backward(p, softmax_cross_entropy(model.forward(p, x), labels)[1])
    np.testing.assert_allclose(p.gradient, numeric_gradient(loss, p.vector), atol=1e-8)


def from_torch(prefix: str) -> tuple[MLP, Parameters]:
    model = MLP(tuple(int(n) for n in TORCH["sizes"]))
    p = Parameters(model.shapes, np.float64)
    for i, name in enumerate(p):
        p[name][:] = TORCH[f"{prefix}.{i}"]
    return model, p


def test_forward_loss_and_gradients_match_torch():
    model, p = from_torch("start")
    logits = model.forward(p, TORCH["x"])
    loss, dlogits, _ = softmax_cross_entropy(logits, TORCH["labels"])
    model.backward(p, dlogits)
    np.testing.assert_allclose(logits, TORCH["logits"], rtol=1e-12)
    assert loss == pytest.approx(float(TORCH["loss"]), rel=1e-12)
    for i, name in enumerate(p):
        np.testing.assert_allclose(p.grad[name], TORCH[f"grad.{i}"], rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(("name", "rate"), [("sgd", 0.1), ("adam", 0.01)])
def test_six_steps_of_each_optimiser_match_torch(name, rate):
    model, p = from_torch("start")
    optimiser = OPTIMISERS[name](p, rate)
    for _ in range(6):
        model.backward(p, softmax_cross_entropy(model.forward(p, TORCH["x"]), TORCH["labels"])[1])
        optimiser.step(p)
    for i, key in enumerate(p):
        np.testing.assert_allclose(p[key], TORCH[f"{name}.{i}"], rtol=1e-9, atol=1e-12)


def test_torch_itself_when_it_is_installed():
    torch = pytest.importorskip("torch", reason="pip install torch to compare with fresh torch results")
    x, w, dy = (random(*shape).astype(np.float32) for shape in ((7, 30), (20, 30), (7, 20)))
    layer = Linear("l", 30, 20)
    p = Parameters(layer.shapes)
    p[layer.weight][:] = w
    y = layer.forward(p, x)
    dx = layer.backward(p, dy)
    tx, tw = torch.tensor(x, requires_grad=True), torch.tensor(w, requires_grad=True)
    ty = torch.nn.functional.linear(tx, tw)
    ty.backward(torch.tensor(dy))
    for ours, theirs in ((y, ty.detach()), (dx, tx.grad), (p.grad[layer.weight], tw.grad)):
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-5, atol=1e-5)
