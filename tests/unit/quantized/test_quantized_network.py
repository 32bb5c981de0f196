"""Networks quantised after training: settings, simulation, integer arithmetic, the packed file."""

import numpy as np
import pytest

from pyapp import store
from pyapp.data import mnist
from pyapp.nets import mlp
from pyapp.quant.parameters import weight_names
from pyapp.quantized.mixing import mix
from pyapp.quantized.network import Settings, quantize_network
from pyapp.quantized.packed import arrays_of, network_of
from pyapp.quantized.trained import shipped


@pytest.mark.parametrize("settings", [
    Settings(8, activations=8), Settings((3, 5, 8), per="channel", method="gptq", clip="mse", activations=4),
    Settings(4, "affine", "group:32", 6, "mse", bias_correction=True), Settings(2, per="group:16"),
], ids=str)
def test_a_file_gives_the_same_network_back(settings):
    network = quantize_network(mlp.load(), settings, mnist.calibration()[:64])
    arrays = arrays_of(network)
    again = network_of(store.unpack(store.pack(arrays), "x.npz"), "x.npz")
    assert again.nbytes == network.nbytes and (again.parameters.vector == network.parameters.vector).all()
    for name, tensor in network.weights.tensors.items():
        assert (again.weights.tensors[name].codes == tensor.codes).all()
        assert arrays[f"{name}.codes"].nbytes == -(-tensor.codes.size * tensor.bits // 8)
    x = mnist.shipped("test")[0][:20]
    if settings.activations:
        codes = network.activations["input"].quantize(x)
        assert (network.integer().forward(codes) == again.integer().forward(codes)).all()


@pytest.mark.parametrize("bits", mlp.TRAINED)
def test_the_shipped_networks_read_digits_on_integers_alone(bits):
    network = shipped(bits)
    inputs, labels = mnist.shipped("test")
    integers = network.integer().forward(network.activations["input"].quantize(inputs[:500]))
    assert np.issubdtype(integers.dtype, np.integer)
    assert (integers.argmax(axis=1) == labels[:500]).mean() > 0.97
    assert {tensor.bits for tensor in network.weights.tensors.values()} == {bits}
    assert network.activations["layer1"].bits == mlp.TRAINED[bits]


@pytest.mark.parametrize("network", [
    *(lambda b=b, per=per: quantize_network(mlp.load(), Settings(b, per=per, activations=b), mnist.calibration()[:128])
      for b in (4, 2) for per in ("tensor", "channel", "group:32")),
    *(lambda b=b: shipped(b) for b in mlp.TRAINED),
])
def test_the_simulation_rounds_biases_as_integers_do(network):
    """Float biases made the logits' codes of nearly all images differ."""
    network = network()
    inputs, grid = mnist.shipped("test")[0][:500], network.activations["layer3"]
    simulated = grid.quantize(network.simulated().forward(network.parameters, inputs))
    integers = network.integer().forward(network.activations["input"].quantize(inputs))
    assert (simulated != integers).any(axis=1).sum() <= 3  # a sum may lie between two codes


def test_a_bias_beyond_int32_is_still_simulated():
    p = mlp.load()
    p["layer3.weight"][:] *= 1e-12
    network = quantize_network(p, Settings(activations=8), mnist.calibration()[:64])
    with pytest.raises(ValueError, match="does not fit into int32"):
        network.integer()
    np.testing.assert_allclose(network.parameters["layer3.bias"], p["layer3.bias"], rtol=1e-6)


def test_a_budget_is_kept_and_the_front_has_no_beaten_choice():
    rows = mnist.calibration_rows()[:128]
    inputs, labels = (array[rows] for array in mnist.shipped("train"))
    found = mix(mlp.load(), Settings(per="channel"), 45_000, inputs, labels, bits=(2, 4, 8))
    assert found.network.nbytes == found.chosen.nbytes <= 45_000
    assert [c.nbytes for c in found.front] == sorted(c.nbytes for c in found.front)
    assert [c.cost for c in found.front] == sorted((c.cost for c in found.front), reverse=True)
    assert set(found.chosen.bits) == set(weight_names(mlp.load()))
    with pytest.raises(ValueError, match="the smallest choice needs"):
        mix(mlp.load(), Settings(), 1000, inputs, labels, bits=(2, 4))


@pytest.mark.parametrize(("change", "message"), [
    ({"bits": 1}, "bits is 1"), ({"activations": 17}, "activations is 17"), ({"per": "group:0"}, "granularity"),
    ({"method": "magic"}, "method is 'magic'"), ({"scheme": "log"}, "scheme is 'log'"),
])
def test_settings_without_sense_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Settings(**change)


@pytest.mark.parametrize("settings", [
    Settings(8), Settings(3, "affine"), Settings(4, per="channel", clip="mse"), Settings((2, 8, 4))])
def test_rounding_weights_needs_no_images(settings):
    without, with_images = (quantize_network(mlp.load(), settings, x) for x in (None, mnist.calibration()[:8]))
    assert np.array_equal(without.parameters.vector, with_images.parameters.vector)


@pytest.mark.parametrize("change", [{"activations": 8}, {"method": "gptq"}, {"method": "adaround"},
                                    {"bias_correction": True}])
def test_settings_that_need_images_are_refused_without_them(change):
    with pytest.raises(ValueError, match="need calibration inputs"):
        quantize_network(mlp.load(), Settings(**change), None)


def test_what_cannot_be_done_is_refused():
    p = mlp.load()
    with pytest.raises(ValueError, match="calibration set is empty"):
        quantize_network(p, Settings(), np.empty((0, 784), np.float32))
    with pytest.raises(ValueError, match="activations are float32"):
        quantize_network(p, Settings(), mnist.calibration()[:8]).integer()
    with pytest.raises(ValueError, match="pyapp qat"):
        quantize_network(p, Settings(method="qat"), mnist.calibration()[:8])
    with pytest.raises(store.StoreError, match="expected a quantised network"):
        network_of(store.arrays_of(p), "mlp.npz")
