"""Files as pandas, Excel, NumPy and people write them: no image is invented, lost or put into another class."""

import io

import numpy as np
import pytest
from fuzz_importers import images, zipped

from pyapp.data.digits import DataError
from pyapp.data.importers.opening import opened, opened_bytes
from pyapp.digitgen.sheet import png

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


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_separator_at_the_end_of_every_line_begins_no_cell(separator):
    for rows in ([["label", *HEAD], *FIRST], FIRST):
        found = opened_bytes(text([[*row, ""] for row in rows], separator).encode(), "my.csv")
        assert whole(found) == expected("012") and not found.skipped


@pytest.mark.parametrize("missing", ["", "NaN", "nan"])
def test_a_line_without_a_label_is_skipped_by_number(missing):
    found = opened_bytes(text([["label", *HEAD], *FIRST, [missing, *ROWS[0]]]).encode(), "my.csv")
    assert whole(found) == expected("012")
    assert found.skipped == (("my.csv, line 14", "its label is missing"),)


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


def test_labels_as_python_objects_are_refused_with_what_to_do():
    with pytest.raises(DataError, match=r"Python objects in y, .* for example y\.astype\(str\)"):
        opened_bytes(npz(x=X, y=np.array(["a", "b", "c"], object)[Y]), "my.npz")


@pytest.mark.parametrize("top", [1, 15, 16])
@pytest.mark.parametrize("side", [8, 28])
@pytest.mark.parametrize("dtype", ["uint8", "int64", "float64"])
def test_few_levels_are_the_whole_range(top, side, dtype):
    """The same as with 0 to 255, within rounding."""
    levels = np.random.default_rng(3).integers(0, top + 1, (12, side, side))
    levels[:, 0, 0], levels[:, [0, -1]] = top, 0
    few, full = (opened_bytes(npz(x=x, y=Y), "my.npz") for x in (
        levels.astype(dtype), np.rint(levels * 255 / top).astype(np.uint8)))
    for split in few.parts:
        assert abs(few.part(split).images.astype(int) - full.part(split).images).max() <= 1
    usual = dtype == "float64" and top == 1
    assert any(f"{top} is read as 255" in note for note in few.notes) != usual


PICTURE = png(np.pad(np.full((5, 3), 255, np.uint8), 3))


def found_in(*paths: str):
    return opened_bytes(zipped({path: PICTURE for path in paths}), "my.zip")


def named(found) -> dict[str, int]:
    return {each["name"]: each["train"] + each.get("test", 0) for each in found.report()["classes"]}


def test_the_first_folder_is_the_class_and_deeper_ones_are_said():
    found = found_in("cat/a/1.png", "cat/b/2.png", "dog/3.png", "dog/4.png", "5.png")
    assert named(found) == {"cat": 2, "dog": 2} and "such as cat/a/1.png; they are read as cat" in found.notes[0]
    assert found.skipped == (("5.png", "it is not in a folder that is named by its class"),)
    wrapped = found_in(*(f"all/mine/{name}/{i}.png" for name in ("cat", "dog") for i in range(2)), "all/5.png")
    assert named(wrapped) == {"cat": 2, "dog": 2} and not wrapped.notes


@pytest.mark.parametrize("form", ["{}\\{}.png", "C:\\mine\\{}\\{}.png", "/{}/{}.png", "../../{}/{}.png"])
def test_members_of_a_zip_file_have_their_folders_however_a_tool_wrote_them(form):
    found = found_in(*(form.format(name, i) for name in ("cat", "dog") for i in range(2)))
    assert named(found) == {"cat": 2, "dog": 2} and not found.skipped


def test_folders_are_parts_only_if_they_hold_folders():
    assert named(found_in("te/1.png", "te/2.png", "ka/1.png", "ka/2.png")) == {"ka": 2, "te": 2}
    found = found_in("train/te/1.png", "train/ka/2.png", "TEST/te/3.png", "TEST/ka/4.png", "val/5.png")
    assert named(found) == {"ka": 2, "te": 2} and len(found.part("test").labels) == 2
    assert found.skipped[0][0] == "val/5.png"
    within = found_in("cat/train/1.png", "cat/test/2.png", "dog/train/3.png", "dog/test/4.png")
    assert named(within) == {"cat": 2, "dog": 2} and len(within.part("test").labels) == 2 and not within.notes


@pytest.mark.parametrize(("paths", "why"), [
    (("1.png", "2.png"), "2 pictures lie in no folder that names their class"),
    (("cat/1.png", "cat/2.png"), "all pictures are of one class, cat"),
    (("train/1.png", "test/2.png"), "lie directly in test and train, which are named like parts")])
def test_pictures_without_two_classes_are_refused_with_what_to_do(paths, why):
    with pytest.raises(DataError) as error:
        found_in(*paths)
    assert why in str(error.value) and "such as cat/1.png and dog/1.png" in str(error.value)


@pytest.mark.parametrize(("lines", "label"), [
    ("id,label\n{}", "b"), ("name;breed;weight\n{}", "b"), ("{}", "b"), ("# image\tsex\n{}", "y")])
def test_pictures_get_their_labels_from_a_csv_file_beside_them(lines, label):
    separator = next(each for each in ";\t," if each in lines or each == ",")
    more = separator + "7" if "weight" in lines else ""
    rows = [f"images/{i}.png{separator}{label if i % 2 else 'a'}{more}" if i == 3 else
            f"{i}{'.png' * (i == 2)}{separator}{label if i % 2 else 'a'}{more}" for i in range(4)]
    files = {f"my/images/{i}.png": png(X[i]) for i in range(5)} | {
        "my/train.csv": lines.format("\n".join([*rows, f"9{separator}a{more}"])).encode(),
        "my/sample_submission.csv": b"id,label\n0,a\n1,a\n"}
    found = opened_bytes(zipped(files), "my.zip")
    folders = {f"{label if i % 2 else 'a'}/{i}.png": png(X[i]) for i in range(4)}
    assert whole(found) == whole(opened_bytes(zipped(folders), "folders.zip")) and len(whole(found)) == 4
    assert found.kind == "pictures listed in a CSV file" and "is its label" in found.notes[0]
    assert dict(found.skipped).keys() >= {"my/images/4.png", "my/sample_submission.csv"} and any(
        why == "there is not exactly one picture '9'" for _, why in found.skipped)


@pytest.mark.parametrize("path", ["./img/{}.png", "/home/me/my/img/{}.PNG", "C:\\data\\img\\{}.png"])
def test_a_list_names_pictures_by_the_path_that_they_had_elsewhere(path):
    files = {f"img/{i}.png": png(X[i]) for i in range(8)}
    rows = [f"{path.format(i)},{i % 2}" for i in range(8)]  # the labels too are names of pictures
    found = opened_bytes(zipped(files | {"labels.csv": "\n".join(["image,label", *rows]).encode()}), "my.zip")
    folders = {f"{i % 2}/{i}.png": png(X[i]) for i in range(8)}
    assert whole(found) == whole(opened_bytes(zipped(folders), "folders.zip")) and len(whole(found)) == 8


@pytest.mark.parametrize(("table", "why"), [
    (b"image,label\n001,1\n002,2\n003,1\n", "no table of images"),
    (b"1,a\n9,b\n", "the columns id and label"), (b"id,x,z\n1,a,2\n2,b,3\n", "call the column of their classes label"),
    (b"id,label\n1,a\n2,a\n", "all images are of one class")])
def test_a_list_that_says_too_little_is_refused_with_what_to_do(table, why):
    with pytest.raises(DataError, match=why):
        opened_bytes(zipped({"1.png": PICTURE, "2.png": png(X[1]), "labels.csv": table}), "my.zip")


def test_composed_and_decomposed_letters_are_one_class():
    assert named(found_in("\u00e9/1.png", "e\u0301/2.png", "x/3.png", "x/4.png")) == {"x": 2, "\u00e9": 2}


def folders(top, *paths: str):
    for path in paths:
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_bytes(PICTURE)
    return top


def test_linked_folders_are_read_and_what_is_no_file_is_said(tmp_path):
    top = folders(tmp_path / "all", "cat/1.png", "cat/2.png")
    folders(tmp_path, "elsewhere/3.png", "elsewhere/4.png")
    (top / "dog").symlink_to(tmp_path / "elsewhere")
    (top / "cat" / "round").symlink_to(top)
    (top / "cat" / "gone.png").symlink_to(tmp_path / "nothing")
    (top / "ant").mkdir()
    found = opened(top)
    assert named(found) == {"cat": 2, "dog": 2}
    assert dict(found.skipped) == {"ant": "it is an empty folder", "cat/round": "it is a link to a folder around it",
                                   "cat/gone.png": "it is a link to nothing"}
    (top / "dog").unlink()
    with pytest.raises(DataError, match=r"of one class, cat \(ant is an empty folder\)"):
        opened(top)


def test_only_a_sheet_has_a_text_file_beside_it(tmp_path):
    (tmp_path / "x.txt").write_text(text(FIRST))
    (tmp_path / "x.csv").write_text("another, file")
    found = opened(tmp_path / "x.txt")
    assert whole(found) == expected("012") and not found.skipped
