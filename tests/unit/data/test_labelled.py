import numpy as np
import pytest

from pyapp.data import labelled
from pyapp.data.text import TextError


def written(folder, text):
    path = folder / "texts.tsv"
    path.write_text(text, encoding="utf-8")
    return path


def test_labels_are_names_or_numbers(tmp_path):
    path = written(tmp_path, "label\ttext\ngood\tfine film \n\n0\tdull\n1\ta\tb\n")
    texts, labels = labelled.load(path, ["bad", "good"])
    assert texts == ["fine film", "dull", "a\tb"]
    np.testing.assert_array_equal(labels, [1, 0, 1])


@pytest.mark.parametrize("text, words", [("good fine\n", "line 1: expected a label .bad, good."), ("", "holds no text"),
                                         ("bad\tx\n2\ty\n", "line 2"), ("label\ttext\n", "holds no text")])
def test_what_does_not_fit_is_said(tmp_path, text, words):
    with pytest.raises(TextError, match=words):
        labelled.load(written(tmp_path, text), ["bad", "good"])
