"""Networks exported as ONNX by commands: the proof in ONNX Runtime, the Vision Transformer, and what is refused."""

import json

import pytest

from pyapp.__main__ import main
from pyapp.export.kinds import FORMATS


def test_onnx_runtime_takes_part_in_the_proof(tmp_path, capsys):
    runtime = pytest.importorskip("onnxruntime", reason="of the test extra")
    out = tmp_path / "digits.onnx"
    assert not main(["export", "mlp", "--format", "onnx-qlinear", "--bits", "8", "--out", str(out)])
    said = capsys.readouterr()
    assert "activations get 8 bits" in said.err and "all integers are equal" in said.out
    assert not main(["verify", str(out), "--json"])
    runs = json.loads(capsys.readouterr().out)["runs"]
    version = f"ONNX Runtime {runtime.__version__}"
    assert [run["engine"] for run in runs] == ["Python", f"{version} unoptimised", version]
    assert len({run["fingerprint"] for run in runs}) == 1
    data = bytearray(out.read_bytes())
    data[-5000] ^= 1
    out.write_bytes(data)
    assert main(["verify", str(out)]) and "numbers of the network" in capsys.readouterr().err


def test_the_vision_transformer_is_exported_and_verified(tmp_path, capsys):
    words = ["--bits", "4", "--per", "channel", "--activations", "8", "--images", "100"]
    assert not main(["export", "vit", *words, "--format", "onnx", "--out", str(tmp_path), "--json"])
    found = json.loads(capsys.readouterr().out)["manifest"]
    assert found["scheme"] == {"bits": 4, "per": "channel", "activations": 8} and found["measured"]["n"] == 100
    assert found["arithmetic"] == "float32 with 8-bit activations"
    assert found["command"] == ("python -m pyapp export vit --images 100 --bits 4 --per channel --activations 8 "
                                f"--format onnx --out {tmp_path.name}")
    assert not main(["verify", str(tmp_path / "vit.onnx")])
    assert "PARITY OK" in capsys.readouterr().out


@pytest.mark.parametrize(("words", "said"), [
    *[(["--format", name, "--bits", "4"], f"{name} cannot hold this network: ") for name in FORMATS if name != "onnx"],
    (["--format", "onnx", "--logit-bits", "8"], "use --logit-bits none"),
])
def test_what_cannot_be_exported_leaves_no_file(words, said, tmp_path, capsys):
    assert main(["export", "vit", *words, "--images", "10", "--out", str(tmp_path)])
    assert said in capsys.readouterr().err and not list(tmp_path.iterdir())


@pytest.mark.parametrize(("words", "said"), [
    (["--format", "onnx-qlinear"], "give --bits 8, --activations 8"),
    (["--format", "onnx-qlinear", "--bits", "9"], "8 bits only"),
    (["--format", "onnx-qlinear", "--bits", "8", "--per", "group:16"], "one scale per output"),
    (["--format", "onnx", "--bits", "8", "--rounding", "double"], "--rounding double would have no effect"),
])
def test_a_digits_network_that_onnx_cannot_hold_leaves_no_file(words, said, tmp_path, capsys):
    assert main(["export", "mlp", *words, "--out", str(tmp_path)])
    assert said in capsys.readouterr().err and not list(tmp_path.iterdir())
