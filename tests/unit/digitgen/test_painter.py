import json

import numpy as np
import pytest

from pyapp.core.layers import Linear
from pyapp.core.parameters import Parameters
from pyapp.digitgen import exact, mini, teacher
from pyapp.digitgen.autoencoder import sigmoid
from pyapp.digitgen.painter import FLOW, Exact, Painter, styles, to_grid
from pyapp.digitgen.teacher import Router, decoder, hands
from pyapp.parity.digitgen import untrained
from pyapp.places import WEIGHTS
from pyapp.quant.parameters import quantize_parameters
from pyapp.quant.schemes import quantize

SEEDS = np.arange(20, dtype=np.uint32)


@pytest.fixture(scope="module")
def p() -> Parameters:
    return untrained()


def in_float(p: Parameters, u: np.ndarray, style: np.ndarray,
             temperature: float = mini.USUAL) -> tuple[np.ndarray, np.ndarray]:
    """The same network by the usual layers, float64: pixels before rounding, and coefficients."""
    q = p.astype(np.float64)
    shares = exact.softmax(Router().forward(q, u), temperature)
    written = (shares[:, :, None] * hands().forward(q, style).reshape(-1, 10, 16)).sum(axis=1)
    return 255 * sigmoid(decoder().forward(q, np.concatenate([shares, written], axis=1))), shares


@pytest.mark.parametrize("bits", [None, 8, 3])
def test_it_draws_what_the_usual_layers_draw(p, bits):
    u, style = mini.latents(SEEDS), styles(SEEDS)
    weights = quantize_parameters(p, bits, "symmetric", "channel").parameters if bits else p
    drawn = Painter(p, bits).draw(u, style)
    pixels, _ = in_float(weights, u, style)
    assert np.abs(drawn.pixels - pixels).max() < 1  # rounding is half of it, the grids are the rest


@pytest.mark.parametrize("temperature", [mini.COOLEST, mini.USUAL, mini.HOTTEST])
def test_the_grids_move_few_pixels_of_the_shipped_teacher_and_those_little(temperature):
    seeds = np.arange(1000, dtype=np.uint32)
    u, style, p = mini.latents(seeds), styles(seeds), teacher.load()
    drawn = Painter(p).draw(u, style, temperature)
    pixels, shares = in_float(p, u, style, temperature)
    apart = np.abs(drawn.pixels - np.floor(pixels + 0.5))
    assert apart.max() <= 4 and (apart > 0).mean() < 0.0025 and (apart > 1).mean() < 0.0002
    assert np.abs(drawn.coefficients - shares).max() < 0.004
    if temperature == mini.USUAL:
        told = json.loads((WEIGHTS / "trials.json").read_text())["grids"]  # which the story tells
        assert round(float((apart > 0).mean()), 3) == told["pixels"] and apart.max() == told["levels"]


def test_no_order_of_adding_changes_anything(p):
    """What flows is on a grid, so the sums are exact: shuffled inputs give the same bits."""
    order = np.random.default_rng(0).permutation(784)
    weight, x = p["decoder3.weight"].T[:320], np.random.default_rng(1).normal(size=(4, 784)) * 3
    straight = Exact(weight, np.zeros(320, np.float32))(to_grid(x))
    shuffled = Exact(weight[:, order], np.zeros(320, np.float32))(to_grid(x)[:, order])
    np.testing.assert_array_equal(straight, shuffled)


def test_sums_that_would_not_be_exact_are_refused():
    layer = Exact(np.full((1, 4), 3e4, np.float32), np.zeros(1, np.float32))
    layer(np.full((1, 4), 2.0**20))
    with pytest.raises(ValueError, match="exact"):
        layer(np.full((1, 4), 2.0**21))


def test_codes_and_scale_are_those_of_the_schemes():
    weight = np.random.default_rng(2).normal(size=(5, 7)).astype(np.float32)
    tensor = quantize(weight, 4, "symmetric", "channel")
    x = np.arange(7.0)[None]
    found = Exact(tensor, np.ones(5, np.float32))(x * FLOW)
    np.testing.assert_allclose(found, x @ tensor.dequantize().T + 1, rtol=1e-6)


def test_every_ink_is_far_from_a_rounding_border():
    """Pixels come from logits on a grid; none of them but 0, which is half ink exactly, lies so near to a border that a
    last bit could decide."""
    logits = np.arange(1, 16 * FLOW + 1) / FLOW
    logits = np.concatenate([-logits, logits])
    ink = 255 / (1 + np.exp(-logits))
    assert np.abs(ink - np.floor(ink) - 0.5).min() > 1e-9


def test_a_digit_that_is_asked_for_is_written_in_the_seeds_style(p):
    u, style = mini.latents(SEEDS), styles(SEEDS)
    painter = Painter(p)
    drawn = painter.draw(u, style, digit=7)
    assert set(drawn.labels.tolist()) == {7} and len(np.unique(drawn.pixels, axis=0)) == len(SEEDS)
    np.testing.assert_array_equal(drawn.pixels, painter.draw(u[::-1], style, digit=7).pixels)  # latents do not count


def test_size_is_counted(p):
    linear = Linear("x", 3, 2)
    assert linear.shapes == {"x.weight": (2, 3), "x.bias": (2,)}
    assert Painter(p).nbytes == 4 * p.vector.size and p.vector.size == 344_328 <= 400_000
    assert Painter(p, 4).nbytes < Painter(p).nbytes / 7
