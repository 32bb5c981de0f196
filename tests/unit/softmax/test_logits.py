import numpy as np
import pytest

from pyapp.softmax.logits import BATCHES, FAMILIES, draw


@pytest.mark.parametrize("family", BATCHES)
def test_a_seed_decides_the_logits(family):
    z = draw(family, 7, 5, 3)
    assert z.dtype == np.float64 and z.shape == (7, 5) and np.isfinite(z).all()
    assert (z == draw(family, 7, 5, 3)).all() and (z != draw(family, 7, 5, 4)).any()
    assert (z != draw(family, 7, 5, 3, batch=1)).any()


def test_one_generator_draws_all_batches_in_turn():
    rng = np.random.default_rng(0)
    normals = [rng.normal(0, deviation, (16, 8)) for deviation in (1, 2, 4, 2, 4, 2)]
    offset = normals[5] + 6 * rng.normal(size=(16, 1))
    skewed = -rng.exponential(2, (16, 8))
    expected = dict(zip(BATCHES, [*normals[:5], offset, skewed], strict=True))
    for name, z in expected.items():
        np.testing.assert_allclose(draw(name, 16, 8, 0), z, rtol=1e-15)


def test_the_families_are_what_their_names_say():
    centred, offset, skewed = (draw(family, 512, 64, 0) for family in FAMILIES)
    assert centred.mean() == pytest.approx(0, abs=0.05) and centred.std() == pytest.approx(2, rel=0.02)
    assert offset.mean(axis=1).std() == pytest.approx(6, rel=0.1)
    assert (offset - offset.mean(axis=1, keepdims=True)).std() == pytest.approx(2, rel=0.02)
    assert skewed.max() <= 0 and -skewed.mean() == pytest.approx(2, rel=0.02)


@pytest.mark.parametrize(("wrong", "message"), [
    ({"family": "real"}, "no logits 'real'; use one of"), ({"rows": 0}, "0 rows of 64"),
    ({"length": 0}, "512 rows of 0"), ({"rows": 1 << 20}, "at most 16,777,216"), ({"seed": -1}, "seed is -1")])
def test_what_cannot_be_drawn_is_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        draw(**{"family": "centred", "rows": 512, "length": 64, "seed": 0, **wrong})
