import numpy as np
import pytest
from opened import Opened

from pyapp import bridge
from pyapp.data import mnist
from pyapp.nets import mlp
from pyapp.nets.mlp import MLP
from pyapp.pages import mixed
from pyapp.quantized.mixing import mix
from pyapp.quantized.network import Settings, quantize_network
from pyapp.quantized.sensitivity import BITS, divergence, log_probabilities, sensitivity

QUICK = {"method": "round", "clip": "minmax"}  # a network takes a moment
SETTINGS = Settings(per="channel", method="round", clip="minmax")
FINDINGS = 3 * len(BITS)


class Session(Opened):
    name = "mixed"

    def searched(self) -> dict:
        """The page after the search, before any network is measured."""
        return self.advance(steps=FINDINGS + 1)["frame"].scalars


def calibration() -> tuple[np.ndarray, np.ndarray]:
    return mnist.calibration(), mnist.shipped("train")[1][mnist.calibration_rows()]


def measured(settings: Settings, bits) -> tuple[int, float, float]:
    """Bytes, KL on the calibration split and accuracy on the held-out images, computed plainly."""
    p, (inputs, _), (images, labels) = mlp.load(), calibration(), mnist.shipped("test")
    network = quantize_network(p, Settings(**{**vars(settings), "bits": tuple(bits)}), inputs)
    model = network.simulated()
    kl = divergence(log_probabilities(MLP(), p, inputs), log_probabilities(model, network.parameters, inputs))
    return network.nbytes, kl, (model.forward(network.parameters, images).argmax(axis=1) == labels).mean()


@pytest.fixture(scope="module")
def finished() -> dict:
    """The page with everything measured, its weights rounded to nearest."""
    return Session(**QUICK).done()


def test_the_chart_is_the_sensitivity_on_the_calibration_split(finished):
    table = sensitivity(mlp.load(), SETTINGS, *calibration())
    for layer in finished["layers"]:
        assert {row.pop("bits"): row for row in map(dict, layer["rows"])} == table[f"{layer['name']}.weight"]
    assert [layer["weights"] for layer in finished["layers"]] == [100_352, 8_192, 640]
    assert finished["calibration"] == 1024 and finished["held_out"] == 3000


def test_the_choice_is_that_of_the_command_line():
    inputs, labels = calibration()
    found = mix(mlp.load(), SETTINGS, 45_000, inputs, labels)
    scalars = Session(**QUICK).searched()
    assert scalars["chosen"]["bits"] == list(found.chosen.bits.values())
    assert scalars["chosen"]["predicted"] == found.chosen.cost and scalars["chosen"]["bytes"] == found.network.nbytes
    front = [point["bytes"] for point in scalars["points"] if point["front"]]
    assert front == [choice.nbytes for choice in found.front]


def test_the_known_mixture_of_gptq_fits_45000_bytes():
    scalars = Session().searched()
    assert scalars["chosen"]["bits"] == [3, 5, 6] and scalars["chosen"]["bytes"] == 44_848
    assert [part["bytes"] for part in scalars["parts"]] == [38_144, 5_376, 520, 808, 152]
    assert sum(part["share"] for part in scalars["parts"]) == pytest.approx(1)


def test_every_network_of_the_front_is_measured_whole(finished):
    points = finished["points"]
    assert finished["verified"] == len(points) and all(point["accuracy"] is not None for point in points)
    for point in (points[0], points[len(points) // 2], points[-1], finished["chosen"]):
        assert (point["bytes"], point["kl"], point["accuracy"]) == measured(SETTINGS, point["bits"])
    assert [point["uniform"] for point in points if point["uniform"]] == list(BITS)
    images, labels = mnist.shipped("test")
    exact = MLP().forward(mlp.load(), images).argmax(axis=1)
    assert finished["float_accuracy"] == (exact == labels).mean()


def test_sensitivities_do_not_add_and_the_page_says_by_how_much(finished):
    ratios = [point["kl"] / point["predicted"] for point in finished["points"]]
    assert (finished["least_ratio"], finished["largest_ratio"]) == (min(ratios), max(ratios))
    assert finished["least_ratio"] < 0.9 and finished["largest_ratio"] > 1.1


def test_the_chosen_and_the_uniform_networks_are_measured_first():
    session = Session(**QUICK)
    assert session.searched()["mistakes"] is None
    session.change("budget", 60_000)
    frame = session.advance(steps=24)["frame"]
    scalars = frame.scalars
    assert scalars["chosen"]["accuracy"] is not None and scalars["verified"] >= 1
    right = [np.trace(matrix) / matrix.sum() for matrix in frame.arrays["confusion"]]
    assert right == [scalars["float_accuracy"], scalars["chosen"]["accuracy"]]
    session.change("budget", 30_000)
    scalars = session.advance(steps=24)["frame"].scalars
    assert scalars["chosen"]["bytes"] <= 30_000 and scalars["chosen"]["accuracy"] is not None
    scalars = session.advance(steps=6 * 8)["frame"].scalars
    assert all(point["kl"] is not None for point in scalars["points"] if point["uniform"])
    assert scalars["verified"] < len(scalars["points"])


def test_the_verdict_follows_from_what_was_measured(finished):
    verdict, points = finished["verdict"], finished["points"]
    assert verdict["known"] == list(BITS)
    assert sorted(verdict["same"] + verdict["closer"] + verdict["further"]) == list(BITS)
    for row in finished["rivals"]:
        uniform, within, near = row["uniform"], row["within"], row["near"]
        best = [max((p for p in points if p["front"] and p["bytes"] <= times * uniform["bytes"]),
                    key=lambda p: p["bytes"]) for times in (1, 1.02)]
        assert [within["bits"], near["bits"]] == [p["bits"] for p in best]
        for rival, name in ((within, "closer"), (near, "near_closer")):
            assert rival["closer"] == (rival["kl"] < uniform["kl"]) == (uniform["uniform"] in verdict[name])
            assert rival["points"] == 100 * (rival["accuracy"] - uniform["accuracy"])
    noticeable = [row["uniform"]["uniform"] for row in finished["rivals"] if row["near"]["points"] >= 0.2]
    assert verdict["near_better"] == noticeable and 3 in noticeable  # 3, 3 and 8 bits in 400 bytes more: 3 points


def test_the_verdict_is_said_in_words_that_follow_from_it(finished):
    verdict = finished["verdict"]
    assert mixed._verdict([])["words"].startswith("Measured when the search has ended")
    near = mixed._list(verdict["near_closer"], " and ")
    assert f"With up to 2\u00a0% more bytes it is closer than {near} bits." in verdict["words"]
    assert ("the sum misled it" in verdict["words"]) == bool(verdict["further"])
    none = {name: [] for name in verdict if name not in ("known", "words")}
    words = mixed._in_words(**none)
    assert "beats none" in words and "do not help either" in words and "No difference in accuracy" in words
    assert mixed._in_words(**none | {"closer": [3, 4], "near_worse": [2]}).startswith(
        "For no more bytes, mixing is closer to the float32 network than 3 and 4 bits everywhere.")


def test_the_plots_show_every_network_at_its_bytes_and_its_loss(finished):
    front, points = finished["front"], finished["points"]
    foretold = front["costs"][1]["y"]
    assert front["bytes"] == [point["bytes"] for point in points]
    assert foretold == [point["predicted"] if point["front"] else None for point in points]
    wrong = [mark["y"] for mark in front["wrong_marks"] if mark["kind"] == "square"]
    assert wrong == [1 - point["accuracy"] for point in points if point["uniform"]]
    low, high = front["cost_ends"]
    assert low <= min(point["kl"] for point in points) and max(point["kl"] for point in points) <= high
    (ring,) = [mark for mark in front["cost_marks"] if mark["kind"] == "ring"]
    assert (ring["x"], ring["y"]) == (finished["chosen"]["bytes"], finished["chosen"]["predicted"])
    assert points[front["at"]]["bytes"] <= 45_000 < points[front["at"] + 1]["bytes"]
    assert front["sizes"][0] <= front["bytes"][0] and front["bytes"][-1] <= front["sizes"][1]
    assert all(tick["at"] == 1000 * int(tick["text"]) for tick in front["size_ticks"])  # short enough for a phone
    assert [part["role"] for part in finished["parts"]] == [*3 * ["quant"], "float", "faint"]


def test_an_axis_in_decades_holds_all_that_is_above_0_and_1():
    assert mixed.decades([]) == [1, 10] and mixed.decades([-1, 0.02]) == [0.01, 0.1]
    assert mixed.decades([0.5, 30]) == [0.1, 100]


def test_beside_the_mixture_stands_the_largest_uniform_network_that_fits():
    session = Session(**QUICK, budget=56_207)
    assert session.searched()["rival"]["uniform"] == 3
    assert session.change("budget", 56_208)["frame"].scalars["rival"]["uniform"] == 4


@pytest.mark.parametrize(("activations", "calibrate"), [("4", "minmax"), ("8", "mse")])
def test_the_budget_counts_the_activations_too(activations, calibrate):
    settings = Settings(per="channel", activations=int(activations), calibrate=calibrate)
    session = Session(**QUICK, activations=activations, calibrate=calibrate)
    scalars = session.searched()
    nbytes, kl, accuracy = measured(settings, scalars["chosen"]["bits"])
    assert scalars["chosen"]["bytes"] == nbytes <= 45_000
    scalars = session.advance(steps=24)["frame"].scalars
    assert (scalars["chosen"]["kl"], scalars["chosen"]["accuracy"]) == (kl, accuracy)


def test_a_budget_below_the_smallest_is_refused_in_words_and_nothing_breaks():
    session = Session(**QUICK, budget=20_000)
    assert session.opened["frame"].scalars["refusal"] == ""  # not known yet
    scalars = session.searched()
    assert "20,000 bytes" in scalars["refusal"] and "needs 28,912" in scalars["refusal"]
    assert scalars["chosen"] is None and scalars["bar"] == "too small"
    assert scalars["points"] and scalars["rivals"][0]["within"]
    assert session.advance(steps=24)["frame"].scalars["verified"] >= 1
    scalars = session.change("budget", 28_912)["frame"].scalars
    assert scalars["refusal"] == "" and scalars["chosen"]["bits"] == [2, 2, 2] and scalars["rival"]["uniform"] == 2


def test_a_change_of_method_starts_anew_in_pieces_and_what_was_known_stays():
    session = Session(**QUICK)
    assert session.advance(steps=5)["frame"].scalars["found"] == 5
    other = session.change("clip", "mse")["frame"].scalars
    assert other["found"] == 0 and other["points"] == []
    assert session.advance(steps=2)["frame"].scalars["found"] == 2
    assert session.change("clip", "minmax")["frame"].scalars["found"] == 5
    assert session.change("measure", "loss")["frame"].scalars["found"] == 5
    assert session.searched()["found"] == FINDINGS


def test_the_first_frame_waits_and_every_frame_crosses():
    text = bridge.call_json("open", '{"page": "mixed", "params": {"method": "round", "budget": "29000"}}')[0]
    assert text.startswith('{"ok"') and '"found": 0' in text
    run = int(text.split('"run": ')[1].split("}")[0].split(",")[0])
    assert bridge.call_json("advance", f'{{"run": {run}, "steps": 30}}')[0].startswith('{"ok"')
