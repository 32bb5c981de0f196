import hashlib
import json

import numpy as np
import pytest

from pyapp.digitgen import batch, measures, mini
from pyapp.digitgen.batch import Asked, shipped
from pyapp.nets import mlp

# Of the nine pictures of seed 1337, by every way of drawing: a machine or a runtime that draws other pixels fails here.
SHA256 = {
    ("mini", "glyphs", None, None): "21160524724771f7",
    ("mini", "means", None, None): "63d71f222d2f34c7",
    ("mini", "glyphs", 3, None): "e380543b162cdf91",
    ("teacher", "glyphs", None, None): "cffc26b2dc468a20",
    ("teacher", "glyphs", 4, None): "d22814604c76a5ae",
    ("teacher", "glyphs", 2, 7): "bacb629f60479d24",
}


def judged(generator: str) -> dict:
    drawn = Asked(0, generator=generator, count=1000).draw()
    return measures.quality(drawn, mlp.load(), measures.shipped())


@pytest.mark.parametrize("kind", SHA256)
def test_the_same_seed_has_the_same_pixels_everywhere(kind):
    generator, fields, bits, digit = kind
    drawn = Asked(generator=generator, fields=fields, bits=bits, digit=digit).draw()
    assert hashlib.sha256(drawn.pixels.tobytes() + drawn.coefficients.tobytes()).hexdigest()[:16] == SHA256[kind]


def test_the_teacher_is_read_as_meant_and_varies():
    found = judged("teacher")
    assert found["n"] == 1000 and found["read"] >= 0.97 and found["diversity"] >= 0.7
    assert shipped("teacher").numbers <= 400_000


def test_the_student_follows_the_teacher():
    u = mini.latents(np.arange(1000, dtype=np.uint32))
    assert measures.agreement(shipped("teacher"), shipped("mini"), u) >= 0.8


def test_seeds_count_up_and_wrap():
    assert Asked(2**32 - 2, count=4).seeds.tolist() == [2**32 - 2, 2**32 - 1, 0, 1]
    one = Asked(8, generator="teacher", count=1).draw()
    np.testing.assert_array_equal(Asked(0, generator="teacher").draw().pixels[8], one.pixels[0])


def test_the_report_is_json_and_its_latents_make_the_pictures_again():
    asked = Asked(generator="teacher", count=2)
    drawn = asked.draw()
    report = json.loads(json.dumps(asked.report(drawn)))
    noise = batch.Noise(*(np.array([s[key] for s in report["samples"]], np.float64) for key in ("latent", "style")))
    np.testing.assert_array_equal(asked.draw(noise).pixels, drawn.pixels)
    assert [s["label"] for s in report["samples"]] == drawn.labels.tolist()
    assert report["samples"][0]["coefficients"].keys() == {f"d{k}" for k in range(10)}


@pytest.mark.parametrize("wrong", [{"generator": "gan"}, {"fields": "fonts"}])
def test_an_unknown_generator_is_refused(wrong):
    with pytest.raises(ValueError, match="use mini or teacher"):
        Asked(**wrong).draw()
