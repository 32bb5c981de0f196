import numpy as np
import pytest
from opened import Opened

from pyapp import store
from pyapp.data import mnist
from pyapp.export.kinds import FORMATS
from pyapp.export.verify import proven
from pyapp.measure.rollout import rollout
from pyapp.nets import vit
from pyapp.nets.vit import ViT, patches_of
from pyapp.pages.base import exporting
from pyapp.pages.base.digits_training import DIVERGED
from pyapp.pages.base.vision import CALIBRATION, Network
from pyapp.pages.vision import FLOAT_LOGITS, SIZES, Page
from pyapp.parity.check import SEVEN
from pyapp.quantized.transformer import TransformerSettings, quantize_vit
from pyapp.store import StoreError
from pyapp.training.trainer import evaluate

EPOCH = 63  # batches of 32 in 2,000 images
ALL_OFF = {"bits": "off", "activations": "off", "logit_bits": "off"}


class Session(Opened):
    name = "vision"

    @property
    def page(self):
        return self.runner._get(self.opened["run"]).experiment

    def count(self, pieces: int) -> dict:
        """The scores after so many pieces of the count, before which the slider's other networks are made."""
        answer, before = None, self.page.pair.count.counted
        while pieces and not (answer and answer["done"]):
            answer = self.background(ms=0)
            pieces -= (now := answer["frame"].scalars["counted"]) > before
            before = now
        return answer["frame"].scalars


def by_hand(index: int, **settings) -> tuple[ViT, np.ndarray]:
    """The shipped network under settings, after it has read a held-out digit, and its logits."""
    p = vit.load().astype(np.float64)
    x = mnist.shipped("test")[0][index : index + 1].astype(np.float64)
    images = mnist.calibration()[:CALIBRATION].astype(np.float64)
    network = quantize_vit(p, TransformerSettings(**settings), images)
    return network.model, network.model.forward(network.parameters.astype(np.float64), x)


def test_the_answer_and_the_maps_are_those_of_the_network():
    session = Session(layer=2, head="3", token=5, **ALL_OFF)
    frame = session.predict({"index": 7})
    model, logits = by_hand(7)
    attention = model.attention()[:, 0]
    assert frame.scalars["digit"] == logits.argmax() and "quant_digit" not in frame.scalars
    assert frame.scalars["label"] == mnist.shipped("test")[1][7]
    np.testing.assert_allclose(frame.arrays["matrix"], attention[1, 2], atol=1e-12)
    np.testing.assert_allclose(frame.arrays["look"].ravel(), attention[1, 2, 5, 1:], atol=1e-12)
    np.testing.assert_allclose(frame.arrays["heads"].ravel(), attention[:, :, 5, 1:].ravel(), atol=1e-12)
    np.testing.assert_allclose(frame.arrays["rollout"].ravel(), rollout(attention)[5, 1:], atol=1e-12)
    assert frame.scalars["to_class"] == pytest.approx(attention[1, 2, 5, 0])
    assert frame.scalars["limits"]["look"] == frame.arrays["look"].max()
    x = mnist.shipped("test")[0][7:8]
    assert (frame.arrays["patches"].reshape(49, 16) == patches_of(x, 4)).all()


@pytest.mark.parametrize(("softmax", "rule"), [("exact", "none"), ("ibert", "row-mean"), ("itamax", "row-max-clip")])
def test_quantised_numbers_are_those_of_the_quantised_network_and_the_difference_is_theirs(softmax, rule):
    session = Session(bits="4", per="group:16", activations="6", logit_bits="3", softmax=softmax, logit_shift=rule)
    frame = session.predict({"index": 9})
    model, logits = by_hand(9, bits=4, per="group:16", activations=6, logit_bits=3, softmax=softmax, shift=rule)
    assert frame.scalars["quant_digit"] == logits.argmax()
    np.testing.assert_allclose(frame.arrays["matrix_quant"], model.attention()[2, 0, 0], atol=1e-12)
    for name in ("matrix", "look", "heads", "rollout"):
        ours, theirs = frame.arrays[name], frame.arrays[f"{name}_quant"]
        assert (frame.arrays[f"{name}_error"] == theirs - ours).all()
        assert frame.scalars["limits"][name] == max(ours.max(), theirs.max())
    assert frame.scalars["difference"] > 0


def test_the_size_is_that_of_the_quantised_network():
    p = vit.load()
    session = Session(bits="3", per="channel")
    assert session.opened["frame"].scalars["bytes_quant"] == quantize_vit(p, TransformerSettings(3, "channel")).nbytes
    assert session.change("bits", "off")["frame"].scalars["bytes_quant"] == 4 * p.vector.size
    for name in ("activations", "logit_bits"):
        answer = session.change(name, "off")
    scalars = answer["frame"].scalars
    assert scalars["bytes_quant"] is None and not scalars["is_quantised"]


@pytest.mark.parametrize("change", [("bits", "2"), ("per", "tensor"), ("activations", "3"), ("logit_bits", "2"),
                                    ("softmax", "softermax-native"), ("logit_shift", "row-max")])
def test_each_setting_is_obeyed_at_once_and_the_float_network_stays(change):
    session = Session()
    first = session.predict({"index": 3})
    assert not session.change(*change)["restarted"]
    second = session.predict({"index": 3})
    assert (first.arrays["matrix"] == second.arrays["matrix"]).all()
    assert (first.arrays["matrix_quant"] != second.arrays["matrix_quant"]).any()


def test_layer_head_and_token_are_obeyed_and_clamped_to_what_a_small_network_has():
    session = Session(weights="own", layer=4, head="mean", token=49)
    frame = session.predict({"strokes": SEVEN})
    shown = session.opened["frame"].scalars
    assert (shown["layer"], shown["head_words"], shown["head_kept"]) == (2, "mean of all heads", None)
    assert len(shown["tokens"]) == 17 and shown["looks_from"] == f"patch {shown['tokens'][16]}"
    np.testing.assert_allclose(frame.arrays["look"].sum() + frame.scalars["to_class"], 1)
    assert session.change("head", "2")["frame"].scalars["head_words"] == "head 2"


def test_float_logits_say_that_method_and_shift_do_nothing():
    session = Session(softmax="ibert", logit_shift="row-mean")
    assert session.change("logit_bits", "off")["notes"] == [FLOAT_LOGITS]
    assert session.change("softmax", "exact")["notes"] == [FLOAT_LOGITS]
    assert session.change("logit_shift", "none")["notes"] == []


def test_digits_counted_in_float32_are_those_of_float64():
    """Rows 0 and 1 of the head, 2 and 3, and so on differ by less than float32 can tell."""
    images, rng = mnist.shipped("test")[0][:200], np.random.default_rng(0)
    network = Network(model := ViT(SIZES["small"]), model.initial(0))
    head = network.p["head.weight"]
    head[1::2] = head[::2] + 1e-10 * rng.standard_normal((5, head.shape[1]))
    digits = network.quick(images).argmax(axis=1)
    single = model.forward(network.p.astype(np.float32), images).argmax(axis=1)
    assert np.array_equal(digits, network.logits(images).argmax(axis=1))
    assert (digits != single).any()


def test_the_held_out_images_are_counted_in_pieces_with_both_networks():
    session = Session(logit_bits="2")
    assert session.opened["frame"].scalars["counted"] == 0
    assert session.opened["frame"].scalars["float_accuracy"] is None
    assert session.opened["frame"].scalars["headline"] == "no image counted yet"  # and no accuracies of none
    scores = session.count(4)
    n = 4 * session.page.pair.piece
    images, labels = (array[:n] for array in mnist.shipped("test"))
    pair = session.page.pair
    ours, theirs = (network.logits(images).argmax(axis=1) for network in (pair.exact, pair.quantised))
    assert scores["counted"] == n and scores["count_of"] == 3000
    assert scores["headline"].startswith("{counted:count} images")
    assert scores["float_accuracy"] == (ours == labels).mean() and scores["quant_accuracy"] == (theirs == labels).mean()
    assert scores["changed"] == (ours != theirs).sum()
    assert session.change("layer", 1)["frame"].scalars["counted"] == n  # what does not matter begins nothing anew
    seen = session.page.pair.seen
    assert session.change("logit_bits", "8")["frame"].scalars["counted"] == 0
    assert session.page.pair.seen is seen and len(seen.found) == n  # the float network need not read them again
    back = session.change("logit_bits", "2")["frame"].scalars
    assert all(back[name] == scores[name] for name in ("counted", "quant_accuracy", "changed"))  # kept
    assert session.page.pair is pair
    for bits in (*"345678", "off"):
        session.change("logit_bits", bits)
    for name in ("activations", "bits"):
        for bits in "2345678":
            session.change(name, bits)
    assert session.change("logit_bits", "2")["frame"].scalars["counted"] == 0  # but not of all that ever were


@pytest.mark.parametrize("slider", ["bits", "logit_bits"])
def test_the_networks_of_the_slider_that_was_moved_last_are_made_before_a_picture_needs_them(slider):
    session, choices = Session(weights="own"), next(p.choices for p in Page.PARAMS if p.name == slider)
    session.change(slider, choices[0])
    shown = session.page.pair
    session.count(1)
    pairs = [session.page.pairs.under(session.page.settings(**{slider: value})) for value in choices]
    assert session.page.pair is shown and len(set(map(id, pairs))) == len(choices)
    assert all(pair.ready for pair in pairs)


def test_a_count_ends_with_all_images():
    session = Session(weights="own", **ALL_OFF)
    scores = session.count(3000 // session.page.pair.piece + 2)
    assert scores["counted"] == 3000 and scores["quant_accuracy"] is None and scores["changed"] is None
    model, p = session.page.trainer.model, session.page.trainer.p
    accuracy = evaluate(model, p, *mnist.shipped("test"))["accuracy"]
    assert scores["float_accuracy"] == pytest.approx(accuracy, abs=1e-3)  # float64 beside float32


def test_what_cannot_be_read_is_said():
    session = Session()
    assert session.predict({"strokes": np.empty((0, 3), np.float32)}).scalars["digit"] is None
    assert session.predict({"image": np.full((28, 28), 255, np.uint8)}).notes == ["There is no ink in this picture."]
    with pytest.raises(ValueError, match="no test digit 3000"):
        session.predict({"index": 3000})
    with pytest.raises(ValueError, match="strokes, image or index"):
        session.predict({})


def test_the_own_network_learns_and_is_judged_after_each_pass():
    session = Session(weights="own")
    answer = session.advance(steps=3 * EPOCH)
    held_out = answer["history"]["float_accuracy"]
    assert held_out["step"].tolist() == [EPOCH, 2 * EPOCH, 3 * EPOCH] and held_out["value"][-1] > 0.7
    assert len(answer["history"]["quant_accuracy"]["value"]) == 3
    scalars = answer["frame"].scalars
    assert scalars["counted"] == scalars["judged"] == 500 and scalars["float_accuracy"] == held_out["value"][-1]
    assert session.count(1)["counted"] == 500 + session.page.pair.piece  # the count goes on from there
    later = session.advance(steps=1)["frame"].scalars
    assert later["counted"] == 0 and later["judged_float"] == held_out["value"][-1]
    assert session.reset()["frame"].scalars["judged_float"] is None


def test_training_does_not_touch_what_is_shown_of_the_pretrained_network():
    session = Session()
    first = session.predict({"index": 1})
    answer = session.advance(steps=EPOCH)
    assert answer["frame"].step == EPOCH and "float_accuracy" not in answer["history"]
    assert (session.predict({"index": 1}).arrays["probabilities"] == first.arrays["probabilities"]).all()
    session.change("weights", "own")
    assert session.predict({"index": 1}).arrays["patches"].shape == (16, 7, 7)


def test_rate_and_batch_change_without_a_reset_and_another_size_starts_anew():
    session = Session(weights="own")
    session.advance(steps=2)
    assert not session.change("rate", 0.01)["restarted"] and not session.change("batch", "8")["restarted"]
    assert session.change("optimiser", "sgd")["params"]["rate"] == 0.1
    assert session.advance(steps=1)["frame"].step == 3 and session.page.trainer.seen == 72
    answer = session.change("size", "full")
    assert answer["restarted"] and answer["frame"].scalars["bytes_float"] == 4 * 139_018
    assert np.isfinite(session.advance(steps=1)["history"]["loss"]["value"]).all()


@pytest.mark.parametrize("params", [{}, {"optimiser": "sgd", "rate": 0.05, "shift": 2, "batch": "64"}])
def test_a_snapshot_goes_on_bit_for_bit(params):
    one = Session(weights="own", seed=5, logit_bits="3", **params)
    one.advance(steps=10)
    saved = one.snapshot()
    two = Session(size="full")
    answer = two.restore(saved["file"], saved["name"])
    assert answer["frame"].step == 10 and answer["params"] == one.page.params and not answer["notes"]
    ours, theirs = (session.advance(steps=10)["history"]["loss"]["value"][-10:] for session in (one, two))
    assert (ours == theirs).all() and (one.page.trainer.p.vector == two.page.trainer.p.vector).all()
    before, after = (session.page.trainer.state() for session in (one, two))
    assert all((before[name] == after[name]).all() for name in before)


def test_a_file_of_weights_brings_its_size_along():
    session = Session()
    answer = session.restore(vit.SHIPPED.read_bytes(), "vit.npz")
    assert answer["params"]["size"] == "full" and answer["params"]["weights"] == "own"
    assert "your own" in answer["notes"][0]
    assert (session.page.trainer.p.vector == vit.load().vector).all()
    small = ViT(SIZES["small"]).initial(3)
    assert session.restore(store.pack(store.arrays_of(small)), "small.npz")["params"]["size"] == "small"


@pytest.mark.parametrize("spoil", [
    lambda a: {k: v for k, v in a.items() if k != "params"}, lambda a: {k: v for k, v in a.items() if k != "places"},
    lambda a: {k: v for k, v in a.items() if k != "trainer.order"}, lambda a: {**a, "places": a["places"][:5]},
    lambda a: {"x": a["places"]},
])
def test_a_wrong_file_is_refused_and_nothing_is_lost(spoil):
    session = Session(weights="own")
    session.advance(steps=3)
    before = session.snapshot()["file"]
    with pytest.raises(StoreError, match=r"wrong\.npz"):
        session.restore(store.pack(spoil(store.unpack(bytes(before), "own"))), "wrong.npz")
    assert (session.snapshot()["file"] == before).all()


@pytest.mark.filterwarnings("ignore:.*encountered")
@pytest.mark.parametrize(("format", "note", "scheme"), [
    ("onnx", exporting.FLOAT_SCORES, {"bits": 8, "per": "channel", "activations": 8}),
    ("safetensors", exporting.WITHOUT_BITS, {}), ("npz", exporting.WITHOUT_BITS, {})])
def test_each_format_gets_what_it_can_hold_of_the_settings_and_the_page_says_what_it_cannot(format, note, scheme):
    session = Session()
    outcome = session.page.act(f"export-{format}", {})
    assert outcome.notes[0] == note and outcome.notes[1].endswith("holds.")
    manifest = proven({outcome.name: outcome.file.tobytes()}, FORMATS[format]).manifest
    assert manifest["scheme"] == scheme and manifest["measured"]["accuracy"] > 0.9


def test_divergence_is_said_and_ends_the_run():
    session = Session(weights="own")
    session.page.trainer.p.vector[:] = np.nan
    answer = session.advance(steps=5)
    assert answer["done"] and answer["frame"].notes == [DIVERGED] and answer["frame"].scalars["count_of"] == 0
    assert session.predict({"index": 1}).notes == [DIVERGED] and session.background(ms=0)["done"]
    assert session.change("weights", "pretrained")["frame"].notes == []
