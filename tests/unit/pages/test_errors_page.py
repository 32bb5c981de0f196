import numpy as np
import pytest

from pyapp import bridge
from pyapp.data import mnist
from pyapp.experiment.params import ParamError, find
from pyapp.nets import mlp
from pyapp.nets.mlp import MLP
from pyapp.pages.base.controls import LAYERS
from pyapp.pages.errors import BANDS, Page, band_of
from pyapp.quant.formats.catalogue import FORMATS
from pyapp.quant.parameters import assemble
from pyapp.quant.schemes import quantize
from pyapp.runner import Runner

WEIGHTS = mlp.load()


def opened(**params):
    runner = Runner()
    answer = runner.open("errors", params)
    return runner, answer["run"], answer


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize(("scheme", "per"), [("symmetric", "tensor"), ("affine", "channel"), ("symmetric", "group:32")])
def test_the_bands_count_every_weight_of_the_layer_once(layer, scheme, per):
    w = WEIGHTS[f"{layer}.weight"]
    frame = opened(layer=layer, bits=5, scheme=scheme, per=per)[2]["frame"]
    error = np.abs(w - quantize(w, 5, scheme, per).dequantize())
    counts = [(error < np.float32(0.001)).sum(), 0, (error >= np.float32(0.01)).sum()]
    counts[1] = w.size - counts[0] - counts[2]
    bands, (shown,) = frame.scalars["bands"], [row for row in frame.scalars["layers"] if row["chosen"]]
    assert [band["count"] for band in bands] == counts and sum(band["share"] for band in bands) == pytest.approx(1)
    assert shown["name"] == layer and shown["counts"] == counts
    assert np.bincount(frame.arrays["band"].ravel(), minlength=3).tolist() == counts
    assert shown["maximum"] == error.max() and (frame.arrays["error"].ravel() == error.ravel()).all()
    assert [row["name"] for row in frame.scalars["layers"]] == list(LAYERS)


def test_a_threshold_belongs_to_the_band_above_it():
    error = np.array([0.0, 0.0009, 0.001, 0.0099, 0.01, 5.0], np.float32)
    assert band_of(error, 0.001, 0.01).tolist() == [0, 0, 1, 1, 2, 2]
    assert band_of(error, 0.01, 0.01).tolist() == [0, 0, 0, 0, 2, 2]  # equal thresholds: no middle band


@pytest.mark.parametrize(("params", "shape"), [
    ({}, (128, 28, 28)), ({"layout": "matrix"}, (1, 128, 784)), ({"layer": "layer2"}, (1, 64, 128)),
    ({"layer": "layer3"}, (1, 10, 64))])
def test_the_first_layer_is_images_or_a_matrix(params, shape):
    arrays = opened(**params)[2]["frame"].arrays
    assert {array.shape for array in arrays.values()} == {shape}


@pytest.mark.parametrize("per", find(Page.PARAMS, "per").choices)
@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
def test_a_picked_cell_is_explained_by_its_own_scale(per, scheme):
    runner, run, _ = opened(layer="layer2", bits=4, scheme=scheme, per=per)
    for index in (0, 77, 64 * 128 - 1):
        cell = runner.change(run, "cell", index + 1)["frame"].scalars["cell"]
        assert cell["title"] == f"Neuron {index // 128 + 1}, input {index % 128 + 1}"
        assert cell["weight"] == WEIGHTS["layer2.weight"].flat[index]
        assert cell["restored"] == np.float32(cell["code"] - cell["zero_point"]) * np.float32(cell["scale"])
        assert cell["error"] == pytest.approx(abs(cell["weight"] - cell["restored"]), abs=1e-8)
        assert cell["error"] <= cell["half_step"] * (1 + 1e-5) and cell["low_code"] <= cell["code"] <= cell["high_code"]
        assert cell["sharing"] == {"tensor": 64 * 128, "channel": 128}.get(per, int(per.partition(":")[2] or 0))


@pytest.mark.parametrize("name", ["mxfp4", "nf4", "int4", "q5_0"])
def test_in_a_number_format_a_cell_and_the_bands_are_those_of_the_format(name):
    coded, weight = FORMATS[name].encode(WEIGHTS["layer2.weight"]), WEIGHTS["layer2.weight"]
    frame = opened(layer="layer2", format=name, cell=131)[2]["frame"]
    cell, (row,) = frame.scalars["cell"], [row for row in frame.scalars["layers"] if row["chosen"]]
    assert cell["restored"] == coded.dequantize()[1, 2] and cell["words"].endswith((" weights.", "included."))
    error = np.abs(weight - coded.dequantize())
    assert (row["nbytes"], row["maximum"]) == (coded.nbytes, error.max())
    assert row["bits"] == pytest.approx(FORMATS[name].bits(weight.shape))
    assert np.array_equal(frame.arrays["error"][0], error) and ("codes" in frame.arrays) == (name != "q5_0")
    if name != "q5_0":
        stands = FORMATS[name].elements.decode(coded.codes[1:2, 2])[0]
        assert cell["restored"] == stands * np.float32(cell["scale"])
    assert frame.scalars["form"] == FORMATS[name].title


def test_a_cell_of_the_first_layer_knows_its_pixel_and_the_frame_agrees():
    frame = opened(cell=(5 * 28 + 20) * 28 + 3 + 1)[2]["frame"]
    cell, arrays, at = frame.scalars["cell"], frame.arrays, (5, 20, 3)
    assert cell["title"] == "Neuron 6, pixel in row 21, column 4" and frame.scalars["picked"] == list(at)
    assert cell["weight"] == arrays["weight"][at] and cell["code"] == arrays["codes"][at]
    assert cell["restored"] == arrays["restored"][at] and BANDS[arrays["band"][at]] in cell["band"]


def test_a_cell_stays_picked_until_another_layer_is_shown():
    runner, run, answer = opened(layer="layer3", cell=68)
    assert answer["frame"].scalars["picked"] == [0, 1, 3]
    assert runner.change(run, "bits", 3)["frame"].scalars["cell"]["title"] == "Neuron 2, input 4"
    answer = runner.change(run, "layer", "layer2")
    scalars = answer["frame"].scalars
    assert answer["params"]["cell"] == 0 and scalars["cell"] is None and scalars["picked"] is None


def test_a_cell_that_is_not_there_is_refused_and_in_a_link_replaced():
    runner, run, answer = opened(layer="layer3", cell=641)
    assert answer["params"]["cell"] == 0 and "no weight 641" in answer["frame"].notes[0]
    with pytest.raises(ParamError, match="there is no weight 641") as error:
        runner.change(run, "cell", 641)
    assert "1 to 640" in error.value.hint and runner.change(run, "bits", 3)["params"]["cell"] == 0


def test_the_thresholds_stay_in_order_and_the_page_says_so():
    runner, run, _ = opened()
    answer = runner.change(run, "low", 0.05)
    assert answer["params"]["high"] == 0.05 and "high is now 0.05" in answer["notes"][0]
    answer = runner.change(run, "high", 0.002)
    assert answer["params"]["low"] == 0.002 and "low is now 0.002" in answer["notes"][0]
    answer = opened(low=0.5, high=0.1)[2]  # a link
    assert answer["params"]["high"] == 0.5 and "high is now 0.5" in answer["frame"].notes[0]


def test_the_accuracy_is_that_of_the_network_with_this_layer_rounded():
    runner, run, answer = opened(layer="layer2", bits=2)
    assert answer["frame"].scalars["accuracy"] is None
    frame = runner.advance(run, ms=60_000)["frame"]
    images, labels = mnist.shipped("test")
    p = assemble(WEIGHTS, {"layer2.weight": quantize(WEIGHTS["layer2.weight"], 2)}).parameters
    assert frame.scalars["accuracy"] == (MLP().forward(p, images).argmax(axis=1) == labels).mean()
    assert frame.scalars["float_accuracy"] == (MLP().forward(WEIGHTS, images).argmax(axis=1) == labels).mean()


def test_a_change_in_mid_work_is_judged_in_the_end():
    runner, run, _ = opened(layer="layer3", bits=8)
    runner.advance(run, steps=2)
    runner.change(run, "bits", 2)
    answer = runner.advance(run, ms=60_000)
    assert answer["done"] and answer["frame"].scalars["accuracy"] < 0.97
    runner.change(run, "low", 0.002)  # a threshold needs no judging anew
    answer = runner.advance(run, ms=60_000)
    assert answer["done"] and answer["frame"].scalars["accuracy"] < 0.97


def test_every_frame_crosses_to_the_page():
    for bits in (2, 8, 16):
        text, _ = bridge.call_json("open", f'{{"page": "errors", "params": {{"bits": {bits}, "scheme": "affine"}}}}')
        assert '"ok"' in text[:5]
