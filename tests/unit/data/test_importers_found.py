"""Files as pandas, Excel, NumPy and people write them: no image is invented, lost or put into another class."""

import io

import numpy as np
import pytest
from fuzz_importers import images

from pyapp.data.digits import DataError
from pyapp.data.importers.opening import opened_bytes

X, Y = images(12), np.arange(12) % 3
X[:, 0, 0] = X[:, -1, -1] = 0  # paper, by which a column is found not to be the label
ROWS = X.reshape(12, -1)
FIRST = [[label, *row] for label, row in zip(Y, ROWS, strict=True)]
LAST = [[*row, label] for label, row in zip(Y, ROWS, strict=True)]
HEAD = [f"pixel{i}" for i in range(784)]


def whole(found) -> dict[bytes, str]:
    """The class of each image, of both parts."""
    return {image.tobytes(): part.classes[label] for part in found.parts.values()
            for image, label in zip(*part, strict=True)}


def expected(names) -> dict[bytes, str]:
    return {image.tobytes(): str(names[label]) for image, label in zip(X, Y, strict=True)}


def text(rows: list[list], separator: str = ",") -> str:
    return "\n".join(separator.join(map(str, row)) for row in rows)


@pytest.mark.parametrize("rows", [
    [["label", *range(784)], *FIRST], [[*range(784), "label"], *LAST], [[*range(785)], *FIRST], [[*range(785)], *LAST],
    [[*range(1, 786)], *FIRST], [["", *range(785)], *([i, *row] for i, row in enumerate(FIRST))],
    [["", "label", *range(784)], *([i, *row] for i, row in enumerate(FIRST))], [["Klasse", *range(784)], *FIRST],
    [["label", *(f"0.{i}" for i in range(784))], *FIRST], [["# label", *HEAD], *FIRST]],
    ids=["word first", "word last", "numbers, first", "numbers, last", "from 1", "numbered", "numbered, word",
         "another word", "mangled", "NumPy"])
def test_a_heading_of_numbers_is_no_image(rows):
    assert whole(opened_bytes(text(rows).encode(), "my.csv")) == expected("012")


def test_a_first_image_of_the_class_y_is_no_heading():
    rows = [["xyz"[label], *row] for label, row in zip(Y[::-1], ROWS[::-1], strict=True)][1:]
    assert rows[0][0] == "y" and len(whole(opened_bytes(text(rows).encode(), "my.csv"))) == 11


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-8-sig"])
def test_texts_of_other_encodings_keep_their_letters(encoding):
    rows = [["label", *HEAD], *(["äöü"[label], *row] for label, row in zip(Y, ROWS, strict=True))]
    found = opened_bytes(text(rows).encode(encoding), "my.csv")
    assert whole(found) == expected("äöü")
    assert any("Windows-1252" in note for note in found.notes) == (encoding == "cp1252")


@pytest.mark.parametrize("separator", [";", "\t"])
def test_decimal_commas_do_not_separate_cells(separator):
    rows = [[label, *(f"{v / 255:.6f}".replace(".", ",") for v in row)] for label, row in zip(Y, ROWS, strict=True)]
    assert whole(opened_bytes(text([["label", *HEAD], *rows], separator).encode(), "my.csv")) == expected("012")
    assert whole(opened_bytes(text(rows, separator).encode(), "my.csv")) == expected("012")


def test_a_line_without_a_label_is_skipped_by_number():
    found = opened_bytes(text([["label", *HEAD], *FIRST, ["", *ROWS[0]]]).encode(), "my.csv")
    assert whole(found) == expected("012")
    assert found.skipped == (("my.csv, line 14", "its label is empty"),)


def npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize("names", ["Xtrain ytrain Xtest ytest", "trainX trainY testX testY", "xtr ytr xte yte"])
def test_parts_glued_to_x_and_y(names):
    found = opened_bytes(npz(**dict(zip(names.split(), (X[:8], Y[:8], X[8:], Y[8:]), strict=True))), "my.npz")
    assert whole(found) == expected("012") and len(found.part("test").labels) == 4


def test_a_second_pair_of_the_same_part_is_refused():
    with pytest.raises(DataError, match=r"x2 is a second array of images of the same part|x1 is a second"):
        opened_bytes(npz(x1=X[:6], y1=Y[:6], x2=X[6:], y2=Y[6:]), "my.npz")


def test_an_array_for_each_class_and_part():
    arrays = {f"{part}_d{k}": X[rows][Y[rows] == k] for part, rows in (("train", slice(8)), ("test", slice(8, 12)))
              for k in range(3)}
    found = opened_bytes(npz(**arrays), "my.npz")
    assert whole(found) == expected(["d0", "d1", "d2"]) and len(found.part("test").labels) == 4
    arrays = {f"full_numpy_bitmap_te {k}": X[k == Y] for k in range(3)}
    assert whole(opened_bytes(npz(**arrays), "my.npz")) == expected(["te 0", "te 1", "te 2"])
