"""--prepare: the float network changed before it is quantised, through the commands that quantise after training."""

import csv
import json

import pytest
from answers import refusal

from pyapp.__main__ import main


def told(capsys, *words: str) -> dict:
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_evaluate_measures_the_prepared_network(capsys):
    plain, equalised = (told(capsys, "evaluate", "mlp", "--bits", "3", "--activations", "3", "--prepare", how)
                        for how in ("none", "equalise"))
    assert equalised["accuracy"] > plain["accuracy"] + 0.1 and equalised["bytes"] == plain["bytes"]
    assert equalised["arithmetic"] == "integer" and equalised["prepare"] == "equalise"
    words = ["evaluate", "vit", "--bits", "8", "--activations", "8", "--images", "20"]
    found = told(capsys, *words, "--prepare", "smooth")
    assert found["accuracy"] == 1 and found["prepare"] == "smooth"


def test_a_sweep_has_preparations_and_an_older_file_gets_their_column(capsys, tmp_path):
    out = tmp_path / "sweep.csv"
    words = ["sweep", "mlp", "--bits", "3", "--out", str(out), "--jobs", "1"]
    plain = told(capsys, *words)
    lines = list(csv.DictReader(out.open()))
    with out.open("w", newline="") as file:
        writer = csv.DictWriter(file, [name for name in lines[0] if name != "prepare"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(lines)
    rows = told(capsys, *words, "--prepare", "none,equalise,smooth")
    assert [row["prepare"] for row in rows] == [None, "equalise", "smooth"] and rows[:1] == plain
    assert rows[1]["accuracy"] > rows[0]["accuracy"] + 0.1 and "activations are float32" in rows[2]["error"]


@pytest.mark.parametrize(("words", "said"), [
    ("evaluate mlp --prepare equalise", "without --bits the network stays float32, so --prepare would have no effect"),
    ("evaluate mlp --bits 4 --prepare smooth", "give activations, 8 for example"),
    ("evaluate vit --bits 4 --prepare equalise", "needs a ReLU between two matrices"),
    ("export mlp --bits 4 --method qat --prepare equalise --format json --out x.json", "trains weights of its own"),
    ("sensitivity mlp --prepare soft", "use one of none, smooth"),
    ("sensitivity mlp --prepare smooth", "measure the whole network with evaluate mlp --bits 4 --activations 8 "
                                         "--prepare smooth"),
    ("evaluate vit --prepare awq --activations 8", "makes weights easier to round, but they are float32; give bits"),
])
def test_what_makes_no_sense_is_refused_in_a_sentence(capsys, words, said):
    assert said in refusal(capsys, *words.split())
