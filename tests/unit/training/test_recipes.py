"""The shipped weights, and the command that makes such weights."""

from pathlib import Path

import pytest

from pyapp import store
from pyapp.data import mnist
from pyapp.digitgen.distillation import RoutingRecipe
from pyapp.digitgen.recipe import TeacherRecipe
from pyapp.nets.mlp import MLP
from pyapp.quantized.qat_recipe import QATRecipe, StudentRecipe
from pyapp.training.gpt_recipe import GPTRecipe
from pyapp.training.recipes import MLPRecipe, accuracies, check, facts, train_mlp
from pyapp.training.vit_recipe import ViTRecipe

WEIGHTS = store.WEIGHTS / "mlp.npz"
MNIST = mnist.ROOT.parent / "shared" / "data" / "mnist"


def shipped():
    return store.parameters(store.load(WEIGHTS), MLP().shapes, WEIGHTS.name)


def test_the_shipped_weights_measure_what_their_recipe_says():
    said = store.recipe(WEIGHTS)["metrics"]["shipped"]
    measured = accuracies(shipped(), mnist.load())
    assert measured == pytest.approx(said, abs=1.01 / 3000)  # another BLAS may turn one image
    assert measured["float"] >= 0.985


@pytest.mark.skipif(not MNIST.is_dir(), reason="the official MNIST files are not on this machine")
def test_the_official_test_images():
    said = store.recipe(WEIGHTS)["metrics"]["test"]
    measured = accuracies(shipped(), mnist.load(MNIST))
    assert measured == pytest.approx(said, abs=1.01 / 10000)
    assert measured["n"] == 10_000 and measured["float"] >= 0.988
    assert abs(measured["8"] - measured["float"]) <= 0.0005


def test_the_recipe_beside_the_weights_is_the_recipe_in_the_code():
    said, recipe = store.recipe(WEIGHTS), MLPRecipe()
    assert {name: said[name] for name in vars(recipe)} == vars(recipe)
    assert said["images"] == 55_000 and said["parameters"] == 109_386


@pytest.mark.parametrize("recipe", [MLPRecipe, QATRecipe, StudentRecipe, ViTRecipe, GPTRecipe, TeacherRecipe,
                                    RoutingRecipe])
def test_numbers_of_a_recipe_that_cannot_be_used_are_refused(recipe):
    check(recipe())
    for name, default in vars(recipe()).items():
        if isinstance(default, str):
            continue
        for bad in (-1, float("nan"), float("inf")):
            with pytest.raises(ValueError, match=f"{name} is {bad}; use "):
                check(recipe(**{name: bad}))
        if name in ("epochs", "steps", "rate", "batch", "temperature", "route", "clip"):
            with pytest.raises(ValueError, match=f"{name} is 0; use more than 0"):
                check(recipe(**{name: 0}))
    check(recipe(seed=0))
    check(QATRecipe(bits=(4, 3, 2), activations=0, share=0.0, degrees=0.0))


@pytest.mark.in_pyodide(0, "the digits page's session in tests/parity trains there")
def test_training_by_recipe_learns_and_is_deterministic():
    digits = mnist.load(split="train")
    recipe, lines = MLPRecipe(epochs=3), []
    p, again = (train_mlp(recipe, digits, lines.append) for _ in range(2))
    assert (p.vector == again.vector).all()
    assert accuracies(p, mnist.load(), bits=(8,))["float"] > 0.7
    assert len(lines) == 6 and lines[2].startswith("epoch 3/3")
    assert facts(recipe, digits)["epochs"] == 3


def test_weights_files_have_their_recipes():
    for path in Path(store.WEIGHTS).glob("*.npz"):
        assert {"command", "sha256", "bytes"} <= set(store.recipe(path)), path
        assert store.load(path)
