"""The encoder's training: padding, batches, resuming, and a bag of words that cannot tell."""

import numpy as np
import pytest

from pyapp.nets.encoder import own
from pyapp.nets.encoder.model import PAD, Encoder
from pyapp.training.bag_of_words import baseline, counts
from pyapp.training.encoder_recipe import (
    ASKING,
    EncoderRecipe,
    Student,
    batched,
    encoded,
    held_out,
    train_encoder,
    training_stories,
)

TINY = EncoderRecipe(stories=24, easy=2, epochs=2, batch=8, warmup=1)
WORDS = own.vocabulary()


def test_first_tokens_and_those_of_the_question_are_classified():
    texts, labels = held_out(8)
    ids, _ = batched(encoded(WORDS, texts, 64), labels, 8)
    student = Student(Encoder(own.size()))
    p = student.encoder.initial(1, np.float64)
    logits = student.forward(p, ids)
    assert logits.shape == ((1 + ASKING) * 8, 6)
    asked = WORDS.pieces.index("?")
    flat = ids.reshape(8, -1)[:, : (ids != PAD).sum(axis=-1).max()]
    assert (flat.reshape(-1)[student.encoder.at[8:16]] == asked).all()
    np.testing.assert_allclose(logits[:8], student.encoder.forward(p, flat, flat != PAD))


def test_batches_are_of_stories_about_as_long():
    texts, labels = held_out(64)
    ids, known = batched(encoded(WORDS, texts, 64), labels, 16)
    lengths = (ids != PAD).sum(axis=-1)
    assert ids.shape == (4, 16, 64) and known.shape == (4, 16)
    assert (lengths.max(axis=1)[:-1] <= lengths.min(axis=1)[1:]).all()


def test_no_story_that_is_learned_is_held_out():
    measured = set(held_out()[0])
    assert not measured & set(training_stories(TINY)[0]) and not measured & set(training_stories(TINY, easy=True)[0])


@pytest.mark.in_pyodide(0, "test_recipes.py trains by a recipe there")
def test_a_training_that_is_stopped_goes_on_to_the_same_weights(tmp_path):
    path = tmp_path / "progress.npz"
    whole, said = train_encoder(TINY, lambda line: None)[1], []

    def stop(line: str) -> None:  # in the second round, when a checkpoint of it is there
        said.append(line)
        if sum(each.startswith("step 6/6") for each in said) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_encoder(TINY, stop, path)
    np.testing.assert_array_equal(train_encoder(TINY, lambda line: None, path)[1].vector, whole.vector)


def test_too_few_stories_are_refused():
    with pytest.raises(ValueError, match="4 stories do not fill a batch of 8"):
        train_encoder(EncoderRecipe(stories=4, batch=8), lambda line: None)


def test_a_bag_of_words_learns_counts_and_not_order():
    rng = np.random.default_rng(1)
    ids = rng.integers(1, 5, (600, 6)).astype(np.int32)
    counted, ordered = (ids == 2).sum(axis=1) > 1, ids[:, 0] > ids[:, 1]
    for labels, least, most in ((counted, 0.95, 1.0), (ordered, 0.0, 0.75)):
        y = labels.astype(np.int64)
        assert least <= baseline((ids[:500], y[:500]), (ids[500:], y[500:]), 5) <= most
    np.testing.assert_array_equal(counts(np.array([[1, 1, 3]]), 4), [[0, 2, 0, 1]])
