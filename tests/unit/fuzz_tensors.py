"""Damaged copies of files of tensors: each is refused in a clear sentence, or read.

    PYTHONPATH=. python tests/unit/fuzz_tensors.py 10000

So many copies for each reader. A copy is cut, has bytes changed, moved or repeated, or has numbers of a header replaced
by hostile ones; a third has only its header changed.
"""

import io
import json
import struct

import numpy as np
from fuzzing import told, tried

from pyapp import safetensors
from pyapp.bench.litert_file import Table, encoded
from pyapp.data.tensors.opening import open_tensors
from pyapp.protobuf import message
from pyapp.quant.formats.catalogue import FORMATS
from pyapp.quant.packing import tensor_arrays
from pyapp.quant.schemes import quantize
from pyapp.store import StoreError

X = np.random.default_rng(5).standard_normal((4, 32)).astype(np.float32)
ODD = (0, 1, 2**7, 2**8 - 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**60, 2**63, 2**64 - 1)


def npy_file(x: np.ndarray = X, **options) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, x, **options)
    return buffer.getvalue()


def npz_file(save=np.savez, **arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    save(buffer, **(arrays or {"w": X, "codes": np.arange(-3, 4, dtype=np.int8), "columns": np.asfortranarray(X)}))
    return buffer.getvalue()


def gguf_file(tensors: dict[str, tuple[int, np.ndarray, bytes]] | None = None, keys: bytes | None = None,
              count: int = 2, version: int = 3, alignment: int = 32) -> bytes:
    """A GGUF file made by hand from the specification: tensors {name: (type, array whose shape it has, bytes)}."""
    if tensors is None:
        tensors = {"w": (0, X, X.tobytes()), "q": (8, X, FORMATS["q8_0"].encode(X).codes.tobytes())}
    if keys is None:
        keys = string("general.alignment") + struct.pack("<II", 4, alignment) + string("tokens") + struct.pack(
            "<IIQ", 9, 8, 2) + string("a") + string("bc")
    header = b"GGUF" + struct.pack("<IQQ", version, len(tensors), count) + keys
    body = b""
    for name, (kind, like, data) in tensors.items():
        body += bytes(-len(body) % alignment)
        header += string(name) + struct.pack(f"<I{like.ndim}QIQ", like.ndim, *like.shape[::-1], kind, len(body))
        body += data
    return header + bytes(-len(header) % alignment) + body


def string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def onnx_tensor(name: str, kind: int, shape: tuple[int, ...], *fields: tuple[int, object]) -> bytes:
    return message((1, list(shape)), (2, kind), (8, name), *fields)


def onnx_file() -> bytes:
    codes = np.arange(-6, 6, dtype=np.int8).reshape(3, 4)
    tensors = [onnx_tensor("w", 1, X.shape, (9, X.tobytes())), onnx_tensor("codes", 3, (3, 4), (9, codes.tobytes())),
               onnx_tensor("scale", 1, (3,), (4, np.array([1, 2, 4], "<f4").tobytes())),
               onnx_tensor("zero", 3, (3,), (5, bytes([1, 2, 3])))]
    node = message((1, ["codes", "scale", "zero"]), (2, ["y"]), (4, "DequantizeLinear"),
                   (5, message((1, "axis"), (3, 0), (20, 2))))
    constant = message((2, ["c"]), (4, "Constant"), (5, message((1, "value"), (20, 4), (
        5, onnx_tensor("", 7, (2,), (7, [5, -6]))))))
    return message((1, 10), (7, message((1, [node, constant]), (2, "g"), (5, tensors))))


def tflite_file() -> bytes:
    def grid(scale, zero, axis=0):
        return Table({2: np.array(scale, "<f4"), 3: np.array(zero, "<i8"), 6: ("i", axis)})

    codes = np.arange(12, dtype=np.uint8)
    tensors = [Table({0: np.array(X.shape, "<i4"), 1: ("b", 0), 2: ("I", 1), 3: "w"}),
               Table({0: np.array([3, 4], "<i4"), 1: ("b", 9), 2: ("I", 2), 3: "codes",
                      4: grid([1, 2, 4], [0, 1, -1])})]
    buffers = [Table(), Table({0: X.view(np.uint8).ravel()}), Table({0: codes})]
    return encoded(Table({0: ("I", 3), 2: [Table({0: tensors})], 4: buffers}), b"TFL3")


def samples() -> dict[str, bytes]:
    """A file of each kind, by its name."""
    return {"x.npy": npy_file(), "x.npz": npz_file(), "deflated.npz": npz_file(np.savez_compressed),
            "x.safetensors": safetensors.pack({"w": X, "codes": np.arange(5, dtype=np.int8)}, {"made": "here"}),
            "x.gguf": gguf_file(), "x.onnx": onnx_file(), "x.tflite": tflite_file(),
            "own.safetensors": safetensors.pack({"w": X, **tensor_arrays("v", quantize(X, 4, per="channel"))}, {}),
            "x.csv": b"a,b,c\n1,2.5,-3e-2\n4,5,6\n"}


def damaged(data: bytes, name: str, rng: np.random.Generator) -> bytes:
    kind, changed = rng.integers(7), bytearray(data)
    head = min(len(data), 300)
    if kind == 0:
        return data[: rng.integers(len(data))]
    if kind == 1:
        at, end = sorted(rng.integers(len(data), size=2))
        return data[:at] + data[end:] + data[at:end]
    if kind == 2:
        at, end = sorted(rng.integers(len(data), size=2))
        return data[:end] + data[at:]
    if kind == 3:
        form = ("<B", "<H", "<I", "<Q")[rng.integers(4)]
        at, size = rng.integers(max(1, head - 8)), struct.calcsize(form)
        changed[at : at + size] = struct.pack(form, ODD[rng.integers(len(ODD))] % 2 ** (8 * size))
        return bytes(changed)
    if kind == 4 and name.endswith(".safetensors"):
        return damaged_header(data, rng)
    for at in rng.integers(head if kind < 6 else len(data), size=rng.integers(1, 9)):
        changed[at] = rng.integers(256)
    return bytes(changed)


def damaged_header(data: bytes, rng: np.random.Generator) -> bytes:
    """JSON that is valid and says something else."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    entry = header["w"]
    values = [*ODD, -1, None, "F16", "I4", "", [], [2**60, 2**60], [-4, -32], [0, 8], [8, 0], {}, 1.5, True]
    entry[("dtype", "shape", "data_offsets")[rng.integers(3)]] = values[rng.integers(len(values))]
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


def try_all(count: int, seed: int = 0) -> dict:
    """Try `count` damaged copies of each sample: how many were refused, how many read, and what was wrong."""
    rng = np.random.default_rng(seed)
    return tried((((seed, i, name), damaged(data, name, rng), name) for name, data in samples().items()
                  for i in range(count)), read_whole, StoreError, 500)


def cut_everywhere() -> dict:
    """Like `try_all`, for each sample cut at every byte."""
    return tried((((name, end), data[:end], name) for name, data in samples().items() for end in range(len(data))),
                 read_whole, StoreError, 500)


def read_whole(bad: bytes, name: str) -> None:
    for tensor in open_tensors(bad, name):
        assert tensor.read().shape == tensor.shape, "another shape"


if __name__ == "__main__":
    told(try_all)
