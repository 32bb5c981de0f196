"""Data of the reader's own on the page that trains: shown, trained on, saved, and left again."""

import io

import numpy as np
import pytest
from fuzz_importers import zipped

from pyapp import store
from pyapp.data import mnist
from pyapp.data.importers.images import of_picture
from pyapp.data.importers.png import decoded
from pyapp.digitgen.sheet import png
from pyapp.export.verify import verify
from pyapp.runner import Runner
from pyapp.store import StoreError

NAMES = np.array(["ant", "bee", "cat"])


def data(n: int = 60, names: bool = True) -> bytes:
    """The shipped digits 0 to 2 under other names."""
    images, labels = mnist.load()
    rows = np.flatnonzero(labels < 3)[:: 900 // n]
    buffer = io.BytesIO()
    np.savez(buffer, x=images[rows], y=NAMES[labels[rows]] if names else labels[rows])
    return buffer.getvalue()


def brought(names: bool = True):
    runner = Runner()
    run = runner.open("digits", {"batch": "8"})["run"]
    return runner, run, runner.restore(run, np.frombuffer(data(names=names), np.uint8), "mine.npz")


def test_it_is_shown_before_a_step_is_trained_and_then_learned():
    runner, run, answer = brought()
    scalars, arrays = answer["frame"].scalars, answer["frame"].arrays
    assert answer["params"]["layers"] == "784-128-64-3" and "of Layers is 3 now" in answer["frame"].notes[0]
    assert answer["frame"].step == 0 and "sent nowhere" in answer["notes"][0] and answer["params"]["data"] == "own"
    assert scalars["own"]["classes"] == [{"name": name, "train": 16, "test": 4} for name in NAMES]
    assert scalars["held_out"] == 12 and scalars["trained_on"] == 48 and arrays["own_images"].shape == (6, 28, 28)
    frame = runner.advance(run, steps=60)["frame"]
    assert frame.scalars["test_accuracy"] >= 0.75
    read = runner.predict(run, {"index": 0}).scalars
    assert read["classes"] == list(NAMES) and read["digit_words"].split()[0] in NAMES and read["label"] in range(3)


def test_a_restart_keeps_it_and_the_choice_leaves_it_and_comes_back():
    runner, run, _ = brought(names=False)
    assert runner.change(run, "seed", 2)["frame"].scalars["held_out"] == 12
    answer = runner.change(run, "data", "shipped")
    assert answer["params"]["layers"] == "784-128-64-10"
    answer = answer["frame"]
    assert answer.scalars["held_out"] == 3000 and "own" not in answer.scalars
    assert runner.change(run, "data", "own")["frame"].scalars["own"]["name"] == "mine.npz"


def test_a_session_and_a_snapshot_hold_it():
    runner, run, _ = brought()
    runner.advance(run, steps=7)
    for file, name in ((runner.save(run)["file"], "a.bitladder"), (runner.snapshot(run)["file"], "a.npz")):
        other = Runner()
        again = other.open("digits", {})["run"]
        found = other.restore(again, file, name)["frame"]
        assert found.step == 7 and found.scalars["own"]["name"] == "mine.npz"
        ours, theirs = Runner(), other.advance(again, steps=3)["frame"]
        start = ours.open("digits", {})["run"]
        ours.restore(start, file, name)
        assert ours.advance(start, steps=3)["frame"].scalars["loss"] == theirs.scalars["loss"]


def test_what_is_wrong_is_told_by_the_names_of_its_classes():
    runner, run, _ = brought()
    frame = runner.advance(run, steps=6)["frame"]  # an epoch, after which it is judged
    matrix = frame.arrays["confusion"]
    assert matrix.shape == (1, 3, 3) and matrix.sum(axis=2).tolist() == [[4, 4, 4]]
    assert [row["class"] for row in frame.scalars["mistakes"]["classes"]] == list(NAMES)
    label, said = np.unravel_index(matrix[0].argmax(), (3, 3))
    frame = runner.change(run, "cell", int(3 * label + said))["frame"]
    assert f"{NAMES[label]} that the float32 network reads as {NAMES[said]}" in frame.scalars["mistakes"]["words"]
    assert (frame.arrays["wrong_label"] == label).all() and len(frame.arrays["wrong_images"]) == matrix.max()
    assert runner.change(run, "cell", 9)["frame"].scalars["mistakes"]["kept"] is None  # there is no such cell


def test_the_files_of_the_mistakes_are_named_and_kept():
    files = {f"{name}/{i}.png": png(255 - image) for name, label in zip(NAMES, range(3), strict=True)
             for i, image in enumerate(mnist.load().images[mnist.load().labels == label][:10])}
    runner = Runner()
    run = runner.open("digits", {"batch": "8"})["run"]
    runner.restore(run, np.frombuffer(zipped(files), np.uint8), "mine.zip")
    frame = runner.advance(run, steps=3)["frame"]  # an epoch
    wrong = frame.arrays["wrong_images"]
    assert len(wrong) == len(frame.scalars["mistakes"]["files"]) > 0

    def is_right(frame) -> bool:
        return all((ink_of(files[f"{NAMES[label]}/{name}"]) == image).all() for image, label, name in zip(
            frame.arrays["wrong_images"], frame.arrays["wrong_label"], frame.scalars["mistakes"]["files"], strict=True))

    assert is_right(frame)
    other = Runner()
    again = other.open("digits", {})["run"]
    frame = other.restore(again, runner.snapshot(run)["file"], "a.npz")["frame"]
    assert len(frame.scalars["mistakes"]["files"]) == len(wrong) and is_right(frame)


def ink_of(picture: bytes) -> np.ndarray:
    return of_picture(decoded(picture))


def test_it_is_quantised_exported_and_proven_with_its_names(tmp_path):
    runner, run, _ = brought()
    runner.advance(run, steps=6)
    runner.change(run, "bits", "4")
    for action, name in (("export-html", "a.html"), ("export-onnx-qlinear", "a.onnx")):
        made = runner.act(run, action)
        assert "proof was run again here, and holds" in made["notes"][-1]
        (tmp_path / name).write_bytes(bytes(made["file"]))
        verdict = verify(tmp_path / name)
        assert verdict.ok and verdict.manifest["classes"] == list(NAMES) and verdict.manifest["measured"]["n"] == 12


def test_a_file_without_the_images_opens_after_them():
    runner, run, _ = brought()
    runner.advance(run, steps=7)
    runner.change(run, "keep", False)
    file = runner.snapshot(run)["file"]
    assert not any(name.endswith(".images") for name in store.unpack(bytes(file), "a.npz"))
    for names in (True, False):
        other, again, _ = brought(names)
        if names:
            assert other.restore(again, file, "a.npz")["frame"].step == 7
        else:
            with pytest.raises(StoreError, match="first open the data it was trained on"):
                other.restore(again, file, "a.npz")


def test_what_cannot_be_used_is_refused_and_nothing_changes():
    runner = Runner()
    run = runner.open("digits", {})["run"]
    with pytest.raises(StoreError, match="no table of images"):
        runner.restore(run, np.frombuffer(b"a,b\n1,2\n", np.uint8), "x.csv")
    with pytest.raises(ValueError, match=r"expected an \.npz file"):
        runner.restore(run, np.frombuffer(b"hello", np.uint8), "x.bin")
    assert runner.advance(run, steps=0)["frame"].scalars["held_out"] == 3000
    own = runner.open("digits", {"data": "own"})
    assert any("drop a file" in note for note in own["frame"].notes) and own["frame"].scalars["held_out"] == 3000
    again = runner.restore(own["run"], runner.snapshot(own["run"])["file"], "none-yet.npz")
    assert again["frame"].scalars["held_out"] == 3000


def test_a_sprite_sheet_is_one_where_the_commands_read_one_too():
    runner = Runner()
    run = runner.open("digits", {})["run"]
    images, labels = mnist.load()
    tiles = [images[labels == digit][:4] for digit in (3, 7)]
    sheet = np.frombuffer(png(np.vstack([np.hstack(list(row)) for row in tiles])), np.uint8)
    photo = np.frombuffer(png(np.tile(np.eye(28, dtype=np.uint8), (4, 4))), np.uint8)  # divides into tiles as well
    with pytest.raises(StoreError, match=r"^photo\.png is 112x112 pixels, and .* a class\. To have one drawn "
                                         "digit read, drop its picture on the pad$"):
        runner.restore(run, photo, "photo.png")
    for name in ("sheet.png", "sheet-28x28.png"):
        answer = runner.restore(run, sheet, name)
        assert "8 images of 10 classes" in answer["notes"][0] and answer["params"]["data"] == "own"
        assert any("2 rows of 4 tiles" in note["text"] for note in answer["frame"].scalars["own"]["notes"])


def test_too_many_pictures_are_refused_before_any_is_decoded(monkeypatch):
    monkeypatch.setattr("pyapp.pages.base.own_data.MOST", 3)
    runner = Runner()
    run = runner.open("digits", {})["run"]
    undecodable = zipped({f"{'ab'[i % 2]}/{i}.png": b"" for i in range(4)})
    with pytest.raises(StoreError, match=r"many\.zip has 4 images; the page trains on at most 3"):
        runner.restore(run, np.frombuffer(undecodable, np.uint8), "many.zip")
