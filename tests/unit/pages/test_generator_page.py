import json
import zlib

import numpy as np
import pytest
from opened import Opened

from pyapp.digitgen.batch import Asked


class Generator(Opened):
    name = "generator"

    @property
    def frame(self):
        return self.opened["frame"]


def test_the_page_shows_the_batch_that_was_asked_for():
    frame = Generator(seed="7", generator="teacher", temperature=1.0, bits="4").frame
    drawn = Asked(7, 1.0, "teacher", bits=4).draw()
    np.testing.assert_array_equal(frame.arrays["sheet"].reshape(9, 784), drawn.pixels)
    assert frame.scalars["labels"] == drawn.labels.tolist() and frame.scalars["seeds"] == list(range(7, 16))
    np.testing.assert_array_equal([row["rounded"] for row in frame.scalars["routing"]], drawn.coefficients[0])
    assert frame.scalars["next_seed"] == "16" and frame.scalars["seed_note"] is None
    assert set(frame.scalars["sides"]) == {"teacher_float", "teacher_bits", "mini_float", "mini_bits"}


@pytest.mark.parametrize("typed, seed", [("-1", 2**32 - 1), ("2.9", 2), ("word", zlib.crc32(b"word")),
                                         ("--5", zlib.crc32(b"--5")), ("4294967297", 1)])
def test_a_bad_seed_is_used_as_documented_and_it_is_said(typed, seed):
    scalars = Generator(seed=typed, goal=typed).frame.scalars
    assert scalars["seed"] == seed == scalars["goal"]
    assert str(seed) in scalars["seed_note"] and str(seed) in scalars["goal_note"]


def test_judging_ends_and_its_numbers_are_those_of_a_thousand_samples():
    page = Generator(bits="2")
    assert [row["read"] for row in page.frame.scalars["judged"]] == [None] * 4
    sizes = page.frame.scalars["sides"]
    judged = {row["name"]: row for row in page.done()["judged"]}
    best = judged["teacher_float"]
    assert best["read"] >= 0.97 and best["diversity"] >= 0.7 and best["agreement"] == 1 and best["n"] == 1000
    assert judged["mini_float"]["agreement"] >= 0.8
    assert sizes["teacher_bits"]["bytes"] < sizes["teacher_float"]["bytes"] / 12
    assert judged["teacher_bits"]["read"] < best["read"]


def test_the_walk_begins_at_the_picture_and_ends_at_the_goal():
    frame = Generator(generator="teacher", goal="99", picked=4, at=1).frame
    walk = frame.arrays["walk"]
    np.testing.assert_array_equal(walk[0], frame.arrays["sheet"][3])
    np.testing.assert_array_equal(walk[8], frame.arrays["walk_at"][0])
    np.testing.assert_array_equal(walk[8].reshape(-1), Asked(99, generator="teacher", count=1).draw().pixels[0])


def test_neighbours_are_one_latent_away_and_real_digits_come_nearest_first():
    frame = Generator(generator="teacher", picked=3).frame
    assert frame.arrays["neighbours"].shape == (20, 28, 28) and len(frame.scalars["neighbour_labels"]) == 20
    distances = frame.scalars["real_distances"]
    assert distances == sorted(distances) and distances[0] > 0.5
    real, own = frame.arrays["real"][0].astype(np.int64), frame.arrays["sheet"][2]
    assert distances[0] == pytest.approx(np.sqrt(((real - own) ** 2).sum()) / 255)


def test_of_a_digit_that_is_asked_for_the_style_is_moved():
    frame = Generator(generator="teacher", digit="8", picked=3).frame
    pictures = frame.arrays["neighbours"].reshape(-1, 784)
    assert frame.scalars["neighbour_labels"] == [8] * 32
    assert len(np.unique(pictures, axis=0)) == 32  # each number changes something


def test_a_digit_that_is_asked_for_and_the_other_fields():
    page = Generator(digit="6")
    assert page.frame.scalars["labels"] == [6] * 9
    glyphs = page.frame.arrays["fields"]
    means = page.change("fields", "means")["frame"].arrays["fields"]
    assert glyphs.shape == means.shape == (10, 28, 28) and not np.array_equal(glyphs, means)


def test_files():
    page = Generator(seed="5", generator="teacher")
    image, latents = page.act("save-png"), page.act("save-json")
    assert image["name"] == "digits-teacher-5.png" and image["file"][:4].tobytes() == b"\x89PNG"
    report = json.loads(latents["file"].tobytes())
    assert report["seed"] == 5 and len(report["samples"]) == 9
    with pytest.raises(ValueError, match="save-png, save-json"):
        page.act("save-gif")


def test_a_random_seed_is_one_and_not_the_same_again():
    page = Generator()
    seeds = {int(page.act("random")["params"]["seed"]) for _ in range(4)}
    assert len(seeds) > 1 and all(0 <= seed < 2**32 for seed in seeds)
