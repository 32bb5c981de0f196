"""--format: the weights of a network in a number format, through every command that quantises after training."""

import csv
import json

import numpy as np
import pytest
from answers import refusal

from pyapp.__main__ import main
from pyapp.data import mnist
from pyapp.nets import mlp
from pyapp.quant.formats.catalogue import find
from pyapp.quantized.network import Settings, quantize_network


def told(capsys, *words: str) -> dict:
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def in_format(name: str):
    """The digits network's weights in a format, and the bytes of the matrices, without the code under test."""
    p, nbytes = mlp.load(), 0
    for weight in ("layer1.weight", "layer2.weight", "layer3.weight"):
        coded = find(name).encode(p[weight])
        p[weight][...], nbytes = coded.dequantize(), nbytes + coded.nbytes
    return p, nbytes


@pytest.mark.parametrize("name", ["mxfp4", "int4:32", "q4_k"])
def test_evaluate_measures_the_network_with_its_weights_in_the_format(capsys, name):
    found, (p, nbytes), digits = told(capsys, "evaluate", "mlp", "--format", name), in_format(name), mnist.load()
    predicted = mlp.MLP().forward(p, digits.inputs()).argmax(axis=1)
    assert found["accuracy"] == np.mean(predicted == digits.labels) > 0.98
    assert found["bits_per_weight"] == 8 * nbytes / (784 * 128 + 128 * 64 + 64 * 10)
    assert found["bytes"] == nbytes + 4 * (128 + 64 + 10) and (found["format"], found["bits"]) == (name, None)


def test_with_activations_on_grids_the_network_is_simulated_and_that_is_said(capsys):
    found = told(capsys, "evaluate", "mlp", "--format", "nf4", "--activations", "8", "--bias-correction")
    assert found["arithmetic"] == "simulated" and "integer arithmetic needs uniform grids" in found["note"]
    network = quantize_network(mlp.load(), Settings(format="nf4", activations=8), mnist.calibration()[:64])
    hidden = network.simulated().forward(network.parameters, mnist.calibration()[:64])
    assert np.array_equal(hidden, network.activations["layer3"].fake_quantize(hidden))
    with pytest.raises(ValueError, match="needs uniform grids"):
        network.integer()


@pytest.mark.parametrize(("words", "said"), [
    ("evaluate mlp --format nf5", "there is no format 'nf5'; use one of int8"),
    ("evaluate mlp --format nf4 --bits 8", "--bits 8 cannot apply to --format nf4"),
    ("evaluate mlp --format nf4 --per channel", "--per channel cannot apply to --format nf4"),
    ("evaluate mlp --format nf4 --clip mse", "--clip mse cannot apply"),
    ("evaluate mlp --format nf4 --method gptq", "with a format, use --method round"),
    ("evaluate vit --format mxfp4 --bits 4", "--bits 4 cannot apply to --format mxfp4"),
    ("evaluate vit --format mxfp4 --integer", "a network in integers has uniform grids"),
    ("generate gpt --format mxfp4:8", "mxfp4 has blocks of its own"),
    ("sensitivity mlp --format mxfp4,nf5", "there is no format 'nf5'"),
    ("mixed mlp --budget 70000 --format mxfp4 --method gptq", "use --method round"),
    ("mixed mlp --budget 1000 --format mxfp4,nf4", "give at least that"),
])
def test_what_makes_no_sense_is_refused_in_a_sentence(capsys, words, said):
    assert said in refusal(capsys, *words.split())


def test_a_sweep_has_formats_beside_grids_and_a_format_once(capsys, tmp_path):
    out = tmp_path / "sweep.csv"
    words = ["sweep", "mlp", "--bits", "8,4", "--format", "grid,mxfp4", "--out", str(out), "--jobs", "1"]
    rows = told(capsys, *words)
    assert [(row["bits"], row["format"]) for row in rows] == [(8, None), (None, "mxfp4"), (4, None)]
    assert rows[1]["bits_per_weight"] == pytest.approx(4.2547, abs=1e-4)
    assert told(capsys, *words) == rows and len(list(csv.reader(out.open()))) == 4


def test_mixed_precision_chooses_formats_for_layers(capsys):
    found = told(capsys, "mixed", "mlp", "--format", "mxfp4,mxfp8,binary", "--budget", "70000")
    assert found["bytes"] <= 70000 and found["bits"] is None and set(found["format"]) <= {"mxfp4", "mxfp8", "binary"}
    assert found["accuracy"] > 0.98
    table = told(capsys, "sensitivity", "mlp", "--format", "mxfp4,binary")["layers"]["layer3.weight"]
    assert table["binary"]["kl"] > 10 * table["mxfp4"]["kl"] and table["mxfp4"]["bytes"] == 64 * 10 // 2 + 20


def test_a_transformer_in_a_format_has_the_formats_weights_and_size(capsys):
    found = told(capsys, "evaluate", "vit", "--format", "nvfp4", "--images", "20", "--activations", "8")
    assert found["format"] == "nvfp4" and 4.5 < found["bits_per_weight"] < 4.6
    assert main(["generate", "gpt", "--format", "q8_0", "--tokens", "3", "--greedy"]) == 0


def test_qat_in_a_format_saves_weights_that_make_the_trained_codes_again(capsys, tmp_path):
    out = tmp_path / "trained.npz"
    assert main(["qat", "mlp", "--data", str(mnist.SHIPPED), "--format", "ternary", "--activations", "none", "--epochs",
                 "2", "--batch", "250", "--out", str(out)]) == 0
    trained = json.loads(capsys.readouterr().out)["shipped"]
    again = told(capsys, "evaluate", "mlp", "--weights", str(out), "--format", "ternary")
    assert {key: again[key] for key in trained} == trained
    assert trained["accuracy"] > told(capsys, "evaluate", "mlp", "--format", "ternary")["accuracy"] + 0.02
    assert "--bits 3 cannot apply to --format nf4" in refusal(
        capsys, "qat", "mlp", "--data", str(mnist.SHIPPED), "--out", str(out), "--format", "nf4", "--bits", "3")
