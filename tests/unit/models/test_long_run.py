"""Long trainings: they learn, and an interrupted one goes on to the same weights."""

import numpy as np
import pytest

from pyapp.core.rng import generator
from pyapp.data.mnist import Digits
from pyapp.models.gpt import GPTSize
from pyapp.models.gpt_recipe import GPTRecipe, train_gpt, trainer_of
from pyapp.models.long_run import Checkpoint, train_long
from pyapp.models.vit_recipe import ViTRecipe, train_vit

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

        train_long(trainer, RECIPE.steps, RECIPE.rate, RECIPE.warmup, print, before, every=10,
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
    with pytest.raises(ValueError, match=r"c\.npz holds a training with steps 2, and this one has steps 3"):
        train_gpt(GPTRecipe(steps=3, batch=4), TEXT, 6, print, checkpoint=file, size=SIZE)


def test_a_loss_that_is_no_number_ends_the_training():
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=r"no number after step .*lower rate than 1e"):
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
