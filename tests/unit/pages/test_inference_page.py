import numpy as np
import pytest
from opened import Opened

from pyapp import bridge
from pyapp.core.losses import softmax
from pyapp.data import mnist
from pyapp.measure.compare import PIECE
from pyapp.nets import mlp
from pyapp.nets.mlp import MLP
from pyapp.parity.check import SEVEN
from pyapp.quantized.network import Settings, quantize_network

WEIGHTS = mlp.load()


class Session(Opened):
    name = "inference"


def predictions(settings: Settings, integers: bool) -> np.ndarray:
    images, _ = mnist.shipped("test")
    network = quantize_network(WEIGHTS, settings, mnist.calibration())
    if integers:
        return network.integer().logits(images).argmax(axis=1)
    return network.simulated().forward(network.parameters, images).argmax(axis=1)


@pytest.mark.parametrize(("params", "settings", "kind"), [
    ({"bits": 8}, Settings(8, per="channel", activations=8), "integers"),
    ({"bits": 3, "arithmetic": "simulated"}, Settings(3, per="channel", activations=8), "simulated"),
    ({"bits": 2, "per": "tensor", "scheme": "affine", "activations": "none"}, Settings(2, "affine"), "simulated"),
    ({"bits": 4, "per": "group:64", "activations": "4", "calibrate": "mse"},
     Settings(4, per="group:64", activations=4, calibrate="mse"), "integers"),
    ({"bits": 3, "clip": "mse", "bias_correction": True},
     Settings(3, per="channel", activations=8, clip="mse", bias_correction=True), "integers"),
    ({"format": "nf2", "bias_correction": True}, Settings(format="nf2", activations=8, bias_correction=True),
     "simulated"),
    ({"method": "hqq", "calibrate": "token", "scheme": "affine"},
     Settings(4, per="channel", activations=8, calibrate="token", method="hqq"), "simulated"),
])
def test_changed_predictions_are_counted_on_every_held_out_digit(params, settings, kind):
    images, labels = mnist.shipped("test")
    scalars = Session(**params).done()
    exact, ours = MLP().forward(WEIGHTS, images).argmax(axis=1), predictions(settings, kind == "integers")
    assert scalars["network"].endswith(kind) and scalars["done"] == scalars["held_out"] == len(labels)
    assert scalars["changed"] == (exact != ours).sum()
    assert scalars["accuracy"] == (ours == labels).mean() and scalars["float_accuracy"] == (exact == labels).mean()
    assert scalars["lost"] == ((exact == labels) & (ours != labels)).sum()
    assert scalars["won"] == ((exact != labels) & (ours == labels)).sum()
    assert scalars["lost"] + scalars["won"] + scalars["other"] == scalars["changed"]


def test_the_changed_digits_are_listed_and_can_be_read_again():
    session = Session(bits=3, activations="4")
    session.done()
    frame = session.advance(steps=1)["frame"]
    arrays = frame.arrays
    index = arrays["changed_index"]
    assert 0 < len(index) <= 24 and (np.diff(index) > 0).all() and len(arrays["changed_images"]) == len(index)
    for i in range(3):
        read = session.predict({"index": int(index[i])}).scalars
        assert (read["digit"], read["quant_digit"]) == (arrays["changed_float"][i], arrays["changed_quant"][i])
        assert read["label"] == arrays["changed_label"][i]


def test_a_drawn_seven_through_both_networks():
    frame = Session().predict({"strokes": SEVEN})
    assert frame.scalars["digit"] == frame.scalars["quant_digit"] == 7
    assert "it computes with nothing else" in frame.scalars["codes_words"]  # integers
    a = frame.arrays
    np.testing.assert_allclose(a["probabilities"], softmax(MLP().forward(WEIGHTS, a["input"].reshape(1, -1)))[0])
    assert frame.scalars["difference"] == np.abs(a["probabilities_quant"] - a["probabilities"]).max()
    outputs = frame.scalars["outputs"]
    logits, quantised = (np.array([row[name] for row in outputs], np.float32) for name in ("float", "quantised"))
    np.testing.assert_array_equal(np.float32([row["score"] for row in outputs]), quantised - logits)
    layers = frame.scalars["layers"]
    assert [layer["name"] for layer in layers] == ["input", "hidden1", "hidden2", "logits"]
    centred = a["codes_logits"][0] - layers[-1]["zero_point"]
    np.testing.assert_array_equal(quantised, np.float32(layers[-1]["scale"]) * centred.astype(np.float32))
    assert a["codes_input"].shape == (28, 28) and a["codes_hidden1"].min() >= 0 and a["codes_hidden1"].max() <= 255


def test_both_arithmetics_are_computed_and_their_differences_counted():
    images, _ = mnist.shipped("test")
    scalars = Session(bits=8).done()
    network = quantize_network(WEIGHTS, Settings(8, per="channel", activations=8), mnist.calibration())
    grid = network.activations["layer3"]
    ours = grid.quantize(network.simulated().forward(network.parameters, images)).astype(np.int32)
    theirs = grid.quantize(network.integer().logits(images)).astype(np.int32)
    assert scalars["code_difference"] == np.abs(ours - theirs).max() <= 2
    assert scalars["logits_differ"] == (ours != theirs).any(axis=1).sum()
    differ = (ours.argmax(axis=1) != theirs.argmax(axis=1)).sum()
    assert differ <= 3 and scalars["agree"] == (differ == 0)
    assert scalars["agreement"] == ("every prediction is the same" if differ == 0 else f"{differ} predictions differ")


def test_a_number_format_is_simulated_and_not_exported():
    session = Session(format="mxfp6")
    scalars = session.done()
    assert "in a number format" in scalars["refusal_words"] and scalars["weights_words"] == "weights in MXFP6 E2M3"
    with pytest.raises(ValueError, match="files hold uniform grids"):
        session.act("export-npz")


def test_without_activations_there_are_no_integers_and_the_page_says_why():
    session = Session(activations="none")
    scalars = session.done()
    assert scalars["network"].endswith("simulated") and "Activations are float" in scalars["refusal_words"]
    assert scalars["code_difference"] is None and scalars["agreement"] == ""
    frame = session.predict({"index": 0})
    assert frame.scalars["layers"] == [] and "codes_input" not in frame.arrays


def test_what_integers_cannot_do_is_refused_and_simulated():
    scalars = Session(per="group:16", rounding="double").done()
    assert scalars["network"].endswith("simulated") and "double" in scalars["refusal_words"]


@pytest.mark.parametrize(("params", "words"), [
    ({}, "integer arithmetic only"), ({"rounding": "double"}, "integer arithmetic only"),
    ({"rounding": "float"}, "integer products with float32 requantisation"),
    ({"arithmetic": "simulated"}, "float64 sums of numbers on the grids"),
    ({"activations": "none"}, "float32 sums of dequantised weights"),
])
def test_the_page_names_the_arithmetic_that_computes(params, words):
    session = Session(**params)
    assert session.advance(steps=1)["frame"].scalars["counted_words"].endswith(f"ed with {words}.")
    read = session.predict({"index": 0}).scalars["codes_words"]
    assert ("computes with nothing else" in read) == (words == "integer arithmetic only")


def test_a_change_starts_the_count_anew_but_not_the_arithmetic():
    session = Session(bits=8)
    assert session.opened["frame"].scalars["done"] == 0  # nothing is computed before the page is there
    assert session.advance(steps=2)["frame"].scalars["done"] == 2 * PIECE
    assert session.change("arithmetic", "simulated")["frame"].scalars["done"] == 2 * PIECE
    before = session.done()
    assert session.change("bits", 2)["frame"].scalars["done"] == 0
    after = session.done()
    assert after["network"] != before["network"] and after["changed"] > before["changed"]


def test_gptq_is_better_than_rounding_at_three_bits():
    rounded, gptq = (Session(bits=3, method=method).done() for method in ("round", "gptq"))
    assert gptq["mean_gap"] < rounded["mean_gap"] and gptq["bytes"] == rounded["bytes"]


def test_an_empty_pad_reads_nothing_and_the_frame_crosses():
    frame = Session().predict({"strokes": np.empty((0, 3), np.float32)})
    assert frame.scalars["digit"] is None and frame.notes
    assert bridge.call_json("open", '{"page": "inference"}')[0].startswith('{"ok"')


def test_what_is_read_wrongly_is_counted_and_its_digits_are_shown():
    images, labels = mnist.shipped("test")
    ours = predictions(Settings(2, per="channel", activations=8), integers=True)
    session = Session(bits=2)
    session.done()
    frame = session.advance(steps=1)["frame"]
    exact, rounded = frame.arrays["confusion"]
    assert rounded.sum() == exact.sum() == len(labels) and (rounded.sum(axis=1) == np.bincount(labels)).all()
    assert all(rounded[i, j] == ((labels == i) & (ours == j)).sum() for i in (3, 8) for j in (2, 5))
    sure = frame.arrays["wrong_sure"]
    assert (np.diff(np.round(sure, 4)) <= 0).all() and (frame.arrays["wrong_said"] != frame.arrays["wrong_label"]).all()
    label, said = np.unravel_index((rounded - np.diag(np.diag(rounded))).argmax(), (10, 10))
    frame = session.change("cell", int(100 + 10 * label + said))["frame"]
    index = frame.arrays["wrong_index"]
    assert frame.scalars["mistakes"]["kept"] == [1, label, said] and len(index) == min(24, rounded[label, said])
    assert (labels[index] == label).all() and (ours[index] == said).all()
    assert (frame.arrays["wrong_images"] == np.rint(255 * images[index]).reshape(-1, 28, 28)).all()
    assert frame.scalars["accuracy"] == (ours == labels).mean()  # nothing was counted again


def test_a_scale_for_each_digit_is_read_and_said():
    session = Session(calibrate="token", activations="4", method="stochastic")
    session.done()
    read = session.predict({"index": 7})
    layers = read.scalars["layers"]
    assert [layer["high"] for layer in layers] == [15, 15, 15, 255] and layers[0]["scale"] is None
    assert layers[1]["words"] == "4 bits; each digit has a scale and a zero point of its own"
    codes = read.arrays["codes_hidden1"]  # the digit's own largest number has the largest code
    assert codes.max() == 15 and codes.min() == 0
    assert "at run time" in session.advance(steps=1)["frame"].scalars["refusal_words"]


def test_what_hqq_finds_itself_is_said():
    session = Session(method="hqq")
    said = session.change("scheme", "affine")["notes"]
    assert said == ["HQQ finds scales and zero points itself: the scheme and the range of the weights have no effect."]
    assert session.change("per", "tensor")["notes"] == []


def test_settings_that_come_back_are_answered_at_once_with_all_that_was_counted_and_the_pad_asks_again():
    session = Session(bits=4)
    before = session.done()
    assert session.change("bits", 3)["frame"].scalars["accuracy"] is None  # the picture first
    three = session.done()
    back = session.change("bits", 4)["frame"].scalars
    assert back == before and three["network"] != before["network"]
    assert session.change("rounding", "double")["frame"].scalars["accuracy"] is None  # other integers


def test_at_rest_the_networks_of_the_sliders_other_positions_are_made_and_read_at_once(monkeypatch):
    session = Session(bits=5)
    session.done()
    while not session.background(ms=1000)["done"]:
        pass
    monkeypatch.setattr("pyapp.pages.inference.quantizing", None)
    for bits in (2, 8):
        x, answer = mnist.shipped("test")[0][[18]], session.change("bits", bits, {"index": 18})
        network = quantize_network(WEIGHTS, Settings(bits, per="channel", activations=8), mnist.calibration())
        assert answer["frame"].scalars["accuracy"] is None  # that is counted when it is looked at
        ours = [row["quantised"] for row in answer["read"].scalars["outputs"]]
        assert ours == network.integer().logits(x)[0].tolist()
