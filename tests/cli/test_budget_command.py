"""`budget`: a number of bytes and an accuracy in, the smallest export that keeps it out."""

import json

import pytest
from answers import refusal

from pyapp.__main__ import main
from pyapp.commands.budgeting import share


@pytest.mark.parametrize(("text", "number"), [("0.99", 0.99), ("99%", 0.99), ("98.5 %", 0.985), ("1", 1.0)])
def test_an_accuracy_is_a_share_or_in_percent(text, number):
    assert share(text) == pytest.approx(number)


@pytest.mark.parametrize("text", ["", "x", "99", "0", "nan", "101%"])
def test_what_is_no_accuracy_is_refused(text, capsys):
    assert "write it as 0.99 or 99%" in refusal(capsys, "budget", "mlp", "--bytes", "50000", "--keep", text)


def test_the_smallest_is_found_exported_and_proven(tmp_path, capsys):
    path = tmp_path / "net.json"
    assert main(["budget", "mlp", "--bytes", "50000", "--keep", "98%", "--out", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    network = found["network"]
    assert network["accuracy"] >= 0.98 and network["bytes"] <= 50_000 and network["arithmetic"] == "integer"
    assert found["manifest"]["measured"]["accuracy"] == round(network["accuracy"], 4)
    assert main(["verify", str(path)]) == 0
    assert found["fingerprint"] in capsys.readouterr().out


def test_what_cannot_be_had_is_said_and_leaves_no_file(tmp_path, capsys):
    path = tmp_path / "net.json"
    said = refusal(capsys, "budget", "mlp", "--bytes", "20000", "--keep", "0.98", "--out", str(path))
    assert "no network here has 20,000 bytes or fewer; the smallest that keeps 98.00% needs 2" in said
    assert not path.exists()
    assert "bytes is 0; give at least 1" in refusal(capsys, "budget", "mlp", "--bytes", "0", "--keep", "0.98")
