"""MobileBERT: the recorded network of transformers, gradients, padding, and checkpoints that do not fit."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from oracles.mobilebert import RECORDED, SIZE, WITHIN, check

from pyapp import safetensors
from pyapp.core.gradcheck import numeric_gradient
from pyapp.core.losses import softmax_cross_entropy
from pyapp.data.text import TextError
from pyapp.nets.encoder import huggingface
from pyapp.nets.encoder.model import PREFIX, Encoder, EncoderSize
from pyapp.store import StoreError

SMALL = EncoderSize(vocabulary=7, embedding=3, width=8, inner=4, hidden=6, layers=2, networks=2, heads=2, context=6,
                    classes=3)
IDS = np.array([[1, 2, 3, 4, 0], [5, 6, 1, 2, 3]], np.int32)
WORDS = f"{PREFIX}embeddings.word_embeddings.weight"
CONFIG = {"num_attention_heads": 2, "hidden_size": 32, "id2label": {"0": "bad", "1": "fair", "2": "good"}}


@pytest.fixture(scope="module")
def recorded() -> dict[str, np.ndarray]:
    with np.load(RECORDED) as file:
        return dict(file)


def weights(recorded) -> dict[str, np.ndarray]:
    return {key.removeprefix("sd."): array for key, array in recorded.items() if key.startswith("sd.")}


def written(folder: Path, arrays, config=CONFIG) -> Path:
    """A checkpoint with the files beside it."""
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "##s"]) + "\n")
    (folder / "model.safetensors").write_bytes(safetensors.pack(arrays, {"format": "pt"}))
    return folder / "model.safetensors"


def test_the_recorded_network_of_transformers_is_matched(recorded):
    """Two token types and padding; hidden states, attention and logits."""
    model, own = huggingface.network(weights(recorded), CONFIG, "recorded")
    assert model.size == SIZE
    check(model, own, recorded)


def test_a_checkpoint_is_read_with_what_lies_beside_it(recorded, tmp_path):
    found = huggingface.load(written(tmp_path, weights(recorded)))
    assert found.labels == ("bad", "fair", "good") and found.vocabulary.encode("Goods").pieces[1:3] == ("good", "##s")
    check(found.model, found.weights, recorded)


def test_a_bare_network_has_no_prefix_and_no_classifier(recorded):
    bare = {key.removeprefix(PREFIX): array for key, array in weights(recorded).items() if PREFIX in key}
    model, own = huggingface.network(bare, CONFIG, "bare")
    assert model.size == replace(SIZE, classes=0)
    ids, mask, types = (recorded[name] for name in ("input_ids", "attention_mask", "token_type_ids"))
    np.testing.assert_allclose(model.forward(own, ids, mask.astype(bool), types), recorded["pooled"], **WITHIN)


def test_half_precision_is_widened(recorded):
    half = {key: array.astype(np.float16) for key, array in weights(recorded).items()}
    assert {array.dtype for array in huggingface.network(half, CONFIG, "half")[1].values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("broken, words", [
    (lambda w: w.pop(f"{PREFIX}encoder.layer.1.attention.self.key.bias"), "layer.1.attention.self.key.bias is missing"),
    (lambda w: w.pop(WORDS), "word_embeddings.weight is missing"),
    (lambda w: w.update({WORDS: w[WORDS].ravel()}), "expected a matrix"),
    (lambda w: w.update({f"{PREFIX}pooler.dense.bias": np.zeros(5, np.float32)}), r"shape \(5,\); expected \(32"),
    (lambda w: w.update(other=np.zeros(1, np.float32)), "the tensor other|mobilebert.other"),
    (lambda w: w.update({"classifier.bias": np.full(3, np.nan, np.float32)}), "not finite"),
])
def test_what_does_not_fit_is_named(recorded, broken, words):
    found = weights(recorded)
    broken(found)
    with pytest.raises(StoreError, match=words) as error:
        huggingface.network(found, CONFIG, "FILE")
    assert str(error.value).startswith("FILE: ") and "\n" not in str(error.value)


@pytest.mark.parametrize("setting, value", [("normalization_type", "layer_norm"), ("hidden_size", 64),
                                            ("num_attention_heads", 3), ("num_attention_heads", "2")])
def test_settings_of_another_network_are_refused(recorded, setting, value):
    with pytest.raises(StoreError, match="heads cannot share" if value == 3 else setting):
        huggingface.network(weights(recorded), {**CONFIG, setting: value}, "FILE")


@pytest.mark.parametrize("damage, words", [
    (lambda folder: (folder / "model.safetensors").write_bytes(b""), "empty"),
    (lambda folder: (folder / "model.safetensors").write_bytes(b"PK\3\4" * 9), "convert older"),
    (lambda folder: (folder / "model.safetensors").unlink(), "cannot be read"),
    (lambda folder: (folder / "config.json").write_text("[]"), "it is a list"),
    (lambda folder: (folder / "vocab.txt").write_text("[PAD]\n"), "has no \\[UNK\\]"),
    (lambda folder: (folder / "vocab.txt").write_text("\n".join(map(str, range(90)))), "has no"),
    (lambda folder: (folder / "vocab.txt").unlink(), "vocab.txt cannot be read"),
])
def test_damaged_files_are_refused_in_a_sentence(recorded, tmp_path, damage, words):
    path = written(tmp_path, weights(recorded))
    damage(tmp_path)
    with pytest.raises((StoreError, TextError), match=words):
        huggingface.load(path)


@pytest.mark.parametrize("size", [SMALL, replace(SMALL, trigram=False, pooler=False, networks=1)])
@pytest.mark.in_pyodide(0, "the layers' own tests differentiate them there")
def test_gradients_match_central_differences(size):
    """All but those of the padding's vector, which is kept at 0."""
    model, labels = Encoder(size), np.array([0, 2])
    p = model.initial(2, np.float64)
    p.vector[:] += np.random.default_rng(3).standard_normal(p.vector.shape) * 0.2
    p[model.words.weight][0] = 0

    def loss() -> float:
        return softmax_cross_entropy(model.forward(p, IDS, IDS != 0, IDS % 2), labels)[0]

    model.backward(p, softmax_cross_entropy(model.forward(p, IDS, IDS != 0, IDS % 2), labels)[1])
    expected = numeric_gradient(loss, p.vector)
    expected[: size.embedding] = 0
    np.testing.assert_allclose(p.gradient, expected, atol=1e-8)


def test_a_text_is_read_alike_with_and_without_padding():
    model = Encoder(SMALL)
    p = model.initial(1)
    padded = model.forward(p, IDS, IDS != 0)[0]
    np.testing.assert_allclose(padded, model.forward(p, IDS[:1, :4])[0], rtol=1e-5)


def test_a_text_longer_than_the_context_is_refused():
    model = Encoder(SMALL)
    with pytest.raises(ValueError, match="7 tokens do not fit into a context of 6"):
        model.forward(model.initial(1), np.ones((1, 7), np.int32))


def test_the_default_size_is_mobilebert():
    """24.85 million parameters with a head of two classes, in 1,115 tensors (transformers 5.23.0)."""
    shapes = Encoder(EncoderSize()).shapes
    assert len(shapes) == 1115 and round(sum(int(np.prod(s)) for s in shapes.values()) / 1e6, 2) == 24.85
