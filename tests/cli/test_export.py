"""`export` and `verify`: what a person does with the files, and what goes wrong."""

import errno
import json
import os
import shlex
import shutil
import sys

import pytest
from answers import refusal

from pyapp import files
from pyapp.__main__ import main
from pyapp.commands import budgeting, export_files
from pyapp.export.kinds import FORMATS
from pyapp.export.proof import Run
from pyapp.export.verify import Verdict
from pyapp.nets import mlp

USUAL = ["--bits", "8", "--activations", "8"]


def export(capsys, *options: str) -> dict:
    assert main(["export", "mlp", *options, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", ["safetensors", "npz"])
@pytest.mark.parametrize("options", [[], USUAL, ["--bits", "3", "--activations", "5", "--per", "group:16"]],
                         ids=["float", "8 bits", "groups"])
def test_an_exported_checkpoint_is_read_by_every_command(name, options, tmp_path, capsys):
    path = tmp_path / f"net.{name}"
    export(capsys, *options, "--format", name, "--out", str(path))
    assert main(["evaluate", "mlp", *options, "--json"]) == 0
    ours = json.loads(capsys.readouterr().out)
    assert main(["evaluate", "mlp", "--weights", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["loss"] == ours["loss"]
    again = export(capsys, "--weights", str(path), "--format", "json", "--out", str(tmp_path / "again.json"))
    first = export(capsys, *options, "--format", "json", "--out", str(tmp_path / "first.json"))
    assert again["fingerprint"] == first["fingerprint"]


def test_exports_of_one_name_lie_side_by_side(tmp_path, capsys):
    for name in ("json", "npz", "safetensors"):
        export(capsys, *USUAL, "--format", name, "--out", str(tmp_path / f"net.{name}"))
    for name in ("npz", "safetensors"):
        assert main(["evaluate", "mlp", "--weights", str(tmp_path / f"net.{name}")]) == 0


@pytest.mark.parametrize("out", ["mlp.json", "."])
def test_a_recipe_is_not_overwritten_by_an_export(out, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for path in (mlp.SHIPPED, mlp.SHIPPED.with_suffix(".json")):
        shutil.copy(path, tmp_path)
    said = refusal(capsys, "export", "mlp", "--weights", "mlp.npz", "--format", "json", "--out", out)
    assert "mlp.json is the recipe of weights, which do not open without it" in said
    monkeypatch.setattr(budgeting, "candidates", None)  # it is refused before any work
    assert "is the recipe" in refusal(capsys, "budget", "mlp", "--bytes", "45000", "--keep", "0.9", "--out", out,
                                      "--weights", "mlp.npz")
    shutil.copy(mlp.SHIPPED, "other.npz")
    said = refusal(capsys, "export", "mlp", "--weights", "other.npz", "--format", "npz", "--out",
                   out.replace("json", "npz"))
    assert "mlp.npz has the recipe mlp.json, beside which only the weights that it describes open" in said
    assert main(["evaluate", "mlp", "--weights", "mlp.npz"]) == 0


def test_what_was_trained_with_quantisation_is_exported(tmp_path, capsys):
    shipped = export(capsys, "--weights", str(mlp.SHIPPED.with_name("mlp-qat4.npz")), "--format", "json", "--out",
                     str(tmp_path / "a.json"))
    chosen = export(capsys, "--bits", "4", "--activations", "4", "--method", "qat", "--format", "json", "--out",
                    str(tmp_path / "b.json"))
    assert shipped["fingerprint"] == chosen["fingerprint"]


def test_the_command_in_the_manifest_makes_the_same_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    made = export(capsys, "--bits", "4", "--activations", "6", "--per", "channel", "--bias-correction", "--rounding",
                  "double", "--format", "json", "--out", "net.json")
    first = (tmp_path / "net.json").read_bytes()
    (tmp_path / "net.json").unlink()
    assert main(made["manifest"]["command"].split()[3:]) == 0
    assert (tmp_path / "net.json").read_bytes() == first


def test_a_folder_as_target_names_the_file_after_the_network(tmp_path, capsys):
    made = export(capsys, *USUAL, "--format", "html", "--out", str(tmp_path))
    assert list(made["files"]) == [str(tmp_path / "mlp.html")]


def test_verify_says_that_it_holds_or_where_not(tmp_path, capsys):
    path = tmp_path / "net.json"
    export(capsys, *USUAL, "--format", "json", "--out", str(path))
    assert main(["verify", str(path)]) == 0
    assert capsys.readouterr().out.startswith("PARITY OK, largest difference 0 (all integers are equal): ten digits in")
    moved = tmp_path / "elsewhere" / "net.json"
    moved.parent.mkdir()
    shutil.copy(path, moved)  # without its engine
    assert main(["verify", str(moved)]) == 0
    capsys.readouterr()
    path.with_suffix(".mjs").write_text("// another program")
    assert "net.mjs, which belongs to it, is not the file" in refusal(capsys, "verify", str(path))


@pytest.mark.parametrize(("content", "message"), [
    (b"", "found an empty file"), (b"hello", "found 5 bytes that begin with b'hello'"),
    (b"{}", "no seal in its 2 bytes"), (b"<!doctype html><p>", "no seal"), (b"PK\x03\x04", "unpack what")])
def test_other_files_are_refused(content, message, tmp_path, capsys):
    path = tmp_path / "other"
    path.write_bytes(content)
    assert message in refusal(capsys, "verify", str(path))


def test_weights_are_no_export(capsys):
    assert "not a Bitladder export" in refusal(capsys, "verify", str(mlp.SHIPPED))
    assert "cannot be used (No such file" in refusal(capsys, "verify", "nowhere.json")


@pytest.mark.parametrize("argv", [
    ["mlp", "--format", "tflite", "--out", "x"], ["mlp", "--format", "json"], ["mlp", "--out", "x"],
    ["gpt", "--format", "json", "--out", "x"], ["mlp", "--format", "json", "--out", ""],
    ["mlp", "--format", "json", "--out", "file/x.json"],
    ["mlp", "--activations", "8", "--format", "json", "--out", "x"],
    ["mlp", "--weights", "file", "--format", "json", "--out", "x"],
    ["mlp", "--weights", "no", "--format", "npz", "--out", "x"],
    ["mlp", "--bits", "1", "--format", "json", "--out", "x"], ["mlp", "--data", "no", "--format", "json", "--out", "x"],
    ["mlp", "--weights", "w.npz", "--format", "npz", "--out", "w.npz"],
    ["mlp", "--weights", "mlp.npz", "--format", "npz", "--out", "."],
    ["mlp", "--bits", "8", "--per", "group:0", "--format", "json", "--out", "x"]])
def test_what_cannot_be_exported_leaves_no_file(argv, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    for name in ("w.npz", "mlp.npz"):
        shutil.copy(mlp.SHIPPED, tmp_path / name)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*")}
    assert refusal(capsys, "export", *argv)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*")} == before


def test_a_number_format_is_told_from_one_of_files(capsys):
    for name in ("nf4", "int4:32"):
        said = refusal(capsys, "export", "mlp", "--format", name, "--out", "x")
        assert f"{name} is a number format, and exported files hold uniform grids; choose --bits" in said


def test_every_format_says_what_it_is(capsys):
    with pytest.raises(SystemExit):
        main(["export", "mlp", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert all(f"{form.name}: {form.doc}" in told for form in FORMATS.values())


def test_only_the_companion_that_the_manifest_names_is_run(tmp_path, capsys):
    """A stranger's program of the same name may lie beside a copy."""
    export(capsys, *USUAL, "--format", "json", "--out", str(tmp_path / "net.json"))
    shutil.copy(tmp_path / "net.json", tmp_path / "app.json")
    (tmp_path / "net.mjs").unlink()
    ran = tmp_path / "ran"
    (tmp_path / "app.mjs").write_text(f"import {{ writeFileSync }} from 'node:fs'; writeFileSync({str(ran)!r}, '');")
    assert main(["verify", str(tmp_path / "app.json")]) == 0
    assert not ran.exists()
    assert "net.mjs, which belongs beside app.json, is not there and was not checked" in capsys.readouterr().err


def test_a_folder_in_the_place_of_a_companion_is_refused(tmp_path, capsys):
    (tmp_path / "net.mjs").mkdir()
    argv = ["export", "mlp", *USUAL, "--format", "json", "--out", str(tmp_path / "net.json")]
    assert "net.mjs is a folder" in refusal(capsys, *argv)
    assert not (tmp_path / "net.json").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe")
    assert "is a named pipe, which is not read" in refusal(capsys, "verify", str(tmp_path / "pipe"))
    assert "found no ordinary file" in refusal(capsys, "verify", os.devnull)
    assert "is not an ordinary file" in refusal(capsys, "export", "mlp", "--format", "json", "--out",
                                            str(tmp_path / "pipe"))


def test_an_export_whose_proof_fails_here_ends_with_1(tmp_path, monkeypatch, capsys):
    failed = Verdict({"fingerprint": "0" * 8, "arithmetic": "float32"}, (Run("an engine", 1.0, "", "somewhere"),), "")
    monkeypatch.setattr(export_files, "verify", lambda path: failed)
    assert main(["export", "mlp", "--format", "npz", "--out", str(tmp_path / "net.npz")]) == 1
    assert "PARITY FAILS in an engine at somewhere" in capsys.readouterr().out


def test_a_full_disk_leaves_no_companion(tmp_path, monkeypatch, capsys):
    write = files.write

    def full(path, data):
        if str(path).endswith(".json"):
            raise files.NotWritten(path, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        write(path, data)

    monkeypatch.setattr(files, "write", full)
    assert "No space left" in refusal(capsys, "export", "mlp", "--format", "json", "--out", str(tmp_path / "net.json"))
    assert list(tmp_path.iterdir()) == []


def test_names_with_spaces_are_quoted_in_the_command_and_an_empty_one_is_refused(tmp_path, capsys):
    made = export(capsys, *USUAL, "--format", "json", "--out", str(tmp_path / "my net.json"))
    assert shlex.split(made["manifest"]["command"])[-2:] == ["--out", "my net.json"]
    with pytest.raises(SystemExit):
        main(["export", "mlp", "--format", "json", "--out", ""])
    assert "the name is empty" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the names of files are text")
def test_names_that_are_no_text_are_replaced_in_a_file_and_refused_as_its_own(capsys, tmp_path):
    weights = tmp_path / os.fsdecode(b"x\xff.npz")
    weights.write_bytes(mlp.SHIPPED.read_bytes())
    made = export(capsys, "--weights", str(weights), "--format", "json", "--out", str(tmp_path / "x.json"))
    assert made["manifest"]["weights"]["file"] == "x?.npz"
    for name in ("json", "c", "onnx"):
        out = str(tmp_path / os.fsdecode(b"y\xff.x"))
        said = refusal(capsys, "export", "mlp", *USUAL, "--format", name, "--out", out)
        assert "the name 'y\\udcff.x' is not UTF-8" in said
