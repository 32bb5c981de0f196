"""A network of one's own: any layers, from any file, through every command, and what it reads wrongly."""

import json

import numpy as np
import pytest

from pyapp import safetensors, store
from pyapp.__main__ import main
from pyapp.checkpoint import described
from pyapp.data import mnist
from pyapp.nets import mlp
from pyapp.nets.mlp import MLP

DATA = str(mnist.SHIPPED)
EIGHT = ("--activations", "8")
QUANTISED = ("--bits", "8", *EIGHT)


def test_layers_are_an_option_of_train(tmp_path, capsys):
    out = tmp_path / "own.npz"
    argv = ["train", "mlp", "--data", DATA, "--exclude", "none", "--epochs", "1", "--out", str(out)]
    assert main([*argv, "--layers", "784,12,10"]) == 0
    assert MLP.of(mlp.load(out)).sizes == (784, 12, 10)
    assert store.recipe(out)["command"].endswith("--epochs 1 --layers 784,12,10")
    for bad, why in (("784-12", "and the last is 10"), ("784-a-10", "784-a-10"),
                     ("10", "the first is 784"), ("784-0-10", "such as 784-128-64-10"),
                     ("784-100000-10", "use at most 33,554,432")):
        assert main([*argv, "--layers", bad]) == 2
        assert why in capsys.readouterr().err


@pytest.fixture(scope="module", params=[(784, 10), (784, 20, 16, 14, 12, 10)], ids=["one layer", "five layers"])
def own(request, tmp_path_factory):
    """The file of an untrained network."""
    path = tmp_path_factory.mktemp("own") / "own.npz"
    store.save(path, described(store.arrays_of(MLP(request.param).initial(1)), "train mlp"), {})
    return path


@pytest.mark.parametrize("argv", [
    ["evaluate", "mlp", *QUANTISED, "--method", "gptq", "--per", "channel", "--bias-correction"],
    ["evaluate", "mlp", *QUANTISED, "--prepare", "equalise"],
    ["evaluate", "mlp", *QUANTISED, "--prepare", "smooth", "--rounding", "double"],
    ["evaluate", "mlp", "--format", "mxfp4"], ["sensitivity", "mlp"], ["mixed", "mlp", "--budget", "30000"]],
    ids=" ".join)
def test_every_way_to_quantise_takes_any_number_of_layers(argv, own, capsys):
    assert main([*argv, "--weights", str(own)]) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize("form", ["json", "c", "onnx", "onnx-qlinear", "safetensors", "npz"])
def test_every_format_takes_any_number_of_layers(form, own, tmp_path, capsys):
    argv = ["export", "mlp", "--weights", str(own), *QUANTISED, "--format", form, "--out", str(tmp_path / "e")]
    assert main(argv) == 0
    assert "PARITY OK" in capsys.readouterr().out


@pytest.mark.parametrize("argv", [["qat", "mlp", "--bits", "4"], ["distill", "mlp", "--hidden", "none"]], ids=" ".join)
def test_training_goes_on_from_any_layers(argv, own, tmp_path, capsys):
    out = tmp_path / "more.npz"
    assert main([*argv, "--data", DATA, "--weights", str(own), "--epochs", "1", "--out", str(out)]) == 0
    assert f"--weights {own}" in store.recipe(out)["command"]
    assert main(["evaluate", "mlp", "--weights", str(out)]) == 0


def test_an_activation_goes_from_training_into_every_command(tmp_path, capsys):
    out, back = tmp_path / "six.npz", tmp_path / "back.onnx"
    assert main(["train", "mlp", "--data", DATA, "--exclude", "none", "--epochs", "1", "--layers", "784-8-8-10",
                 "--activation", "relu6", "--out", str(out)]) == 0
    assert mlp.load(out).activation == "relu6" and "--activation relu6" in store.recipe(out)["command"]
    capsys.readouterr()
    said = []
    assert main(["export", "mlp", "--weights", str(out), "--format", "onnx", "--out", str(back)]) == 0
    assert mlp.load(back).activation == "relu6" and "PARITY OK" in capsys.readouterr().out
    for weights in (out, back):
        assert main(["evaluate", "mlp", "--weights", str(weights), "--method", "adaround", "--bits", "3", *EIGHT,
                     "--reconstruction", "asymmetric"]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert main(["evaluate", "mlp", "--weights", str(out), *QUANTISED, "--prepare", "smooth"]) == 2
    assert "this network has relu6: use --prepare hadamard" in capsys.readouterr().err


@pytest.mark.parametrize("how", [(), ("--bits", "4", "--per", "channel"), ("--bits", "3", "--per", "group:28")],
                         ids=["float", "4 bits", "groups"])
def test_our_own_onnx_comes_back_with_the_same_predictions(how, tmp_path, capsys):
    out = tmp_path / "net.onnx"
    assert main(["export", "mlp", *how, "--format", "onnx", "--out", str(out)]) == 0
    capsys.readouterr()
    found = []
    for argv in (["--weights", str(out)], list(how)):
        assert main(["evaluate", "mlp", *argv, "--confusion", "--json"]) == 0
        found.append(json.loads(capsys.readouterr().out))
    back, before = found
    assert back["accuracy"] == before["accuracy"] and back["loss"] == pytest.approx(before["loss"], rel=1e-5)
    which = "quantised" if how else "float32"
    assert back["mistakes"]["float32"]["confusion"] == before["mistakes"][which]["confusion"]


def test_onnx_that_holds_more_than_a_chain_is_refused_by_its_operator(tmp_path, capsys):
    out = tmp_path / "net.onnx"
    assert main(["export", "mlp", *QUANTISED, "--format", "onnx", "--out", str(out)]) == 0
    assert main(["evaluate", "mlp", "--weights", str(out)]) == 2
    assert "its operator QuantizeLinear" in capsys.readouterr().err


def test_another_programs_names_are_read(tmp_path, capsys):
    p = mlp.load()
    torch = {f"net.{2 * i}.{what}": p[f"layer{i + 1}.{what}"] for i in range(3) for what in ("bias", "weight")}
    keras = {f"dense{f'_{i}' if i else ''}/{what}": np.ascontiguousarray(p[f"layer{i + 1}.{ours}"].T)
             for i in range(3) for what, ours in (("kernel", "weight"), ("bias", "bias"))}
    (tmp_path / "torch.safetensors").write_bytes(safetensors.pack(torch, {}))
    (tmp_path / "keras.npz").write_bytes(store.pack(keras))
    said = []
    for name in ("torch.safetensors", "keras.npz"):
        assert main(["evaluate", "mlp", "--weights", str(tmp_path / name), *QUANTISED]) == 0
        said.append(capsys.readouterr().out)
    assert main(["evaluate", "mlp", *QUANTISED]) == 0
    assert said == [capsys.readouterr().out] * 2


def test_what_is_wrong_is_told_float_beside_quantised(capsys):
    assert main(["evaluate", "mlp", "--bits", "3", "--confusion"]) == 0
    words = capsys.readouterr().out
    assert words.index("\nfloat32\n") < words.index("\nquantised\n")
    assert "expected calibration error" in words and "worst mistakes" in words and "recall" in words
    assert main(["evaluate", "mlp", "--bits", "3", "--confusion", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    for found in told["mistakes"].values():
        assert sum(map(sum, found["confusion"])) == 3000 and len(found["reliability"]) == 10
    right = sum(told["mistakes"]["quantised"]["confusion"][k][k] for k in range(10))
    assert right / 3000 == pytest.approx(told["accuracy"])
