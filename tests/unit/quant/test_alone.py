"""Codes made from the weights alone: stochastic rounding by its probabilities, HQQ by the steps of its paper."""

import numpy as np
import pytest

from pyapp.core.losses import softmax_cross_entropy
from pyapp.core.rng import generator
from pyapp.data import mnist
from pyapp.nets import mlp, vit
from pyapp.nets.mlp import MLP
from pyapp.quant.alone import Alone, check_alone
from pyapp.quant.hqq import BETA, KAPPA, P, hqq, shrunk
from pyapp.quant.parameters import weight_names
from pyapp.quant.schemes import fit_grid, make_grid
from pyapp.quant.stochastic import stochastic
from pyapp.quantized.integer_transformer import check as check_integer
from pyapp.quantized.network import Settings, quantize_network
from pyapp.quantized.transformer import TransformerSettings, quantize_vit

W = np.random.default_rng(1).standard_normal((6, 40)).astype(np.float32)


def test_the_mean_of_stochastic_rounding_is_the_number_itself():
    """Each of n draws goes up with the probability of the fraction f, so their mean deviates by √(f (1 - f) / n)."""
    grid, n = fit_grid(W, 4), 4000
    total, steps = np.zeros(W.shape), W / grid.scale
    for seed in range(n):
        codes = stochastic(W, grid, seed).codes
        assert ((codes == np.floor(steps)) | (codes == np.ceil(steps))).all()
        total += codes
    fraction = steps - np.floor(steps)
    deviations = (total / n - steps) / np.sqrt(np.maximum(fraction * (1 - fraction), 1e-3) / n)
    assert np.abs(deviations).max() < 4.5 and 0.8 < deviations.std() < 1.2


def test_stochastic_rounding_leaves_the_points_of_the_grid_and_clips():
    grid = make_grid(-7, 7, 4, "symmetric")
    points = np.arange(-7, 8, dtype=np.float32)
    for seed in range(20):
        assert (stochastic(points, grid, seed).codes == points).all()
        assert (stochastic(np.float32([[7.9, -7.9, 100]]), grid, seed).codes == [[7, -7, 7]]).all()
    a, b, other = (stochastic(W, fit_grid(W, 4), 3, name).codes for name in ("a", "b", "a"))
    assert (a == other).all() and (a != b).any()
    with pytest.raises(ValueError, match="NaN or infinite"):
        stochastic(np.float32([np.nan]), grid)
    with pytest.raises(ValueError, match="use a whole number from 0"):
        stochastic(W, grid, -1)


def test_stochastic_rounding_has_twice_the_squared_error_of_nearest():
    w = np.random.default_rng(2).uniform(-1, 1, (300, 300)).astype(np.float32)
    grid = fit_grid(w, 8)
    errors = [np.square((w - each.dequantize()).astype(np.float64)).mean() / float(grid.scale) ** 2
              for each in (Alone(8)(w), Alone(8, method="stochastic")(w))]
    assert errors == pytest.approx([1 / 12, 1 / 6], rel=0.02)


def test_small_steps_add_up_only_with_stochastic_rounding():
    """Where it helps: a thousand steps of a twentieth of the grid's own, as a small gradient makes them."""
    grid = make_grid(-100, 100, 8, "symmetric")
    near, chance = np.zeros(64, np.float32), np.zeros(64, np.float32)
    for step in range(1000):
        near = grid.fake_quantize(near + grid.scale / 20)
        chance = stochastic(chance + grid.scale / 20, grid, step).dequantize()
    assert (near == 0).all() and chance.mean() == pytest.approx(50 * float(grid.scale), rel=0.05)


def accuracy_after_training(rounded) -> float:
    """Accuracy of a digits network whose 8-bit weights take 400 small steps of SGD and are rounded after each."""
    (x, labels), (images, right), model = mnist.shipped("train"), mnist.shipped("test"), MLP()
    p, rng, grid = model.initial(1), generator(1, "batches"), make_grid(-0.5, 0.5, 8, "symmetric")
    for step in range(400):
        rows = rng.integers(0, len(x), 32, np.int64)
        model.backward(p, softmax_cross_entropy(model.forward(p, x[rows]), labels[rows])[1])
        p.vector -= np.float32(0.02) * p.gradient
        for name in weight_names(p):
            p[name][...] = rounded(p[name], grid, step, name)
    return float((model.forward(p, images).argmax(axis=1) == right).mean())


@pytest.mark.in_pyodide(0, "its rounding is drawn there by test_small_steps_add_up_only_with_stochastic_rounding")
def test_training_on_rounded_weights_learns_only_with_stochastic_rounding():
    """86.3 % of the shipped test images, as float32 weights have; rounding to nearest loses nearly every step."""
    near = accuracy_after_training(lambda w, grid, step, name: grid.fake_quantize(w))
    chance = accuracy_after_training(lambda *given: stochastic(*given).dequantize())
    assert near < 0.4 and chance > 0.83


def steps_of_the_paper(w: np.ndarray, bits: int, rounds: int) -> list[np.ndarray]:
    """One group by plain loops: what its numbers stand for in each round."""
    high = 2**bits - 1
    scale = (max(w) - min(w)) / high
    zero, beta, found = round(-min(w) / scale * 4096) / 4096, BETA, []
    for _ in range(rounds + 1):
        codes = [min(max(round(x / scale + zero), 0), high) for x in w]
        found.append(np.array([(code - zero) * scale for code in codes]))
        total = 0.0
        for x, code in zip(w, codes, strict=True):
            error = x / scale - code + zero
            size = max(abs(error) - abs(error) ** (P - 1) / beta, 0) if error else 0
            total += code - x / scale + (size if error > 0 else -size)
        zero, beta = round(total / len(w) * 4096) / 4096, beta * KAPPA
    return found


@pytest.mark.parametrize("bits", [2, 3, 4])
def test_hqq_takes_the_steps_of_the_paper_and_keeps_the_best(bits):
    found = hqq(W, bits, "group:8", rounds=6).dequantize()
    for row in range(6):
        for start in range(0, 40, 8):
            part = W[row, start: start + 8]
            tried = steps_of_the_paper([float(x) for x in part.astype(np.float64)], bits, 6)
            costs = [(np.abs(part - each) ** P).sum() for each in tried]
            assert np.allclose(found[row, start: start + 8], tried[int(np.argmin(costs))], atol=1e-3)


@pytest.mark.parametrize("per", ["tensor", "channel", "group:16"])
@pytest.mark.parametrize("bits", [2, 4, 8])
def test_hqq_is_never_worse_than_its_beginning(per, bits):
    """In Σ|error|^p, group by group; and better than min-max where there are groups enough."""
    first, last = hqq(W, bits, per, rounds=0), hqq(W, bits, per)
    costs = [first.per.reduce(np.add, np.abs(W - each.dequantize()).astype(np.float64) ** P) for each in (first, last)]
    assert (costs[1] <= costs[0] * (1 + 1e-5)).all() and (per != "group:16" or costs[1].sum() < costs[0].sum())
    assert last.codes.dtype == np.uint8 and last.codes.max() <= 2**bits - 1
    assert last.nbytes == W.size * bits // 8 + 8 * last.scale.size


def test_hqq_has_groups_of_equal_numbers_exactly_and_refuses_what_is_no_number():
    w = np.float32([[0, 0, 0, 0], [3, 3, 3, 3], [-0.25] * 4])
    assert np.allclose(hqq(w, 2, "channel").dequantize(), w, atol=1e-6)
    assert shrunk(np.array([0.0, 0.05, -0.05, 0.5, -2]), 10) == pytest.approx(
        [0, 0, 0, 0.5 - 0.5**-0.3 / 10, -(2 - 2**-0.3 / 10)])
    with pytest.raises(ValueError, match="NaN or infinite"):
        hqq(np.float32([[np.inf, 1]]), 4)
    with pytest.raises(ValueError, match="beyond float32"):
        hqq(np.float32([[-3e38, 3e38]]), 4)


@pytest.mark.in_pyodide(1, "the cases differ in settings, not in arithmetic")
@pytest.mark.parametrize(("method", "per"), [("hqq", "group:32"), ("stochastic", "tensor")])
def test_networks_have_the_methods(method, per):
    p = mlp.load()
    network = quantize_network(p, Settings(4, per=per, method=method), None)
    for name, tensor in network.weights.tensors.items():
        assert np.array_equal(tensor.codes, Alone(4, per=per, method=method)(p[name], name).codes)
    assert network.on_grids == (method == "stochastic")
    reader = vit.load()
    twin = quantize_vit(reader, TransformerSettings(4, per, method=method))
    name = "block1.up.weight"
    assert np.array_equal(twin.tensors[name].codes, Alone(4, per=per, method=method)(reader[name], name).codes)
    other = quantize_vit(reader, TransformerSettings(4, per, method=method, seed=2)).tensors[name].codes
    assert (twin.tensors[name].codes != other).any() == (method == "stochastic")


@pytest.mark.parametrize(("make", "said"), [
    (lambda: Settings(4, method="hqq", clip="mse"), 'method is "hqq".*clip="mse" cannot apply'),
    (lambda: TransformerSettings(4, method="hqq", scheme="affine"), 'scheme="affine" cannot apply'),
    (lambda: TransformerSettings(method="hqq"), "the weights are float32; give bits"),
    (lambda: TransformerSettings(4, method="gptq"), "use one of round, stochastic, hqq"),
    (lambda: TransformerSettings(format="nf4", clip="mse"), 'clip="mse" cannot apply to format="nf4"'),
    (lambda: check_alone("hqq", "minmax", "affine"), "finds scales and zero points itself"),
    (lambda: check_integer(TransformerSettings(8, activations=8, logit_bits=8, softmax="lut2", scheme="affine")),
     "a network in integers has symmetric weights"),
    (lambda: quantize_network(MLP((4, 3)).initial(1), Settings(4, activations=8, method="hqq"),
                              np.ones((1, 4))).integer(), "zero points between codes"),
])
def test_what_cannot_be_is_refused_in_a_sentence(make, said):
    with pytest.raises(ValueError, match=said):
        make()
