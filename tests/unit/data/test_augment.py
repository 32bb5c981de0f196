import numpy as np

from pyapp.core.rng import generator
from pyapp.data import augment


def image() -> np.ndarray:
    x = np.zeros((1, 28, 28), np.float32)
    x[0, 10:18, 12:20] = np.random.default_rng(0).uniform(0.2, 1, (8, 8))
    return x


def test_shift_moves_by_whole_pixels_within_the_bound():
    x = np.repeat(image(), 400, axis=0)
    seen = set()
    for moved in augment.shift(x.reshape(400, -1), generator(1, "t"), 2).reshape(-1, 28, 28):
        places = [(dy, dx) for dy in range(-2, 3) for dx in range(-2, 3)
                  if (moved == np.roll(image()[0], (dy, dx), (0, 1))).all()]
        assert len(places) == 1
        seen.add(places[0])
    assert len(seen) == 25  # every one of the 5x5 shifts occurs


def test_shift_brings_in_paper_not_the_other_edge():
    x = np.ones((50, 784), np.float32)
    moved = augment.shift(x, generator(1, "t"), 3).reshape(-1, 28, 28)
    assert {float(v) for v in np.unique(moved)} == {0.0, 1.0}
    assert (moved[:, 3:-3, 3:-3] == 1).all()


def test_affine_by_nothing_changes_nothing():
    x = image().reshape(1, -1)
    np.testing.assert_allclose(augment.affine(x, generator(1, "t"), 0, 0, 0), x, atol=1e-5)


def test_affine_keeps_most_ink_and_the_range():
    x = np.repeat(image().reshape(1, -1), 100, axis=0)
    moved = augment.affine(x, generator(1, "t"), 10, 0.1, 1.5)
    assert moved.dtype == np.float32 and moved.min() >= 0 and moved.max() <= 1
    assert 0.75 < moved.sum() / x.sum() < 1.25
    assert np.abs(moved - x).max() > 0.1


def test_affine_rotation_matches_a_quarter_turn():
    x = image()
    quarter = augment.affine(x.reshape(1, -1), ConstantRng([1, 0, 0, 0, 0]), 90, 0, 0).reshape(28, 28)
    turned = [np.rot90(x[0]), np.rot90(x[0], -1)]
    assert min(np.abs(quarter - t).max() for t in turned) < 1e-4


class ConstantRng:
    """Stands in for a generator whose five uniform draws are given."""

    def __init__(self, values):
        self.values = np.array(values, float)

    def uniform(self, low, high, size):
        return np.broadcast_to(self.values[:, None], size).copy()
