import re
from urllib.parse import parse_qsl

import numpy as np
import pytest

from pyapp import bridge, pages, store
from pyapp.data import mnist
from pyapp.experiment.params import parse_all
from pyapp.nets import mlp
from pyapp.nets.mlp import MLP
from pyapp.pages.base import lab
from pyapp.pages.base.guidelines import CLAIMS, USES, Limits, better, needed
from pyapp.pages.base.lab import Lab, Measured
from pyapp.quantized.network import Settings, quantize_network
from pyapp.quantized.packed import arrays_of
from pyapp.runner import Runner

WEIGHTS = mlp.load()
LIMITS = Limits(noticeable=0.2, allowed=1.0)


def run(trial):
    """Work through a trial and give what it measured."""
    while True:
        try:
            next(trial)
        except StopIteration as end:
            return end.value


def held_out(count: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    images, labels = mnist.shipped("test")
    return images[:count], labels[:count]


def a_lab(count: int = 3000) -> Lab:
    return Lab(WEIGHTS, *held_out(count), mnist.calibration())


@pytest.fixture(scope="module")
def measured():
    """The page after all its work, and the runner to change it."""
    runner = Runner()
    number = runner.open("guidelines")["run"]
    answer = runner.advance(number, ms=600_000)
    assert answer["done"]
    return runner, number, answer["frame"].scalars


def row(scalars, name):
    return next(row for row in scalars["rows"] if row["name"] == name)


def test_every_claim_is_measured_and_judged(measured):
    scalars = measured[2]
    assert scalars["measured"] == scalars["total"] == len(CLAIMS) == len(scalars["rows"])
    verdicts = [claim["verdict"] for claim in scalars["rows"]]
    assert {"holds", "fails"} <= set(verdicts)
    assert scalars["tally"].startswith(f"{verdicts.count('holds')} of {len(CLAIMS)} claims hold on this network; "
                                       f"{verdicts.count('fails')} do not")
    for claim in scalars["rows"]:
        assert claim["verdict"] in ("holds", "fails", "open") and claim["use"] in USES.values()
        assert len(claim["facts"]) >= 1 and "{" not in claim["rule"]
        assert not claim["because"] or claim["verdict"] == "fails"


@pytest.mark.parametrize(("name", "label", "settings"), [
    ("channel8", "per tensor", Settings(8)), ("weights4", "groups of 32", Settings(4, per="group:32")),
    ("gptq3", "GPTQ, 3 bits", Settings(3, per="channel", method="gptq")),
    ("calibration3", "MSE, 3 bits", Settings(8, per="channel", activations=3, calibrate="mse")),
])
def test_the_numbers_are_those_of_the_quantised_network(measured, name, label, settings):
    images, labels = held_out()
    network = quantize_network(WEIGHTS, settings, mnist.calibration())
    ours = network.simulated().forward(network.parameters, images).argmax(axis=1)
    exact = MLP().forward(WEIGHTS, images).argmax(axis=1)
    fact = next(fact for fact in row(measured[2], name)["facts"] if fact["label"] == label)
    assert fact["accuracy"] == (ours == labels).mean() and fact["changed"] == (ours != exact).sum()
    assert fact["loss"] == pytest.approx(100 * ((exact == labels).mean() - fact["accuracy"]))
    assert fact["nbytes"] == network.nbytes


def test_only_the_claims_that_were_asked_for_are_listed(measured):
    runner, number, before = measured
    for verdict in ("holds", "fails", "open"):
        shown = runner.change(number, "show", verdict)["frame"].scalars
        assert shown["rows"] == [row for row in before["rows"] if row["verdict"] == verdict]
        assert shown["tally"] == before["tally"]
    runner.change(number, "show", "all")


def test_what_was_measured_is_said_with_its_units(measured):
    said = {fact["words"].replace("\u00a0", " ") for name in ("w8a8", "biases", "speed")
            for fact in row(measured[2], name)["facts"]}
    accuracy = r"\[\*\*[\d.]+ %\*\* · [+−]?\d\.\d\d points · .* bytes\]\(\.number\)"
    assert any(re.fullmatch(accuracy, each) for each in said)
    assert any("saves 0." in each for each in said) and any(each.endswith(" ms**](.number)") for each in said)


def test_a_verdict_follows_the_limits_without_measuring_again(measured):
    runner, number, before = measured
    answer = runner.change(number, "allowed", 0.05)["frame"].scalars
    assert answer["measured"] == before["measured"]
    assert row(before, "weights4")["verdict"] == "holds" and row(answer, "weights4")["verdict"] == "fails"
    assert "0.05 points" in row(answer, "weights4")["rule"] and "1 point" in row(before, "weights4")["rule"]
    runner.change(number, "noticeable", 5.0)
    assert row(runner.advance(number, steps=1)["frame"].scalars, "calibration3")["verdict"] == "fails"
    runner.change(number, "allowed", 1.0)
    runner.change(number, "noticeable", 0.2)


@pytest.mark.parametrize(("without", "with_", "verdict"), [
    ([0.9], 0.0, False), ([3.0, 0.5], 0.0, False), ([1.0, 2.0], 0.4, True), ([5.0], 1.0, False), ([5.0], None, None),
    ([0.3], None, False)])
def test_needed_means_too_much_is_lost_without_it_only(without, with_, verdict):
    found = None if with_ is None else Measured(loss=with_)
    assert needed([Measured(loss=loss) for loss in without], found, LIMITS) is verdict


def test_better_means_noticeably():
    assert better(Measured(loss=0.1), Measured(loss=0.31), LIMITS)
    assert not better(Measured(loss=0.1), Measured(loss=0.25), LIMITS)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_every_verdict_can_turn_out_either_way(claim):
    """No rule is decided before anything is measured."""
    best = Measured(1.0, 0.0, 0, 100, 400, 0.001, 1.0)
    middle = Measured(0.98, 0.6, 100, 45, 400, 0.001, 9.0)
    worst = Measured(0.1, 80.0, 2700, 10_000, 400, 0.5, 99.0)
    kinds, size = (best, middle, worst), len(claim.trials)
    some = [[kinds[i // 3**k % 3] for k in range(size)] for i in range(3**size)]
    assert {claim.holds(found, LIMITS) for found in some} == {True, False}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_a_deep_link_opens_its_page_with_these_settings(claim):
    if claim.link:
        name, _, query = claim.link.removeprefix("#").partition("?")
        given = dict(parse_qsl(query, strict_parsing=bool(query)))
        assert not parse_all(pages.page(name).PARAMS, given, strict=True)[1]


@pytest.mark.parametrize("name", ["qat4", "qat3", "qat2"])
def test_the_link_of_a_trained_network_shows_the_best_without_training(measured, name):
    claim, runner = row(measured[2], name), Runner()
    run_ = runner.open("inference", dict(parse_qsl(claim["link"].partition("?")[2])))["run"]
    shown = runner.advance(run_, ms=600_000)["frame"].scalars
    fact = next(fact for fact in claim["facts"] if "GPTQ" in fact["label"])
    assert shown["accuracy"] == pytest.approx(fact["accuracy"], abs=0.001)  # integers here, simulated there
    assert abs(shown["changed"] - fact["changed"]) <= 3


def test_bfloat16_is_the_upper_half_of_a_float_rounded_half_to_even():
    x = np.array([1.0, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20, -1 - 2**-8 - 2**-20, 3.1415927, 0.0], np.float32)
    expected = np.array([1.0, 1.0, 1 + 2**-6, 1 + 2**-7, -1 - 2**-7, 3.140625, 0.0], np.float32)
    np.testing.assert_array_equal(lab.to_bfloat16(x), expected)


def test_half_precision_rounds_every_parameter_and_activation():
    images, labels = held_out(200)
    found = run(a_lab(200).cast("float16"))
    p = WEIGHTS.copy()
    p.vector[:] = p.vector.astype(np.float16)
    x = images.astype(np.float16)
    for layer in (1, 2, 3):  # float32 sums of what is stored as float16
        x = x.astype(np.float32) @ p[f"layer{layer}.weight"].T + p[f"layer{layer}.bias"]
        x = (x if layer == 3 else np.maximum(x, 0)).astype(np.float16)
    ours = x.argmax(axis=1)
    assert found.accuracy == (ours == labels).mean() and found.nbytes == 2 * WEIGHTS.vector.size


def test_a_network_that_is_not_shipped_is_left_out(monkeypatch, tmp_path):
    monkeypatch.setattr("pyapp.store.WEIGHTS", tmp_path)
    claim = next(claim for claim in CLAIMS if claim.name == "qat2")
    small = a_lab(100)
    found = [run(trial(small)) for _, trial in claim.trials]
    assert found[2] is None and found[0].loss > 1


def test_a_shipped_trained_network_is_measured(monkeypatch, tmp_path):
    images, labels = held_out(200)
    network = quantize_network(WEIGHTS, Settings(3, per="channel", activations=4), mnist.calibration())
    store.save(tmp_path / "mlp-qat3.npz", arrays_of(network), {"command": "a test"})
    monkeypatch.setattr("pyapp.store.WEIGHTS", tmp_path)
    small = a_lab(200)
    found = run(small.qat(3))
    ours = network.simulated().forward(network.parameters, images).argmax(axis=1)
    assert found.accuracy == (ours == labels).mean() and found.nbytes == network.nbytes
    rival = run(small.like_qat(3, "round"))  # it gets the activations' bits of the shipped one
    settings = Settings(3, per="channel", activations=4, calibrate="mse", clip="mse")
    assert rival == run(a_lab(200).scores(settings))


def test_short_biases_save_what_they_save():
    found = run(a_lab(100).short_biases())
    whole = quantize_network(WEIGHTS, Settings(8, per="channel"), mnist.calibration()).nbytes
    assert whole - found.nbytes == 3 * (128 + 64 + 10) - 3 * 4 and found.saved == (whole - found.nbytes) / whole


def test_the_first_frame_waits_and_crosses():
    text = bridge.call_json("open", '{"page": "guidelines"}')[0]
    assert text.startswith('{"ok"') and '"measured": 0' in text


def test_activations_are_rounded_to_the_format_as_well():
    """A format of two significant bits: an image read otherwise than with rounded parameters alone shows it."""
    def coarse(x):
        mantissa, exponent = np.frexp(x)
        return np.ldexp(np.rint(mantissa * 4) / 4, exponent).astype(np.float32)

    images, p = held_out(50)[0], WEIGHTS.copy()
    p.vector[:] = coarse(p.vector)
    logits = lab.InHalf(coarse).forward(p, images)
    np.testing.assert_array_equal(logits, coarse(logits))
    assert (logits != MLP().forward(p, images)).mean() > 0.9
