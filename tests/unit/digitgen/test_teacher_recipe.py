import numpy as np
import pytest

from pyapp.data.mnist import Digits
from pyapp.digitgen.recipe import TeacherRecipe, train_teacher
from pyapp.digitgen.teacher import Router, hands

RECIPE = TeacherRecipe(epochs=2, warmup=1, batch=64, route=20)


@pytest.fixture(scope="module")
def digits() -> Digits:
    rng = np.random.default_rng(8)
    return Digits(rng.integers(0, 256, (300, 28, 28), dtype=np.uint8), np.arange(300, dtype=np.int64) % 10)


def test_the_same_recipe_gives_the_same_weights_and_a_loss_that_falls(digits):
    said = []
    p = train_teacher(RECIPE, digits, said.append)
    np.testing.assert_array_equal(p.vector, train_teacher(RECIPE, digits, lambda line: None).vector)
    losses = [float(line.split("loss ")[1].split()[0]) for line in said if line.startswith("step")]
    assert len(losses) == 2 and losses[1] < losses[0] and np.isfinite(p.vector).all()


def test_edge_spread_and_contrast_are_factors_of_what_was_learned(digits):
    p = train_teacher(RECIPE, digits, lambda line: None)
    bare = train_teacher(TeacherRecipe(**{**vars(RECIPE), "edge": 1.0, "spread": 1.0, "contrast": 1.0}), digits,
                         lambda line: None)
    u = np.random.default_rng(9).uniform(-1, 1, (5, 10)).astype(np.float32)
    np.testing.assert_allclose(Router().forward(p, u), RECIPE.edge * Router().forward(bare, u), rtol=1e-4, atol=1e-4)
    weight, bias = hands().shapes
    np.testing.assert_allclose(p[weight], RECIPE.spread * bare[weight], rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(p[bias], bare[bias])
    np.testing.assert_allclose(p["decoder3.weight"], RECIPE.contrast * bare["decoder3.weight"], rtol=1e-5)
