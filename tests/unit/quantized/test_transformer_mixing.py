"""Bits or a format for each matrix of a transformer: what one costs, and which are chosen."""

from itertools import product

import numpy as np
import pytest

from pyapp.core.rng import generator
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.nets.vit import ViT, ViTSize
from pyapp.quantized.transformer import TransformerSettings, quantize_gpt, quantize_vit
from pyapp.quantized.transformer_mixing import Judged, mix_matrices, sensitivity_of_matrices

TEXT = generator(1, "tokens").integers(0, 11, (3, 9))
PICTURES = generator(1, "pictures").random((6, 784), np.float32)


def writer() -> Judged:
    model = GPT(11, GPTSize(width=16, heads=2, blocks=1, context=8, hidden=24))
    return Judged(model, model.initial(1), [(TEXT[:2, :-1], TEXT[:2, 1:]), (TEXT[2:, :-1], TEXT[2:, 1:])])


def reader() -> Judged:
    model = ViT(ViTSize(patch=14, width=16, heads=2, blocks=1, hidden=24))
    return Judged(model, model.initial(1), [(PICTURES, np.arange(6))])


def log_of(logits: np.ndarray) -> np.ndarray:
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def test_what_one_matrix_costs_is_what_is_found_by_hand():
    judged, name, bits = writer(), "block1.up.weight", 3
    row = sensitivity_of_matrices(judged, {bits: TransformerSettings(bits)})[name][bits]
    p, w = judged.p.copy(), judged.p[name]
    step = np.abs(w).max() / (2 ** (bits - 1) - 1)
    p[name][...] = np.rint(w / step) * step
    exact, found = (log_of(judged.model.forward(each, TEXT[:, :-1])) for each in (judged.p, p))
    following = TEXT[:, 1:].reshape(-1)
    ours, floats = (-each[np.arange(len(following)), following].mean() for each in (found, exact))
    assert row["kl"] == pytest.approx((np.exp(exact) * (exact - found)).sum() / len(exact), rel=1e-3) and row["kl"] > 0
    assert row["loss"] == pytest.approx(ours - floats, abs=1e-5) and judged.loss == pytest.approx(floats, rel=1e-6)
    assert row["accuracy"] == (found.argmax(axis=1) == following).mean()
    assert row["bytes"] == 24 * 16 * bits // 8 + 4


@pytest.mark.parametrize("judged", [writer(), reader()], ids=["gpt", "vit"])
def test_the_choice_within_a_budget_is_the_one_that_trying_all_finds(judged):
    ways = {2: TransformerSettings(2), "mxfp4": TransformerSettings(format="mxfp4")}
    table = sensitivity_of_matrices(judged, ways)
    rest = 4 * sum(judged.p[name].size for name in judged.p if name not in table)
    every = [(rest + sum(row["bytes"] for row in rows), sum(row["kl"] for row in rows))
             for rows in product(*(row.values() for row in table.values()))]
    smallest, largest = min(every)[0], max(every)[0]
    for budget in (smallest, (smallest + largest) // 2, largest):
        found = mix_matrices(judged, ways, budget)
        assert found.chosen.cost == pytest.approx(min(kl for nbytes, kl in every if nbytes <= budget), rel=1e-12)
        assert found.weights.nbytes == found.chosen.nbytes <= budget
    with pytest.raises(ValueError, match=f"needs {smallest:,}"):
        mix_matrices(judged, ways, smallest - 1)


def test_one_way_for_all_makes_the_network_that_is_measured_in_it():
    judged, settings = writer(), TransformerSettings(4, method="stochastic", per="channel")
    one, whole = mix_matrices(judged, {4: settings}, 10**6), quantize_gpt(judged.model, judged.p, settings)
    assert np.array_equal(one.weights.parameters.vector, whole.parameters.vector) and one.weights.nbytes == whole.nbytes
    other, format = reader(), TransformerSettings(format="nf4")
    one = mix_matrices(other, {"nf4": format}, 10**6)
    whole = quantize_vit(other.p, format, size=other.model.size)
    assert np.array_equal(one.weights.parameters.vector, whole.parameters.vector) and one.weights.nbytes == whole.nbytes
