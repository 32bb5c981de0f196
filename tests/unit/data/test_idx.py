"""IDX files under all their names, in either byte order, and with what else people put there."""

import gzip
import struct

import numpy as np
import pytest

from pyapp.data.mnist import SHIPPED, DataError, DataWarning, Digits, load
from pyapp.data.orientation import MEANS, share_read, transposed

NAMES = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def idx(array, kind=8, order=">"):
    return bytes([0, 0, kind, array.ndim]) + struct.pack(f"{order}{array.ndim}I", *array.shape) + array.astype(
        np.uint8).tobytes()


def write(folder, images, labels, names=NAMES):
    for name, array in zip(names, (images, labels), strict=True):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = array if isinstance(array, bytes) else idx(array)
        path.write_bytes(gzip.compress(data) if name.lower().endswith(".gz") else data)


def emnist(name):
    return [f"emnist-{name}-test-{kind}-ubyte" for kind in ("images-idx3", "labels-idx1")]


@pytest.mark.parametrize("names", [
    ("t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"), ("t10k-images.idx3-ubyte.gz", "t10k-labels.idx1-ubyte.gz"),
    ("T10K-IMAGES-IDX3-UBYTE", "T10K-Labels-idx1-ubyte.GZ"), ("test-images-idx3-ubyte", "test-labels-idx1-ubyte"),
    ("t10k-images-idx3-ubyte/t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte/t10k-labels.idx1-ubyte"),
    ("t10k-images.idx3-ubyte/t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
    ("raw/t10k-images-idx3-ubyte", "raw/t10k-labels-idx1-ubyte.gz"), ("t10k-images.gz", "t10k-labels.gz"),
    ("MNIST/raw/t10k-images-idx3-ubyte", "MNIST/raw/t10k-labels-idx1-ubyte"),
    ("t10k-images.idx3", "t10k-labels.idx1"), ("t10k-images.bin", "t10k-labels.bin"),
    ("t10k-images-idx3-ubyte (1).gz", "t10k-labels-idx1-ubyte(2).gz"),
    [f"gzip/{name}.gz" for name in emnist("digits")], emnist("mnist"),
], ids=lambda names: names[0])
def test_every_name_that_the_files_have(tmp_path, names):
    digits = Digits(*(array[::100] for array in load()))
    write(tmp_path, *digits, names)
    found = load(tmp_path)
    assert (found.images == digits.images).all() and (found.labels == digits.labels).all()
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte\(.gz\) is missing"):
        load(tmp_path, "train")


def test_the_digits_are_read_if_a_folder_has_several_sets(tmp_path):
    images, labels = load()
    for name, others in (("balanced", labels + 30), ("letters", labels + 1), ("digits", labels)):
        write(tmp_path, images, others, emnist(name))
    assert (load(tmp_path).labels == labels).all()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("reverse", [False, True], ids=["magic", "cigam"])
def test_either_byte_order_is_read(tmp_path, order, reverse):
    images, labels = (array[:200] for array in load())
    files = [idx(array, order=order) for array in (images, labels)]
    if reverse:
        files = [data[3::-1] + data[4:] for data in files]
    write(tmp_path, *files)
    assert (load(tmp_path).images == images).all() and (load(tmp_path).labels == labels).all()
    write(tmp_path, files[0][:-1], files[1])
    with pytest.raises(DataError, match="expected 156800 bytes for 200 images of 28x28, found 156799"):
        load(tmp_path)


@pytest.mark.parametrize("images, labels, message", [
    (np.zeros((0, 28, 28)), np.zeros(0), "images-idx3-ubyte: there is no image in it"),
    (np.zeros((3, 28, 28)), np.zeros(0), "labels-idx1-ubyte: there is no label in it"),
    (b"", np.zeros(3), "images-idx3-ubyte: expected an IDX file of images, found an empty file"),
    (idx(np.zeros((3, 28, 28)), 0x09), np.zeros(3), "found signed bytes (type 0x09)"),
    (idx(np.zeros((3, 28, 28)), 0x0D), np.zeros(3), "found float32 numbers (type 0x0D)"),
    (np.zeros((3, 28, 28)), idx(np.zeros(3), 0x0C), "labels-idx1-ubyte: expected unsigned bytes (type 0x08), found 32"),
    (np.zeros(3), np.zeros((3, 28, 28)), "expected images, which have 3 axes, found 1 axis, as labels have: are the"),
    (np.zeros((3, 28, 28)), np.zeros(4), "one label each, found 3 images of 28x28 and 4 labels"),
    (np.zeros((3, 32, 32)), np.zeros(3), "no image in it has any ink"),
    (np.zeros((3, 784, 1, 1)), np.zeros(3), "expected images, which have 3 axes, found 4 axes"),
    (b"\x89PNG\r\n", np.zeros(3), "found a file that starts with b'\\x89PNG'"),
], ids=lambda part: part if isinstance(part, str) else "")
def test_files_that_are_not_mnist_are_refused(tmp_path, images, labels, message):
    write(tmp_path, images, labels)
    with pytest.raises(DataError) as error:
        load(tmp_path)
    assert message in str(error.value) and str(tmp_path) in str(error.value)


@pytest.mark.parametrize("split, prefix", [("test", "t10k"), ("train", "train")])
def test_transposed_digits_are_read_upright_with_a_warning(tmp_path, split, prefix):
    images, labels = load(split=split)
    write(tmp_path, images.transpose(0, 2, 1), labels, [name.replace("t10k", prefix) for name in NAMES])
    with pytest.warns(DataWarning, match="stored transposed, as EMNIST's are; they are read upright"):
        found = load(tmp_path, split)
    assert (found.images == images).all() and found.images.flags["C_CONTIGUOUS"]


def test_a_few_transposed_digits_are_turned_if_the_name_says_emnist(tmp_path):
    images, labels = (array[1500:1505] for array in load())  # fives
    write(tmp_path, images.transpose(0, 2, 1), labels, emnist("digits"))
    with pytest.warns(DataWarning, match="upright"):
        assert (load(tmp_path).images == images).all()


@pytest.mark.parametrize("split", ["test", "train"])
@pytest.mark.in_pyodide(1, "the cases differ in settings, not in arithmetic")
def test_upright_digits_are_never_turned(split):
    """Whatever part of the data somebody takes: at random, of one class, of two, the ones that are hard to read."""
    images, labels = load(split=split)
    rng = np.random.default_rng(0)
    parts = [np.arange(len(images))]
    parts += [rng.permutation(len(images))[:size] for size in (1, 5, 20, 30) for _ in range(40)]
    for a in range(10):
        for b in range(a, 10):
            of_both = np.flatnonzero((labels == a) | (labels == b))
            parts += [of_both, rng.permutation(of_both)[:25]]
    parts.append(np.array([i for i in range(len(images)) if not share_read(images[i : i + 1], labels[i : i + 1])]))
    for part in parts:
        assert not transposed(images[part], labels[part])


def test_the_mean_digits_are_those_of_the_shipped_ones():
    images, labels = load(SHIPPED, "train")
    for digit, word in enumerate(MEANS.split()):
        mean = images[labels == digit].reshape(-1, 7, 4, 7, 4).mean(axis=(0, 2, 4)).reshape(-1)
        np.testing.assert_array_equal([int(sign, 16) for sign in word], np.round(mean / 17))
    images, labels = load()
    assert share_read(images, labels) > 0.74 and share_read(images.transpose(0, 2, 1), labels) < 0.18
