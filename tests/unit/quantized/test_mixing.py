"""The search for bits a layer on the digits network: what it promises holds of the network that it makes."""

import numpy as np
import pytest

from pyapp.core.losses import softmax
from pyapp.data import mnist
from pyapp.measure.verification import NEAR, Verification
from pyapp.nets import mlp
from pyapp.quantized.mixing import Search, mix
from pyapp.quantized.network import Settings, quantize_network
from pyapp.quantized.sensitivity import divergence, sensitivities, sensitivity

WEIGHTS, WIDTHS = mlp.load(), (2, 4, 8)


def calibration(count: int = 128) -> tuple[np.ndarray, np.ndarray]:
    rows = mnist.calibration_rows()[:count]
    return tuple(array[rows] for array in mnist.shipped("train"))


def searched(settings: Settings) -> Search:
    search = Search(WEIGHTS, settings, *calibration(), WIDTHS)
    for _ in search.run():
        pass
    return search


@pytest.mark.parametrize("settings", [
    Settings(per="channel"), Settings(activations=8), Settings(per="channel", activations=4, calibrate="mse"),
    Settings(scheme="affine", per="group:16", activations=6, calibrate="percentile"), Settings(activations=12),
    Settings(per="channel", method="gptq", clip="mse", activations=3, bias_correction=True),
], ids=str)
@pytest.mark.in_pyodide(0, "the mixed page's session in tests/parity searches under budgets")
def test_the_budget_holds_for_everything_and_to_the_byte(settings):
    """Weights with scales and zero points, biases, and the grids of the activations."""
    search = searched(settings)
    for choice in search.front:
        for budget, fits in ((choice.nbytes, choice), (choice.nbytes - 1, search.best_within(choice.nbytes - 1))):
            if fits:
                found = search.choose(budget)
                assert found == fits and search.network(found.bits).nbytes == found.nbytes <= budget
    smallest = search.front[0].nbytes
    with pytest.raises(ValueError, match=f"budget is {smallest - 1:,} bytes.*needs {smallest:,}"):
        search.choose(smallest - 1)


@pytest.mark.in_pyodide(0, "the page's session in tests/parity compares these numbers")
def test_networks_that_share_their_first_layers_are_those_made_alone():
    settings = Settings(per="channel", method="gptq", clip="mse", activations=4)
    search = searched(settings)
    for bits in ((2, 4, 8), (2, 4, 4), (2, 8, 4), (8, 8, 8)):
        ours = search.network(dict(zip(search.table, bits, strict=True)))
        alone = quantize_network(WEIGHTS, Settings(**{**vars(settings), "bits": bits}), calibration()[0])
        for name, tensor in alone.weights.tensors.items():
            np.testing.assert_array_equal(ours.weights.tensors[name].codes, tensor.codes)
        assert ours.nbytes == alone.nbytes
    search.forget()
    assert search.network(search.uniform(4)).nbytes == search.choice(search.uniform(4)).nbytes


def test_sensitivities_come_one_by_one_and_are_the_table():
    settings, (inputs, labels) = Settings(per="channel", activations=2), calibration()
    table = sensitivity(WEIGHTS, settings, inputs, labels, WIDTHS)
    items = list(sensitivities(WEIGHTS, settings, inputs, labels, WIDTHS))
    assert len(items) == 9 and all(table[name][bits] == row for name, bits, row in items)
    assert table == sensitivity(WEIGHTS, Settings(per="channel"), inputs, labels, WIDTHS)  # activations stay float


def test_divergence_is_the_mean_of_the_rows_divergences():
    p, q = softmax(np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 5.0]])), softmax(np.array([[2.0, 2.0, 2.0], [1.0, 0.0, 4.0]]))
    by_hand = [sum(a * np.log(a / b) for a, b in zip(*rows, strict=True)) for rows in zip(p, q, strict=True)]
    assert divergence(np.log(p), np.log(q)) == pytest.approx(np.mean(by_hand), rel=1e-12)
    assert divergence(np.log(p), np.log(p)) == 0


def test_the_mixture_is_measured_beside_what_was_foretold():
    found = mix(WEIGHTS, Settings(per="channel"), 45_000, *calibration(), WIDTHS)
    assert found.kl > 0 and found.kl != found.chosen.cost
    assert found.kl == searched(Settings(per="channel")).divergence(found.network)


def test_verification_measures_the_wanted_one_first_and_every_one_in_the_end():
    images, labels = (array[:300] for array in mnist.shipped("test"))
    work = Verification(Search(WEIGHTS, Settings(), *calibration(), WIDTHS), images, labels)
    while not work.search.front:
        assert work.advance()
    work.wanted = work.search.front[-2]
    while not work.verified:
        assert work.advance()
    assert work.of(work.wanted)
    while work.advance():
        pass
    assert set(work.verified) == set(work.choices) and not work.advance()
    for uniform in work.uniform:
        within, near = work.rivals(uniform)
        assert within.nbytes <= uniform.nbytes and within.nbytes <= near.nbytes <= (1 + NEAR) * uniform.nbytes
        assert work.of(uniform).nbytes == uniform.nbytes and work.within(uniform.nbytes) == uniform
    assert work.within(work.uniform[0].nbytes - 1) is None
