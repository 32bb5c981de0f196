"""Chains of dense layers that other programs wrote."""

import warnings
from contextlib import suppress

import numpy as np
import pytest

from pyapp import checkpoint, npz, safetensors, store
from pyapp.core.rng import generator
from pyapp.data.digits import DataWarning
from pyapp.nets import chain, mlp
from pyapp.nets.chain import layers_of
from pyapp.nets.mlp import MLP
from pyapp.protobuf import message
from pyapp.store import StoreError

SIZES = (784, 24, 24, 10)
OWN = MLP(SIZES).initial(3)
OWN.vector[:] += generator(5, "bias").standard_normal(OWN.vector.size).astype(np.float32) / 10
W, B = [[OWN[f"layer{i}.{what}"] for i in (1, 2, 3)] for what in ("weight", "bias")]

PYTORCH = {f"net.{2 * i}.{what}": array for what, arrays in (("bias", B), ("weight", W)) for i, array in
           enumerate(arrays)}
KERAS = {f"sequential/dense{f'_{i}' if i else ''}/{what}": array for i, pair in enumerate(zip(W, B, strict=True))
         for what, array in zip(("kernel", "bias"), (pair[0].T, pair[1]), strict=True)}
TURNED = {f"arr_{2 * i + j}": array for i, pair in enumerate(zip(W, B, strict=True))
          for j, array in enumerate((pair[0].T, pair[1]))}
SHORT = {f"{letter}{i + 1}": array.astype(np.float64) for letter, arrays in (("W", W), ("b", B))
         for i, array in enumerate(arrays)}
SKLEARN = {f"{word}_{i}": array for word, arrays in (("coefs", [w.T for w in W]), ("intercepts", B))
           for i, array in enumerate(arrays)}


@pytest.mark.parametrize("arrays", [PYTORCH, KERAS, TURNED, SHORT, SKLEARN], ids=["pytorch", "keras", "savez", "W1",
                                                                                  "sklearn"])
@pytest.mark.parametrize("pack", [store.pack, lambda arrays: safetensors.pack(arrays, {})], ids=["npz", "safetensors"])
@pytest.mark.filterwarnings("ignore:.*ReLU is assumed")
def test_a_file_of_any_naming_is_the_same_network(arrays, pack, tmp_path):
    (tmp_path / "other").write_bytes(pack({name: np.ascontiguousarray(array) for name, array in arrays.items()}))
    p = mlp.load(tmp_path / "other")
    assert p.shapes == OWN.shapes and (p.vector == OWN.vector).all()


@pytest.mark.parametrize(("pack", "said"), [
    (lambda key: store.pack({**PYTORCH, "activation": np.array(key)}), "ReLU6"),
    (lambda key: safetensors.pack(PYTORCH, {"activation": key}), "relu6"),
    (lambda key: store.pack({**store.arrays_of(OWN), "activation": np.array(key)}), "relu6"),
    (lambda key: safetensors.pack(KERAS, {"activation": key}), "Hard_Tanh")], ids=["npz", "safetensors", "own", "tanh"])
def test_a_file_may_name_what_is_between_its_layers(pack, said):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        p = mlp.parameters(chain.Contents(chain.unpack(pack(said), "x"), "x"))
    assert p.activation == ("relu6" if "6" in said else "hard-tanh") and (p.vector == OWN.vector).all()
    with pytest.raises(StoreError, match=r"x has 'gelu' between its layers.* computes with relu, relu6, hard-tanh"):
        chain.unpack(pack("gelu"), "x")


def test_what_a_file_does_not_say_is_assumed_aloud():
    with pytest.warns(DataWarning, match="x does not say what is between its layers; ReLU is assumed"):
        chain.unpack(store.pack(PYTORCH), "x")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chain.unpack(store.pack({"net.0.weight": np.ones((10, 784), np.float32)}), "x")  # there is nothing between
        four = {key: array[:4] if "3" in key else array for key, array in reversed(store.arrays_of(OWN).items())}
        found = chain.Contents(chain.unpack(store.pack(four), "x"), "x")  # a module's attributes may have such names
    assert found.classes == ("0", "1", "2", "3") and MLP.of(mlp.parameters(found)).sizes == (784, 24, 24, 4)


def test_the_tenth_layer_comes_after_the_ninth():
    wide = {f"net.{i}.weight": np.full((10 if i == 11 else 784, 784), i, np.float32) for i in range(12)}
    found = layers_of(wide, "deep.npz")
    assert [found[f"layer{i + 1}.weight"][0, 0] for i in range(12)] == list(range(12))
    assert not found["layer3.bias"].any()


def test_names_without_numbers_are_ordered_by_their_shapes():
    few = {"output.weight": np.ones((10, 24), np.float32), "hidden.weight": np.ones((24, 784), np.float32),
           "hidden.bias": np.ones(24, np.float32)}
    assert MLP.of(mlp.parameters(checkpoint_of(few))).sizes == (784, 24, 10)


def checkpoint_of(arrays):
    return chain.Contents(layers_of(arrays, "x.npz"), "x.npz")


@pytest.mark.parametrize(("arrays", "words"), [
    ({"in.weight": W[0], "a.weight": W[1], "b.weight": W[1], "out.weight": W[2]}, "more than one order; give"),
    ({"conv.weight": np.ones((4, 1, 3, 3), np.float32), "fc.weight": W[0]}, r"'conv.weight' is float32 \(4, 1, 3, 3\)"),
    ({**PYTORCH, "norm.running_mean": B[0]}, "'norm.running_mean' is the bias of none of its matrices"),
    ({**PYTORCH, "net.0.bias": B[2]}, "'net.0.bias' has 10 numbers, but 'net.0.weight' has 24 outputs"),
    ({"net.0.weight": W[0], "net.1.weight": W[0]}, r"its matrices are \(24, 784\), \(24, 784\), and do not follow"),
    ({"net.0.weight": W[0].T[:, :20], "net.1.weight": W[2]}, r"its matrices are \(784, 20\), \(10, 24\), and do not"),
    ({"net.0.weight": W[0].astype(np.int8), "net.1.weight": W[2]}, "'net.0.weight' is int8"),
])
def test_what_is_no_chain_is_refused_by_what_does_not_fit(arrays, words):
    with pytest.raises(StoreError, match=words):
        layers_of(arrays, "x.npz")


@pytest.mark.filterwarnings("ignore:.*ReLU is assumed")
def test_a_chain_of_other_classes_numbers_them():
    found = chain.Contents(chain.unpack(store.pack({"first": W[0].T, "last": W[1][:3].T}), "x.npz"), "x.npz")
    assert found.classes == ("0", "1", "2") and MLP.of(mlp.parameters(found)).sizes == (784, 24, 3)
    with pytest.raises(StoreError, match="its last layer has 1 outputs; use 2 to 1,000"):
        chain.unpack(store.pack({"first": W[0][:1]}), "x.npz")


def test_a_search_among_many_alike_matrices_ends():
    alike = {f"{chr(97 + i % 26)}{'x' * (i // 26)}": np.ones((784, 784), np.float32) for i in range(40)}
    with pytest.raises(StoreError, match="more than one order"):
        layers_of({**alike, "end": np.ones((11, 784), np.float32)}, "x.npz")


# ONNX, written here field by field from onnx.proto.

def node(op, inputs, output, **attributes):
    told = [message((1, name), (2, value) if isinstance(value, float) else (3, value))
            for name, value in attributes.items()]
    return message((1, inputs), (2, [output]), (3, f"/{op}_of_{output}"), (4, op), (5, told))


def model(nodes, constants, inputs=("x",), outputs=("y",)):
    tensors = [message((1, list(array.shape)), (2, 1), (8, name), (9, array.astype("<f4").tobytes()))
               for name, array in constants.items()]
    graph = message((1, nodes), (5, tensors), (11, [message((1, name)) for name in inputs]),
                    (12, [message((1, name)) for name in outputs]))
    return message((1, 8), (7, graph))


CONSTANTS = {"w1": W[0], "b1": B[0], "w2": W[1].T, "b2": B[1], "w3": W[2] / 2, "b3": B[2]}
FIRST = [node("Flatten", ["x"], "flat", axis=1), node("Gemm", ["flat", "w1", "b1"], "a", transB=1)]
MIDDLE = [node("Relu", ["a"], "b"), node("MatMul", ["b", "w2"], "c"), node("Add", ["b2", "c"], "d"),
          node("Relu", ["d"], "e"), node("Dropout", ["e"], "f")]
LAST = [node("Gemm", ["f", "w3", "b3"], "g", transB=1, alpha=2.0), node("Softmax", ["g"], "y", axis=1)]


def test_an_onnx_chain_is_read_with_its_attributes():
    found = chain.unpack(model([*FIRST, *MIDDLE, *LAST], CONSTANTS), "x.onnx")
    for i in range(3):
        assert (found[f"layer{i + 1}.weight"] == W[i]).all() and (found[f"layer{i + 1}.bias"] == B[i]).all()


@pytest.mark.parametrize(("clip", "activation"), [
    ({"min": 0.0}, "relu"), ({"min": 0.0, "max": 6.0}, "relu6"), ({"min": -1.0, "max": 1.0}, "hard-tanh"),
    ({"min": 0.0, "max": 3.4028234663852886e38}, "relu"), (["zero", "six"], "relu6"), (["zero", ""], "relu"),
])
def test_clip_between_the_layers_is_an_activation(clip, activation):
    """Its ends are attributes up to opset 10, and then inputs that may be left out."""
    inputs, told = (["a", *clip], {}) if isinstance(clip, list) else (["a"], clip)
    constants = CONSTANTS | {"zero": np.zeros((), np.float32), "six": np.full((), 6, np.float32)}
    nodes = [*FIRST, node("Clip", inputs, "b", **told), node("MatMul", ["b", "w2"], "f"),
             node("Clip", ["f", *inputs[1:]], "g", **told), node("Gemm", ["g", "w3"], "y", transB=1)]
    found = chain.Contents(chain.unpack(model(nodes, constants), "x.onnx"), "x.onnx")
    assert mlp.parameters(found).activation == activation
    assert found.sizes.get("activation", "relu") == activation


@pytest.mark.parametrize(("nodes", "words"), [
    ([node("Conv", ["x", "w1"], "y")], r"its operator Conv \('/Conv_of_y'\) does not fit; a chain is Gemm"),
    ([*FIRST, node("Tanh", ["a"], "b"), node("Gemm", ["b", "w3"], "y", transB=1)], "its operator Tanh"),
    ([*FIRST, node("MatMul", ["a", "w2"], "y")], "MatMul .* without an activation between it and the layer before"),
    ([*FIRST, node("Relu", ["a"], "b"), node("Sigmoid", ["a"], "y")], "branches, to Relu and Sigmoid"),
    ([node("Relu", ["x"], "y")], "its operator Relu"),
    ([*FIRST, node("Relu", ["a"], "y")], "its graph ends with Relu"),
    ([*FIRST], "its graph ends at 'a'"),
    ([*FIRST, node("Clip", ["a"], "y", min=0.0, max=4.0)], r"its operator Clip \('/Clip_of_y'\) from 0 to 4 does not"),
    ([*FIRST, node("Clip", ["a", "", "w2"], "y")], "Clip .* whose max is not one number"),
    ([*FIRST, node("Clip", ["a"], "b", min=0.0, max=6.0), *MIDDLE[1:]], "Relu .* after ReLU6 in the layer before"),
    ([node("Gemm", ["x", "w1", "b1"], "y", transB=1, transA=1)], "with transA does not fit"),
    ([node("Gemm", ["x", "w1", "b3"], "y", transB=1)], "whose bias has 10 numbers for 24 outputs"),
])
def test_the_first_operator_that_does_not_fit_is_named(nodes, words):
    with pytest.raises(StoreError, match=words):
        chain.unpack(model(nodes, CONSTANTS), "x.onnx")


def test_bytes_that_are_no_model_are_refused():
    whole = model([*FIRST, *MIDDLE, *LAST], CONSTANTS)
    for damaged in (b"", b"nothing", whole[:100], whole[: len(whole) // 2]):
        with pytest.raises(StoreError, match=r"x\.onnx"):
            chain.unpack(damaged, "x.onnx")


@pytest.mark.in_pyodide(0, "damage does not differ between runtimes")
def test_no_byte_makes_it_fail_otherwise_than_by_a_sentence():
    whole, rng = bytearray(model([*FIRST, *MIDDLE, *LAST], CONSTANTS)), generator(7, "fuzz")
    names = [at for at in range(len(whole)) if at < 600]  # nodes and their attributes; the rest are numbers
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[int(rng.choice(names))] = int(rng.integers(256))
        with suppress(StoreError):
            chain.Contents(chain.unpack(bytes(damaged), "x.onnx"), "x.onnx")


def test_a_single_matrix_called_w_is_a_layer_and_no_line():
    w = np.ones((10, 784), np.float32)
    np.testing.assert_array_equal(chain.unpack(store.pack({"w": w}), "one.npz")["layer1.weight"], w)


@pytest.mark.parametrize("read", [chain.load, checkpoint.load])
@pytest.mark.parametrize("arrays", [{"x": np.zeros(9, np.float32)},
                                    {"x": np.zeros((3, 3), np.float32), "y": np.arange(3)}])
def test_what_is_no_network_by_its_outline_is_refused_before_it_is_unpacked(tmp_path, monkeypatch, read, arrays):
    np.savez(tmp_path / "x.npz", **arrays)
    monkeypatch.setattr(npz, "_array", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(StoreError, match=r"which no network here has|holds no network of Bitladder"):
        read(tmp_path / "x.npz")
