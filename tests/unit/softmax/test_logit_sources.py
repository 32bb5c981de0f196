import numpy as np
import pytest

from pyapp.softmax.sources import D_HEAD, FINENESS, GENERATED, HEADS, OFFSET, SHARPNESS, SINK, Heads, Source


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def products(length: int, seed: int) -> np.ndarray:
    """What all but "matching" begin with: queries times keys, on the grid."""
    heads = Heads(length, seed)
    return np.rint(heads.logits(heads.keys) * FINENESS) / FINENESS


@pytest.mark.parametrize("name", GENERATED)
@pytest.mark.parametrize("length", [1, 24, 64])
def test_every_source_gives_heads_with_labels_and_a_word_on_where_they_come_from(name, length):
    source = GENERATED[name](length, True, 3)
    assert source.logits.shape == (HEADS, length, length) and source.logits.dtype == np.float64
    assert np.isfinite(source.logits).all() and len(source.queries) == len(source.keys) == length
    assert source.about.endswith(".")


@pytest.mark.parametrize("name", GENERATED)
def test_a_seed_decides_all_and_the_mask_changes_no_logit(name):
    first, again, other = GENERATED[name](16, True, 5), GENERATED[name](16, False, 5), GENERATED[name](16, True, 6)
    assert (first.logits == again.logits).all() and first.keys == again.keys
    assert not np.allclose(first.logits, other.logits)
    assert again.mask is None and first.mask.dtype == bool
    i, j = np.indices((16, 16))
    assert (first.mask == (j <= i)).all()


@pytest.mark.parametrize("name", GENERATED)
def test_logits_lie_on_a_grid_that_is_finer_than_any_code_and_coarser_than_a_runtimes_last_bit(name):
    scaled = GENERATED[name](32, False, 1).logits * FINENESS
    assert (scaled == np.rint(scaled)).all()


def test_random_logits_are_products_of_queries_and_keys_in_rows_of_mean_0():
    heads, z = Heads(64, 7), GENERATED["random"](64, False, 7).logits
    for h, i, j in ((0, 0, 0), (1, 5, 40), (3, 63, 2)):
        dots = [sum(a * b for a, b in zip(heads.queries[h, i], key, strict=True)) for key in heads.keys[h]]
        assert z[h, i, j] == pytest.approx(SHARPNESS * (dots[j] - np.mean(dots)) / D_HEAD**0.5, abs=1e-6)
    many = np.stack([GENERATED["random"](64, False, seed).logits for seed in range(40)])
    assert np.abs(many.mean(axis=-1)).max() < 1 / FINENESS and many.std() == pytest.approx(SHARPNESS, rel=0.15)


def test_equal_letters_find_each_other():
    source = GENERATED["matching"](64, False, 2)
    same = np.array(source.queries)[:, None] == np.array(source.keys)
    for z in source.logits:
        assert softmax(z)[same].sum() > 0.9 * softmax(z).sum()
        assert (z == z.T).all()  # one projection for both


def test_distance_costs_and_the_first_head_is_the_most_short_sighted():
    z = GENERATED["local"](64, False, 2).logits - products(64, 2)
    i, j = np.indices((64, 64))
    for h, slope in enumerate((1 / 4, 1 / 16, 1 / 64, 1 / 256)):
        assert np.allclose(z[h], -slope * np.abs(i - j), atol=2 / FINENESS)
    p = softmax(GENERATED["local"](64, False, 2).logits)
    reach = (p * np.abs(i - j)).sum(axis=(1, 2))
    assert reach.argmin() == 0 and reach[0] < reach[-1] / 3


def test_the_first_key_stands_out_in_every_row():
    moved = GENERATED["sink"](32, False, 2).logits - products(32, 2)
    assert np.allclose(moved[:, :, 0], SINK, atol=2 / FINENESS) and (moved[:, :, 1:] == 0).all()
    p = softmax(np.stack([GENERATED["sink"](32, False, seed).logits for seed in range(10)]))
    assert p[..., 0].mean() > 4 * p[..., 1:].mean(axis=-1).mean()


def test_offsets_move_whole_rows_and_leave_the_softmax_as_it_was():
    plain, moved = products(64, 2), GENERATED["offsets"](64, False, 2).logits
    by = moved - plain
    assert np.ptp(by, axis=2).max() < 4 / FINENESS  # a constant in each row
    assert np.allclose(np.sqrt((by[:, :, 0] ** 2).mean(axis=1)), OFFSET, rtol=1e-4)
    assert np.allclose(softmax(plain), softmax(moved), atol=1e-5)


def test_a_source_that_does_not_fit_together_is_refused():
    z, labels = np.zeros((2, 3, 4)), (tuple("abc"), tuple("abcd"))
    assert Source(z, None, *labels, "zeros.").logits is z
    with pytest.raises(ValueError, match=r"give float64 \(heads, queries, keys\)"):
        Source(z[0], None, *labels, "zeros.")
    with pytest.raises(ValueError, match="label all 3 and 4"):
        Source(z, None, *labels[::-1], "zeros.")
    with pytest.raises(ValueError, match=r"give bool \(3, 4\)"):
        Source(z, np.ones((3, 4)), *labels, "zeros.")
