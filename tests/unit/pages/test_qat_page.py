import re

import numpy as np
import pytest

from pyapp import store
from pyapp.checkpoint import Contents
from pyapp.core.losses import distillation_loss
from pyapp.data import mnist
from pyapp.nets import mlp
from pyapp.nets.mlp import MLP
from pyapp.pages.qat import DIVERGED, NETWORKS
from pyapp.quantized.network import OnIntegers, Settings, quantize_network
from pyapp.quantized.saved import digits_network
from pyapp.runner import Runner
from pyapp.store import StoreError
from pyapp.training.trainer import evaluate

EPOCH = 63  # batches of 32 in 2,000 images


class Session:
    """A runner with one open page, by default the one that trains with codes."""

    def __init__(self, page="qat", **params):
        self.runner = Runner()
        self.opened = self.runner.open(page, params)

    def __getattr__(self, name):
        return lambda *args, **kwargs: getattr(self.runner, name)(self.opened["run"], *args, **kwargs)

    @property
    def page(self):
        return self.runner._get(self.opened["run"]).experiment

    def measure_on_integers(self) -> list[dict]:
        answers = [self.act("integers")["frame"].scalars["integers"]]
        while answers[-1]["progress"] < 1:
            answers.append(dict(self.background(ms=0)["frame"].scalars["integers"]))
        return answers


def test_two_bits_win_back_what_rounding_costs():
    session = Session()
    answer = session.advance(steps=3 * EPOCH)
    scalars, curve = answer["frame"].scalars, answer["history"]["quant_accuracy"]
    assert "quant_accuracy" not in session.opened["history"] and curve["step"].tolist() == [EPOCH, 2 * EPOCH, 3 * EPOCH]
    assert session.opened["frame"].scalars["quant_accuracy"] < 0.6
    assert curve["value"][-1] == scalars["quant_accuracy"] > 0.93
    for name in ("float_accuracy", "rounded_accuracy"):
        assert set(answer["history"][name]["value"]) == {scalars[name]}
    assert scalars["quant_accuracy"] > scalars["rounded_accuracy"] + 0.5
    assert len(answer["history"]["loss"]["value"]) == 3 * EPOCH and scalars["epoch"] == 3


@pytest.mark.parametrize(("bits", "floor"), [(2, 0.0), (3, 0.5), (4, 0.95)])
def test_what_lsq_starts_with_is_not_called_trained_and_every_line_is_on_the_axis(bits, floor):
    session = Session(bits=bits)
    scalars = session.opened["frame"].scalars
    assert scalars["reached"] == scalars["rounded_accuracy"] and scalars["reached_by"] == " rounded"
    assert scalars["now"] == "before training" and "scales of its own" in scalars["start_words"]
    assert scalars["accuracy_range"] == [floor, 1.0] and scalars["rounded_accuracy"] >= floor
    assert (scalars["quant_accuracy"] > scalars["rounded_accuracy"]) == (bits < 4)  # as the words say
    scalars = session.advance(steps=1)["frame"].scalars
    assert scalars["now"] == "trained" and not scalars["start_words"]
    assert not Session(bits=bits, estimator="ste").opened["frame"].scalars["start_words"]


@pytest.mark.parametrize(("bits", "activations", "per"),
                         [(2, "8", "tensor"), (4, "none", "channel"), (3, "3", "group:16")])
def test_the_references_are_the_float_network_and_its_rounding(bits, activations, per):
    scalars = Session(bits=bits, activations=activations, per=per).opened["frame"].scalars
    settings = Settings(bits, per=per, activations=None if activations == "none" else int(activations))
    network = quantize_network(mlp.load(), settings, mnist.calibration())
    digits = mnist.shipped("test")
    assert scalars["float_accuracy"] == evaluate(MLP(), mlp.load(), *digits)["accuracy"]
    assert scalars["rounded_accuracy"] == evaluate(network.simulated(), network.parameters, *digits)["accuracy"]
    assert scalars["bytes_quant"] == network.nbytes < scalars["bytes_float"] == 437_544


def test_the_first_frame_is_judged_before_any_training():
    frame = Session().opened["frame"]
    page = Session().page
    assert frame.step == 0 and frame.scalars["loss"] is None and not frame.notes
    assert frame.scalars["quant_accuracy"] == evaluate(page.model, page.p, *mnist.shipped("test"))["accuracy"]
    assert all(row["changed"] == 0 and row["scale"] == row["scale_start"] for row in frame.scalars["layers"])
    assert re.findall(r"\*\*\[(.+?)\]", frame.scalars["code_counts"]) == ["−1", "0", "+1"]  # no +0


@pytest.mark.parametrize("estimator", ["lsq", "ste"])
@pytest.mark.parametrize(("bits", "activations", "per"),
                         [(2, "2", "channel"), (3, "none", "group:64"), (8, "5", "tensor")])
@pytest.mark.parametrize("start", ["pretrained", "scratch"])
def test_every_combination_trains_and_shows_the_codes_it_would_export(estimator, bits, activations, per, start):
    session = Session(estimator=estimator, bits=bits, activations=activations, per=per, start=start, layer="layer2")
    answer = session.advance(steps=3)
    frame, tensors = answer["frame"], session.page.exported().weights.tensors
    assert np.isfinite(answer["history"]["loss"]["value"]).all() and frame.scalars["layer"] == "layer2"
    assert (frame.arrays["filters"].reshape(128, 784) == tensors["layer1.weight"].codes).all()
    high = (1 << (bits - 1)) - 1
    assert frame.arrays["ends"].tolist() == [-high, high] and ("few_lines" in frame.arrays) == (bits < 6)
    codes = tensors["layer2.weight"].codes
    assert frame.arrays["counts"].tolist() == [int((codes == line).sum()) for line in range(-high, high + 1)]
    for row in frame.scalars["layers"]:
        tensor = tensors[f"{row['name']}.weight"]
        assert row["scale"] == [tensor.scale.min(), tensor.scale.max()] and row["scales"] == tensor.scale.size
        assert (row["activation"] is None) == (activations == "none" or row["name"] == "layer3")


def test_scales_are_learned_and_codes_change():
    rows = Session().advance(steps=EPOCH)["frame"].scalars["layers"]
    for row in rows:
        assert row["scale"] != row["scale_start"] and 0 < row["changed"] < 0.2
    assert rows[0]["activation"] != rows[0]["activation_start"]


def test_the_rate_changes_without_a_reset_and_other_bits_start_anew():
    session = Session()
    session.advance(steps=5)
    assert not session.change("rate", 0.01)["restarted"]
    assert session.change("optimiser", "sgd")["params"]["rate"] == 0.1
    assert session.advance(steps=1)["frame"].step == 6
    assert session.change("rate", 5)["notes"] == ["rate 5 is above 0.1; using 0.1"]
    assert session.change("bits", 3)["restarted"] and session.advance(steps=1)["frame"].step == 1


def test_the_same_seed_repeats_the_run_and_another_one_does_not():
    session = Session(shift=2)
    first = session.advance(steps=5)["history"]["loss"]["value"]
    session.reset()
    assert (session.advance(steps=5)["history"]["loss"]["value"] == first).all()
    session.change("seed", 2)
    assert (session.advance(steps=5)["history"]["loss"]["value"] != first).all()


def test_a_student_starts_from_scratch_and_says_so():
    session = Session(network="784-32-10", layer="layer3")
    frame, page = session.opened["frame"], session.page
    assert session.opened["params"]["start"] == "scratch" and "784-32-10" in frame.notes[0]
    assert [row["name"] for row in frame.scalars["layers"]] == ["layer1", "layer2"]
    assert frame.scalars["layer"] == "layer2" and frame.arrays["filters"].shape == (32, 28, 28)
    assert frame.scalars["rounded_accuracy"] is None and frame.scalars["bytes_rounded"] is None
    assert f"{4 * (784 * 32 + 320 + 42):,} bytes" in frame.scalars["size_words"]
    assert (page.p["layer1.weight"] == MLP(NETWORKS["784-32-10"]).initial(1)["layer1.weight"]).all()
    session.advance(steps=1)
    assert not session.change("layer", "layer1")["frame"].notes
    assert session.change("network", "784-128-64-10")["params"]["start"] == "scratch"


def test_a_teacher_takes_its_share_of_the_loss():
    session = Session(share=0.7, temperature=3.0)
    page = session.page
    x, labels = (array[:32] for array in mnist.shipped("train"))
    logits, teacher = page.model.forward(page.p, x), MLP().forward(mlp.load(), x)
    found, expected = page.trainer.loss(x, logits, labels), distillation_loss(logits, teacher, labels, 3.0, 0.7)
    assert found[0] == expected[0] and (found[1] == expected[1]).all()

    def first_loss(**params) -> float:
        return Session(**params).advance(steps=1)["history"]["loss"]["value"][0]

    assert first_loss() == first_loss(temperature=5.0) != first_loss(share=0.5)
    assert first_loss(share=0.5) != first_loss(share=0.5, temperature=5.0)
    session.change("share", 0.0)
    assert session.advance(steps=1)["history"]["loss"]["value"][0] == first_loss()


def test_integers_alone_are_measured_in_pieces_while_the_training_goes_on():
    session = Session()
    session.advance(steps=10)
    network = session.page.exported()
    assert session.background(ms=1e9)["frame"].scalars["integers"] is None  # nothing was begun
    answers = [session.act("integers")["frame"].scalars["integers"]]
    answers.append(session.background(ms=0)["frame"].scalars["integers"])
    session.advance(steps=3)
    while answers[-1]["progress"] < 1:
        answers.append(session.background(ms=0)["frame"].scalars["integers"])
    last, digits = answers[-1], mnist.shipped("test")
    ours = evaluate(OnIntegers(network.integer()), network.parameters, *digits)
    simulated = evaluate(network.simulated(), network.parameters, *digits)
    assert len(answers) == 26 and np.diff([answer["progress"] for answer in answers]).min() > 0
    assert last["measured_step"] == 10 and last["integer_accuracy"] == ours["accuracy"]
    assert last["simulated_accuracy"] == simulated["accuracy"]
    assert last["differ"] == (ours["predictions"] != simulated["predictions"]).sum() < 60


def test_what_cannot_be_measured_on_integers_is_said():
    session = Session(activations="none")
    assert "Activations are float" in session.opened["frame"].scalars["integers_words"]
    with pytest.raises(ValueError, match="Activations are float"):
        session.act("integers")
    session = Session(format="ternary", network="784-32-10")
    assert session.opened["frame"].scalars["cannot_measure"]
    for action in ("integers", "export-onnx"):
        with pytest.raises(ValueError, match="uniform grid"):
            session.act(action)
    with pytest.raises(StoreError, match="number format ternary"):  # which other pages and commands meet
        digits_network(Contents(store.unpack(bytes(session.snapshot()["file"]), "own"), "own"))


@pytest.mark.parametrize("params", [
    {}, {"estimator": "ste", "per": "channel", "bits": 3, "optimiser": "sgd", "rate": 0.05},
    {"network": "784-64-32-10", "share": 0.5, "shift": 2, "batch": "64", "per": "group:16"},
    {"activations": "none", "estimator": "ste", "bits": 4}, {"format": "nf4"},
])
def test_a_snapshot_goes_on_bit_for_bit(params):
    one = Session(seed=5, **params)
    one.advance(steps=40)
    saved = one.snapshot()
    two = Session(bits=8, start="scratch")
    answer = two.restore(saved["file"], saved["name"])
    assert answer["frame"].step == 40 and answer["params"] == one.page.params and not answer["notes"]
    frames = [session.advance(steps=40) for session in (one, two)]
    ours, theirs = (frame["history"]["loss"]["value"][-40:] for frame in frames)
    assert (ours == theirs).all() and (one.page.p.vector == two.page.p.vector).all()
    assert frames[0]["frame"].scalars["layers"] == frames[1]["frame"].scalars["layers"]
    before, after = (session.page.trainer.state() for session in (one, two))
    assert all((before[name] == after[name]).all() for name in before)


def test_float_weights_start_a_training_with_codes():
    session = Session(bits=4, start="scratch")
    answer = session.restore((store.WEIGHTS / "mlp.npz").read_bytes(), "mlp.npz")
    assert "starts from these weights" in answer["notes"][0] and answer["frame"].step == 0
    assert (session.page.p["layer2.weight"] == mlp.load()["layer2.weight"]).all()
    assert answer["frame"].scalars["quant_accuracy"] > 0.9


def test_what_was_trained_on_the_digits_page_can_be_quantised_here():
    digits = Session("digits")
    digits.advance(steps=20)
    session = Session()
    answer = session.restore(digits.snapshot()["file"], "mine.npz")
    assert answer["frame"].step == 0
    assert (session.page.p["layer1.weight"] == digits.page.trainer.p["layer1.weight"]).all()


def test_a_float_student_brings_its_network_along():
    student = MLP(NETWORKS["784-32-10"]).initial(9)
    session = Session()
    answer = session.restore(store.pack(store.arrays_of(student)), "student.npz")
    assert answer["params"]["network"] == "784-32-10" and answer["params"]["start"] == "scratch"
    assert (session.page.p["layer1.weight"] == student["layer1.weight"]).all()


@pytest.mark.parametrize("spoil", [
    lambda a: {k: v for k, v in a.items() if k != "params"},
    lambda a: {k: v for k, v in a.items() if k != "trainer.order"},
    lambda a: {k: v for k, v in a.items() if k != "start.layer1.weight"},
    lambda a: {k: v for k, v in a.items() if not k.startswith("start.")},
    lambda a: {**a, "params": np.frombuffer(b'{"wings": 2}', np.uint8)},
    lambda a: {**a, "layer1.weight": a["layer1.weight"][:5]},
    lambda a: {**a, "layer1.weight_scale": np.array(np.nan, np.float32)}, lambda a: {"x": a["layer1.bias"]},
])
def test_a_wrong_file_is_refused_and_nothing_is_lost(spoil):
    session = Session()
    session.advance(steps=10)
    before = session.snapshot()["file"]
    with pytest.raises(StoreError, match=r"wrong\.npz"):
        session.restore(store.pack(spoil(store.unpack(bytes(before), "own"))), "wrong.npz")
    assert (session.snapshot()["file"] == before).all()


@pytest.mark.filterwarnings("ignore:.*encountered")
def test_divergence_is_said_and_ends_the_run():
    session = Session()
    session.page.trainer.optimiser.rate = 1e39  # beyond float32; codes are bounded, so less than that does not diverge
    answer = session.advance(steps=50)
    assert answer["done"] and answer["frame"].notes == [DIVERGED] and not answer["frame"].arrays
    with pytest.raises(ValueError, match="diverged"):
        session.act("integers")
    assert session.reset()["frame"].arrays
