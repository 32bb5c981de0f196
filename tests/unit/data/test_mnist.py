import gzip
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from pyapp.data.mnist import DataError, Digits, ShippedMissing, load, needed_for, without


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def folder(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (6, 28, 28)).astype(np.uint8)
    labels = np.arange(6, dtype=np.uint8)
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx(labels))
    return tmp_path, images, labels


def test_reads_plain_and_compressed_files(folder):
    path, images, labels = folder
    digits = load(path, "test")
    assert (digits.images == images).all() and digits.labels.tolist() == labels.tolist()
    assert digits.inputs().dtype == np.float32 and digits.inputs().max() <= 1
    assert digits.inputs()[2, 28 + 3] == np.float32(images[2, 1, 3]) / np.float32(255)


def test_a_gz_file_that_a_server_unpacked_is_read_too(folder):
    path, images, _ = folder
    (path / "t10k-images-idx3-ubyte.gz").write_bytes(idx(images))
    assert (load(path, "test").images == images).all()


@pytest.mark.parametrize(("damage", "message"), [
    (lambda data: data[: len(data) // 2], "damaged"),
    (lambda data: gzip.compress(gzip.decompress(data)[:-1]), "expected 4704 bytes"),
    (lambda data: b"hello world", "expected an IDX file"),
    (lambda data: b"", "expected an IDX file"),
    (lambda data: gzip.compress(bytes([0, 0, 8, 3, 0, 0])), "IDX header"),
])
def test_damaged_files_are_named(folder, damage, message):
    path = folder[0] / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match=message) as error:
        load(folder[0], "test")
    assert path.name in str(error.value)


def test_one_of_the_four_files_is_no_folder(folder):
    top, *_ = folder
    for path in top.iterdir():
        with pytest.raises(DataError, match="one of MNIST's four IDX files; name the folder that holds them"):
            load(path)
    (top / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match=r"notes\.txt: no"):
        load(top / "notes.txt")


def test_missing_files_labels_that_do_not_fit_and_labels_above_nine(folder):
    path, _, _ = folder
    with pytest.raises(DataError, match="train-images-idx3-ubyte"):
        load(path, "train")
    (path / "t10k-labels-idx1-ubyte").write_bytes(idx(np.zeros(5, np.uint8)))
    with pytest.raises(DataError, match="one label each"):
        load(path, "test")
    (path / "t10k-labels-idx1-ubyte").write_bytes(idx(np.arange(8, 14, dtype=np.uint8)))
    found = load(path, "test")
    assert found.classes == ("8", "9", "10", "11", "12", "13") and found.labels.tolist() == [0, 1, 2, 3, 4, 5]


def test_without_leaves_out_equal_images():
    images = np.arange(4, dtype=np.uint8)[:, None, None] * np.ones((1, 28, 28), np.uint8)
    digits = Digits(images, np.arange(4))
    left = without(digits, Digits(images[[1, 3]], np.array([1, 3])))
    assert left.labels.tolist() == [0, 2] and (left.images == images[[0, 2]]).all()


def test_the_shipped_digits_are_balanced():
    for split, each in (("train", 200), ("test", 300)):
        assert np.bincount(load(split=split).labels).tolist() == [each] * 10


def test_the_error_of_missing_digits_names_what_needs_them_across_processes():
    with pytest.raises(ShippedMissing, match=r"^calibration needs .* a\.gz is missing; run `") as found, \
            needed_for("calibration"):
        raise pickle.loads(pickle.dumps(ShippedMissing(Path("a.gz"), "this")))
    assert found.value.what == "calibration"
