"""Train a tiny GPT: it learns, is read, goes on exactly, and says what is wrong with a text."""

import json

import numpy as np
import pytest

from pyapp import store
from pyapp.data import stories
from pyapp.data.corpus import Stories
from pyapp.data.text import LONGEST
from pyapp.pages.base.digits_training import DIVERGED
from pyapp.pages.base.text_training import LARGEST, SAMPLES, SIZES, TextTraining, loss_by_frequency
from pyapp.runner import Runner
from pyapp.store import StoreError

PROSE = "".join(f"the {'cat' if i % 3 else 'dog'} sat on mat {i % 7}.\n" for i in range(120))


class Session:
    """A runner with one open page; the smallest network, for time."""

    def __init__(self, **params):
        self.runner = Runner()
        self.opened = self.runner.open("learn", {"size": "small", "batch": "1", **params})

    def __getattr__(self, name):
        return lambda *args, **kwargs: getattr(self.runner, name)(self.opened["run"], *args, **kwargs)

    def read(self):
        """The rows of the table when nothing is left to be read, by name."""
        answer = self.background(ms=600_000)
        assert answer["done"] and not answer["frame"].scalars["pending"]
        return {reading["name"]: reading for reading in answer["frame"].scalars["readings"]}

    def writing(self):
        """The samples that both networks write."""
        return self.background(ms=0)["frame"].scalars["writing"]


def test_before_any_step_all_letters_are_as_likely_and_no_sentence_is_right():
    session = Session()
    scalars = session.opened["frame"].scalars
    assert scalars["pending"] == 2 and scalars["loss"] is None and scalars["rate"] is None
    assert not scalars["corpus"]["own"] and scalars["corpus"]["characters"] > 200_000
    readings = session.read()
    assert readings["float"]["step"] == 0 and readings["float"]["score"] == readings["4"]["score"] == 0
    assert readings["float"]["loss"] == pytest.approx(np.log(scalars["corpus"]["different"]), abs=0.6)
    assert readings["8"] == {"name": "8", "title": "8 bits", "role": "quant", "step": None, "loss": None, "score": None,
                             "bytes": None}
    assert [each["title"] for each in session.writing()] == ["float32", "4 bits"]
    assert [len(each["samples"]) for each in session.writing()] == [8, 8]
    assert {sample["mark"] for each in session.writing() for sample in each["samples"]} == {"✗"}


def test_the_curves_begin_with_what_the_untrained_network_is_worth():
    session = Session()
    assert session.opened["history"] == {}  # nothing is measured yet
    answer = session.background(ms=600_000)
    points, float_ = answer["history"], answer["frame"].scalars["readings"][0]
    assert points.keys() == {"held_out_loss", "score", "quant_loss", "quant_score"}
    assert all(part["step"].tolist() == [0] for part in points.values())
    assert points["held_out_loss"]["value"].tolist() == [float_["loss"]]
    assert session.background(ms=600_000)["history"] == {}  # told once
    assert session.advance(steps=1)["history"].keys() == {"loss"}


def test_what_letter_frequencies_alone_are_worth():
    known, asked = np.array([0, 0, 0, 1]), np.array([[0, 1], [2, 0]])
    assert loss_by_frequency(known, asked, 3) == pytest.approx(-np.mean(np.log([4 / 7, 2 / 7, 1 / 7, 4 / 7])))
    learner = TextTraining(Stories(), "small", 1)
    text = learner.corpus.text
    of = np.array([text.count(letter) for letter in sorted(set(text))]) / len(text)
    assert learner.by_frequency == pytest.approx(-(of * np.log(of)).sum(), rel=0.01)  # the whole text's entropy


def test_it_learns_and_the_curves_have_what_was_read():
    answer = Session(batch="4", rate=0.01).advance(steps=101)
    history = answer["history"]
    assert history["loss"]["step"].tolist() == list(range(1, 102))
    assert np.mean(history["loss"]["value"][-10:]) < 0.8 * history["loss"]["value"][0]
    for name in ("held_out_loss", "score", "quant_loss", "quant_score"):
        assert history[name]["step"].tolist() == [0, 50, 100]
    assert history["held_out_loss"]["value"][2] < history["held_out_loss"]["value"][0] - 0.5
    assert answer["frame"].scalars["rate"] == pytest.approx(0.01 * (100 / 101) ** 0.5)


def test_a_score_is_the_share_of_samples_that_the_grammar_accepts():
    learner = TextTraining(Stories(), "small", 1)
    *_, reading = learner.read(4, 0.8)
    assert len(reading["samples"]) == len(reading["marks"]) == SAMPLES
    lines = "".join(sample + "\n" for sample in reading["samples"])
    assert reading["score"] == np.mean(reading["marks"]) == stories.score(lines)
    learner.corpus.mark = lambda sample: float(sample == reading["samples"][0])
    *_, marked = learner.read(4, 0.8)
    assert marked["score"] == reading["samples"].count(reading["samples"][0]) / SAMPLES


def test_only_dense_layers_are_rounded_each_channel_on_its_own_scale():
    learner = TextTraining(Stories(), "small", 1)
    rounded = learner.rounded(3)
    names = {layer.weight for layer in learner.model.linears}
    assert set(rounded.tensors) == names and len(names) == 4
    for name, tensor in rounded.tensors.items():
        assert tensor.grid.scale.shape == learner.p[name].shape[:1] and len(np.unique(tensor.codes)) <= 7
    for name in set(learner.p) - names:
        assert (rounded.parameters[name] == learner.p[name]).all()


def test_all_widths_are_read_at_one_step():
    session = Session()
    session.read()
    assert session.act("widths")["frame"].scalars["pending"] == 5
    readings = session.read()
    assert [reading["step"] for reading in readings.values()] == [0] * 7
    nbytes = [readings[bits]["bytes"] for bits in (*"234568", "float")]
    assert nbytes == sorted(nbytes) and len(set(nbytes)) == 7
    session.advance(steps=3)
    assert session.act("widths")["frame"].scalars["pending"] == 7, "float as well, for it has learned on"
    assert {reading["step"] for reading in session.read().values()} == {3}


def test_earlier_readings_are_shown_until_there_are_newer_ones():
    session = Session()
    frame = session.advance(steps=50)["frame"]
    assert frame.scalars["pending"] == 2 and frame.scalars["readings"][0]["step"] == 0
    assert session.read()["float"]["step"] == 50


def test_bits_and_temperature_change_without_a_restart():
    session = Session(bits="off")
    session.read()
    answer = session.change("bits", "2")
    assert not answer["restarted"] and answer["frame"].scalars["pending"] == 1
    cool, written = session.read(), session.writing()
    assert cool["2"]["loss"] != cool["float"]["loss"] and len(written) == 2
    assert session.change("temperature", 0.3)["frame"].scalars["readings"][0]["step"] is None
    warm = session.read()
    assert warm["float"]["loss"] == cool["float"]["loss"]
    assert session.writing()[0]["samples"] != written[0]["samples"]
    assert session.change("bits", "off")["frame"].scalars["pending"] == 0


def test_a_seed_repeats_the_run_and_another_does_not():
    losses = [Session(seed=seed).advance(steps=3)["history"]["loss"]["value"].tolist() for seed in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]


def test_the_sizes_grow():
    numbers = [Session(size=size).opened["frame"].scalars["parameters"] for size in SIZES]
    assert numbers == sorted(numbers) and numbers[1] < 70_000


@pytest.mark.filterwarnings("ignore:.*encountered")
def test_divergence_is_said_and_ends_the_run():
    session = Session()
    session.runner._get(session.opened["run"]).experiment.learner.p.vector[:] = np.float32(1e30)
    answer = session.advance(steps=10)
    assert answer["done"] and answer["frame"].notes == [DIVERGED]
    assert session.change("bits", "8")["frame"].scalars["pending"] == 0


@pytest.mark.parametrize("params", [{}, {"corpus": "own", "text": PROSE, "temperature": 0.5, "rate": 0.01}])
def test_a_snapshot_goes_on_exactly(params):
    one = Session(seed=5, **params)
    one.advance(steps=48)
    saved = one.snapshot()
    two = Session(bits="8", size="medium")
    answer = two.restore(saved["file"], saved["name"])
    assert answer["frame"].step == 48 and answer["params"]["bits"] == "8" and answer["params"]["size"] == "small"
    assert answer["params"]["text"] == params.get("text", "")
    ours, theirs = (session.advance(steps=5) for session in (one, two))
    assert (ours["history"]["loss"]["value"][-5:] == theirs["history"]["loss"]["value"]).all()
    for session in (one, two):
        session.act("widths")
        session.change("bits", "8")
    assert one.read() == two.read() and one.writing() == two.writing(), "samples, marks and losses as well"
    vectors = [session.runner._get(1).experiment.learner.p.vector for session in (one, two)]
    assert vectors[0].tobytes() == vectors[1].tobytes()


@pytest.mark.parametrize("spoil", [
    lambda a: {k: v for k, v in a.items() if k != "params"},
    lambda a: {k: v for k, v in a.items() if k != "trainer.order"},
    lambda a: {k: v for k, v in a.items() if not k.startswith("trainer.")},
    lambda a: {**a, "params": np.frombuffer(b"{", np.uint8)},
    lambda a: {**a, "params": with_params(a, corpus="own", text="tiny")},
    lambda a: {**a, "params": with_params(a, size="large")},
    lambda a: {**a, "norm.weight": a["norm.weight"][:5]}, lambda a: {"x": a["norm.weight"]},
])
def test_a_wrong_file_is_refused_and_nothing_is_lost(spoil):
    session = Session()
    session.advance(steps=3)
    before = session.snapshot()["file"]
    arrays = store.unpack(bytes(before), "own")
    with pytest.raises(StoreError, match=r"wrong\.npz"):
        session.restore(store.pack(spoil(arrays)), "wrong.npz")
    assert (session.snapshot()["file"] == before).all()


def with_params(arrays, **changes) -> np.ndarray:
    params = json.loads(arrays["params"].tobytes()) | changes
    return np.frombuffer(json.dumps(params).encode(), np.uint8)


def test_a_text_of_ones_own_is_learned_and_scored_by_its_words():
    session = Session(corpus="own", text=PROSE, batch="8", rate=0.02)
    corpus = session.opened["frame"].scalars["corpus"]
    assert corpus["own"] and corpus["characters"] == len(PROSE) and corpus["beginning"] == PROSE[:400] + "…"
    session.advance(steps=60)
    assert 0.2 < session.read()["float"]["score"] <= 1
    assert all(sample["mark"].endswith("%") for sample in session.writing()[0]["samples"])


def test_a_text_file_is_learned_or_it_is_said_why_not():
    session = Session(batch="8")
    session.advance(steps=2)
    for data, said in ((b" ", "x.txt: the text is empty"), (b"ab", "x.txt: the text has 2 characters"),
                       (b"a\xff", "x.txt: expected text in UTF-8"), (bytes(LARGEST + 1), "x.txt has 20,000,001 bytes")):
        with pytest.raises(StoreError, match=said.replace(".", r"\.")):
            session.restore(data, "x.txt")
    assert session.snapshot()["name"] and session.background(ms=0)["frame"].step == 2, "nothing is lost"
    answer = session.restore(PROSE.replace("\n", "\r\n").encode(), "prose.txt")
    assert answer["frame"].step == 0 and answer["frame"].scalars["corpus"]["own"]
    assert (answer["params"]["corpus"], answer["params"]["text"], answer["params"]["batch"]) == ("own", PROSE, "8")
    long = session.restore(b"a" * 10_000_000, "long.txt")
    assert len(long["params"]["text"]) == LONGEST and "10,000,000 characters; the first" in long["notes"][1]
    assert long["notes"][0].startswith(f"long.txt: a text of your own with {LONGEST:,}")


def test_a_link_whose_text_cannot_be_learned_opens_with_the_stories_and_says_so():
    frame = Session(corpus="own", text="tiny").opened["frame"]
    assert not frame.scalars["corpus"]["own"] and "cannot be learned: the text has 4 characters" in frame.notes[0]
    assert "is empty" in Session(corpus="own").opened["frame"].notes[0]
