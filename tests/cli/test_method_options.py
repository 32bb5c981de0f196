"""--method stochastic and hqq, --calibrate token and --prepare awq, through the commands."""

import json

import pytest
from answers import refusal

from pyapp.__main__ import main


def told(capsys, *words: str) -> dict:
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_evaluate_has_them_for_the_digits_network(capsys):
    rows = {name: told(capsys, "evaluate", "mlp", *options.split()) for name, options in {
        "minmax": "--bits 2 --per group:16 --scheme affine", "hqq": "--bits 2 --per group:16 --method hqq",
        "chance": "--bits 4 --method stochastic --seed 3", "token": "--bits 8 --activations 4 --calibrate token",
        "awq": "--bits 3 --activations 8 --prepare awq"}.items()}
    assert rows["hqq"]["accuracy"] > rows["minmax"]["accuracy"] and rows["hqq"]["scheme"] is rows["hqq"]["clip"] is None
    assert rows["chance"]["seed"] == 3 and rows["chance"]["accuracy"] > 0.9
    assert rows["token"]["accuracy"] > 0.98 and "scales at run time" in rows["token"]["note"]
    assert rows["awq"]["arithmetic"] == "integer" and rows["awq"]["prepare"] == "awq"


@pytest.mark.parametrize("options", ["--bits 4 --per group:16 --method hqq",
                                     "--bits 8 --activations 8 --calibrate token",
                                     "--bits 4 --per group:16 --scheme affine --prepare awq",
                                     "--bits 8 --method stochastic --seed 2"])
def test_evaluate_has_them_for_transformers(capsys, tmp_path, options):
    found = told(capsys, "evaluate", "vit", "--images", "20", *options.split())
    assert found["accuracy"] >= 0.95 and found["arithmetic"] == "simulated in float32"
    words = tmp_path / "words.txt"
    words.write_text("To be, or not to be, that is the question:\n" * 40)
    exact = told(capsys, "evaluate", "gpt", "--windows", "1", "--data", str(words))
    found = told(capsys, "evaluate", "gpt", "--windows", "1", "--data", str(words), *options.split())
    assert 0 < abs(found["loss"] - exact["loss"]) < 0.2


def test_a_sweep_has_them_and_leaves_empty_what_has_no_effect(capsys, tmp_path):
    rows = told(capsys, "sweep", "mlp", "--bits", "3", "--per", "group:16", "--scheme", "symmetric,affine", "--method",
                "round,stochastic,hqq", "--seed", "1,2", "--out", str(tmp_path / "out.csv"), "--jobs", "1")
    assert [(row["scheme"], row["method"], row["seed"]) for row in rows] == [
        ("symmetric", "round", None), ("symmetric", "stochastic", 1), ("symmetric", "stochastic", 2),
        (None, "hqq", None), ("affine", "round", None), ("affine", "stochastic", 1), ("affine", "stochastic", 2)]
    assert rows[1]["loss"] != rows[2]["loss"] and rows[3]["loss"] < rows[0]["loss"]


def test_awq_beside_one_scale_per_tensor_is_warned_of(capsys):
    for per, warned in (("tensor", True), ("channel", False)):
        assert main(["evaluate", "mlp", "--bits", "4", "--prepare", "awq", "--per", per]) == 0
        assert ("may be far worse than without AWQ; use --per channel" in capsys.readouterr().err) == warned


def test_layers_are_chosen_with_them(capsys):
    """HQQ finds its own ranges, so the default of clipping gives way."""
    found = told(capsys, "mixed", "mlp", "--budget", "80000", "--per", "tensor", "--prepare", "awq", "--method", "hqq")
    assert found["bytes"] <= 80000 and found["accuracy"] > 0.98 and found["clip"] == "minmax"


@pytest.mark.parametrize(("words", "said"), [
    ("evaluate mlp --bits 4 --method hqq --clip mse", "so --clip mse cannot apply"),
    ("evaluate vit --method hqq", "the weights are float32; give bits"),
    ("evaluate vit --format nf4 --scheme affine", "--scheme affine cannot apply to --format nf4"),
    ("export mlp --bits 4 --activations 8 --calibrate token --format json --out x.json", "use another calibration"),
    ("export mlp --bits 4 --activations 8 --method hqq --format json --out x.json", "zero points between codes"),
    ("export mlp --bits 4 --activations 8 --calibrate token --format onnx --out x.onnx", "known beforehand"),
    ("export vit --bits 8 --activations 8 --calibrate token --format onnx --out x.onnx", "as in --calibrate minmax"),
    ("export vit --bits 8 --method hqq --format npz --out x.npz", "zero points between codes"),
    ("export mlp --bits 8 --prepare hadamard --format onnx --out x.onnx", "this network is rotated"),
])
def test_what_makes_no_sense_is_refused_in_a_sentence(capsys, words, said):
    assert said in refusal(capsys, *words.split())
