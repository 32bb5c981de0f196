"""safetensors: what the format says is read, and nothing else."""

import json
import struct

import numpy as np
import pytest

from pyapp import safetensors, store
from pyapp.checkpoint import Contents
from pyapp.nets import mlp
from pyapp.nets.mlp import MLP
from pyapp.safetensors import DTYPES, Damaged
from pyapp.store import StoreError

ARRAYS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array([1, -2], np.int8),
          "none": np.zeros((0, 4), np.float16), "one": np.array(2.5)}


def file_of(header, body: bytes = bytes(8)) -> bytes:
    """A file by hand; the header as data or as text."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def test_a_file_by_hand_is_read():
    """The layout of the specification: 8 bytes of length, the header, the numbers."""
    data = file_of({"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "__metadata__": {"made": "by hand"}},
                   struct.pack("<2f", 1.5, -2))
    arrays, metadata = safetensors.unpack(data)
    assert arrays["x"].tolist() == [1.5, -2] and arrays["x"].dtype == np.float32 and metadata == {"made": "by hand"}


def test_what_is_written_is_read():
    data = safetensors.pack(ARRAYS, {"key": "ü"})
    found, metadata = safetensors.unpack(data)
    assert list(found) == list(ARRAYS) and metadata == {"key": "ü"} and data == safetensors.pack(ARRAYS, {"key": "ü"})
    for name, array in ARRAYS.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert np.array_equal(found[name], array)
    assert (8 + int.from_bytes(data[:8], "little")) % 8 == 0


@pytest.mark.parametrize("name", DTYPES)
def test_every_type_is_read(name):
    dtype = np.dtype(DTYPES[name])
    array = np.array([0, 1, 1], dtype)
    assert np.array_equal(safetensors.unpack(safetensors.pack({"x": array}, {}))[0]["x"], array)


def test_bfloat16_is_the_upper_half_of_float32():
    body = struct.pack("<3H", 0x3FC0, 0xC000, 0x7F80)
    data = file_of({"x": {"dtype": "BF16", "shape": [3], "data_offsets": [0, 6]}}, body)
    assert safetensors.unpack(data)[0]["x"].tolist() == [1.5, -2.0, float("inf")]


def test_the_reference_implementation_agrees():
    reference = pytest.importorskip("safetensors.numpy", reason="the package safetensors is not installed")
    found = reference.load(safetensors.pack(ARRAYS, {"key": "text"}))
    assert all(np.array_equal(found[name], array) for name, array in ARRAYS.items())
    theirs, metadata = safetensors.unpack(reference.save(ARRAYS, {"key": "text"}))
    assert metadata == {"key": "text"} and all(np.array_equal(theirs[name], array) for name, array in ARRAYS.items())


def tensor(**changes):
    return {"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changes}}


@pytest.mark.parametrize(("data", "message"), [
    (b"", "cut off"), (bytes(7), "cut off"), (struct.pack("<Q", 2**62) + b"{}", "a header of 4,611,686"),
    (file_of(b"{"), "cannot be read"), (file_of(b"[1]"), "cannot be read"),
    (file_of(b'{"w":' + b"[" * 5000), "nested more than 100 deep"), (file_of(b'{"w": \xff}'), "cannot be read"),
    (file_of({"w": 3}), "needs dtype, shape and data_offsets"), (file_of(b"null"), "not a JSON object"),
    (file_of({"w": {"dtype": "F32"}}), "needs dtype, shape and data_offsets"), (file_of([]), "not a JSON object"),
    (file_of({"__metadata__": None}), "metadata is not a map of strings"), (file_of({"w": "x"}), "needs dtype"),
    (file_of(tensor(dtype=["F32"])), r"its dtype is \"\['F32'\]\"; expected one of"),
    (file_of(tensor(shape=[1] * 33)), "it has 33 axes; at most 32 are read"),
    (file_of(b'{"w": ' + b"9" * 5000 + b"}"), "a number of 5,000 digits"),
    (file_of(tensor(data_offsets=[0])), "not a list of whole"), (file_of(tensor(data_offsets="08")), "not a list of"),
    (file_of({"__metadata__": {"a": 1}}, b""), "metadata is not a map of strings"),
    (file_of(tensor(dtype="F8_E4M3")), "the tensor 'w': its dtype is 'F8_E4M3'"),
    (file_of(tensor(shape=[3])), r"the tensor 'w': shape \(3,\) of F32 does not fill its 8 bytes"),
    (file_of(tensor(shape=[2**60, 2**60])), "the tensor 'w': shape"),
    (file_of(tensor(shape=[-2])), "not a list of whole"), (file_of(tensor(shape=[2.0])), "not a list of whole"),
    (file_of(tensor(shape=[True, 2])), "not a list of whole"), (file_of(tensor(shape=None)), "the tensor 'w'"),
    (file_of(tensor(data_offsets=[0, 80])), "the file has 8"),
    (file_of(tensor(data_offsets=[-8, 0])), "the tensor 'w'"),
    (file_of(tensor(data_offsets=[4, 12]), bytes(12)), "have to begin at 0"),
    (file_of(tensor(), bytes(9)), "no tensor"),
    (file_of({**tensor(), "v": tensor()["w"]}), "the tensor 'v': its bytes are 0 to 8"),
    (file_of({"w" * 99: {"dtype": "X", "shape": [], "data_offsets": [0, 1]}}), f"the tensor '{'w' * 60}'"),
])
def test_another_file_is_refused(data, message):
    with pytest.raises(Damaged, match=message):
        safetensors.unpack(data)


def test_a_checkpoint_may_be_safetensors(tmp_path):
    p = MLP().initial(1)
    path = tmp_path / "w.safetensors"
    path.write_bytes(safetensors.pack(store.arrays_of(p), {}))
    assert np.array_equal(mlp.load(path).vector, p.vector)


@pytest.mark.parametrize(("changed", "message"), [
    ({"layer2.bias": None}, "layer2.bias is missing"), ({"extra": np.zeros(3)}, "extra is not among them"),
    ({"layer2.weight": np.zeros((64, 100), np.float32)}, r"expected layer2.weight as float32 \(64, 128\), found"),
    ({"layer2.weight": np.zeros((64, 128))}, r"expected layer2.weight as float32 \(64, 128\), found float64"),
    ({"layer3.bias": np.full(10, np.nan, np.float32)}, "expected finite numbers in layer3.bias"),
    ({"layer3.weight": np.zeros((11, 64), np.float32)}, "layer3.weight has 11 outputs, but a digits network has 10"),
    ({"layer1.weight": None, "layer2.weight": None, "layer3.weight": None, "layer2.bias": None, "layer3.bias": None,
      "layer1.bias": None, "fc1.weight": np.zeros((5, 784), np.float16)}, r'"fc1.weight", is float16 \(5, 784\)'),
])
def test_the_first_tensor_that_does_not_fit_is_named(changed, message, tmp_path):
    arrays = store.arrays_of(MLP().initial(1)) | changed
    path = tmp_path / "w.safetensors"
    path.write_bytes(safetensors.pack({name: array for name, array in arrays.items() if array is not None}, {}))
    with pytest.raises(StoreError, match=message):
        mlp.parameters(Contents(store.load(path), str(path)))
