"""Data of one's own, in the kinds that people have it: read, refused in a sentence, and reported."""

import gzip
import io
import struct
import zlib

import numpy as np
import pytest
from fuzz_importers import idx, images, try_all, zipped

from pyapp.data import mnist
from pyapp.data.digits import TEN, DataError, DataWarning, Digits
from pyapp.data.drawing import ink_of_picture, to_mnist
from pyapp.data.exif import of_webp, orientation
from pyapp.data.importers import png, source
from pyapp.data.importers.opening import NotRecognised, opened, opened_bytes
from pyapp.data.orientation import share_read
from pyapp.digitgen import sheet

X, Y = images(12), np.arange(12) % 3
ROWS = X.reshape(12, -1)


def whole(found) -> dict[bytes, str]:
    """The class of each image, of both parts."""
    return {image.tobytes(): part.classes[label] for part in found.parts.values()
            for image, label in zip(*part, strict=True)}


EXPECTED = {image.tobytes(): str(label) for image, label in zip(X, Y, strict=True)}


def text(rows: list[list], separator: str = ",") -> bytes:
    return "\n".join(separator.join(map(str, row)) for row in rows).encode()


FIRST = [[label, *row] for label, row in zip(Y, ROWS, strict=True)]
LAST = [[*row, label] for label, row in zip(Y, ROWS, strict=True)]
HEAD = [f"pixel{i}" for i in range(784)]


@pytest.mark.parametrize("data", [
    text([["label", *HEAD], *FIRST]), text([[*HEAD, "class"], *LAST]), text([["label", *HEAD], *FIRST], ";"),
    text([["", "label", *HEAD], *([i, *row] for i, row in enumerate(FIRST))]), text([["label", *HEAD], *FIRST], "\t"),
    text([["label", *HEAD], *([f'"{cell}"' for cell in row] for row in FIRST)]),
    b"My digits, of 2024\n# 28x28\n" + text([["label", *HEAD], *FIRST]),
    b"Scanner;3\n" * 9 + text([["label", *HEAD], *FIRST]),
    b"sep=;\n" + text([["label", *HEAD], *FIRST], ";"),
    text([["label", *HEAD], *FIRST]).replace(b"\n", b"\r"), gzip.compress(text([["label", *HEAD], *FIRST]))],
    ids=["first", "last", "semicolons", "numbered", "tabs", "quoted", "title", "preamble", "sep", "cr", "gzip"])
def test_csv_with_a_heading(data):
    assert whole(opened_bytes(data, "my.csv")) == EXPECTED


def test_csv_without_a_heading_finds_the_label_by_the_paper_at_the_other_end():
    for place in ("first", "last"):
        x = X.copy()
        x[:, 0, 0] = x[:, -1, -1] = 0
        rows = [[y, *row] if place == "first" else [*row, y] for y, row in zip(Y, x.reshape(12, -1), strict=True)]
        found = opened_bytes(text(rows), "train.csv")
        assert whole(found) == {image.tobytes(): str(label) for image, label in zip(x, Y, strict=True)}
        assert any(f"the {place} column is read as the label" in note for note in found.notes)
    with pytest.raises(DataError, match="add a heading with the word label"):
        opened_bytes(text(FIRST), "train.csv")
    with pytest.raises(DataError, match="have 784 cells, so its labels may be missing; expected a label"):
        opened_bytes(text(ROWS), "train.csv")


def test_lines_that_are_no_images_are_skipped_by_number():
    rows = [["label", *HEAD], *FIRST, [1, 2], [0, "x", *ROWS[0][1:]]]
    found = opened_bytes(text(rows), "my.csv")
    assert whole(found) == EXPECTED
    assert found.skipped == (("my.csv, line 14", "2 cells where the first line has 785"),
                             ("my.csv, line 15", "a pixel in it is not a number"))


def npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


@pytest.mark.parametrize("arrays", [
    {"x": X, "y": Y}, {"images": ROWS, "labels": Y[:, None]}, {"arr_0": X[..., None], "arr_1": Y.astype(float)},
    {"data": X[:, None] / 255, "target": np.eye(3)[Y]}, {"x_train": X[:8], "y_train": Y[:8], "X_test": X[8:],
                                                         "Y_test": Y[8:]}], ids=lambda found: " ".join(found))
def test_numpy_arrays(arrays):
    found = opened_bytes(npz(**arrays), "my.npz")
    assert whole(found) == EXPECTED and found.classes == TEN
    if "X_test" in arrays:
        assert len(found.part("test").labels) == 4


def test_names_of_classes_in_arrays_and_files_of_arrays():
    names = np.array(["ant", "bee", "cat"])
    for arrays in ({"x": X, "y": names[Y]}, {"x": X, "y": Y, "class_names": names}):
        assert whole(opened_bytes(npz(**arrays), "a.npz")) == {k: names[int(v)] for k, v in EXPECTED.items()}
    pair = {"raw/X.npy": npy(ROWS), "raw/y.npy": npy(Y)}
    assert whole(opened_bytes(zipped(pair), "pair.zip")) == EXPECTED
    each = {f"full_numpy_bitmap_{name}.npy": npy(ROWS[i == Y]) for i, name in enumerate(names)}
    assert whole(opened_bytes(zipped(each), "drawings.zip")) == {k: names[int(v)] for k, v in EXPECTED.items()}


def digits(n: int = 20) -> Digits:
    return mnist.load().spread(n)


def test_pictures_become_what_predict_makes_of_them():
    large = [np.kron(255 - image, np.ones((3, 3), np.uint8)) for image in digits(10).images]
    files = {f"top/{'even' if i % 2 else 'odd'}/{i}.png": sheet.png(image) for i, image in enumerate(large)}
    found = opened_bytes(zipped({**files, "top/even/blank.png": sheet.png(np.zeros((9, 9), np.uint8)),
                                 "top/note.md": b"x", "__MACOSX/top/even/._1.png": b"x"}), "my.zip")
    expected = {np.rint(to_mnist(ink_of_picture(image)) * np.float32(255)).astype(np.uint8).tobytes():
                "even" if i % 2 else "odd" for i, image in enumerate(large)}
    assert whole(found) == expected and found.classes == ("even", "odd")
    assert dict(found.skipped) == {"top/even/blank.png": "there is no ink in it", "top/note.md": "it is not a picture"}


def test_folders_may_name_the_parts(tmp_path):
    for split in ("train", "valid", "test"):
        for name in ("2", "10"):
            folder = tmp_path / "data" / split / name
            folder.mkdir(parents=True)
            for i, image in enumerate(digits(3).images):
                (folder / f"{i}.png").write_bytes(sheet.png(image))
    found = opened(tmp_path)
    assert found.classes == ("2", "10")
    assert {split: len(part.labels) for split, part in found.parts.items()} == {"train": 12, "test": 6}
    assert "the validation images are trained on too" in found.changes
    with pytest.warns(DataWarning, match="trained on too"):
        assert mnist.load(tmp_path, "test").classes == ("2", "10")


def test_a_sprite_sheet_with_labels_and_with_a_row_per_class():
    ten = digits()
    tiles = ten.images.reshape(4, 5, 28, 28).swapaxes(1, 2).reshape(4 * 28, 5 * 28)
    expected = {image.tobytes(): str(label) for image, label in zip(*ten, strict=True)}
    told = zipped({"s.png": sheet.png(tiles), "s.txt": " ".join(map(str, ten.labels)).encode()})
    assert whole(opened_bytes(told, "s.zip")) == expected
    rows = opened_bytes(zipped({"s.png": sheet.png(tiles), "s.txt": b"a b c d"}), "s.zip")
    alone = np.pad(ten.images[:, 1:-1, 1:-1], ((0, 0), (1, 1), (1, 1))).reshape(4, 5, 28, 28).swapaxes(1, 2)
    assert "each row is a class" in opened_bytes(sheet.png(alone.reshape(4 * 28, 5 * 28)), "s.png").notes[0]
    assert rows.classes == tuple("abcd") and rows.report()["classes"][0] == {"name": "a", "train": 4, "test": 1}
    with pytest.raises(DataError, match=r"4 rows of 5 tiles for 3 labels; a picture alone"):
        opened_bytes(zipped({"s-28x28.png": sheet.png(tiles), "s.txt": b"a b c"}), "s.zip")


def test_a_class_that_only_one_part_has_images_of_is_named():
    for lacking, other, said in (("train", "test", "no images to train on, so that a network cannot learn them: 2"),
                                 ("test", "train", "no held-out images, so that nothing measures them: 2")):
        few = Y != 2
        data = npz(**{f"x_{lacking}": X[few], f"y_{lacking}": Y[few], f"x_{other}": X, f"y_{other}": Y})
        assert opened_bytes(data, "a.npz").changes == (said,)


def test_idx_files_in_an_archive_and_emnists_letters():
    ten = digits()
    files = {"gzip/emnist-letters-train-images-idx3-ubyte.gz": gzip.compress(idx(ten.images.transpose(0, 2, 1))),
             "gzip/emnist-letters-train-labels-idx1-ubyte.gz": gzip.compress(idx((ten.labels + 1).astype(np.uint8)))}
    found = opened_bytes(zipped(files), "gzip.zip")
    assert found.classes == tuple("ABCDEFGHIJ") and "stored transposed" in " ".join(found.changes)
    assert whole(found) == {image.tobytes(): "ABCDEFGHIJ"[label] for image, label in zip(*ten, strict=True)}
    balanced = {name.replace("letters", "balanced"): data for name, data in files.items()}
    mapping = b"".join(b"%d %d\n" % (i, 97 + i) for i in range(11))
    named = opened_bytes(zipped({**balanced, "emnist-balanced-mapping.txt": mapping}), "gzip.zip")
    assert named.classes == tuple("bcdefghijk")


@pytest.mark.parametrize("names", [
    ("images.bin", "labels.bin"), ("a.idx", "b.idx"), ("set/letters.gz", "set/answers.gz"), ("x", "y"),
    ("mine-images-idx3-ubyte", "mine-labels-idx1-ubyte")], ids=lambda names: names[0])
def test_idx_files_of_any_names_are_paired_by_what_is_in_them(names):
    files = {name: (gzip.compress if name.endswith(".gz") else bytes)(idx(array))
             for name, array in zip(names, (X, Y.astype(np.uint8)), strict=True)}
    found = opened_bytes(zipped({**files, "read-me.txt": b"mine", "other": idx(Y[:5].astype(np.uint8))}), "own.zip")
    assert whole(found) == EXPECTED and f"{names[0]} has the images and {names[1]} their labels" in found.notes
    assert found.skipped == (("other", "it is not an IDX file of the set that was read"),
                             ("read-me.txt", "it is not an IDX file of the set that was read"))


def test_idx_files_of_as_many_images_are_paired_by_their_parts_and_else_refused():
    y = Y.astype(np.uint8)
    parts = {"x_train": idx(X), "y_train": idx(y), "x_test": idx(X[::-1]), "y_test": idx(y[::-1])}
    found = opened_bytes(zipped(parts), "own.zip")
    assert {split: len(part.labels) for split, part in found.parts.items()} == {"train": 12, "test": 12}
    for part in found.parts.values():
        assert all(EXPECTED[image.tobytes()] == str(label) for image, label in zip(*part, strict=True))
    for files, why in (({"a": idx(X), "b": idx(y), "c": idx(y)}, "b and c both have 12 labels, as many as a has"),
                       ({"a": idx(X), "b": idx(y[:9])}, "there are 12 images in a and 9 labels in b; put a file of"),
                       ({"train": idx(X), "test-labels": idx(y)}, "12 images in train and 12 labels in test-labels")):
        with pytest.raises(DataError, match=why):
            opened_bytes(zipped(files), "own.zip")
    with pytest.raises(DataError, match="there are 12 images in images; put a file of images and one of as many"):
        opened_bytes(gzip.compress(idx(X)), "images")


def test_emnists_images_are_upright_under_any_name():
    """By the digits among them, else by its name anywhere; sets that are as large get the advice to name it."""
    ten = digits()
    lying, letters = ten.images.transpose(0, 2, 1), np.concatenate([ten.labels, ten.labels + 30]).astype(np.uint8)

    def opened_as(name: str, images: np.ndarray, labels: np.ndarray):
        return opened_bytes(zipped({f"{name}/a": idx(images), f"{name}/b": idx(labels)}), "own.zip")

    for stored in (ten.images, lying):
        both = opened_as("mine", np.concatenate([stored, stored]), letters)
        part = both.parts["train"]
        assert (share_read(part.images, np.array(part.classes).astype(int)[part.labels] % 30) > 0.6)
        assert ("the images are stored transposed, as EMNIST's are; they are read upright" in both.changes) == (
            stored is lying)
    named = opened_as("EMNIST letters", lying, (ten.labels + 1).astype(np.uint8))
    assert named.kind == "IDX files of EMNIST letters" and named.classes == tuple("ABCDEFGHIJ")
    assert whole(named) == {image.tobytes(): "ABCDEFGHIJ"[label] for image, label in zip(*ten, strict=True)}
    lying, labels = np.tile(lying, (3, 1, 1)), (np.arange(60) % 26 + 1).astype(np.uint8)
    assert "put “emnist” into the name of their file or folder" in " ".join(opened_as("az", lying, labels).changes)


def test_the_split_is_the_same_every_time_and_holds_out_one_in_five_of_each_class():
    a, b = (opened_bytes(npz(x=np.tile(X, (10, 1, 1)), y=np.tile(Y, 10)), "a.npz") for _ in range(2))
    assert [np.bincount(a.part(split).labels).tolist() for split in ("train", "test")] == [[32] * 3, [8] * 3]
    for split in ("train", "test"):
        assert (a.part(split).images == b.part(split).images).all()
    with pytest.raises(DataError, match="at least two of a class"):
        opened_bytes(npz(x=X[:3], y=Y[:3]), "a.npz")


@pytest.mark.parametrize(("data", "name", "said"), [
    (b"", "x.bin", "no images with labels in it; use IDX files"), (b"PK\x03\x04", "x.zip", "expected a zip file"),
    (zipped({"in/own.ZIP": zipped({"a": b""})}), "x.zip", "unpack in/own.ZIP first"),
    (zipped({"a/1.png": bytes(999)})[:30], "x.zip", "a damaged one, or only a part of it; pack or download it again"),
    (zipped({}), "x.zip", "is a zip file without files"), (zipped({}), "x", "is a zip file without files"),
    (b"Rar!\x1a\x07" + bytes(99), "x.zip", "expected a zip file, found a damaged one"),
    (b"MZ" + bytes(99) + zipped({"a": b""}), "x.exe", "unpack x.exe first"),
    (npz(), "a.npz", "it holds no arrays"),
    (npz(x=X, y=Y[:3]), "a.npz", "expected as many labels as images"),
    (npz(x=X, y=Y * 0 + 11), "a.npz", "all images are of one class"),
    (npz(a=X), "a.npz", "expected two that are named like x and y"),
    (npz(x=np.full((4, 28, 28), np.nan), y=Y[:4]), "a.npz", "NaN or infinite"),
    (b"a,b\n", "a.csv", "expected a label and pixels"),
    (text([HEAD, *FIRST]), "a.csv", "784 cells where most lines have 785"),
    (text([[*HEAD, "place"], *LAST]), "a.csv", "names no column of labels"),
    (sheet.png(np.eye(30, dtype=np.uint8)), "s.png", "its tiles are; a picture alone is read as a sheet of many: put"),
    (sheet.png(np.tile(np.eye(28, dtype=np.uint8), (4, 4))), "photo.png", "its tiles are; a picture alone is read as"),
    (b"any", "net.onnx", "if it is a network, give it as --weights, for example to evaluate mlp; inspect net.onnx"),
    (npz(w1=X[0], w2=X[1, :, 0]), "net.npz", "inspect net.npz lists its tensors. For images, use IDX files"),
], ids=lambda part: part if isinstance(part, str) else "")
def test_what_cannot_be_used_is_refused_in_one_sentence(data, name, said):
    with pytest.raises(DataError) as error:
        opened_bytes(data, name)
    assert said in str(error.value) and name in str(error.value) and "\n" not in str(error.value)
    assert isinstance(error.value, NotRecognised) == (
        "use IDX" in said or "unpack" in said or "network" in said)


def test_a_zip_file_behind_a_program_that_unpacks_it():
    images = {f"{'ab'[i % 2]}/{i}.png": sheet.png(image) for i, image in enumerate(X)}
    alone, behind = (opened_bytes(stub + zipped(images), "x.zip") for stub in (b"", b"MZ" + bytes(5000)))
    assert whole(behind) == whole(alone) and len(behind.classes) == 2


def test_blank_images_are_counted():
    labels = np.arange(200) % 2
    blank = opened_bytes(npz(x=np.zeros((200, 28, 28), np.uint8), y=labels), "a.npz")
    assert "all 200 images are blank" in blank.changes and not any("look like" in note for note in blank.changes)
    images = np.random.default_rng(1).integers(0, 99, (20, 28, 28)).astype(np.uint8)
    images[3] = 0
    assert "1 image of 20 is blank" in opened_bytes(npz(x=images, y=labels[:20]), "a.npz").changes


def test_images_whose_label_is_nan_are_skipped_by_number():
    found = opened_bytes(npz(x=X, y=np.where(np.arange(12) == 4, np.nan, Y)), "a.npz")
    assert found.classes == TEN and found.skipped == (("y, 5", "its label is NaN"),)
    assert whole(found) == {image: name for image, name in EXPECTED.items() if image != X[4].tobytes()}


def test_too_much_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr(source, "MOST_UNPACKED", 1000)
    with pytest.raises(DataError, match="unpacks to 5,000 bytes, more than 1,000"):
        opened_bytes(zipped({"a/x.png": bytes(5000)}), "big.zip")


def test_labels_count_in_the_classes_of_a_network():
    some = Digits(X[:2], np.array([0, 1]), ("bee", "cat"))
    assert some.among(("ant", "bee", "cat"), "net.npz").labels.tolist() == [1, 2]
    with pytest.raises(DataError, match=r"has the class cat, but net\.npz knows only ant, bee; give data"):
        some.among(("ant", "bee"), "net.npz")


def test_classes_of_a_network_that_does_not_name_them_are_taken_in_order():
    some = Digits(X[:2], np.array([0, 1]), ("bee", "cat"))
    with pytest.warns(DataWarning, match=r"net\.npz does not name its classes; they are taken to be bee, cat, in this"):
        assert some.among(("0", "1"), "net.npz").classes == ("bee", "cat")
    with pytest.raises(DataError, match="knows only 0, 1, 2"):
        some.among(("0", "1", "2"), "net.npz")


def filtered(rows: np.ndarray, kind: int, step: int) -> bytes:
    """Bytes (H, row) with one filter, by the formulas of the standard (PNG, section 9.2)."""
    a = np.pad(rows, ((0, 0), (step, 0)))[:, : rows.shape[1]].astype(int)
    b = np.pad(rows, ((1, 0), (0, 0)))[:-1].astype(int)
    c = np.pad(rows, ((1, 0), (step, 0)))[:-1, : rows.shape[1]].astype(int)
    near = np.stack([abs(b - c), abs(a - c), abs(a + b - 2 * c)]).argmin(axis=0)
    guess = [0 * a, a, b, (a + b) // 2, np.choose(near, [a, b, c])][kind]
    return b"".join(bytes([kind]) + row.tobytes() for row in ((rows - guess) % 256).astype(np.uint8))


@pytest.mark.parametrize("kind", range(5))
@pytest.mark.parametrize(("colour", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_every_filter_of_png(kind, colour, channels):
    pixels = np.random.default_rng(kind).integers(0, 256, (5, 7, channels)).astype(np.uint8)
    header = bytes([0, 0, 0, 7, 0, 0, 0, 5, 8, colour, 0, 0, 0])
    data = png.SIGNATURE + sheet._chunk(b"IHDR", header) + sheet._chunk(b"IDAT", zlib.compress(
        filtered(pixels.reshape(5, -1), kind, channels))) + sheet._chunk(b"IEND", b"")
    found = png.decoded(data)
    assert (found.reshape(pixels.shape) == pixels).all() and found.dtype == np.uint8


def png_of(shape: tuple[int, int], depth: int, colour: int, rows: bytes, *more: tuple[bytes, bytes], interlaced=0):
    header = struct.pack(">IIBBBBB", shape[1], shape[0], depth, colour, 0, 0, interlaced)
    parts = [(b"IHDR", header), *more, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return png.SIGNATURE + b"".join(sheet._chunk(*part) for part in parts)


ADAM7 = """
16462646
77777777
56565656
77777777
36463646
77777777
56565656
77777777
"""  # the pass in which each pixel of 8x8 is sent (PNG, section 8.2)


@pytest.mark.parametrize(("shape", "depth", "channels"), [((13, 10), 8, 3), ((9, 3), 1, 1), ((1, 1), 16, 1)])
def test_interlaced_png_files_are_the_same_picture(shape, depth, channels):
    pixels = np.random.default_rng(2).integers(0, 2**depth, (*shape, channels))
    when = np.array([list(line) for line in ADAM7.split()], int)
    when = np.tile(when, (2, 2))[: shape[0], : shape[1]]
    sent = b""
    for turn in range(1, 8):
        for row, now in zip(pixels, when == turn, strict=True):
            if now.any():
                values = row[now].reshape(-1)
                sent += b"\0" + (values.astype(">u2").tobytes() if depth == 16 else np.packbits(
                    values.astype(np.uint8)).tobytes() if depth == 1 else values.astype(np.uint8).tobytes())
    found = png.decoded(png_of(shape, depth, 2 if channels == 3 else 0, sent, interlaced=1))
    assert (found.reshape(pixels.shape) == pixels * (255 if depth == 1 else 1)).all()


def test_png_files_with_one_transparent_colour():
    grey = png.decoded(png_of((1, 2), 8, 0, bytes([0, 255, 254]), (b"tRNS", bytes([0, 255]))))
    assert grey.tolist() == [[[255, 0], [254, 255]]]
    rgb = png.decoded(png_of((1, 2), 8, 2, bytes([0, 1, 2, 3, 1, 2, 9]), (b"tRNS", bytes([0, 1, 0, 2, 0, 3]))))
    assert rgb.tolist() == [[[1, 2, 3, 0], [1, 2, 9, 255]]]


@pytest.mark.parametrize("order", ["<", ">"])
def test_png_and_webp_files_are_turned_by_their_exif_chunk(order):
    upright = np.array([[1, 2, 3], [4, 5, 6]])
    stored = {1: [[1, 2, 3], [4, 5, 6]], 2: [[3, 2, 1], [6, 5, 4]], 3: [[6, 5, 4], [3, 2, 1]],
              4: [[4, 5, 6], [1, 2, 3]], 5: [[1, 4], [2, 5], [3, 6]], 6: [[3, 6], [2, 5], [1, 4]],
              7: [[6, 3], [5, 2], [4, 1]], 8: [[4, 1], [5, 2], [6, 3]]}  # TIFF 6.0, page 36
    for turn, rows in stored.items():
        exif = struct.pack(f"{order}2sHIHHHIHH", b"II" if order == "<" else b"MM", 42, 8, 1, 0x112, 3, 1, turn, 0)
        webp = b"RIFF\0\0\0\0WEBPVP8L" + struct.pack("<I", 3) + b"abc\0EXIF" + struct.pack("<I", len(exif)) + exif
        assert orientation(of_webp(webp)) == turn and orientation(of_webp(webp[:30])) == 1
        sent = b"".join(b"\0" + bytes(row) for row in rows)
        found = png.decoded(png_of((len(rows), len(rows[0])), 8, 0, sent, (b"eXIf", exif)))
        assert (found == upright).all(), turn
    for damaged in (exif[:9], b"", b"II*\0" + b"\xff" * 20):
        assert (png.decoded(png_of((3, 2), 8, 0, sent, (b"eXIf", damaged))) == rows).all()


def test_png_files_are_decoded_as_pillow_decodes_them():
    Image = pytest.importorskip("PIL.Image", reason="pip install pillow")
    grey = Image.fromarray(np.kron(digits(1).images[0], np.ones((2, 2), np.uint8)))
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 200)
    for picture in (grey, grey.convert("RGB"), grey.convert("RGBA"), grey.convert("LA"), grey.convert("P"),
                    grey.convert("1"), deep, grey.quantize(4)):
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        found, expected = png.decoded(buffer.getvalue()), np.asarray(
            picture.convert("RGB") if picture.mode == "P" else picture.convert("L") if picture.mode == "1" else picture)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.in_pyodide(0, "damage does not differ between runtimes")
def test_damaged_data_is_refused_in_a_sentence():
    """`python tests/unit/fuzz_importers.py 10000` tries so many of each kind."""
    found = try_all(200)
    assert not found["wrong"] and found["refused"] > 20 and found["read"] > 10


@pytest.mark.parametrize("arrays, why", [
    ({"x": np.zeros(9, np.float32)}, "expected two that are named like x and y"),
    ({"x": np.zeros((3, 784), np.uint8), "y": np.arange(4)}, "expected as many labels as images"),
    ({"x": np.zeros((3, 10), np.uint8), "y": np.arange(3)}, "expected images"),
    ({"x": np.zeros((300_001, 4), np.uint8), "y": np.zeros(300_001, np.uint8)}, "at most 300,000 are read"),
    ({"cat": np.zeros((200_000, 4), np.uint8), "dog": np.zeros((100_001, 4), np.uint8)}, "at most 300,000 are read")])
def test_arrays_that_are_no_images_by_their_shapes_are_refused_before_they_are_unpacked(monkeypatch, arrays, why):
    monkeypatch.setattr("pyapp.npz._array", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(DataError, match=why):
        opened_bytes(npz(**arrays), "x.npz")
