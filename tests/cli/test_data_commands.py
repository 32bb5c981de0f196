"""What every command says about the folder of --data."""

import struct

import pytest

from pyapp.__main__ import main
from pyapp.data import mnist
from pyapp.measure.measure import training_images


def write(folder, images, labels, prefix):
    for kind, array in (("images.idx3", images), ("labels.idx1", labels)):
        head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
        (folder / f"{prefix}-{kind}-ubyte").write_bytes(head + array.astype("uint8").tobytes())


def test_transposed_digits_are_measured_upright_with_one_warning(tmp_path, capsys):
    images, labels = mnist.load()
    assert main(["evaluate", "mlp"]) == 0
    upright = capsys.readouterr()
    write(tmp_path, images.transpose(0, 2, 1), labels, "t10k")
    assert main(["evaluate", "mlp", "--data", str(tmp_path)]) == 0
    found = capsys.readouterr()
    assert found.out == upright.out and found.err.count("stored transposed") == 1
    assert found.err.startswith("bitladder: ") and not upright.err


@pytest.mark.parametrize("command", [
    ["evaluate", "mlp"], ["train", "mlp", "--out", "{}/w.npz"], ["qat", "mlp", "--out", "{}/w.npz"],
    ["distill", "mlp", "--out", "{}/w.npz"], ["train", "vit", "--out", "{}/w.npz"]], ids=" ".join)
def test_every_command_says_what_a_table_without_images_lacks(tmp_path, capsys, command):
    (tmp_path / "train.csv").write_text("label,pixel0\n")
    for data in (tmp_path, tmp_path / "train.csv"):
        assert main([*(part.format(tmp_path) for part in command), "--data", str(data)]) == 2
        said = capsys.readouterr().err
        assert "its first line has 2 cells; expected a label and pixels" in said and said.count("\n") == 1


@pytest.mark.parametrize(("change", "said"), [
    (lambda images, labels: (255 - images, labels), "they are read inverted"),
    (lambda images, labels: (images > 127, labels), "1 is read as 255"),
    (lambda images, labels: (images < 128, labels), "they are read inverted"),
], ids=["inverted", "bits", "inverted bits"])
def test_digits_that_are_stored_otherwise_are_measured_as_mnist_has_them(tmp_path, capsys, change, said):
    images, labels = mnist.load()
    write(tmp_path, *change(images, labels), "t10k")
    assert main(["evaluate", "mlp", "--data", str(tmp_path)]) == 0
    found = capsys.readouterr()
    assert said in found.err and "look like" not in found.err
    assert float(found.out.split("%")[0]) > 98


@pytest.mark.parametrize("change", [
    lambda images, labels: (images, (labels + 1) % 10), lambda images, labels: (images[:, ::-1, ::-1], labels),
    lambda images, labels: (images.transpose(0, 2, 1)[:, ::-1], labels)], ids=["labels", "upside down", "turned"])
def test_what_shows_no_digits_is_said(tmp_path, capsys, change):
    write(tmp_path, *change(*mnist.load()), "t10k")
    assert main(["evaluate", "mlp", "--data", str(tmp_path)]) == 0
    assert "few of the images look like the digits that their labels name" in capsys.readouterr().err


def test_the_shipped_folder_is_known_by_every_path(tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to(mnist.SHIPPED)
    monkeypatch.chdir(mnist.SHIPPED.parent)
    for folder in (mnist.SHIPPED.name, f"../data/{mnist.SHIPPED.name}/", tmp_path / "link"):
        assert len(training_images(folder).labels) == 2000
