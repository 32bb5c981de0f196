"""What a command cannot write, or will miss at its end, is refused before any work, and nothing is made meanwhile."""

import errno
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from answers import options, refusal

from pyapp import store
from pyapp.__main__ import main
from pyapp.commands import generators, outputs
from pyapp.commands.export_files import target
from pyapp.commands.outputs import ordinary, weights_file, writable
from pyapp.data import mnist
from pyapp.nets import mlp
from pyapp.training.trainer import Trainer

TRAININGS = (["train", "mlp"], ["train", "vit"], ["train", "generator"], ["qat", "mlp"], ["distill", "mlp"])
TABLES = (["sweep", "mlp"], ["sweep", "vit"], ["sweep", "gpt"], ["attention-table", "vit"], ["attention-table", "gpt"])
CHECKPOINTS = (["train", "vit"], ["train", "gpt"], ["train", "encoder"])
WEIGHTS = (*TRAININGS, ["train", "gpt"], ["train", "encoder"], ["qat", "vit"], ["qat", "gpt"], ["distill-digits"],
           ["ladder", "fit"])
NEEDS = {"attention-table gpt": ["--data", "no.txt"], "sweep gpt": ["--data", "no.txt"], "sweep mlp": [],
         "sweep vit": [], "attention-table vit": [], "digits": [],
         "ladder fit": [], "distill-digits": [], "check": [],
         "train encoder": []}


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path, monkeypatch):
    """Commands run in an empty folder, and what they leave there is what the test made."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    yield
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")} <= {"folder", "file", "w.json", "data"} | {
        f"data/{name}.gz" for name in mnist.FILES["train"]} and (tmp_path / "file").read_text() == "mine"


def test_every_file_that_is_written_is_checked():
    kinds = (ordinary, writable, weights_file, target)
    checked = {(name, action.dest) for name, action in options() if getattr(action.type, "func", action.type) in kinds}
    assert {dest for _, dest in checked} == set(outputs.WRITTEN)
    assert checked == {(name, action.dest) for name, action in options() if action.dest in outputs.WRITTEN}
    # --out of digits, run, bench, budget, frameworks, format-table, anomaly, export of four and softmax-fit of two;
    more = 17  # and check --record and inspect --csv, --html, --npy
    assert len(checked) == len(WEIGHTS) + len(TABLES) + len(CHECKPOINTS) + more
    files = {action.dest for _, action in options() if action.metavar in ("FILE", "DIR", "PATH", "IMAGE")}
    assert files <= {*outputs.WRITTEN, *outputs.READ, "build", "site", "single_file"}  # which `serve` itself checks


BAD = {"folder": "is a folder", "folder/": "is a folder", "": "the name is empty", "  ": "the name is empty",
       ".": "is a folder", "file/w.npz": "file is not a folder", "file/a/b/w.npz": "file is not a folder",
       "new/": "is a folder", "a" * 300 + ".npz": "File name too long", "a" * 248 + ".npz": "File name too long"}


@pytest.mark.parametrize(("name", "message"), BAD.items(), ids=[name[:20] or "empty" for name in BAD])
def test_a_name_that_cannot_be_a_file_is_refused_by_all_commands(name, message, capsys):
    for command in (*WEIGHTS, *TABLES, ["digits"]):
        data = NEEDS.get(" ".join(command), ["--data", "none"])
        assert message in refusal(capsys, *command, *data, "--out", name), command
    assert message in refusal(capsys, "check", "--record", name)
    for command in CHECKPOINTS:
        assert message in refusal(capsys, *command, "--data", "none", "--out", "w.npz", "--checkpoint", name), command


@pytest.mark.parametrize("name", ["w.json", "w", "w.npy", "w.csv", ".npz"])
def test_weights_are_npz(name, capsys):
    for command in WEIGHTS:
        data = NEEDS.get(" ".join(command), ["--data", "none"])
        assert "does not end in .npz, as a weights file must" in refusal(capsys, *command, *data, "--out", name)
    assert "does not end in .npz" in refusal(capsys, "check", "--record", name)


@pytest.mark.parametrize(("command", "option", "kind"), [
    (["digits"], "--out", "png"), (["sweep", "mlp"], "--out", "csv"), (["anomaly"], "--out", "csv"),
    (["frameworks"], "--out", "json"), (["inspect", "x.npz"], "--csv", "csv"), (["inspect", "x.npz"], "--html", "html"),
    (["inspect", "x.npz"], "--npy", "npy")])
def test_a_name_of_another_kind_than_is_written_is_refused(command, option, kind, capsys):
    assert f"d.npz ends in .npz, and {kind.upper()} is written; use d.{kind}" in refusal(
        capsys, *command, option, "d.npz")


def test_a_recipe_that_cannot_be_written_is_refused_too(capsys, tmp_path):
    (tmp_path / "w.json").mkdir()
    assert "w.json is a folder" in refusal(capsys, "qat", "mlp", "--data", "none", "--out", "w.npz")


def test_an_export_is_not_overwritten_by_a_recipe(capsys, tmp_path):
    (tmp_path / "w.json").write_bytes(store.EXPORT + b":{}}")
    said = refusal(capsys, "qat", "mlp", "--data", "none", "--out", "w.npz")
    assert "w.json is an export, and the recipe of w.npz would overwrite it" in said
    (tmp_path / "w.json").write_text('{"class_name": "Sequential"}')  # as Keras saves a network's layers
    said = refusal(capsys, "qat", "mlp", "--data", "none", "--out", "w.npz")
    assert "w.json is no recipe of weights, and the recipe of w.npz would overwrite it" in said


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="whoever may write everywhere sees no protection")
def test_protected_files_and_folders_are_refused(capsys, tmp_path):
    (tmp_path / "file").chmod(0o400)
    assert "file is write-protected" in refusal(capsys, "sweep", "mlp", "--out", "file")
    (tmp_path / "folder").chmod(0o500)
    assert "cannot be written (Permission denied)" in refusal(capsys, "sweep", "mlp", "--out", "folder/a/x.csv")


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="there is no file system here that nobody can write to")
def test_a_place_where_nobody_can_write_is_refused(capsys):
    for command in WEIGHTS:
        data = NEEDS.get(" ".join(command), ["--data", "none"])
        assert "/proc/a/w.npz cannot be written (" in refusal(capsys, *command, *data, "--out", "/proc/a/w.npz")


@pytest.fixture
def pipe(tmp_path):
    """A named pipe, with nobody at its other end."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("there are no named pipes here")
    os.mkfifo(tmp_path / "folder/pipe.npz")
    yield "folder/pipe.npz"
    (tmp_path / "folder/pipe.npz").unlink()


def test_a_named_pipe_is_no_place_for_weights_and_is_not_waited_for(pipe, capsys):
    for command in WEIGHTS:
        data = NEEDS.get(" ".join(command), ["--data", "none"])
        assert "is not an ordinary file; name another one" in refusal(capsys, *command, *data, "--out", pipe), command
    for command in CHECKPOINTS:
        data = NEEDS.get(" ".join(command), ["--data", "none"])
        said = refusal(capsys, *command, *data, "--out", "w.npz", "--checkpoint", pipe)
        assert "is not an ordinary file" in said
    for command in (["predict"], ["inspect"], ["data"], ["evaluate", "mlp", "--weights"], ["anomaly", "--data"],
                    ["evaluate", "gpt", "--data"], ["generate", "gpt", "--weights"], ["encoder", "--checkpoint"]):
        assert f"{pipe} is a named pipe, which is not read" in refusal(capsys, *command, pipe), command


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux names its pipes and devices so")
def test_a_pipe_that_a_shell_made_is_read_and_written(capsys):
    ends = os.pipe()  # as in `--csv >(gzip > x.gz)`, or --csv /dev/stdout before | less
    try:
        assert main(["inspect", str(mlp.SHIPPED), "--csv", f"/dev/fd/{ends[1]}"]) == 0
        assert os.read(ends[0], 4).decode() == "name"
    finally:
        for end in ends:
            os.close(end)
    capsys.readouterr()
    assert "/dev/full could not be written (No space left" in refusal(
        capsys, "inspect", str(mlp.SHIPPED), "--csv", "/dev/full")


def test_a_full_disk_is_reported_before_the_work(capsys, monkeypatch):
    @contextmanager
    def full(dir):
        raise OSError(errno.ENOSPC, "No space left on device")
        yield

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    said = refusal(capsys, "qat", "mlp", "--data", "none", "--out", "w.npz")
    assert "w.npz cannot be written (No space left on device)" in said


@pytest.mark.parametrize(("argv", "message"), [
    (["qat", "mlp", "--data", "none", "--out", str(mlp.SHIPPED)], "mlp.npz, which this command reads"),
    (["distill", "mlp", "--data", "none", "--out", str(mlp.SHIPPED)], "mlp.npz, which this command reads"),
    (["distill-digits", "--teacher", "folder/../t.npz", "--out", "t.npz"], "--out t.npz would overwrite folder/../t"),
    (["train", "gpt", "--data", "t.json", "--out", "t.npz"], "--out t.npz would overwrite t.json, which this"),
    (["train", "gpt", "--data", "file", "--out", "t.npz", "--checkpoint", "file"], "--checkpoint file would overwrite"),
    (["train", "vit", "--data", "none", "--out", "t.npz", "--checkpoint", "t.npz"], "overwrite what --out writes"),
    (["train", "vit", "--data", "none", "--out", "t.npz", "--checkpoint", "./t.json"], "overwrite what --out writes"),
    (["sweep", "mlp", "--weights", "file", "--out", "file"], "--out file would overwrite file"),
    (["attention-table", "gpt", "--data", "file", "--out", "file"], "--out file would overwrite file"),
])
def test_no_command_overwrites_what_it_reads_or_writes(argv, message, capsys):
    assert message in refusal(capsys, *argv)


@pytest.fixture(scope="session")
def without_test_images(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("mnist")
    for name in mnist.FILES["train"]:
        shutil.copy(mnist.SHIPPED / f"{name}.gz", folder)
    return folder


def test_a_missing_digits_network_is_reported_before_the_generator_trains(capsys, monkeypatch):
    def load():
        raise store.StoreError("the digits network is gone")

    monkeypatch.setattr(mlp, "load", load)
    monkeypatch.setattr(generators, "train_teacher", None)
    said = refusal(capsys, "train", "generator", "--data", str(mnist.SHIPPED), "--out", "w.npz")
    assert "the digits network is gone" in said


@pytest.mark.parametrize("command", [each for each in TRAININGS if "generator" not in each], ids=" ".join)
def test_images_needed_at_the_end_are_checked_at_the_start(command, without_test_images, capsys, monkeypatch):
    def step(self):
        raise AssertionError("the training has begun")

    monkeypatch.setattr(Trainer, "step", step)
    said = refusal(capsys, *command, "--data", str(without_test_images), "--out", "w.npz")
    assert "t10k-images-idx3-ubyte(.gz) is missing" in said


def test_distillation_works_with_a_teacher_that_has_no_recipe(capsys, tmp_path_factory):
    folder = tmp_path_factory.mktemp("teacher")
    shutil.copy(mlp.SHIPPED.with_name("generator.npz"), folder / "t.npz")
    assert main(["distill-digits", "--teacher", str(folder / "t.npz"), "--out", str(folder / "r.npz"),
                 "--steps", "20"]) == 0
    assert '"teacher_sha256"' in (folder / "r.json").read_text()


@pytest.mark.parametrize("name", ["", "  ", "a\0b"])
def test_a_name_that_no_file_can_have_is_refused_where_a_file_is_read(name, capsys):
    with pytest.raises(SystemExit):
        main(["evaluate", "mlp", "--weights", name])
    assert "argument --weights: " in (said := capsys.readouterr().err) and said.count("name a") == 1
