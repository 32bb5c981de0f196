"""The command line, in the process."""

import json
import sys

import numpy as np
import pytest

from pyapp import store
from pyapp.__main__ import main
from pyapp.data.drawing import Raster
from pyapp.nets import mlp
from pyapp.parity import check
from pyapp.quantized.packed import network_of
from pyapp.softmax.methods import METHODS

WEIGHTS = str(store.WEIGHTS / "mlp.npz")


def output(capsys, *argv: str) -> dict:
    assert main([*argv, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refusal(capsys, *argv: str) -> str:
    assert main(list(argv)) == 2
    return capsys.readouterr().err


def test_evaluate_in_float_and_quantised(capsys):
    exact = output(capsys, "evaluate", "mlp")
    assert exact["n"] == 3000 and exact["bits"] == 32 and exact["bytes"] == 437_544 and exact["accuracy"] > 0.985
    eight = output(capsys, "evaluate", "mlp", "--weights", WEIGHTS, "--bits", "8")
    assert eight["bits"] == 8 and eight["bytes"] == 110_004 and abs(eight["accuracy"] - exact["accuracy"]) < 0.002
    assert output(capsys, "evaluate", "mlp", "--split", "train")["n"] == 2000


@pytest.mark.parametrize(("argv", "message"), [
    (["--bits", "1"], "bits is 1; use a whole number from 2 to 16"),
    (["--weights", "no.npz"], "no.npz: cannot be read"),
    (["--weights", str(check.RECORDED)], "holds no network of Bitladder, and no chain of dense layers"),
    (["--data", "nowhere"], "name a folder with MNIST's four IDX files"),
])
def test_evaluate_refuses_in_one_sentence(capsys, argv, message):
    error = refusal(capsys, "evaluate", "mlp", *argv)
    assert message in error and error.count("\n") == 1


def test_predict_reads_a_picture_dark_on_light(capsys, tmp_path):
    image = pytest.importorskip("PIL.Image", reason="pip install pillow")
    pixels = 255 - (Raster(200).draw(check.SEVEN) * 255).astype(np.uint8)
    for mode in ("L", "RGB", "P", "RGBA"):
        image.fromarray(pixels).convert(mode).save(tmp_path / "seven.png")
        seen = output(capsys, "predict", str(tmp_path / "seven.png"))
        assert seen["digit"] == 7 and len(seen["probabilities"]) == 10
    transparent = np.zeros((200, 200, 4), np.uint8)
    transparent[..., 3] = 255 - pixels
    image.fromarray(transparent).save(tmp_path / "clear.png")
    assert output(capsys, "predict", str(tmp_path / "clear.png"), "--bits", "8")["digit"] == 7


def test_predict_refuses_what_is_no_picture_or_empty(capsys, tmp_path):
    image = pytest.importorskip("PIL.Image", reason="pip install pillow")
    (tmp_path / "x.png").write_text("hello")
    assert "expected a picture" in refusal(capsys, "predict", str(tmp_path / "x.png"))
    assert "No such file" in refusal(capsys, "predict", str(tmp_path / "y.png"))
    image.new("L", (50, 50), 255).save(tmp_path / "white.png")
    assert "no ink" in refusal(capsys, "predict", str(tmp_path / "white.png"))


def test_help_names_the_defaults_that_are_values(capsys):
    with pytest.raises(SystemExit):
        main(["evaluate", "mlp", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "(default: minmax)" in said and "(default: None)" not in said and "(default: False)" not in said


def test_predict_without_pillow_says_what_to_install(capsys, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "PIL", None)
    (tmp_path / "x.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
    said = refusal(capsys, "predict", str(tmp_path / "x.jpg"))
    assert "pip install pillow" in said and "bitladder[" not in said  # which no registry has
    (tmp_path / "x.jpg").rename(tmp_path / "x.png")
    said = refusal(capsys, "predict", str(tmp_path / "x.png"))
    assert "its name says PNG, but it is something else" in said and "pip install" not in said


def test_run_a_page(capsys):
    ran = output(capsys, "run", "digits", "--steps", "4", "--set", "rate=0.05", "--set", "bits=4")
    assert ran["step"] == 4 and ran["params"]["rate"] == 0.05 and ran["scalars"]["quant_accuracy"] is not None


def test_a_page_that_measures_is_run_to_its_end_unless_steps_say_how_far(capsys):
    small = ["run", "methods", "--set", "rows=8", "--set", "length=16"]
    ended, begun, two = (output(capsys, *small, *more) for more in ([], ["--steps", "0"], ["--steps", "2"]))
    assert ended["scalars"]["measured"] == ended["scalars"]["total"] == len(METHODS)
    assert (begun["scalars"]["measured"], two["scalars"]["measured"]) == (0, 2)


def test_what_a_page_measures_while_it_is_idle_is_measured_when_asked_for(capsys):
    asked = ["run", "qat", "--set", "bits=8", "--do", "integers"]
    without, measured = (output(capsys, *asked, *more)["scalars"]["integers"] for more in ([], ["--background"]))
    assert without["progress"] == 0 and measured["integer_accuracy"] > 0.98


@pytest.mark.parametrize(("argv", "note"), [
    (["simulator", "--set", "values=0,5\t1,25", "--set", "bits=8"], "0,5 is 0.5"),
    (["simulator", "--set", "values=1 2", "--set", "rows=3"], "The pasted values are shown"),
    (["methods", "--set", "text=1 2"], "not used while Logits is centred"),
    (["learn", "--set", "text=abc"], "not used while Corpus is stories"),
    (["qat", "--set", "network=784-32-10"], "no pretrained weights for 784-32-10"),
    (["simulator", "--steps", "3"], "finished after 0 of 3 steps"),
])
def test_notes_of_a_run_go_to_standard_error_in_any_case(capsys, argv, note):
    for more in ([], ["--json"]):
        assert main(["run", *argv, *more]) == 0
        assert capsys.readouterr().err.count(note) == 1


@pytest.mark.parametrize(("argv", "message"), [
    (["nothing"], "there is no page 'nothing'"), (["digits", "--set", "rate"], "write --set name=value"),
    (["digits", "--set", "wings=2"], "there is no parameter 'wings'"),
    (["digits", "--do", "export-npz", "--with", "x=1"], "there is no parameter 'x'; leave it out: nothing can be set"),
    (["digits", "--steps", "99999999", "--do", "zzz"], "this page has no action 'zzz'; it has measure, export-json"),
    (["digits", "--do", ""], "this page has no action ''"), (["simulator", "--with", "a=1"], "--with is for an action"),
    (["digits", "--set", "rate=fast"], "use a number"),
    (["digits", "--steps", "-1"], "steps is -1"), (["digits", "--set", "rate=9"], "rate 9 is above 1; use a number"),
    (["digits", "--set", "bits=4", "--set", "bits=8"], "bits is set twice"),
    (["simulator", "--set", "values=abc"], "values cannot be used: “abc” in row 1"),
    (["simulator", "--set", "values=0,5 1,25"], "or one with a decimal comma, 0.5"),
    (["methods", "--set", "text=abc"], "text cannot be used: “abc”"),
    (["methods", "--set", "logits=pasted", "--set", "text=nan"], "text cannot be used: nan"),
    (["staircase", "--set", "others=1 99"], "others cannot be used: a logit is beyond 64"),
    (["learn", "--set", "corpus=own", "--set", "text=abc"], "text cannot be used: the text has 3 characters"),
    (["learn", "--set", "corpus=own"], "corpus cannot be used: the text is empty"),
    (["text", "--set", "prompt=€€"], "prompt cannot be used: the network knows 65 characters, but not “€”"),
    (["rung5", "--set", "prompt=a green one"], "prompt cannot be used: the toy does not know 'green'"),
    (["rung4", "--set", "table=cat 1 2"], "table cannot be used: the cell 'cat 1 2'"),
    (["qat", "--set", "network=784-32-10", "--set", "start=pretrained"], "start cannot be used"),
])
def test_run_refuses_in_one_sentence(capsys, argv, message):
    assert message in refusal(capsys, "run", *argv)


def test_the_file_of_an_action_is_said_to_be_of_another_kind_than_its_name(capsys, tmp_path):
    for name, told in (("a.json", "a.json, a .zip file.\n"), ("a.zip", "a.zip.\n")):
        assert main(["run", "digits", "--do", "export-json", "--out", str(tmp_path / name)]) == 0
        assert capsys.readouterr().err.endswith(f"export-json wrote {tmp_path / told}")
        assert (tmp_path / name).read_bytes()[:2] == b"PK"


def test_train_writes_weights_with_their_recipe(capsys, tmp_path):
    out = tmp_path / "w.npz"
    argv = ["train", "mlp", "--data", str(check.mnist.SHIPPED), "--out", str(out), "--epochs", "1"]
    assert "no training images are left" in refusal(capsys, *argv)  # all of them are excluded by default
    assert main([*argv, "--exclude", "none"]) == 0
    capsys.readouterr()
    said = store.recipe(out)
    assert said["images"] == 2000 and said["command"].endswith("--out weights/w.npz --exclude none --epochs 1")
    assert output(capsys, "evaluate", "mlp", "--weights", str(out))["accuracy"] == said["metrics"]["test"]["float"]


def test_distill_trains_a_student_and_says_how(capsys, tmp_path):
    out = tmp_path / "s.npz"
    argv = ["distill", "mlp", "--data", str(check.mnist.SHIPPED), "--out", str(out), "--epochs", "3"]
    assert "hidden is '0'" in refusal(capsys, *argv, "--hidden", "0")
    assert main([*argv, "--hidden", "16"]) == 0
    capsys.readouterr()
    said = store.recipe(out)
    assert said["command"].endswith("--out weights/s.npz --epochs 3 --hidden 16")
    assert said["parameters"] == 785 * 16 + 17 * 10 and said["metrics"]["test"]["float"] > 0.5


def test_qat_of_other_weights_does_not_take_the_shipped_network(capsys, tmp_path):
    p = mlp.load()
    p.vector *= 1.01
    store.save(tmp_path / "w.npz", store.arrays_of(p), {})
    assert main(["evaluate", "mlp", "--weights", str(tmp_path / "w.npz"), "--bits", "2", "--activations", "8",
                 "--method", "qat"]) == 0
    assert "no shipped network serves; training on 2000 images" in capsys.readouterr().err


def test_qat_takes_bits_for_each_layer(capsys, tmp_path):
    out = tmp_path / "w.npz"
    argv = ["qat", "mlp", "--data", str(check.mnist.SHIPPED), "--out", str(out), "--epochs", "1", "--bits"]
    assert main([*argv, "8,3,4"]) == 0
    network, said = network_of(store.load(out), out.name), store.recipe(out)
    assert [tensor.bits for tensor in network.weights.tensors.values()] == said["bits"] == [8, 3, 4]
    assert said["command"].endswith("--epochs 1 --bits 8,3,4")
    assert "bits are [8, 3]; give one number, or one for each of 3 layers" in refusal(capsys, *argv, "8,3")


def test_recipes_refuse_what_they_do_not_know(capsys, tmp_path):
    with pytest.raises(SystemExit):
        main(["qat", "mlp", "--data", "x", "--out", str(tmp_path / "w.npz"), "--optimiser", "nonsense"])
    assert "invalid choice: 'nonsense'" in capsys.readouterr().err


@pytest.mark.parametrize("network", ["mlp", "vit", "gpt", "generator"])
def test_recipes_that_cannot_be_used_are_refused_in_one_sentence(network, capsys, tmp_path):
    argv = ["train", network, "--data", "x", "--out", str(tmp_path / "w.npz")]
    assert "batch is 0; use more than 0" in refusal(capsys, *argv, "--batch", "0")
    assert "rate is nan; use more than 0" in refusal(capsys, *argv, "--rate", "nan")


def test_check_and_pages(capsys, tmp_path):
    assert [row["ok"] for row in output(capsys, "check")] == [True] * len(check.FIXTURES)
    assert main(["check", "--record", str(tmp_path / "r.npz")]) == 0
    assert set(store.load(tmp_path / "r.npz")) == set(store.load(check.RECORDED))
    capsys.readouterr()
    assert main(["pages"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["name"] == "start"


def test_evaluate_measures_any_combination_of_settings(capsys):
    eight = output(capsys, "evaluate", "mlp", "--bits", "8", "--activations", "8")
    assert eight["arithmetic"] == "integer" and eight["accuracy"] > 0.985
    float_ = output(capsys, "evaluate", "mlp", "--bits", "8", "--activations", "8", "--rounding", "float")
    assert float_["arithmetic"] == "integer products with float32 requantisation" and float_["accuracy"] > 0.985
    groups = output(capsys, "evaluate", "mlp", "--bits", "4", "--scheme", "affine", "--per", "group:16",
                    "--method", "gptq", "--activations", "none", "--bias-correction", "--clip", "mse")
    assert groups["arithmetic"] == "simulated" and groups["accuracy"] > 0.985 and groups["bytes"] < 100_000
    trained = output(capsys, "evaluate", "mlp", "--bits", "2", "--activations", "8", "--method", "qat")
    assert trained["accuracy"] > 0.975 and trained["arithmetic"] == "integer" and trained["bytes"] < 30_000
    assert main(["evaluate", "mlp", "--bits", "2", "--activations", "8", "--method", "qat", "--calibrate", "entropy",
                 "--bias-correction", "--json"]) == 0
    captured = capsys.readouterr()
    assert "calibrate, bias_correction not used: qat learns ranges and biases itself" in captured.err
    assert json.loads(captured.out) == trained and trained["calibrate"] is trained["bias_correction"] is None


@pytest.mark.parametrize(("argv", "message"), [
    (["--bits", "4", "--per", "group:0"], "granularity is 'group:0'"),
    (["--bits", "4", "--activations", "1"], "activations is 1; use"),
    (["--bits", "4", "--method", "adaround", "--seed", "-1"], "seed is -1; use a whole number from 0"),
    (["--activations", "4"], "without --bits the network stays float32, so --activations would have no effect"),
    (["--method", "gptq", "--scheme", "affine"], "so --scheme, --method would have no effect; add --bits B"),
    (["--bias-correction", "--rounding", "double"], "so --bias-correction, --rounding would have no effect"),
    (["--bits", "4", "--method", "qat", "--scheme", "affine"], "qat learns symmetric weights"),
])
def test_settings_without_sense_are_refused_in_one_sentence(capsys, argv, message):
    error = refusal(capsys, "evaluate", "mlp", *argv)
    assert message in error and error.count("\n") == 1


@pytest.mark.parametrize(("argv", "message"), [
    (["evaluate", "mlp", "--bits", "4", "--activations", "few"], "--activations: 'few' is not a whole number, nor 'no"),
    (["sensitivity", "mlp", "--activations", "2"], "unrecognized arguments: --activations 2"),
    (["sensitivity", "mlp", "--method", "qat"], "invalid choice: 'qat'"),
    (["mixed", "mlp", "--budget", "45000", "--method", "qat"], "invalid choice: 'qat'"),
    (["qat", "mlp", "--data", "x", "--out", "x.npz", "--bits", "4,few"], "--bits: 'few' is not a whole number"),
])
def test_options_that_cannot_work_are_refused_by_name(capsys, argv, message):
    with pytest.raises(SystemExit):
        main(argv)
    assert message in capsys.readouterr().err


def test_sensitivity_and_a_mix_under_a_budget(capsys):
    table = output(capsys, "sensitivity", "mlp")
    assert table["split"] == "calibration" and list(table["layers"]) == [f"layer{i}.weight" for i in (1, 2, 3)]
    assert all(row["2"]["kl"] > row["8"]["kl"] for row in table["layers"].values())
    mixed = output(capsys, "mixed", "mlp", "--budget", "45000")
    assert mixed["bytes"] <= 45_000 and mixed["accuracy"] > 0.985 and len(mixed["bits"]) == 3
    assert "the smallest choice needs" in refusal(capsys, "mixed", "mlp", "--budget", "1000")


def test_reconstruction_is_a_setting_of_adaround(capsys):
    words = ["evaluate", "mlp", "--bits", "3", "--reconstruction", "asymmetric"]
    assert "has no effect on round; add --method adaround" in refusal(capsys, *words)
    found = output(capsys, *words, "--method", "adaround", "--activations", "3")
    other = output(capsys, *words[:4], "--method", "adaround", "--activations", "3")
    assert found["reconstruction"] == "asymmetric" and other["reconstruction"] == "symmetric"
    assert found["loss"] != other["loss"] and found["accuracy"] > 0.9


def test_a_group_wider_than_every_row_is_the_row(capsys):
    argv = ["evaluate", "mlp", "--bits", "4", "--activations", "8", "--per"]
    wide, row = (output(capsys, *argv, f"group:{size}") for size in (999_999_999, 784))
    assert wide == row | {"per": "group:999999999"} and wide["arithmetic"] == "integer"
