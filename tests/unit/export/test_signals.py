"""Networks that read signals: bytes stand for their inputs, and every format proves them on ten of these."""

import json
from dataclasses import replace

import numpy as np
import pytest

from pyapp import safetensors, store
from pyapp.export import json_js
from pyapp.export.formats import written
from pyapp.export.kinds import FORMATS
from pyapp.export.proof import Proof
from pyapp.export.reading import PIXELS, Reading
from pyapp.export.subject import Subject
from pyapp.export.verify import checked
from pyapp.measure.few_bits import quantised
from pyapp.nets import chain
from pyapp.nets.mlp import MLP
from pyapp.quantized.fingerprint import inputs_of
from pyapp.quantized.saved import digits_network
from pyapp.seal import Broken
from pyapp.store import StoreError

RNG = np.random.default_rng(5)
ROWS = RNG.normal(size=(60, 12))
NORMAL = (RNG.normal(size=12), RNG.uniform(0.5, 2, size=12))
READING = Reading.signals("window", "inputs: 4 rows of each of a, b, c */ «d»", ROWS, NORMAL)


def subject(bits: int | None, classes: tuple[str, ...] = ()) -> Subject:
    """A small random network: an autoencoder, or a classifier."""
    weights = MLP((12, 5, len(classes) or 12)).initial(3)
    network = weights if bits is None else quantised(weights, bits, ROWS)
    scheme = {} if bits is None else {"bits": bits, "per": "channel", "activations": 8}
    return Subject("anomaly", network, {"file": "made", "sha256": "0" * 64}, scheme, {"n": 60, "data": "made"}, "made",
                   classes=classes, pixels=READING.ten(ROWS), reading=READING)


def test_bytes_are_the_codes_of_activations_and_pixels_are_what_they_were():
    every = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(PIXELS.inputs(every), inputs_of(every))
    grid = quantised(MLP((12, 5, 12)).initial(3), 8, ROWS).integer().input
    np.testing.assert_array_equal(grid.quantize(READING.inputs(every)), every.astype(int) + grid.low)
    np.testing.assert_array_equal(READING.bytes_of(READING.inputs(every)), every)
    apart = READING.inputs(READING.ten(ROWS)) - ROWS[::6]  # within half a step, as no row lies outside of the grid
    assert np.abs(apart).max() <= 0.5001 / READING.per
    assert len(READING.ten(ROWS[:3])) == 10


def test_a_manifest_tells_how_its_inputs_are_read():
    again = Reading.of(json.loads(json.dumps(READING.told)))
    assert (again.one, again.count, again.zero, again.per, again.doc) == (
        "window", 12, READING.zero, READING.per, READING.doc)
    for ours, theirs in zip(READING.normal, again.normal, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert Reading.of({}).count == 784 and PIXELS.told == {}
    told = READING.told["inputs"]
    for wrong in ({"count": 13}, {"count": 1e9}, {"zero": -1}, {"per": 0}, {"mean": "a"}, {"one": 3}, {"doc": "\0"}):
        with pytest.raises(Broken, match="inputs"):
            Reading.of({"inputs": {**told, **wrong}})
    with pytest.raises(Broken, match="inputs"):
        Reading.of({"inputs": None})


@pytest.mark.parametrize(("bits", "classes"), [(None, ()), (4, ()), (3, ("yes", "no", "«?»"))])
def test_every_format_proves_it_or_says_why_not(bits, classes):
    made, refused = subject(bits, classes), {"html"} | ({"c", "onnx-qlinear"} if bits is None else set())
    x = READING.inputs(made.pixels)
    if bits is None:  # the float network, worked out again
        p = made.network
        hidden = np.maximum(x @ p["layer1.weight"].T + p["layer1.bias"], 0)
        np.testing.assert_allclose(Proof.of(made).logits, hidden @ p["layer2.weight"].T + p["layer2.bias"], atol=1e-5)
    for form in FORMATS.values():
        if form.name in refused:
            with pytest.raises(ValueError, match=f"{form.name} cannot hold this network"):
                written(made, form, "net")
            continue
        (name, data), *beside = written(made, form, "net").items()
        opened = checked(data, form, name)
        runs = list(opened.runs(dict(beside)))
        assert all(run.ok for run in runs), [run.where for run in runs]
        assert Reading.of(opened.manifest).doc == READING.doc and opened.proof.rebuilds == (not classes)


def test_a_wrong_result_is_found_and_named():
    for bits in (None, 4):
        made = subject(bits)
        right = Proof.of(made)
        wrong = right.logits.copy()
        wrong[7, 11] += 1
        data = next(iter(written(made, FORMATS["json"], "net").values()))
        told = json.loads(data)
        again = json_js.text_of(made, replace(right, logits=wrong), told["manifest"]).encode()
        runs = list(json_js.opened(again).runs({}))
        assert not any(run.ok for run in runs)
        assert {run.where[: run.where.index(":")].partition(" of ")[2] for run in runs} == {"window 7"}


def test_a_file_of_tensors_says_what_it_holds(tmp_path):
    data = next(iter(written(subject(None), FORMATS["safetensors"], "net").values()))
    tensors, _ = safetensors.unpack(data)
    np.testing.assert_allclose(tensors["normal.mean"], NORMAL[0], rtol=1e-6)
    (tmp_path / "net.safetensors").write_bytes(data)
    with pytest.raises(StoreError, match="a network for signals 12-5-12 made by export; expected a digits network"):
        digits_network(chain.load(tmp_path / "net.safetensors"))
    assert store.load(tmp_path / "net.safetensors")["layer2.weight"].shape == (12, 5)
