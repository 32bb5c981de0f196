"""Checkpoints say what they hold; older ones are recognised; an error names what is wrong with one."""

import json

import numpy as np
import pytest

from pyapp import checkpoint, store
from pyapp.checkpoint import Contents, described, unpacked_json
from pyapp.data.text import Vocabulary
from pyapp.nets import gpt, mlp, vit
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.nets.mlp import MLP
from pyapp.nets.vit import ViT, ViTSize
from pyapp.quantized import packed
from pyapp.quantized.network import Settings, quantize_network
from pyapp.quantized.saved import digits_network
from pyapp.quantized.trained import shipped
from pyapp.store import StoreError

SMALL = GPTSize(16, 2, 1, 8, 24)
LETTERS = Vocabulary("abc\n")


def student() -> dict[str, np.ndarray]:
    return described(store.arrays_of(MLP((784, 20, 10)).initial(3)), "distill mlp")


def writer() -> dict[str, np.ndarray]:
    return described(gpt.arrays_of(GPT(4, SMALL).initial(1), LETTERS), "train gpt", heads=2)


def about(arrays, **changes) -> dict[str, np.ndarray]:
    return {**arrays, "about": checkpoint.packed_json(unpacked_json(arrays["about"]) | changes)}


def test_a_checkpoint_says_what_it_is():
    found = Contents(student(), "s.npz")
    assert (found.network, found.sizes, found.by) == ("mlp", {"layers": [784, 20, 10]}, "distill mlp")
    assert found.words == "a digits network 784-20-10 made by distill mlp" and not found.quantised
    assert mlp.parameters(found).vector.tobytes() == MLP((784, 20, 10)).initial(3).vector.tobytes()
    assert Contents(writer(), "g.npz").words == "a GPT of 1 block, 16 wide made by train gpt"
    rounded = Contents(described(packed.arrays_of(shipped(2)), "qat mlp"), "q.npz")
    assert rounded.words == "a digits network 784-128-64-10 with 2-bit weights and 8-bit activations made by qat mlp"
    assert json.loads(student()["about"].tobytes())["version"] == checkpoint.VERSION


def test_the_activation_is_in_the_file_where_it_is_not_relu():
    """Beside the sizes, whose contradiction a Bitladder that knows ReLU only refuses."""
    p = MLP((784, 20, 10)).initial(3, activation="relu6")
    found = Contents(described(store.arrays_of(p), "train mlp", activation=p.activation), "s.npz")
    assert found.sizes == {"layers": [784, 20, 10], "activation": "relu6"}
    assert found.words == "a digits network 784-20-10 (ReLU6) made by train mlp"
    assert mlp.parameters(found).activation == "relu6" and mlp.parameters(Contents(student(), "s")).activation == "relu"
    network = quantize_network(p, Settings(bits=4), None)
    arrays = described(packed.arrays_of(network), "export", activation=network.parameters.activation)
    assert digits_network(Contents(arrays, "q.npz")).parameters.activation == "relu6"


def test_the_number_of_heads_is_in_the_file():
    model, p, vocabulary = gpt.opened(Contents(writer(), "g.npz"))
    assert model.size == SMALL and vocabulary.characters == "\nabc" and p.vector.dtype == np.float32
    size = ViTSize(patch=14, width=8, heads=2, blocks=1, hidden=8)
    arrays = described(store.arrays_of(ViT(size).initial(1)), "x", heads=2)
    assert vit.parameters(Contents(arrays, "v.npz"))[0].size == size


def test_weights_from_before_version_1_still_open():
    for path, network in ((mlp.SHIPPED, "mlp"), (vit.SHIPPED, "vit"), (gpt.SHIPPED, "gpt")):
        arrays = {key: array for key, array in store.load(path).items() if key != "about"}
        found = Contents(arrays, path.name)
        assert found.network == network and found.by == "" and not found.under_way
    assert isinstance(digits_network(Contents(packed.arrays_of(shipped(4)), "q.npz")).nbytes, int)


def test_a_description_is_ignored_where_arrays_are_read():
    p = store.parameters(student(), MLP((784, 20, 10)).shapes, "s.npz")
    assert p.vector.size == 784 * 20 + 20 + 200 + 10


@pytest.mark.parametrize(("arrays", "message"), [
    (lambda: about(student(), version=2), "of version 2, but this Bitladder reads version 1"),
    (lambda: about(student(), version="1"), "a field is missing or invalid"),
    (lambda: about(student(), format="other"), "the format is 'other'"),
    (lambda: about(student(), network="gpt"), r"says that it holds gpt .* but its arrays are mlp"),
    (lambda: about(student(), sizes={"layers": [784, 10]}), r"but its arrays are mlp .*784, 20, 10"),
    (lambda: about(student(), sizes={"layers": [784, 20, 10], "activation": "gelu"}),
     "has the activation 'gelu' between its layers; this Bitladder has relu, relu6, hard-tanh: open it with a newer"),
    (lambda: about(writer(), sizes={"heads": 2, "activation": "relu6"}), "says that it holds gpt"),
    (lambda: about(student(), by="x\ny"), "a field is missing or invalid"),
    (lambda: about(writer(), sizes={"heads": 3}), "16 columns cannot be divided among 3 heads"),
    (lambda: {**student(), "about": np.frombuffer(b"[" * 5000, np.uint8)}, "nested more than 100 deep"),
    (lambda: {**student(), "about": np.frombuffer(b"\xff\xfe", np.uint8)}, "none that can be read"),
    (lambda: {**student(), "about": np.zeros(3, np.float32)}, "found float32"),
    (lambda: {"about": student()["about"]}, 'holds the array "about", which no network here has'),
    (lambda: {"layer1.weight": np.zeros((10, 20), np.float32)},
     r"^wrong\.npz has the array layer1\.weight of a digits network, but not the rest of one: layer1\.weight has "
     r"20 inputs, but a digits network has 784; save it again or use another file$"),
    (lambda: {"layer1.weight": np.zeros(5, np.float32)}, "but not the rest of one: its shapes do not fit; save"),
    (lambda: {"patch.weight": np.zeros((4, 49), np.float32)}, "a Vision Transformer, but .* there are no blocks; save"),
    (lambda: {"tokens.weight": np.zeros((4, 8), np.float32), "block1.up.weight": np.zeros((16, 8), np.float32)},
     r"of a GPT, but not the rest of one: 'places\.weight' is missing; save"),
    (lambda: {}, "holds no arrays; use a file written by train, qat, distill, export or a page's Save checkpoint$"),
    (lambda: {"a": np.zeros(3, np.float32)},
     r'^wrong\.npz holds the array "a", which no network here has; use .*\. The first, "a", is float32 \(3,\)$'),
    (lambda: {f"{'conv' * 20}{i}": np.zeros(3, np.float32) for i in range(9)},
     r'^wrong\.npz holds the arrays ("[conv]{40}…"(, | and )){4}5 more, which no network here has; use a file '),
])
def test_a_wrong_description_is_refused(arrays, message):
    with pytest.raises(StoreError, match=message):
        Contents(arrays(), "wrong.npz")


def test_the_error_says_what_another_file_holds():
    with pytest.raises(StoreError, match=r"g\.npz holds a GPT of 1 block, 16 wide made by train gpt; expected a digits "
                                         r"network\. To read a GPT, use generate gpt"):
        mlp.parameters(Contents(writer(), "g.npz"))
    with pytest.raises(StoreError, match=r"q\.npz holds .* 4-bit weights and 4-bit activations; expected float32"):
        mlp.parameters(Contents(packed.arrays_of(shipped(4)), "q.npz"))


def test_a_wide_file_asks_for_no_more_memory_than_it_has():
    arrays = store.arrays_of(ViT().initial(1)) | {"block1.up.weight": np.zeros((4, 4_000_000), np.int8)}
    with pytest.raises(StoreError, match=r"expected .* as float32 \(12000000, 4000000\)|expected .* found"):
        vit.parameters(Contents(arrays, "wide.npz"))
    arrays = packed.arrays_of(shipped(4))
    arrays["layer1.weight.form"] = np.array([4, -7, 7, 0, 2**31 - 1, 2**31 - 1], np.int32)
    with pytest.raises(StoreError):
        digits_network(Contents(arrays, "wide.npz"))
    with pytest.raises(StoreError, match="expected a quantised network"):
        packed.network_of(arrays, "wide.npz")


@pytest.mark.parametrize("change", [
    {"layer2.weight.scale": np.array(np.inf, np.float32)}, {"layer2.weight.scale": np.array(0, np.float32)},
    {"layer2.weight.form": np.array([4, -100, 7, 0, 64, 128], np.int32)}, {"input.zero_point": np.array(99, np.int32)},
    {"layer2.weight.form": np.array([4, -7, 7, -5, 64, 128], np.int32)}, {"layer2.bias": np.float32(1)},
    {"layer2.weight.form": np.array([4, -1, 1, 0, 64, 128], np.int32)},
])
def test_an_impossible_quantised_network_is_refused(change):
    with pytest.raises(StoreError, match="expected a quantised network"):
        digits_network(Contents(packed.arrays_of(shipped(4)) | change, "q.npz"))
