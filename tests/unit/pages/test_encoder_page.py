"""The page of the encoder: its answer and its maps are the network's, and its counts are right."""

from functools import partial

import numpy as np
import pytest
from opened import Opened

from pyapp import shipped
from pyapp.core.losses import softmax
from pyapp.data import questions
from pyapp.measure.encoder import head_errors, read
from pyapp.nets.encoder import own
from pyapp.nets.encoder.model import PAD
from pyapp.pages.encoder import CALIBRATION, CALIBRATION_SEED, Cell
from pyapp.quantized.encoder import ScoreSettings, quantize_scores
from pyapp.softmax.compare import BITS
from pyapp.training.encoder_recipe import encoded, held_out

FEW = 160  # of the 2,000 held-out stories
TEXT = "mia sees ada. tom sees nora. who sees nora?"


class Session(Opened):
    name = "encoder"

    @property
    def page(self):
        return self.runner._get(self.opened["run"]).experiment


def test_the_answer_and_the_maps_are_those_of_the_network():
    session = Session(text=TEXT, logit_bits=4, softmax="ibert", shift="row-mean", layer=2, head="3")
    frame, net = session.opened["frame"], shipped.encoder()
    ids = net.vocabulary.encode(TEXT).ids[None]
    stories = encoded(net.vocabulary, questions.write(CALIBRATION_SEED, CALIBRATION)[0], 64)
    quantised = quantize_scores(net.model, net.weights, ScoreSettings(4, "ibert", "row-mean"), stories, stories != PAD)
    for model, side in ((net.model, "float"), (quantised, "quant")):
        p = softmax(model.forward(net.weights, ids))[0]
        np.testing.assert_allclose(frame.arrays[f"p_{side}"], p)
        assert frame.scalars[f"{side}_says"].startswith(net.labels[p.argmax()])
        np.testing.assert_array_equal(frame.arrays[f"map_{side}"], model.attention()[1, 0, 2])
        np.testing.assert_array_equal(frame.arrays[f"heads_{side}"][6], model.attention()[1, 0, 2])
    row = frame.scalars["rows"][6]
    assert row["name"] == "2.3" and row["chosen"]
    assert row["here"] == pytest.approx(np.abs(frame.arrays["map_error"]).sum(axis=1).mean())


def test_unknown_words_and_what_does_not_fit_are_said():
    told = Session(text="tom sees zebra. who sees quagga?").opened["frame"].scalars["unknown"]
    assert told.startswith("Unknown words, read as [UNK]: zebra, quagga. ")
    assert "tokens are not read" in Session(text="mia sees ada. " * 28).opened["frame"].scalars["unknown"]
    assert Session(text=TEXT).opened["frame"].scalars["unknown"] == ""


def test_a_finished_count_is_that_of_the_whole_set(monkeypatch):
    """By the way with padding, and head errors by hand; the page reads texts of equal length together."""
    monkeypatch.setattr("pyapp.pages.encoder.held_out", partial(held_out, FEW))
    session = Session(logit_bits=2, shift="row-max")
    pieces = len(session.page.pieces)
    frame = session.advance(steps=pieces)["frame"].scalars
    texts, labels = held_out(FEW)
    net, cell = shipped.encoder(), Cell(2, "exact", "row-max")
    ids = encoded(net.vocabulary, texts, 64)[:, :60]
    found = [session.page.network(cell).forward(net.weights, rows, rows != PAD).argmax(axis=1)
             for rows in np.array_split(ids, 3)]
    assert frame["counted"] == len(labels) == FEW
    assert frame["accuracy"] == (np.concatenate(found) == labels).mean()
    errors = 0.0
    for piece in session.page.pieces:
        exact, rounded = (read(model, net.weights, piece) for model in (net.model, session.page.network(cell)))
        errors = errors + head_errors(exact.attention, rounded.attention).sum(axis=0)
    np.testing.assert_allclose([row["mean"] for row in frame["rows"]], (errors / FEW).ravel())
    assert frame["lines"][-1]["y"][BITS.index(2)] == frame["accuracy"] and frame["done"] >= FEW


def test_the_shipped_weights_are_what_their_recipe_says():
    """At least 97 % on held-out stories, and a bag of words far below."""
    found = own.store.recipe(own.SHIPPED)["metrics"]["held_out"]
    assert found["accuracy"] >= 0.97 and found["bag_of_words"] < 0.5
    assert own.SHIPPED.stat().st_size <= 600_000
    net = shipped.encoder()
    assert net.model.size == own.size() and net.vocabulary.pieces == own.vocabulary().pieces
