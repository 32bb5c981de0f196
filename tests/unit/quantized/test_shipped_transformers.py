"""The shipped Vision Transformer and GPT do what their recipes say they do."""

import hashlib

import numpy as np
import pytest

from pyapp import store
from pyapp.data import mnist, text
from pyapp.hosts import ROOT
from pyapp.nets import gpt, vit
from pyapp.nets.generate import Sampling, Writer, write
from pyapp.nets.next_token import evaluate as loss_of
from pyapp.nets.vit import ViT
from pyapp.training.trainer import evaluate

SHAKESPEARE = ROOT.parent / "shared" / "data" / "tinyshakespeare.txt"


@pytest.mark.in_pyodide(0, "the vision page's session in tests/parity reads and counts digits")
def test_the_vit_reads_digits_that_it_has_never_seen():
    images, labels = mnist.shipped("test")
    rows = slice(0, None, 6)
    assert evaluate(ViT(), vit.load(), images[rows], labels[rows])["accuracy"] >= 0.985
    assert store.recipe(vit.SHIPPED)["metrics"]["test"]["accuracy"] >= 0.989


def test_the_gpt_expects_english_in_lines_and_no_noise():
    model, p, vocabulary = gpt.load()
    line = vocabulary.encode("\nHe shall not go alone to the king, my lord; I will be there.\n")
    noise = np.random.default_rng(1).permutation(line)
    assert loss_of(model, p, line)["loss"] < 1.9 < 3.5 < loss_of(model, p, noise)["loss"]
    assert store.recipe(gpt.SHIPPED)["metrics"]["validation"]["loss"] <= 1.65
    assert gpt.SHIPPED.stat().st_size <= 1_700_000


@pytest.mark.parametrize("sampling", [Sampling(0.8, top_k=20), Sampling(greedy=True)], ids=["drawn", "greedy"])
@pytest.mark.in_pyodide(0, "tests/unit/nets/test_generate.py passes a context there")
def test_the_cache_changes_no_character_of_the_shipped_network(sampling):
    model, p, vocabulary = gpt.load()
    prompt = vocabulary.encode("\nROMEO:\n")
    cached, whole = (list(write(Writer(model, p, prompt, sampling, 1, cached), 150)) for cached in (True, False))
    assert cached == whole  # 150 characters pass the context of 128


def test_the_loss_in_the_recipe_is_that_of_the_file():
    if not SHAKESPEARE.is_file():
        pytest.skip(f"{SHAKESPEARE.name} is not on this machine")
    written, facts = text.read(SHAKESPEARE), store.recipe(gpt.SHIPPED)
    assert hashlib.sha256(written.encode()).hexdigest() == facts["text_sha256"]
    model, p, vocabulary = gpt.load()
    _, validation = text.split(vocabulary.encode(written), model.size.context)
    found, expected = loss_of(model, p, validation), facts["metrics"]["validation"]
    assert found["n"] == expected["n"] == len(written) - len(written) * 9 // 10 - 1
    assert found["loss"] == pytest.approx(expected["loss"], abs=1e-5)
