"""ONNX files read back and computed in NumPy: names, sizes, every digit, and what the forms cannot hold."""

from dataclasses import replace

import numpy as np
import pytest
from exported import exported, vision

from pyapp.data import mnist
from pyapp.export import onnx_graph
from pyapp.export.formats import written
from pyapp.export.onnx_file import FORMAT, INTEGER, codes_of
from pyapp.export.onnx_layers import INPUT, OUTPUT
from pyapp.export.onnx_numpy import evaluated
from pyapp.export.proof import Proof
from pyapp.export.verify import NotProven, checked, recognised
from pyapp.nets.mlp import MLP
from pyapp.nets.vit import ViT, ViTSize
from pyapp.quantized.network import Settings, quantize_network
from pyapp.quantized.transformer import TransformerSettings, quantize_vit
from pyapp.seal import Broken

pytestmark = pytest.mark.in_pyodide(1, "the cases differ in what is written, not in arithmetic")

VISION = ["float", "weights only", "8 bits, channels", "4 bits, groups", "float weights, 6-bit activations"]


def file_of(subject, form=FORMAT) -> bytes:
    return next(iter(written(subject, form, "network").values()))


def graph_of(subject, form=FORMAT) -> onnx_graph.Graph:
    return onnx_graph.read(file_of(subject, form))[0]


def digits(count: int) -> np.ndarray:
    return mnist.load().inputs()[:count]


@pytest.mark.parametrize("kind", ["8 bits", "4 bits, channels", "3 bits, affine channels"])
def test_integers_are_ours(kind):
    subject = exported(kind, "float")
    graph, x = graph_of(subject, INTEGER), digits(300)
    values = evaluated(graph, {INPUT: x})
    codes = subject.integer.input.quantize(x)
    for layer, name in zip(subject.integer.layers, codes_of(graph), strict=True):
        codes = layer.forward(codes)
        assert np.array_equal(values[name], codes) and values[name].dtype == codes.dtype
    assert np.array_equal(values[OUTPUT], subject.logits(x))


def test_a_network_of_other_sizes_is_written_too():
    model = MLP((784, 20, 17, 9, 10))
    network = quantize_network(model.initial(3), Settings(bits=5, activations=7, per="channel"), mnist.calibration())
    subject = replace(exported("8 bits"), network=network)
    for form in (FORMAT, INTEGER):
        ours = subject.rounded(form.rounding)
        found = evaluated(graph_of(subject, form), {INPUT: digits(50)})[OUTPUT]
        assert np.abs(found - ours.logits(digits(50))).max() < (1e-6 if ours.integer else 2.01 * ours.step)


def test_names_are_those_of_the_network(usual):
    found = graph_of(usual, INTEGER)
    assert {"layer1.weight", "layer1.bias", "layer3.multiplier"} <= set(found.constants)
    assert [node.name for node in found.nodes][:4] == ["pixels/QuantizeLinear", "layer1/MatMulInteger", "layer1/Add",
                                                       "layer1/Cast"]
    names = [node.name for node in graph_of(vision("8 bits, channels")).nodes]
    assert {"block1.attention.q/QuantizeLinear", "block4.down/Gemm", "head.weight/DequantizeLinear"} <= set(names)
    assert len(set(names)) == len(names)


def test_sizes():
    """A byte a weight, half of one with 4 bits where a DequantizeLinear follows, and the proof's few kilobytes."""
    assert len(file_of(exported("8 bits"), INTEGER)) < 118_000
    assert len(file_of(exported("8 bits"))) < 119_000 and len(file_of(exported("4 bits, channels"))) < 68_000


def test_signed_weights_beside_codes_become_unsigned():
    """As signed bytes, pairs of products would saturate on x86 without VNNI."""
    for graph in (graph_of(exported("8 bits")), graph_of(exported("8 bits"), INTEGER)):
        assert graph.types["layer1.weight"] == "uint8"
    assert graph_of(exported("weights only")).types["layer1.weight"] == "int8"


@pytest.mark.in_pyodide(2, because="a transformer takes a second there")
@pytest.mark.parametrize("kind", VISION)
def test_the_transformer_proves_itself(kind):
    subject = vision(kind)
    data = file_of(subject)
    found = checked(data, recognised(data, "vit"), "vit.onnx")
    runs = list(found.runs({}))
    assert [run.where for run in runs] == [""] * len(runs)
    assert found.parts == found.manifest["parts"] and found.manifest["network"] == "vit"
    assert np.array_equal(found.proof.logits, Proof.of(subject).logits)


def test_what_a_form_cannot_hold():
    for subject, form, said in [
        (exported("float"), INTEGER, "integers only; give bits=8"),
        (exported("weights only"), INTEGER, "integers only; give bits=8"),
        (exported("2 bits, affine groups"), INTEGER, "one scale per output"),
        (exported("mixed bits"), INTEGER, "integers of 8 bits only"),
        (exported("16-bit weights"), INTEGER, "integers of 8 bits only"),
        (vision("8 bits, channels"), INTEGER, "compute in float32; use onnx"),
        (vision("quantised scores"), FORMAT, "quantised attention scores"),
    ]:
        with pytest.raises(ValueError, match=said):
            written(subject, form, "network")


def test_parts_of_another_file_are_named(usual):
    """A graph, or a proof, of another export in place of its own."""
    ours, theirs = (onnx_graph.read(file_of(subject)) for subject in (usual, exported("4 bits, channels")))
    manifest, name = ours[2]["bitladder.manifest"], "bitladder.manifest"
    for network, told, said in [(theirs[1], ours[2], "numbers of the network"),
                                (ours[1], {**theirs[2], name: manifest}, "ten inputs or their results"),
                                (theirs[1], {**theirs[2], name: manifest}, "manifest belongs to another network")]:
        with pytest.raises(NotProven, match=said):
            checked(onnx_graph.model(network, told, "", ""), FORMAT, "mixed.onnx")


def test_a_node_that_cannot_be_computed_is_named(usual):
    graph = graph_of(usual)
    with pytest.raises(Broken, match="layer1/Gemm"):
        evaluated(graph, {INPUT: digits(2)[:, :700]})


@pytest.mark.parametrize(("kind", "bound"), [("8 bits", 1), ("4 bits, channels", 16), ("mixed bits", 1)])
def test_one_code_that_goes_the_other_way_is_within_the_bound(kind, bound):
    """In any layer, of 100 digits each."""
    subject, rng = exported(kind, "single"), np.random.default_rng(1)
    assert Proof.of(subject.rounded("simulated")).bound == bound
    codes, layers = subject.integer.input.quantize(digits(100)), subject.integer.layers
    whole, rows = subject.integer.forward(codes).astype(np.int32), np.arange(100)
    for i, layer in enumerate(layers):
        other, column = codes.copy(), rng.integers(0, codes.shape[1], 100)
        step = np.where(codes[rows, column] < layer.input.high, 1, -1)
        other[rows, column] = codes[rows, column] + step
        for each in layers[i:]:
            other = each.forward(other)
        assert np.abs(other - whole).max() <= bound
        codes = layer.forward(codes)


def test_a_transformer_of_another_size_is_written_too():
    size = ViTSize(patch=7, width=24, heads=3, blocks=2, hidden=20)
    p, x = ViT(size).initial(5), digits(20)
    for settings in (TransformerSettings(), TransformerSettings(bits=3, per="group:7")):
        subject = replace(vision("float"), network=quantize_vit(p, settings, size=size))
        found = evaluated(graph_of(subject), {INPUT: x})[OUTPUT]
        assert np.abs(found - subject.logits(x)).max() < 1e-5
