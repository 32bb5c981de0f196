import numpy as np
import pytest
from opened import Opened

from pyapp import store
from pyapp.checkpoint import described
from pyapp.data import mnist
from pyapp.measure.mistakes import reliability
from pyapp.nets.mlp import MLP
from pyapp.pages.digits import DIVERGED
from pyapp.parity.check import SEVEN
from pyapp.quant.parameters import quantize_parameters
from pyapp.store import StoreError


class Session(Opened):
    name = "digits"


def test_it_learns_digits_it_has_not_seen():
    answer = Session().advance(steps=63 * 10)
    scalars, held_out = answer["frame"].scalars, answer["history"]["test_accuracy"]
    assert held_out["step"].tolist() == [63 * epoch for epoch in range(11)]
    assert held_out["value"][-1] == scalars["test_accuracy"] > 0.88
    assert scalars["epoch"] == 10 and scalars["train_accuracy"] > 0.95
    assert scalars["loss"] < 0.3 and len(answer["history"]["loss"]["value"]) == 630


def test_the_first_frame_is_judged_before_any_training():
    scalars = Session().opened["frame"].scalars
    assert scalars["loss"] is None and 0 < scalars["test_accuracy"] < 0.25
    assert scalars["bytes_float"] == 437_544


def test_the_rate_changes_without_a_reset():
    session = Session()
    session.advance(steps=5)
    assert not session.change("rate", 0.01)["restarted"]
    assert session.advance(steps=1)["frame"].step == 6


def test_a_new_seed_restarts_and_the_same_seed_repeats_the_run():
    session = Session(seed=1)
    first = session.advance(steps=5)["history"]["loss"]["value"]
    assert session.change("seed", 2)["restarted"]
    assert (session.advance(steps=5)["history"]["loss"]["value"] != first).all()
    session.change("seed", 1)
    assert (session.advance(steps=5)["history"]["loss"]["value"] == first).all()
    session.reset()
    assert (session.advance(steps=5)["history"]["loss"]["value"] == first).all()


def test_the_curves_begin_with_the_untrained_network_and_never_with_the_shipped_one():
    session = Session(bits="4")
    begins, scalars = session.opened["history"], session.opened["frame"].scalars
    assert {name: (part["step"].tolist(), part["value"].tolist()) for name, part in begins.items()} == {
        name: ([0], [scalars[name]]) for name in ("test_loss", "test_accuracy", "quant_accuracy")}
    session.advance(steps=2)
    assert session.reset()["history"].keys() == begins.keys()
    assert session.change("weights", "pretrained")["history"] == {}
    assert session.reset()["history"] == {} == Session(weights="pretrained").opened["history"]


def test_changing_the_optimiser_brings_its_usual_rate():
    answer = Session().change("optimiser", "adam")
    assert answer["params"]["rate"] == 0.001 and answer["notes"] == ["rate set to 0.001, the usual value for adam"]


@pytest.mark.filterwarnings("ignore:.*encountered")
def test_divergence_is_said_and_ends_the_run():
    session = Session(bits="4")
    session.runner._get(session.opened["run"]).experiment.trainer.optimiser.rate = 1e20
    answer = session.advance(steps=50)
    assert answer["done"] and answer["frame"].notes == [DIVERGED] and answer["frame"].scalars["bytes_quant"] is None


@pytest.mark.parametrize("bits", ["2", "4", "8", "16"])
def test_quantised_scores_are_those_of_the_quantised_weights(bits):
    session = Session(weights="pretrained")
    at_once = session.change("bits", bits)["frame"].scalars
    assert at_once["quant_accuracy"] is at_once["changed"] is None and at_once["test_accuracy"] > 0.98
    answer = session.background(ms=600_000)
    assert answer["done"]
    scalars = answer["frame"].scalars
    digits, model = mnist.load(), MLP()
    p = store.parameters(store.load(store.WEIGHTS / "mlp.npz"), model.shapes, "mlp.npz")
    q = quantize_parameters(p, int(bits))
    exact, rounded = (model.forward(v, digits.inputs()).argmax(axis=1) for v in (p, q.parameters))
    assert scalars["test_accuracy"] == (exact == digits.labels).mean()
    assert scalars["quant_accuracy"] == (rounded == digits.labels).mean()
    assert scalars["changed"] == (exact != rounded).sum()
    assert scalars["bytes_quant"] == q.nbytes < scalars["bytes_float"] and scalars["weight_error"] == q.weight_error


def test_a_change_is_judged_before_training_goes_on():
    session = Session(seed=3)
    session.change("bits", "2")
    assert session.advance(steps=1)["frame"].scalars["quant_accuracy"] is not None
    first = session.change("bits", "8")["frame"].scalars
    judged = session.background(ms=600_000)["frame"].scalars
    assert first["quant_accuracy"] is None and judged["quant_accuracy"] is not None
    back = session.change("bits", "off")["frame"].scalars
    assert back["quant_accuracy"] is back["changed"] is None
    assert session.change("bits", "8")["frame"].scalars == judged  # of the same step: known


def test_weight_pictures_follow_the_bits():
    session = Session(bits="2")
    arrays = session.opened["frame"].arrays
    assert arrays["filters"].shape == arrays["filters_quant"].shape == (128, 28, 28)
    assert len(np.unique(arrays["filters_quant"])) == 3  # two bits, three bands
    assert np.abs(arrays["filters"]).max() == session.opened["frame"].scalars["filter_limit"]
    assert "filters_quant" not in session.change("bits", "off")["frame"].arrays


def test_pretrained_and_back():
    session = Session()
    session.advance(steps=20)
    own = session.predict({"index": 0}).arrays["probabilities"]
    assert session.change("weights", "pretrained")["frame"].scalars["test_accuracy"] is None  # not judged yet
    assert session.background(ms=600_000)["frame"].scalars["test_accuracy"] > 0.985
    session.change("weights", "own")
    assert (session.predict({"index": 0}).arrays["probabilities"] == own).all()


def test_a_drawn_seven_is_read_as_seven():
    frame = Session(weights="pretrained", bits="8").predict({"strokes": SEVEN})
    assert frame.scalars["digit"] == frame.scalars["quant_digit"] == 7 and frame.scalars["confidence"] > 0.5
    assert frame.arrays["probabilities"].sum() == pytest.approx(1, abs=1e-6)
    assert frame.arrays["input"].shape == (28, 28)
    assert frame.scalars["difference"] == pytest.approx(
        np.abs(frame.arrays["probabilities"] - frame.arrays["probabilities_quant"]).max())


def test_a_held_out_digit_comes_with_its_label():
    session = Session(weights="pretrained")
    frame = session.predict({"index": 2999})
    assert frame.scalars["label"] == 9 and (frame.arrays["input"] * 255 == mnist.load().images[2999]).all()
    with pytest.raises(ValueError, match="numbered 0 to 2999"):
        session.predict({"index": 3000})


def test_an_empty_pad_and_an_empty_picture_predict_nothing():
    session = Session()
    for inputs, note in (({"strokes": np.empty((0, 3), np.float32)}, "The pad is empty: draw a digit."),
                         ({"image": np.full((40, 40), 200, np.uint8)}, "There is no ink in this picture.")):
        frame = session.predict(inputs)
        assert frame.scalars["digit"] is None and frame.notes == [note] and not frame.arrays
    with pytest.raises(ValueError, match="needs strokes, image or index"):
        session.predict({})


def test_measuring_gives_times():
    times = Session().act("measure")["frame"].scalars["times"]
    assert 0 < times["image_ms"] < times["batch_ms"] and "image_quant_ms" not in times
    times = Session(bits="8").act("measure")["frame"].scalars["times"]
    assert 0 < times["image_quant_ms"] < times["batch_quant_ms"]


@pytest.mark.parametrize("params", [{}, {"optimiser": "adam", "rate": 0.002, "shift": 2, "batch": "64"}])
def test_a_snapshot_goes_on_exactly(params):
    one = Session(seed=5, **params)
    one.advance(steps=40)
    saved = one.snapshot()
    two = Session(bits="8")
    answer = two.restore(saved["file"], saved["name"])
    assert answer["frame"].step == 40 and answer["params"]["seed"] == 5 and answer["params"]["bits"] == "8"
    ours, theirs = (s.advance(steps=40)["history"]["loss"]["value"][-40:] for s in (one, two))
    assert (ours == theirs).all()


def test_shipped_weights_can_be_loaded_as_ones_own():
    session = Session()
    answer = session.restore((store.WEIGHTS / "mlp.npz").read_bytes(), "mlp.npz")
    assert answer["frame"].step == 0 and answer["frame"].scalars["test_accuracy"] > 0.985
    assert "training starts from them" in answer["notes"][0]


@pytest.mark.parametrize("spoil", [
    lambda a: {k: v for k, v in a.items() if k != "params"},
    lambda a: {k: v for k, v in a.items() if k != "trainer.order"},
    lambda a: {**a, "params": np.frombuffer(b"{", np.uint8)},
    lambda a: {**a, "params": np.frombuffer(b'{"wings": 2}', np.uint8)},
    lambda a: {**a, "layer1.weight": a["layer1.weight"][:5]}, lambda a: {"x": a["layer1.bias"]},
])
def test_a_wrong_file_is_refused_and_nothing_is_lost(spoil):
    session = Session()
    session.advance(steps=10)
    before = session.snapshot()["file"]
    arrays = store.unpack(bytes(before), "own")
    with pytest.raises(StoreError, match=r"wrong\.npz"):
        session.restore(store.pack(spoil(arrays)), "wrong.npz")
    assert (session.snapshot()["file"] == before).all()


@pytest.mark.parametrize(("layers", "neurons"), [("784-10", 10), ("784,12,10", 12), ("784-8-8-8-8-10", 8)])
def test_layers_of_ones_own_are_trained(layers, neurons):
    page = Session(layers=layers, bits="4")
    frame = page.advance(steps=3)["frame"]
    assert frame.scalars["neurons"] == neurons and frame.step == 3 and not frame.notes
    assert page.predict({"index": 4}).scalars["quant_digit"] in range(10)


def test_layers_that_cannot_be_used_are_said_and_the_usual_ones_are_trained():
    for bad, why in (("784-a-10", "layers is '784-a-10'"), ("9-10", "the first is 784"), ("784-9999-10", "at most")):
        frame = Session(layers=bad).advance(steps=1)["frame"]
        assert why in frame.notes[0] and "784-128-64-10 is trained" in frame.notes[0]
        assert frame.scalars["neurons"] == 128


def test_the_activation_is_trained_saved_and_taken_from_a_file():
    page = Session(layers="784-8-10", activation="hard-tanh")
    page.advance(steps=3)
    saved = page.snapshot()
    other = Session()
    answer = other.restore(saved["file"], saved["name"])
    assert answer["params"]["activation"] == "hard-tanh" and answer["frame"].step == 3
    ours, theirs = (each.advance(steps=5)["history"]["loss"]["value"][-5:] for each in (page, other))
    assert (ours == theirs).all()
    plain = Session(layers="784-8-10").advance(steps=8)["history"]["loss"]["value"]
    assert plain[-1] != ours[-1]
    p = MLP((784, 8, 10)).initial(3, activation="relu6")
    file = store.pack(described(store.arrays_of(p), "train mlp", activation="relu6"))
    assert other.restore(file, "six.npz")["params"]["activation"] == "relu6"


def test_another_programs_network_becomes_ones_own():
    p = MLP((784, 20, 10)).initial(3)
    arrays = {f"net.{2 * i}.{what}": p[f"layer{i + 1}.{what}"] for i in (0, 1) for what in ("bias", "weight")}
    page = Session()
    answer = page.restore(store.pack(arrays), "torch.npz")
    assert answer["params"]["layers"] == "784-20-10" and answer["params"]["weights"] == "own"
    assert "torch.npz does not say what is between its layers; ReLU is assumed" in answer["notes"][-1]
    assert (answer["frame"].arrays["filters"].reshape(20, 784) == p["layer1.weight"]).all()


def test_what_is_read_wrongly_is_shown_float_beside_quantised():
    page = Session(weights="pretrained", bits="2")
    while not (answer := page.background(1000))["done"]:
        pass
    frame = answer["frame"]
    exact, rounded = frame.arrays["confusion"]
    _, labels = mnist.shipped("test")
    assert np.trace(exact) / len(labels) == frame.scalars["test_accuracy"]
    assert np.trace(rounded) / len(labels) == frame.scalars["quant_accuracy"]
    assert len(frame.scalars["mistakes"]["classes"]) == 10


def test_the_answers_of_the_float_network_are_looked_through_once_while_the_bits_change(monkeypatch):
    looked = []
    session = Session()
    monkeypatch.setattr("pyapp.measure.mistakes.reliability", lambda *found: looked.append(1) or reliability(*found))
    for bits in ("8", "4"):
        session.change("bits", bits)
        while not session.background(ms=1000)["done"]:
            pass
    before = len(looked)
    frame = session.change("bits", "8")["frame"]
    assert before == 2 and len(looked) == before  # of 8 and of 4 bits: the float one's were looked through at the start
    assert "reliability_quant" in frame.arrays
