"""`qat vit` and `qat gpt`: the weights that they save, measured again by `evaluate`, are what they say."""

import json

import pytest

from pyapp import store
from pyapp.__main__ import main
from pyapp.checkpoint import described
from pyapp.data.text import Vocabulary
from pyapp.nets import gpt
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.nets.vit import ViT, ViTSize

TEXT = "the cat sat on the mat. " * 90
QUICK = ["--steps", "2", "--batch", "2", "--softmax", "hccs"]
SETTINGS = ["--bits", "8", "--activations", "8", "--logit-bits", "4", "--softmax", "hccs", "--integer", "--json"]


def run(capsys, *words) -> tuple[int, str, str]:
    status = main([str(word) for word in words])
    return status, *capsys.readouterr()


@pytest.fixture
def small(tmp_path):
    """Small networks with random weights, and a text."""
    vocabulary = Vocabulary(TEXT)
    images = ViT(ViTSize(14, 16, 2, 1, 24)).initial(1)
    store.save(tmp_path / "v.npz", described(store.arrays_of(images), "train vit", 2), {})
    arrays = gpt.arrays_of(GPT(len(vocabulary), GPTSize(16, 2, 1, 32, 24)).initial(1), vocabulary)
    store.save(tmp_path / "g.npz", described(arrays, "train gpt", 2), {})
    (tmp_path / "t.txt").write_text(TEXT)
    return tmp_path


def checked(capsys, folder, model: str, *data) -> dict:
    out = folder / "q.npz"
    status, said, _ = run(capsys, "qat", model, *data, "--out", out, *QUICK)
    metrics, recipe = json.loads(said), store.recipe(out)
    assert status == 0 and recipe["metrics"] == metrics and recipe["settings"]["logit_bits"] == 4
    given = data[: data.index("--weights")] if "--weights" in data else data
    again = json.loads(run(capsys, "evaluate", model, *given, "--weights", out, *SETTINGS)[1])
    assert again["loss"] == metrics["after"]["integer"]["loss"] != metrics["before"]["integer"]["loss"]
    assert metrics["after"]["simulated"]["loss"] not in (again["loss"], metrics["float32"]["loss"])
    return recipe


def test_the_gpt_is_measured_as_it_is_saved(capsys, small):
    recipe = checked(capsys, small, "gpt", "--data", small / "t.txt", "--weights", small / "g.npz")
    assert recipe["command"] == (f"python -m pyapp qat gpt --data FILE --out weights/q.npz --weights {small / 'g.npz'} "
                                 "--softmax hccs --steps 2 --batch 2")
    assert recipe["from_sha256"] == store.recipe(small / "g.npz")["sha256"] and "text_sha256" in recipe


def test_the_vision_transformer_learns_from_the_training_images(capsys, small):
    recipe = checked(capsys, small, "vit", "--images", "10", "--weights", small / "v.npz")
    assert recipe["images"] == 2000 and recipe["metrics"]["on"] == "10 of 3,000 images"
    assert recipe["command"].startswith("python -m pyapp qat vit --data DIR --out weights/q.npz --weights ")


def test_settings_that_leave_floats_are_refused_before_anything_is_measured(capsys, tmp_path):
    for words, message in ((("--softmax", "exact"), "which computes in floats"), (("--bits", "none"), "bits is none"),
                           (("--calibrate", "mse"), "use minmax")):
        status, _, said = run(capsys, "qat", "vit", "--out", tmp_path / "q.npz", *words)
        assert status == 2 and message in said
