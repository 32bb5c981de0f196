"""Quantised transformers as a person measures them."""

import json

import pytest

from pyapp import store
from pyapp.__main__ import main
from pyapp.commands.attention import tables
from pyapp.data.text import Vocabulary
from pyapp.hosts import ROOT
from pyapp.nets import gpt, vit
from pyapp.nets.generate import Sampling, Writer
from pyapp.quantized.integer_transformer import integer_gpt
from pyapp.quantized.transformer import TransformerSettings
from pyapp.softmax.compare import BITS
from pyapp.softmax.methods import METHODS
from pyapp.softmax.shift import RULES
from pyapp.sweep.table import Table
from pyapp.sweep.transformers import ARITHMETIC, COLUMNS, SETTINGS, typed

TEXT = "the cat sat on the mat. " * 90
QUANTISED = ("--bits", "4", "--per", "group:32", "--activations", "8", "--logit-bits", "4", "--softmax", "lut2",
             "--shift", "row-max-clip")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Random weights and a text."""
    folder = tmp_path_factory.mktemp("transformers")
    (folder / "t.txt").write_text(TEXT)
    vocabulary = Vocabulary(TEXT)
    store.save(folder / "gpt.npz", gpt.arrays_of(gpt.GPT(len(vocabulary)).initial(1), vocabulary), {})
    store.save(folder / "vit.npz", store.arrays_of(vit.ViT().initial(1)), {})
    return folder


def run(capsys, *words) -> tuple[int, str, str]:
    status = main([str(word) for word in words])
    said = capsys.readouterr()
    return status, said.out, said.err


def on_gpt(command: str, files, *words) -> list:
    return [command, "gpt", "--weights", files / "gpt.npz", "--data", files / "t.txt", *words]


def on_vit(command: str, files, *words) -> list:
    return [command, "vit", "--weights", files / "vit.npz", "--images", 20, *words]


def test_evaluate_gpt_in_float_and_quantised(files, capsys):
    status, out, _ = run(capsys, *on_gpt("evaluate", files, "--json"))
    exact = json.loads(out)
    assert status == 0 and exact["n"] == len(TEXT) // 10 - 1 and exact["bits"] is None
    quantised = json.loads(run(capsys, *on_gpt("evaluate", files, *QUANTISED, "--json"))[1])
    assert quantised["softmax"] == "lut2" and quantised["logit_bits"] == 4 and quantised["shift"] == "row-max-clip"
    assert 0 < abs(quantised["loss"] - exact["loss"]) < 0.2 and quantised["bytes"] < exact["bytes"] / 5
    some = json.loads(run(capsys, *on_gpt("evaluate", files, "--windows", 1, "--json"))[1])
    assert some["n"] == 128


def test_evaluate_vit(files, capsys):
    exact, quantised = (json.loads(run(capsys, *on_vit("evaluate", files, *words, "--json"))[1])
                        for words in ((), QUANTISED))
    assert exact["n"] == quantised["n"] == 20 and 0 < abs(exact["loss"] - quantised["loss"]) < 1
    assert "on 20 of 3,000 images" in run(capsys, *on_vit("evaluate", files))[1]
    assert json.loads(run(capsys, *on_vit("evaluate", files, "--split", "train", "--json"))[1])["loss"] != exact["loss"]
    wrong = json.loads(run(capsys, *on_vit("evaluate", files, *QUANTISED, "--confusion", "--json"))[1])
    assert wrong["accuracy"] == quantised["accuracy"] and list(wrong["mistakes"]) == ["float32", "quantised"]
    for name, found in (("float32", exact), ("quantised", quantised)):
        matrix = wrong["mistakes"][name]["confusion"]
        assert sum(map(sum, matrix)) == 20 and sum(matrix[k][k] for k in range(10)) == round(20 * found["accuracy"])
    assert "\nfloat32\nconfusion" in run(capsys, *on_vit("evaluate", files, "--confusion"))[1]


def test_a_network_in_integers_is_measured_and_said_to_be_one(files, capsys, tmp_path):
    words = on_gpt("evaluate", files, "--bits", 8, "--activations", 8, "--logit-bits", 8, "--softmax", "ibert",
                   "--json")
    integer, simulated = (json.loads(run(capsys, *words, *more)[1]) for more in (("--integer",), ()))
    assert (integer["arithmetic"], simulated["arithmetic"]) == ("integer", "simulated in float32")
    assert 0 < abs(integer["loss"] - simulated["loss"]) < 0.05
    status, _, said = run(capsys, *on_gpt("evaluate", files, "--integer"))
    assert status == 2 and "bits is none, which leaves floats" in said
    table = on_gpt("attention-table", files, "--bits", 8, "--activations", 8, "--logit-bits", "8", "--softmax", "lut2",
                   "--shift", "row-max", "--out", tmp_path / "t.csv", "--json")
    rows = json.loads(run(capsys, *table, "--integer")[1])
    assert [row["softmax"] for row in rows] == ["exact", "lut2"]
    assert (tmp_path / "t.csv").read_text().splitlines()[-1].endswith(",integer")
    assert run(capsys, *table)[0] == 2  # rows of the two kinds do not go into one file


def test_generate_takes_the_same_settings(files, capsys):
    words = ["generate", "gpt", "--weights", files / "gpt.npz", "--prompt", "the ", "--tokens", 30, "--greedy"]
    exact, eight, two = (run(capsys, *words, *more)[1] for more in
                         ((), ("--logit-bits", 8, "--shift", "row-max"), ("--bits", 2, "--logit-bits", 2)))
    assert exact.startswith("the ") and len(exact) == len(two) == 35
    assert eight == exact != two


def test_generate_in_integers_writes_what_the_network_in_integers_writes(files, capsys):
    words = ["generate", "gpt", "--weights", files / "gpt.npz", "--prompt", "the ", "--tokens", 30, "--seed", 5,
             "--integer"]
    settings = ["--bits", 4, "--activations", 4, "--logit-bits", 4, "--softmax", "ibert"]
    model, p, vocabulary = gpt.load(files / "gpt.npz")
    network = integer_gpt(model, p, TransformerSettings(4, activations=4, logit_bits=4, softmax="ibert"))
    writer = Writer(network.model, network.parameters, vocabulary.encode("the "), Sampling(), 5)
    text = vocabulary.decode([writer.write().token for _ in range(30)])
    assert run(capsys, *words, *settings)[1] == f"the {text}\n"
    assert run(capsys, *words)[0] == 2


def test_the_table_is_measured_once_and_goes_on(files, capsys, tmp_path):
    words = on_gpt("attention-table", files, "--softmax", "exact,tflite", "--shift", "none,row-max", "--out",
                   tmp_path / "t.csv")
    status, out, said = run(capsys, *words, "--logit-bits", "8")
    assert status == 0 and said.count("\n") == 5
    assert out.startswith("loss on 2 windows of 128 characters; float32 ") and out.count("| tflite | ") == 2
    before = (tmp_path / "t.csv").read_text()
    status, out, said = run(capsys, *words, "--logit-bits", "8,2", "--json")
    rows = json.loads(out)
    assert status == 0 and said.count("\n") == 4 and len(rows) == 9 and rows[0]["logit_bits"] is None
    assert (tmp_path / "t.csv").read_text().startswith(before)
    (found,) = (row for row in rows if (row["logit_bits"], row["softmax"], row["shift"]) == (2, "tflite", "row-max"))
    alone = json.loads(run(capsys, *on_gpt("evaluate", files, "--logit-bits", 2, "--softmax", "tflite", "--shift",
                                           "row-max", "--json"))[1])
    assert alone["loss"] == pytest.approx(found["loss"], abs=1e-6) and alone["n"] == found["n"]
    status, _, said = run(capsys, *words, "--logit-bits", "8", "--windows", 1)
    assert status == 2 and "was measured with other data" in said


def test_the_vits_table_says_on_how_many_images(files, capsys, tmp_path):
    words = on_vit("attention-table", files, "--logit-bits", "8,4", "--softmax", "lut2", "--shift", "row-max-clip")
    status, out, _ = run(capsys, *words, "--out", tmp_path / "v.csv")
    head, _, table = out.partition("\n\n")
    assert status == 0 and head.startswith("accuracy on 20 of 3,000 images; float32 ")
    assert table.splitlines()[:2] == ["| shift row-max-clip | 8 | 4 |", "| --- | --- | --- |"]


@pytest.mark.parametrize(("words", "message"), [
    (("--softmax", "ibert"), "give logit bits"), (("--logit-bits", "1"), "bits is 1"),
    (("--windows", "0"), "windows is 0"), (("--logit-bits", "8", "--shift", "up"), "shift is 'up'"),
])
def test_what_makes_no_sense_is_refused_in_a_sentence(files, capsys, words, message):
    status, _, said = run(capsys, *on_gpt("evaluate", files, *words))
    assert status == 2 and message in said and said.count("\n") == 1


def test_the_table_refuses_before_it_measures(files, capsys, tmp_path):
    for words, message in ((("--shift", "none,up"), "shift is 'up'"), (("--logit-bits", "8,x"), "'x' is not a whole"),
                           (("--softmax", "soft"), "softmax is 'soft'")):
        status, _, said = run(capsys, *on_gpt("attention-table", files, *words, "--out", tmp_path / "n.csv"))
        assert status == 2 and message in said
    assert not (tmp_path / "n.csv").exists()


def test_training_is_reached_from_the_command_line(files, capsys, tmp_path):
    assert run(capsys, "train", "gpt", "--data", files / "t.txt", "--out", tmp_path / "g.npz", "--steps", 1, "--batch",
               2)[0] == 0
    assert store.recipe(tmp_path / "g.npz")["command"].startswith("python -m pyapp train gpt --data FILE")
    status, _, said = run(capsys, "train", "vit", "--data", tmp_path, "--out", tmp_path / "v.npz")
    assert status == 2 and "name a folder with MNIST's four IDX files" in said


SUMMARY = [
    ("float softmax of the codes, no shift", "exact", "none"), ("float softmax, row-max-clip", "exact", "row-max-clip"),
    ("base-2 table (132 bytes), no shift", "lut2", "none"), ("base-2 table, row-max-clip", "lut2", "row-max-clip"),
    ("TFLite int8, row-max-clip", "tflite", "row-max-clip"), ("ITAMax, no shift", "itamax", "none"),
    ("ITAMax, row-max-clip", "itamax", "row-max-clip"), ("I-BERT (paper), no shift", "ibert-paper", "none"),
    ("I-BERT (paper), row-max-clip", "ibert-paper", "row-max-clip"),
]


@pytest.mark.parametrize(("network", "score"), [(vit, "accuracy"), (gpt, "loss")])
def test_the_readme_has_what_was_measured_of_the_shipped_weights(network, score):
    name = network.SHIPPED.stem
    rows = list(Table(store.WEIGHTS / f"{name}-attention.csv", COLUMNS, len(SETTINGS)).rows.values())
    assert {row["weights"] for row in rows} == {store.recipe(network.SHIPPED)["sha256"][:12]}
    readme = (ROOT / "weights" / "README.md").read_text(encoding="utf-8")
    assert {bool(row["made_on"]) for row in rows} == {True} and all(row["made_on"] in readme for row in rows)
    found = [typed(row) for row in rows]
    has = {(row["shift"], row["softmax"], row["logit_bits"]) for row in found}
    whole = {rule: [method for method in METHODS if all((rule, method, b) in has for b in BITS)] for rule in RULES}
    assert "lut2" in whole["none"] and "itamax-wide" in whole["row-max-clip"]
    for rule, methods in whole.items():
        for table in tables(found, score, BITS, methods, [rule]) if methods else ():
            assert table in readme
    numbers = {(row["shift"], row["softmax"], row["logit_bits"]): row[score] for row in found}
    form = "{:.1f}" if score == "accuracy" else "{:.3f}"
    for label, method, rule in SUMMARY:  # the short tables, above the long ones
        cells = [100 * numbers[rule, method, b] if score == "accuracy" else numbers[rule, method, b] for b in BITS]
        assert f"| {label} | {' | '.join(form.format(n) for n in cells)} |" in readme


@pytest.mark.parametrize(("network", "score"), [(vit, "accuracy"), (gpt, "loss")])
def test_the_readme_has_what_was_measured_in_integers(network, score):
    file = store.WEIGHTS / f"{network.SHIPPED.stem}-integer-attention.csv"
    rows = list(Table(file, (*COLUMNS, ARITHMETIC), len(SETTINGS)).rows.values())
    assert {row["weights"] for row in rows} == {store.recipe(network.SHIPPED)["sha256"][:12]}
    assert [row[ARITHMETIC] for row in rows] == ["float32", *["integer"] * (len(rows) - 1)]
    readme, found = (ROOT / "weights" / "README.md").read_text(encoding="utf-8"), [typed(row) for row in rows[1:]]
    for rule in {row["shift"] for row in found}:
        methods = [name for name in METHODS if (rule, name) in {(row["shift"], row["softmax"]) for row in found}]
        listed = sorted(methods, key=[row["softmax"] for row in found].index)
        assert tables(found, score, [8, 6, 5, 4], listed, [rule])[0] in readme
