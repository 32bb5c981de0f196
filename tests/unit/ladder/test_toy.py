"""The forward pass in NumPy against one in plain numbers, written from the formulas alone."""

import math

import numpy as np
import pytest

from pyapp.experiment.params import ParamError
from pyapp.ladder import toy

PROMPTS = ("a fluffy blue creature", "a", "a fluffy blue creature roamed the", "american shrew mole",
           "one mole of carbon", "take a biopsy of the mole .", "forest forest forest",
           "verdant dioxide the . blue american one")


def dot(u, v):
    return math.fsum(x * y for x, y in zip(u, v, strict=True))


def times(matrix, v):
    return [dot(row, v) for row in matrix]


def plus(*vectors):
    return [math.fsum(parts) for parts in zip(*vectors, strict=True)]


def softmax(s):
    e = [math.exp(number - max(s)) for number in s]
    return [number / math.fsum(e) for number in e]


def forward(words, p, mlp, own, scaled, temperature):
    """The forward pass of the toy in plain Python, for lists of floats."""
    p = {name: array.tolist() for name, array in p.items()}
    if not own:
        p |= {name: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]] for name in ("W_Q", "W_K", "W_V")}
    x = [p["E"][toy.WORDS.index(word)] for word in words]
    found = {"embeddings": x, "scores": [], "weights": [], "nudge": [], "refined": [], "hidden": [], "output": []}
    for i, here in enumerate(x):
        query = times(p["W_Q"], here)
        scores = [dot(query, times(p["W_K"], there)) / (math.sqrt(3) if scaled else 1) for there in x[: i + 1]]
        weights = softmax(scores)
        values = [times(p["W_V"], there) for there in x[: i + 1]]
        nudge = [math.fsum(a * v[d] for a, v in zip(weights, values, strict=True)) for d in range(3)]
        refined = plus(here, nudge)
        hidden = [max(z, 0.0) for z in plus(times(p["W1"], refined), p["b1"])]
        output = plus(refined, times(p["W2"], hidden), p["b2"]) if mlp else refined
        ahead = len(x) - i - 1
        for name, row in (("scores", scores + [-math.inf] * ahead), ("weights", weights + [0.0] * ahead),
                          ("nudge", nudge), ("refined", refined), ("hidden", hidden), ("output", output)):
            found[name].append(row)
    found["logits"] = times(p["E"], found["output"][-1])
    found["probabilities"] = softmax([logit / temperature for logit in found["logits"]])
    return found


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("mlp", [True, False])
@pytest.mark.parametrize("own, scaled, temperature", [(False, False, 1.0), (True, True, 0.7), (True, False, 2.0)])
def test_two_ways_to_the_same_numbers(prompt, mlp, own, scaled, temperature):
    ours = toy.forward(toy.tokens(prompt), toy.load(), mlp, own, scaled, temperature)
    theirs = forward(prompt.split(), toy.load(), mlp, own, scaled, temperature)
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        assert array.shape == np.shape(theirs[name]) and array.dtype == np.float64
        np.testing.assert_allclose(array, theirs[name], rtol=0, atol=1e-12, err_msg=name)


def test_a_word_has_one_vector_until_attention_looks_around():
    found = [toy.forward(toy.tokens(sentence), toy.load()) for sentence in toy.MOLES]
    places = [sentence.split().index("mole") for sentence in toy.MOLES]
    vectors, refined = ([each[name][at] for each, at in zip(found, places, strict=True)]
                        for name in ("embeddings", "refined"))
    assert all(np.array_equal(vector, vectors[0]) for vector in vectors)
    assert np.abs(refined[0] - refined[1]).max() > 0.1 and np.abs(refined[1] - refined[2]).max() > 0.1


def test_words_become_numbers_and_again_words():
    assert toy.text(toy.tokens("A fluffy creature.")) == "a fluffy creature ."
    assert toy.tokens("mole").dtype == np.int32
    assert set(toy.STORY.split()) <= set(toy.WORDS) and len(toy.WORDS) == len(set(toy.WORDS)) == 18


@pytest.mark.parametrize("prompt, message", [("", "has 0 words"), ("a " * 25, "has 25 words"),
                                             ("a green creature", "does not know 'green'")])
def test_what_it_cannot_read_is_named(prompt, message):
    with pytest.raises(ParamError, match=message) as error:
        toy.tokens(prompt)
    assert error.value.param == "prompt" and error.value.hint


def test_nobody_can_change_the_shipped_weights():
    with pytest.raises(ValueError, match="read-only"):
        toy.load()["E"][0, 0] = 1
