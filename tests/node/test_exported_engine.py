"""The JavaScript engine of exports against this package: every held-out digit, and drawings as the pad makes them."""

import base64
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from pyapp.__main__ import main
from pyapp.core.losses import softmax
from pyapp.core.rng import generator
from pyapp.data import drawing, mnist
from pyapp.export import json_js
from pyapp.nets import mlp
from pyapp.parity.check import SEVEN
from pyapp.quantized.fingerprint import inputs_of
from pyapp.quantized.network import Settings, quantize_network

HERE = Path(__file__).parent
CASES = {"8 bits": ["--bits", "8"], "integers": ["--bits", "8", "--activations", "8"],
         "4-bit groups, twice": ["--bits", "4", "--activations", "4", "--per", "channel", "--scheme", "affine",
                                 "--rounding", "double"]}


def drawings() -> list[np.ndarray]:
    """A recorded seven; a dot; walks of a pen over all of the pad and over a corner of it, some flat or tall."""
    rng, found = generator(1, "drawings"), [SEVEN, SEVEN[:1]]
    for size in (0.9, 0.3, 0.02):
        for shape in ((1, 1), (1, 0.02), (0.02, 1)):
            walk = np.clip(np.cumsum(rng.standard_normal((30, 2)) * 0.15, axis=0) % 1, 0, 1) * size * np.array(shape)
            found.append(np.column_stack([walk + 0.05, np.arange(30) // 12]).astype(np.float32))
    return found


@pytest.mark.parametrize("case", CASES)
def test_all_held_out_digits_are_read_as_python_reads_them(case, needs_node, tmp_path, capsys):
    path, digits = tmp_path / "net.json", mnist.load()
    assert main(["export", "mlp", *CASES[case], "--format", "json", "--out", str(path)]) == 0
    pixels = digits.images.reshape(len(digits.labels), -1)
    given = {"file": json.loads(path.read_text()), "pixels": base64.b64encode(pixels.tobytes()).decode(),
             "drawings": [points.tolist() for points in drawings()]}
    done = subprocess.run(["node", HERE / "exported.mjs", path.with_suffix(".mjs"),
                           json_js.TEMPLATES / "drawing.mjs"], input=json.dumps(given), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)

    settings = dict(bits=8, activations=8) if case == "integers" else dict(bits=8)
    if "twice" in case:
        settings = dict(bits=4, activations=4, per="channel", scheme="affine")
    network = quantize_network(mlp.load(), Settings(**settings), mnist.calibration())
    x = inputs_of(pixels)
    if network.activations:
        integer = network.integer("double" if "twice" in case else "single")
        codes = integer.forward(integer.input.quantize(x))
        assert np.array_equal(found["codes"], codes)
        logits = integer.layers[-1].output.dequantize(codes)
    else:
        logits = network.simulated().forward(network.parameters, x)
    expected = softmax(logits)
    assert np.abs(np.array(found["probabilities"]) - expected).max() < 1e-5
    assert np.array_equal(found["digits"], expected.argmax(axis=1))

    ours = [drawing.to_mnist(drawing.Raster().draw(drawing.framed(points))).ravel() for points in drawings()]
    assert np.abs(np.array(found["images"]) - np.array(ours)).max() < 1e-6
