import numpy as np
import pytest

from pyapp.data.mnist import Digits
from pyapp.digitgen import measures


@pytest.fixture(scope="module")
def some() -> Digits:
    rng = np.random.default_rng(4)
    return Digits(rng.integers(0, 256, (1200, 28, 28), dtype=np.uint8), np.arange(1200, dtype=np.int64) % 10)


def test_nearest_is_what_all_distances_say(some):
    flat = some.images.reshape(1200, -1)
    pixels = np.random.default_rng(5).integers(0, 256, (7, 784), dtype=np.uint8)
    rows, distances = measures.nearest(pixels, flat)
    apart = np.sqrt(((pixels[:, None].astype(np.int64) - flat[None]) ** 2).sum(axis=2)) / 255
    np.testing.assert_array_equal(rows, apart.argmin(axis=1))
    np.testing.assert_array_equal(distances, apart.min(axis=1))
    near, how_far = measures.neighbours(pixels[0], some, 5)
    np.testing.assert_array_equal(near, np.argsort(apart[0])[:5])
    np.testing.assert_array_equal(how_far, np.sort(apart[0])[:5])


def test_a_copy_is_found_at_distance_0(some):
    rows, distances = measures.nearest(some.images[1100:1102].reshape(2, -1), some.images.reshape(1200, -1))
    assert rows.tolist() == [1100, 1101] and distances.tolist() == [0, 0]


def test_spread_is_the_mean_distance_within_a_class():
    pixels = np.zeros((5, 784), np.uint8)
    pixels[1, 0], pixels[2, :4] = 255, 255  # distances of the first three: 1, 2 and √3
    labels = np.array([3, 3, 3, 4, 5])
    assert measures.spread(pixels, labels) == pytest.approx((1 + 2 + 3**0.5) / 3)
    assert np.isnan(measures.spread(pixels[3:], labels[3:]))


def test_a_generator_that_writes_the_same_again_and_again_has_no_spread(some):
    assert measures.spread(np.repeat(some.images[:1].reshape(1, -1), 50, axis=0), np.zeros(50, np.int64)) == 0
