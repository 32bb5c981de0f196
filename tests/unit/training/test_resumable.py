"""Long trainings: they learn, and an interrupted one goes on to the same weights."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from pyapp import store
from pyapp.core.rng import generator
from pyapp.data.mnist import Digits
from pyapp.data.text import Vocabulary
from pyapp.nets import gpt, vit
from pyapp.nets.gpt import GPTSize
from pyapp.training.gpt_recipe import GPTRecipe, train_gpt, trainer_of
from pyapp.training.resumable import Checkpoint, train_resumable
from pyapp.training.vit_recipe import ViTRecipe, train_vit

SIZE = GPTSize(width=16, heads=2, blocks=1, context=8, hidden=32)
RECIPE = GPTRecipe(steps=40, batch=8, warmup=5)
TEXT = np.tile(np.arange(6, dtype=np.int32), 60)


class Interrupted(Exception):
    pass


def test_it_learns_what_repeats():
    lines = []
    train_gpt(GPTRecipe(steps=150, batch=16, rate=0.01, warmup=5, dropout=0.0), TEXT, 6, lines.append, TEXT, size=SIZE)
    assert len(lines) == 1 and "step 150/150" in lines[0]
    assert float(lines[0].rsplit(" ", 1)[1]) < 0.1


def test_an_interrupted_training_goes_on_to_the_same_weights(tmp_path):
    _, whole = train_gpt(RECIPE, TEXT, 6, print, size=SIZE)
    file = tmp_path / "c.npz"

    def train(stop: int) -> np.ndarray:
        trainer = trainer_of(RECIPE, TEXT, 6, SIZE)

        def before(step: int) -> None:
            if step == stop:
                raise Interrupted
            trainer.model.drop(generator(RECIPE.seed, f"dropout {step}"))

        train_resumable(trainer, RECIPE.steps, RECIPE.rate, RECIPE.warmup, print, before, every=10,
                        checkpoint=Checkpoint(file, RECIPE))
        return trainer.p.vector

    for stop in (14, 27):
        with pytest.raises(Interrupted):
            train(stop)
    np.testing.assert_array_equal(train(stop=-1), whole.vector)
    np.testing.assert_array_equal(train(stop=-1), whole.vector)  # it was at its end already


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path):
    file = tmp_path / "c.npz"
    train_gpt(GPTRecipe(steps=2, batch=4), TEXT, 6, print, checkpoint=file, size=SIZE)
    with pytest.raises(ValueError, match=r"c\.npz holds a training with steps=2, but this one has steps=3"):
        train_gpt(GPTRecipe(steps=3, batch=4), TEXT, 6, print, checkpoint=file, size=SIZE)


def test_a_checkpoint_of_another_text_is_refused(tmp_path):
    """The old training must not be recorded as one on the new text."""
    recipe, file, letters = GPTRecipe(steps=2, batch=4), tmp_path / "c.npz", Vocabulary("abcdef")
    train_gpt(recipe, TEXT, 6, print, TEXT, file, SIZE, letters)
    before = file.read_bytes()
    for text, held_out, vocabulary in ((TEXT[::-1], TEXT, letters), (TEXT, TEXT[1:], letters),
                                       (TEXT, TEXT, Vocabulary("abcdeg"))):
        with pytest.raises(ValueError, match=r"was trained on other data \(sha256 \w{12}\.\.\., this has \w{12}"):
            train_gpt(recipe, text, 6, print, held_out, file, SIZE, vocabulary)
    assert file.read_bytes() == before
    train_gpt(recipe, TEXT, 6, print, TEXT, file, SIZE, letters)


def test_a_checkpoint_of_other_images_is_refused(tmp_path):
    images = (np.arange(8 * 784) % 251).astype(np.uint8).reshape(8, 28, 28)
    digits, file = Digits(images, np.arange(8, dtype=np.int64)), tmp_path / "c.npz"
    train_vit(ViTRecipe(epochs=1, batch=8, warmup=2), digits, print, checkpoint=file)
    for others in (Digits(images[::-1], digits.labels), Digits(images, digits.labels[::-1])):
        with pytest.raises(ValueError, match=r"c\.npz was trained on other data"):
            train_vit(ViTRecipe(epochs=1, batch=8, warmup=2), others, print, checkpoint=file)
    with pytest.raises(ValueError, match=r"c\.npz holds a Vision Transformer .*, not an unfinished training"):
        train_gpt(RECIPE, TEXT, 6, print, checkpoint=file, size=SIZE)
    assert (vit.load(file).vector == train_vit(ViTRecipe(epochs=1, batch=8, warmup=2), digits, print,
                                               checkpoint=file)[1].vector).all()


def test_training_resumes_from_a_checkpoint_that_does_not_record_its_data(tmp_path):
    file, said, whole = tmp_path / "c.npz", [], train_gpt(RECIPE, TEXT, 6, print, size=SIZE)[1]
    trainer = trainer_of(RECIPE, TEXT, 6, SIZE)

    def before(step: int) -> None:
        trainer.model.drop(generator(RECIPE.seed, f"dropout {step}"))

    def stopped(line: str) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        train_resumable(trainer, RECIPE.steps, RECIPE.rate, RECIPE.warmup, stopped, before, every=10)
    recipe = np.frombuffer(json.dumps(asdict(RECIPE)).encode(), np.uint8)
    file.write_bytes(store.pack({"recipe": recipe, "weights": trainer.p.vector, **trainer.state()}))
    _, p = train_gpt(RECIPE, TEXT, 6, said.append, checkpoint=file, size=SIZE)
    assert p.vector.tobytes() == whole.vector.tobytes() and "does not record what it was trained on" in said[0]
    file.write_bytes(store.pack({"recipe": recipe, "weights": trainer.p.vector, **trainer.state()}))
    with pytest.raises(ValueError, match="steps=40, but this one has steps=41"):
        train_gpt(replace(RECIPE, steps=41), TEXT, 6, print, checkpoint=file, size=SIZE)
    with pytest.raises(ValueError, match="without its vocabulary"):
        gpt.load(file)


def test_a_weights_file_is_not_an_unfinished_training(tmp_path):
    (tmp_path / "c.npz").write_bytes(gpt.SHIPPED.read_bytes())
    with pytest.raises(ValueError, match=r"holds a GPT of 4 blocks, 128 wide.*, not an unfinished training"):
        train_gpt(RECIPE, TEXT, 6, print, checkpoint=tmp_path / "c.npz", size=SIZE)


def test_a_loss_that_is_not_finite_ends_the_training():
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=r"not a finite number after .*lower rate than 1e"):
        train_gpt(GPTRecipe(steps=9, batch=4, rate=1e30, warmup=1), TEXT, 6, print, size=SIZE)


def test_the_vit_recipe_trains_and_reports_an_epoch_a_line():
    rng, lines = np.random.default_rng(1), []
    labels = np.arange(20, dtype=np.int64) % 10
    images = (rng.random((20, 28, 28)) * 40).astype(np.uint8)
    images[np.arange(20), 2 * labels + 4] = 255  # a line whose height says the class
    digits = Digits(images, labels)
    recipe = ViTRecipe(epochs=2, batch=8, warmup=2)
    model, p = train_vit(recipe, digits, lines.append, digits)
    assert [line.split("  ")[0] for line in lines] == ["step 3/6", "step 6/6"]
    assert "held out" in lines[-1]
    before = model.initial(recipe.seed)
    assert (p.vector != before.vector).mean() > 0.9
