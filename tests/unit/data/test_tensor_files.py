"""Files of tensors as other programs, people and enemies write them: what is in them, or a sentence."""

import json
import os
import pickle
import struct
import sys
import tracemalloc

import numpy as np
import pytest
from fuzz_tensors import (
    X,
    cut_everywhere,
    gguf_file,
    npy_file,
    npz_file,
    onnx_file,
    onnx_tensor,
    samples,
    string,
    tflite_file,
    try_all,
)

from pyapp import safetensors
from pyapp.bench.litert_file import Table, encoded
from pyapp.data.tensors import numpy_files, onnx, opening, tensor
from pyapp.data.tensors.kinds import KINDS
from pyapp.data.tensors.opening import REFUSED, open_tensors
from pyapp.protobuf import message
from pyapp.quant.formats.catalogue import FORMATS
from pyapp.quant.packing import tensor_arrays
from pyapp.quant.schemes import Granularity, quantize
from pyapp.store import StoreError

SAMPLES = samples()


def read_all(data: bytes, name: str) -> dict[str, np.ndarray]:
    return {tensor.name: tensor.read() for tensor in open_tensors(data, name)}


@pytest.mark.parametrize("dtype", ["<f8", "<f4", ">f4", "<f2", "<i8", ">i2", "i1", "u1", "<u8", "?"])
def test_what_numpy_writes_is_read(dtype):
    array = np.arange(-3, 3).reshape(2, 3).astype(dtype)
    for each in (array, np.asfortranarray(array), array[:0], array[0, 0]):
        (found,) = read_all(npy_file(np.asarray(each)), "x.npy").values()
        assert np.array_equal(found, each) and found.dtype == array.dtype.newbyteorder("=")
    for save in (np.savez, np.savez_compressed):
        found = read_all(npz_file(save, a=array, b=X), "x.npz")
        assert found.keys() == {"a", "b"} and np.array_equal(found["a"], array) and np.array_equal(found["b"], X)


def test_a_list_says_what_the_file_holds_and_reads_nothing():
    tensors = open_tensors(npz_file(w=X, half=X.astype(np.float16), words=np.array(["a"])), "x.npz")
    assert [(each.name, each.shape, each.dtype, each.nbytes) for each in tensors] == [
        ("w", (4, 32), "float32", 512), ("half", (4, 32), "float16", 256), ("words", (1,), "str32", 4)]
    with pytest.raises(StoreError, match="the tensor 'words' cannot be read: it holds text"):
        tensors[2].read()


def test_gguf_by_hand():
    """Dimensions are stored with the fastest first; a block's numbers are those of its format."""
    blocks = FORMATS["q4_k"].encode(np.tile(X, 8))
    found = open_tensors(gguf_file({"w": (0, X, X.tobytes()), "k": (12, np.tile(X, 8), blocks.codes.tobytes()),
                                    "b": (30, X[0, :2], b"\xc0\x3f\x00\xc0")}), "x.gguf")
    assert [(each.name, each.shape, each.dtype, each.nbytes) for each in found] == [
        ("w", (4, 32), "float32", 512), ("k", (4, 256), "q4_k", 4 * 144), ("b", (2,), "bfloat16", 4)]
    assert np.array_equal(found[0].read(), X) and np.array_equal(found[1].read(), blocks.dequantize())
    assert found[2].read().tolist() == [1.5, -2]
    (other,) = open_tensors(gguf_file({"i": (20, X[0], bytes(18))}), "x.gguf")
    with pytest.raises(StoreError, match="'i' cannot be read: IQ4_NL is not decoded here; write the file anew"):
        other.read()


def test_onnx_by_hand():
    found = read_all(onnx_file(), "x.onnx")
    codes = np.arange(-6, 6).reshape(3, 4) - np.array([[1], [2], [3]])
    assert found.keys() == {"w", "codes", "c"} and found["c"].tolist() == [5, -6] and np.array_equal(found["w"], X)
    assert np.array_equal(found["codes"], (codes * np.array([[1], [2], [4]])).astype(np.float32))


def test_the_weights_of_onnx_operators_on_codes_are_decoded():
    """A scale per column of B, and per output channel of a convolution, whose bias has the product of two scales; a
    scale of a computed input stays a tensor."""
    codes, rng = {}, np.random.default_rng(4)
    for name, shape in (("b", (4, 3)), ("w", (2, 3, 1, 1))):
        codes[name] = rng.integers(-99, 99, shape).astype(np.int8)
    fields = {"bs": (1, np.array([1, 0.5, 2], "<f4")), "bz": (3, np.array([1, 0, -2], "i1")),
              "ws": (1, np.array([0.25, 4], "<f4")), "wz": (3, np.array([0, 3], "i1")),
              "bias": (6, np.array([100003, -3], "<i4")), "one": (1, np.array([0.5], "<f4")),
              "zero": (2, np.array([7], "u1")),
              **{name: (3, each) for name, each in codes.items()}}
    tensors = [onnx_tensor(name, kind, each.shape, (9, each.tobytes())) for name, (kind, each) in fields.items()]
    nodes = [message((1, ["x", "one", "zero", "b", "bs", "bz", "one", "zero"]), (2, ["y"]), (4, "QLinearMatMul")),
             message((1, ["y", "one", "zero", "w", "ws", "wz", "one", "zero", "bias"]), (2, ["z"]), (4, "QLinearConv"))]
    found = {each.name: each for each in open_tensors(message((7, message((1, nodes), (5, tensors)))), "x.onnx")}
    assert found.keys() == {"one", "zero", "b", "w", "bias"}
    assert (found["b"].dtype, found["bias"].dtype) == ("int8 scaled", "int32 scaled")
    assert found["b"].read().tolist() == ((codes["b"] - [1.0, 0, -2]) * [1, 0.5, 2]).tolist()
    assert found["w"].read()[:, :, 0, 0].tolist() == ((codes["w"][:, :, 0, 0] - [[0.0], [3]]) * [[0.25], [4]]).tolist()
    assert found["bias"].read().tolist() == [100003 * 0.5 * 0.25, -3 * 0.5 * 4]


def test_tflite_by_hand():
    """Row r of the codes has scale 2^r and zero points 0, 1, -1; int4 has the first code in the low half."""
    found = open_tensors(tflite_file(), "x.tflite")
    assert [(each.name, each.shape, each.dtype) for each in found] == [("w", (4, 32), "float32"),
                                                                       ("codes", (3, 4), "int8 scaled")]
    assert np.array_equal(found[0].read(), X)
    assert found[1].read().tolist() == [[0, 1, 2, 3], [6, 8, 10, 12], [36, 40, 44, 48]]
    codes = Table({0: np.array([3], "<i4"), 1: ("b", 17), 2: ("I", 1), 3: "n",
                   4: Table({2: np.array([0.5], "<f4"), 3: np.array([0], "<i8")})})
    data = encoded(Table({2: [Table({0: [codes, codes]})], 4: [Table(), Table({0: np.array([0xF1, 7], "u1")})]}),
                   b"TFL3")
    assert [each.read().tolist() for each in open_tensors(data, "x.tflite")] == [[0.5, -0.5, 3.5]]


@pytest.mark.parametrize(("text", "rows"), [
    ("1,2\n3,4\n", [[1, 2], [3, 4]]), ("a,b\r\n1,-2e3\r\n", [[1, -2000]]), ('"x";"y"\n"1,5";2\n', [[1.5, 2]]),
    ("1\t2\n\n3\t4", [[1, 2], [3, 4]]), ("\ufeff0.5\n", [[0.5]]),
    ("# a b\n1.5 2\n 3  4 \n", [[1.5, 2], [3, 4]]), ("sep=;\na;b\n1;2,5\n", [[1, 2.5]]),
    ("SEP=;\n1;2,5\n", [[1, 2.5]]), ("Weights, of 2024\nlayer 1\n\na,b,c\n1,2,3\n4,5,6\n7,8,9\n",
                                        [[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
])
def test_tables_are_read(text, rows):
    assert read_all(text.encode(), "t.csv")["t"].tolist() == rows


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-8"])
def test_tables_are_read_in_the_encodings_of_spreadsheets(encoding):
    """Excel saves "Unicode text" as UTF-16 with tabs, and CSV as Windows-1252."""
    assert read_all("größe\tb\n1,5\t2\n".encode(encoding), "t.csv")["t"].tolist() == [[1.5, 2]]


def test_a_file_is_recognised_by_its_bytes(tmp_path):
    for name, data in SAMPLES.items():
        expected = {each: array.shape for each, array in read_all(data, name).items()}
        path = tmp_path / name
        path.write_bytes(data)
        assert {each.name: each.shape for each in open_tensors(path)} == expected
        if not name.endswith((".csv", ".onnx", ".npy")):
            assert {each.name: each.shape for each in open_tensors(data, "model.bin")} == expected


@pytest.mark.skipif(sys.platform == "emscripten", reason="nothing is mapped there")
def test_a_large_file_is_not_read_whole(tmp_path):
    """A gigabyte that is not there, beside four numbers."""
    path, zeros = tmp_path / "x.safetensors", 2**30
    header = json.dumps({"large": {"dtype": "F32", "shape": [2**28], "data_offsets": [0, zeros]},
                         "small": {"dtype": "F32", "shape": [4], "data_offsets": [zeros, zeros + 16]}}).encode()
    with open(path, "wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.seek(zeros, os.SEEK_CUR)
        file.write(np.arange(4, dtype="<f4").tobytes())
    tracemalloc.start()
    tensors = {each.name: each for each in open_tensors(path)}
    assert tensors["large"].shape == (2**28,) and tensors["small"].read().tolist() == [0, 1, 2, 3]
    assert tensors["large"].read()[-1] == 0
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


@pytest.mark.parametrize(("kind", "numbers"), [("I4", [1, -1, 7, -8]), ("U4", [1, 15, 7, 8])])
def test_two_codes_of_a_byte_of_safetensors_are_read_low_half_first(kind, numbers):
    data = tensors_of({"w": {"dtype": kind, "shape": [4], "data_offsets": [0, 2]}}, b"\xf1\x87")
    assert read_all(data, "x.safetensors")["w"].tolist() == numbers


def changed(name: str, at: int, form: str, value: int) -> bytes:
    data = bytearray(SAMPLES[name])
    struct.pack_into(form, data, at, value)
    return bytes(data)


def tensors_of(header: dict, body: bytes = bytes(8)) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def model(*tensors: bytes) -> bytes:
    return message((7, message((5, list(tensors)))))


HOSTILE = {
    "a header longer than the file": ("x.safetensors", changed("x.safetensors", 0, "<Q", 2**62), "a header of 4,611"),
    "a header of a gigabyte": ("x.safetensors", changed("x.safetensors", 0, "<I", 2**30), "a header of 1,073"),
    "negative offsets": ("x.safetensors", tensors_of(
        {"w": {"dtype": "F32", "shape": [2], "data_offsets": [-8, 0]}}), "whole numbers"),
    "overlap": ("x.safetensors", tensors_of({each: {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
                                             for each in "ab"}), "have to begin at 8"),
    "2^60 numbers of no bytes": ("x.safetensors", tensors_of(
        {"w": {"dtype": "F32", "shape": [0, 2**60], "data_offsets": [0, 0]}}, b""), "a shape in 'w' that no tensor"),
    "2^60 tensors": ("x.gguf", changed("x.gguf", 8, "<Q", 2**60), "1,152,921,504,606,846,976 tensors; at most"),
    "2^60 keys": ("x.gguf", changed("x.gguf", 16, "<Q", 2**60), "x.gguf: expected a .gguf file, found"),
    "a long array": ("x.gguf", gguf_file(keys=string("k") + struct.pack("<IIQ", 9, 0, 2**60), count=1), "cut off"),
    "arrays in arrays": ("x.gguf", gguf_file(keys=string("k") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 999,
                                             count=1), "a key of type 9"),
    "big-endian": ("x.gguf", changed("x.gguf", 4, ">I", 3), "version 50,331,648; versions 2 and 3"),
    "an alignment of 0": ("x.gguf", gguf_file(alignment=32).replace(struct.pack("<II", 4, 32), bytes([4, 0, 0, 0, 0, 0,
                          0, 0]), 1), "an alignment of 0 bytes"),
    "blocks that do not fill": ("x.gguf", gguf_file({"w": (12, X, bytes(144))}), "blocks of 256 do not fill"),
    "beyond the end": ("x.gguf", SAMPLES["x.gguf"][:-1], "the tensor 'q' at byte 512"),
    "tensors that overlap": ("x.gguf", gguf_file({"a": (0, X, b""), "b": (0, X, X.tobytes())}), "'b' at byte 0"),
    "an unknown type": ("x.gguf", gguf_file({"w": (99, X, bytes(512))}), "type 99 in 'w', which is not known"),
    "a name that is not UTF-8": ("x.gguf", gguf_file({"wxyz": (0, X, X.tobytes())}).replace(b"wxyz", b"w\xff\xfez"),
                                 "a name that is not UTF-8"),
    "a name of a megabyte": ("x.gguf", gguf_file({"w" * 2**20: (0, X, X.tobytes())}), "a name of 1,048,576 bytes"),
    "no model": ("x.onnx", b"", "no graph"), "a text": ("x.onnx", b"hello, world", "x.onnx: expected a .onnx file"),
    "2^60 numbers": ("x.onnx", model(onnx_tensor("w", 1, (2**30, 2**30))), "a shape in 'w'"),
    "a negative axis": ("x.onnx", model(onnx_tensor("w", 1, (-4,))), "a shape in 'w'"),
    "a root beyond the end": ("x.tflite", changed("x.tflite", 0, "<I", 2**31), "something at byte 2,147,483,648"),
    "a vtable before the file": ("x.tflite", struct.pack("<I4si", 8, b"TFL3", 1000) + bytes(40), "at byte -992"),
    "codes that do not fill": ("x.tflite", encoded(Table({2: [Table({0: [Table(
        {0: np.array([5], "<i4"), 2: ("I", 1), 3: "w"})]})], 4: [Table(), Table({0: np.zeros(8, "u1")})]}), b"TFL3"),
        r"8 bytes for 'w', whose shape \(5,\) of float32 needs 20"),
    "another buffer": ("x.tflite", encoded(Table({2: [Table({0: [Table({2: ("I", 7), 3: "w"})]})], 4: [Table()]}),
                                           b"TFL3"), "buffer 7 of 1"),
    "objects": ("x.npy", npy_file(np.array([{}]), allow_pickle=True), "found Python objects in x"),
    "a zip that is cut off": ("x.npz", SAMPLES["x.npz"][:-60], "a damaged one"),
    "too few numbers": ("x.npy", SAMPLES["x.npy"][:-1], "511 bytes of numbers in x, whose shape"),
    "a table of words": ("x.csv", b"a,b\nc,d\n", "'c' in line 2, which is not a number"),
    "what Git left": ("x.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha2", "git lfs pull"),
    "an error of a spreadsheet": ("x.csv", b"#DIV/0!,1\n2,3\n", "'#DIV/0!' in line 1, which is not a number"),
    "a short row": ("x.csv", b"1,2\n3\n", "1 cell in line 2, where most lines have 2"),
    "a short first row": ("x.csv", b"1\n2,3\n4,5\n", "1 cell in line 1, where most lines have 2"),
    "a column with commas": ("x.csv", b"1,2\n3\n4\n", "2 cells in line 1, where most lines have 1"),
    "no text": ("x.csv", b"1,\xff", "'ÿ' in line 1, which is not a number"),
    "no numbers": ("x.csv", b"a,b\n", "no numbers"),
    "a cell without an end": ("x.csv", b'1,"' + b"2" * 200_000, "a text that is no table"),
    "nothing": ("x.bin", b"", "an empty file; use one of .npy"), "noise": ("x.bin", b"\x01\x02", "begins with b"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_in_a_sentence(case):
    name, data, message = HOSTILE[case]
    with pytest.raises(StoreError, match=message) as error:
        open_tensors(data, name)
    assert str(error.value).startswith(f"{name}: ") and len(str(error.value)) < 300


def test_a_cycle_in_a_model_ends():
    """A table whose vtable is the table itself, and whose every field leads back to it."""
    data = struct.pack("<I4sI", 8, b"TFL3", 0) + struct.pack("<8H", *[8] * 8) + bytes(64)
    assert open_tensors(data, "x.tflite") == []


def test_what_a_file_claims_is_bounded(monkeypatch):
    monkeypatch.setattr(onnx, "MOST_FIELDS", 50)
    with pytest.raises(StoreError, match="more than 50 fields"):
        open_tensors(message((7, b"\x18\x00" * 60)), "x.onnx")
    monkeypatch.undo()
    monkeypatch.setattr(tensor, "MOST_TENSORS", 1)
    for name in ("x.npz", "x.safetensors", "x.gguf", "x.onnx", "x.tflite"):
        with pytest.raises(StoreError, match="tensors; at most 1 are listed"):
            open_tensors(SAMPLES[name], name)
    monkeypatch.undo()
    monkeypatch.setattr(numpy_files, "DIRECTORY", 100)
    with pytest.raises(StoreError, match="a table of contents of"):
        open_tensors(SAMPLES["x.npz"], "x.npz")
    monkeypatch.undo()
    monkeypatch.setattr(numpy_files, "MOST_UNPACKED", 1000)
    with pytest.raises(StoreError, match="unpacks to"):
        open_tensors(SAMPLES["deflated.npz"], "x.npz")


@pytest.mark.parametrize("ending", REFUSED)
def test_files_that_run_code_are_refused_with_the_line_that_converts_them(ending):
    with pytest.raises(StoreError) as error:
        open_tensors(SAMPLES["x.npy"], f"my model{ending}")
    said, _, line = str(error.value).partition("convert it with: ")
    assert "so it is not opened" in said and line.startswith('python -c "') and "'my model" + ending in line
    compile(line.removeprefix('python -c "').removesuffix('"'), "line", "exec")


def test_such_files_are_recognised_under_other_names():
    class Evil:
        def __reduce__(self):
            return os.mkdir, ("never",)

    torch = npz_file(**{"archive/data.pkl": np.zeros(1)}).replace(b"data.pkl.npy", b"/../data.pkl")
    for data, what in ((pickle.dumps(Evil()), "a Python pickle"), (torch, "a PyTorch file"),
                       (opening.HDF5_MAGIC + bytes(9), "an HDF5 file")):
        with pytest.raises(StoreError, match=f"{what}, which can"):
            open_tensors(data, "model.bin")
    assert not os.path.exists("never")


def test_what_cannot_be_decoded_is_listed():
    data = tensors_of({"f": {"dtype": "F6_E2M3", "shape": [4], "data_offsets": [0, 3]},
                       "c": {"dtype": "C64", "shape": [1], "data_offsets": [3, 11]}}, bytes(11))
    found = {each.name: each for each in open_tensors(data, "x.safetensors")}
    assert found["f"].nbytes == 3 and found["f"].unread and found["c"].unread
    outside = model(onnx_tensor("w", 1, (2,), (14, 1)), onnx_tensor("s", 8, (2,), (6, [b"a", b"b"])))
    elsewhere, words = (each.unread for each in open_tensors(outside, "x.onnx"))
    assert elsewhere.startswith("its numbers are in another file; onnx.save(") and words == "it holds text"


def test_the_types_know_their_bits():
    for name, kind in KINDS.items():
        data = bytes(kind.nbytes(16))
        assert kind.why or kind.array(data, (4, 4)).shape == (4, 4), name
        if not kind.why:
            with pytest.raises(ValueError, match="bytes where shape"):
                kind.array(data[:-1], (4, 4))


def test_what_was_written_as_safetensors_is_read():
    data = safetensors.pack({"w": X, "none": X[:0]}, {})
    assert {name: array.shape for name, array in read_all(data, "x").items()} == {"w": (4, 32), "none": (0, 32)}


OWN = tensor_arrays("w", quantize(X, 4))
WRITERS = (lambda arrays: npz_file(**arrays), lambda arrays: safetensors.pack(arrays, {}))


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("bits", [2, 3, 4, 8, 11, 16])
@pytest.mark.parametrize("per", ["tensor", "channel", "group:5"])
@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
def test_our_own_codes_are_one_tensor_as_the_network_decodes_them(write, bits, per, scheme):
    own = quantize(X, bits, scheme, Granularity.parse(per))
    arrays = tensor_arrays("w", own)
    found = open_tensors(write({**arrays, "bias": X[0], "input.scale": X[0, 0]}), "x")
    kind = f"{'uint' if scheme == 'affine' else 'int'}{bits} scaled"
    stored = {each.name: (each.shape, each.dtype) for each in found}
    assert stored == {"w": ((4, 32), kind), "bias": ((32,), "float32"), "input.scale": ((), "float32")}
    (whole,) = (each for each in found if each.name == "w")
    assert np.array_equal(whole.read(), own.dequantize()) and np.array_equal(whole.flat()[:], own.dequantize().ravel())
    assert np.array_equal(whole.read(), ((own.codes.astype(np.int32) - own.grid.spread(X.shape)[1]).astype(np.float32)
                                         * own.grid.spread(X.shape)[0]))
    if write is WRITERS[1]:
        assert whole.nbytes == sum(array.nbytes for array in arrays.values())


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("other", [
    {"w": X}, {"w.form": np.array([4, -7, 7, 0], np.int32)}, {"w.form": np.array([4, -7, 7, 0, 4, 33], np.int32)},
    {"w.form": np.array([17, -7, 7, 0, 4, 32], np.int32)}, {"w.form": np.array([4, -7, 7, 0, -4, -32], np.int32)},
    {"w.form": np.array([[4, -7, 7, 0, 4, 32]], np.int32)}, {"w.form": X[0]}, {"w.codes": np.zeros(64, np.int8)}])
def test_arrays_that_only_have_the_names_of_ours_stay_apart(write, other):
    found = read_all(write(OWN | other), "x")
    assert found.keys() == OWN.keys() | other.keys()
    assert all(np.array_equal(found[name], array) for name, array in (OWN | other).items())


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(("other", "said"), [
    ({"w.codes": np.full(64, 0x88, np.uint8)}, "w has codes outside of its grid, -7 to 7"),
    ({"w.scale": np.float32(np.inf)}, "w has an impossible grid of 4 bits"),
    ({"w.scale": X[0]}, r"w has scales \(32,\) for a tensor of shape \(4, 32\)")])
def test_our_own_codes_that_no_grid_has_are_refused(write, other, said):
    (found,) = open_tensors(write(OWN | {name: np.asarray(array) for name, array in other.items()}), "x")
    with pytest.raises(StoreError, match=f"the tensor 'w' cannot be read: {said}"):
        found.read()


def test_thousands_of_damaged_copies_are_read_or_refused():
    """`python tests/unit/fuzz_tensors.py 10000` tries so many for each reader."""
    found = try_all(20 if sys.platform == "emscripten" else 1000, seed=7)
    assert not found["wrong"] and found["read"] > 20 and found["refused"] > 50


@pytest.mark.skipif(sys.platform == "emscripten", reason="the same code; thousands of files take long there")
def test_a_file_that_is_cut_at_any_byte_is_read_or_refused():
    found = cut_everywhere()
    assert not found["wrong"] and found["refused"] > 5000
