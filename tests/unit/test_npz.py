"""Files of arrays as people, other programs and enemies make them: the right arrays, or a sentence."""

import io
import struct
import sys
import zipfile
import zlib

import numpy as np
import pytest

from pyapp import npz, store
from pyapp.npz import Damaged

ARRAYS = {
    "weights": np.arange(6, dtype=np.float32).reshape(2, 3), "half": np.ones((3, 1, 2), np.float16),
    "codes": np.array([-1, 0, 127], np.int8), "none": np.zeros((0, 4), np.float64), "one": np.array(2.5),
    "yes": np.array([True, False]), "long": np.arange(3, dtype=np.uint64), "complex": np.array([1 + 2j], np.complex64),
    "columns": np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3)), "words": np.array(["a", "bc"]),
}


def member(text: str | bytes, numbers: bytes = b"", version: int = 1) -> bytes:
    """An .npy file with this header, whatever it says."""
    header = text.encode() if isinstance(text, str) else text
    return npz.MAGIC + bytes([version, 0]) + struct.pack(npz.SIZES.get(version, "<H"), len(header)) + header + numbers


def header(descr: str = "'<f4'", order: str = "False", shape: str = "(2,)") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


def zipped(*members: bytes, names: tuple[str, ...] = (), method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for i, content in enumerate(members):
            file.writestr(names[i] if names else f"a{i}.npy", content)
    return buffer.getvalue()


def patched(data: bytes, at: int, value: int, size: str = "<H") -> bytes:
    """A field changed in both of a zip's headers of its only member; `at` counts in the local one."""
    found = bytearray(data)
    central = data.index(b"PK\x01\x02")
    for place in (at, central + at + 2):
        struct.pack_into(size, found, place, value)
    return bytes(found)


FLAGS, METHOD, SIZE = 6, 8, 22
TWO = np.arange(2, dtype=np.float32).tobytes()
ONE = zipped(member(header(), TWO))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_writes_is_read(save):
    buffer = io.BytesIO()
    save(buffer, **ARRAYS)
    found = npz.unpack(buffer.getvalue())
    assert list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype and found[name].shape == array.shape, name
        assert np.array_equal(found[name], array) and found[name].flags.writeable, name


@pytest.mark.parametrize("version", [1, 2, 3])
def test_all_versions_of_the_format_are_read(version):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, ARRAYS["weights"], version=(version, 0))
    assert np.array_equal(npz.unpack(zipped(buffer.getvalue()))["a0"], ARRAYS["weights"])


@pytest.mark.parametrize("text", [
    header(), '{"descr": "<f4", "fortran_order": False, "shape": (2,)}', header(shape="(2L,)"), header(shape="(2)"),
    "{'shape':(2,),'fortran_order':False,'descr':'<f4'}   \n", header(order="True"), header("'f4'"),
])
def test_other_programs_headers_are_read(text):
    assert npz.unpack(zipped(member(text, TWO)))["a0"].tolist() == [0, 1]


def test_another_machines_byte_order_becomes_this_ones():
    found = npz.unpack(npz.pack({"a": np.arange(3, dtype=">f4")}))["a"]
    assert found.dtype == np.float32 and found.dtype.isnative and found.tolist() == [0, 1, 2]


DEEP = "{'descr': " + "(" * 5000 + ")" * 5000 + ", 'fortran_order': False, 'shape': (2,), }"


@pytest.mark.parametrize(("data", "message"), [
    (patched(ONE, FLAGS, 1), "an encrypted one: a0.npy needs a password"),
    (patched(ONE, METHOD, 14), "a0.npy compressed with lzma; save it with numpy.savez"),
    (patched(ONE, METHOD, 12), "a0.npy compressed with bzip2"),
    (patched(ONE, METHOD, 99), "a0.npy compressed with method 99"),
    (patched(ONE, METHOD, zipfile.ZIP_DEFLATED), "damaged one"),
    (patched(ONE, SIZE, 2**32 - 2, "<I"), r"unpacks to 4,294,967,294 bytes, more than 536,870,912"),
    (patched(ONE, SIZE, 2**28, "<I"), "a0.npy cut short"),
    (patched(ONE, SIZE, 20, "<I"), "damaged one|cut short|too long"),
    (ONE[:-30], "damaged one"), (b"", "damaged one"),
    (zipped(member(header(), TWO), member(header(), TWO), names=("a.npy", "a")), "a in it 2 times"),
    (zipped(b"hello"), "something other than an array in a0"), (zipped(npz.MAGIC), "cut short"),
    (zipped(member(header(), TWO, version=9)), "an unknown version of the format"),
    (zipped(member(header())[:20]), "which is too long"),
    (zipped(member(b" " * 10_001, version=2)), "a header of 10,001 bytes"),
    (zipped(member(DEEP, TWO, version=2)), "which is too long"), (zipped(member("(" * 5000)), "a plain array"),
    (zipped(member("-" * 9000 + "1")), "a plain array"), (zipped(member("{'descr': " + "[" * 5000)), "a plain array"),
    (zipped(member(b"\xff\xfe" * 20)), "a plain array"), (zipped(member("")), "a plain array"),
    (zipped(member(header("'|O'"), TWO)), "Python objects in a0"), (zipped(member(header("'<M8[ns]'"), TWO)), "plain"),
    (zipped(member(header("[('x', '<f4')]"), TWO)), "a plain array"), (zipped(member(header("'<f3'"), TWO)), "plain"),
    (zipped(member(header(order="1"), TWO)), "a plain array"), (zipped(member(header(shape="(-2,)"), TWO)), "plain"),
    (zipped(member(header(shape="(2, x)"), TWO)), "plain"), (zipped(member(header(shape="(1 1,)"), TWO)), "plain"),
    (zipped(member(header(shape="(3,)"), TWO)), r"8 bytes of numbers in a0, whose shape \(3,\) of float32 would"),
    (zipped(member(header(shape="(1,)"), TWO)), "would need 4"),
    (zipped(member(header(shape=f"({10**18}, {10**18})"), TWO)), "whose shape"),
    (zipped(member(header(shape=f"(0, {2**40})"))), "whose shape"),
    (zipped(member(header(shape=f"({'9' * 5000},)"), TWO, version=2)), "a plain array"),
    (zipped(member(header(shape=f"({'9' * 3000}, {'9' * 3000})"), TWO, version=2)), "need more than can be printed"),
    (zipped(member(header(shape=f"({'1,' * 100})"), TWO[:4])), "damaged one"),
    (zipped(member(header("'<U0'"), b"")), "damaged one"),
    (zipped(b"hello", names=("n" * 5000,)), "something other than an array in nnn"),
    (zipped(b"hello", names=("n" * 5000,)).replace(b"nn", b"mm", 1), "damaged one"),
])
def test_a_file_without_plain_arrays_is_refused(data, message):
    with pytest.raises(Damaged, match=message) as error:
        npz.unpack(data)
    assert len(str(error.value)) < 250 and "\n" not in str(error.value)


def test_a_file_that_would_fill_memory_is_not_unpacked():
    bomb = zipped(member(header(shape=f"({2**22},)"), bytes(2**24)), method=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 50_000 and len(npz.unpack(bomb, most=2**25)["a0"]) == 2**22
    with pytest.raises(Damaged, match="unpacks to 16,777,"):
        npz.unpack(bomb, most=2**24)
    hidden = patched(bomb, SIZE, 1000, "<I")  # it says that it is small
    with pytest.raises(Damaged):
        npz.unpack(hidden)


def test_no_more_is_unpacked_than_a_file_declares(monkeypatch):
    bomb = zipped(member(header(shape=f"({2**22},)"), bytes(2**24)), method=zipfile.ZIP_DEFLATED)
    unpacked, original = [], zlib.decompressobj

    class Counting:
        def __init__(self, *args):
            self._inner = original(*args)

        def decompress(self, *args):
            unpacked.append(len(data := self._inner.decompress(*args)))
            return data

        def __getattr__(self, name):
            return getattr(self._inner, name)

    monkeypatch.setattr(zlib, "decompressobj", Counting)
    with pytest.raises(Damaged):
        npz.unpack(patched(bomb, SIZE, 1000, "<I"))
    assert sum(unpacked) <= 2**16


def test_a_lack_of_memory_is_reported(monkeypatch):
    def frombuffer(*args):
        raise MemoryError

    monkeypatch.setattr(np, "frombuffer", frombuffer)
    with pytest.raises(store.StoreError, match=r"w\.npz: there is not enough memory to unpack this file"):
        store.unpack(ONE, "w.npz")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_thousands_of_mutations_are_read_or_refused(save):
    """Bytes changed, removed and repeated, in a real file: never anything but arrays or a StoreError."""
    buffer, rng = io.BytesIO(), np.random.default_rng(1)
    save(buffer, **{name: ARRAYS[name] for name in ("weights", "codes", "columns", "one")})
    whole, refused = buffer.getvalue(), 0
    for _ in range(200 if sys.platform == "emscripten" else 3000):
        data = bytearray(whole)
        for _ in range(rng.integers(1, 4)):
            at, n = int(rng.integers(len(data))), int(rng.integers(1, 9))
            kind = rng.integers(4)
            if kind == 0:
                data[at] = int(rng.integers(256))
            elif kind == 1:
                del data[at : at + n]
            elif kind == 2:
                data[at:at] = data[at : at + n] * int(rng.integers(1, 4))
            else:
                data[at : at + n] = rng.choice([b"\x00", b"\xff", b"(", b"'", b"9"]) * n
        try:
            found = store.unpack(bytes(data), "w.npz")
            assert all(isinstance(array, np.ndarray) for array in found.values())
        except store.StoreError as error:
            refused += 1
            assert str(error).startswith("w.npz: ") and "\n" not in str(error)
    assert refused > 50


def test_an_outline_has_the_shapes_and_dtypes_and_no_memory():
    arrays = {"a": np.ones((300, 200), np.float32, order="F"), "b": np.array(3, ">i4"), "c": np.array(["x", "yz"])}
    data = npz.pack(arrays)
    outline = npz.outline(data)
    for name, array in npz.unpack(data).items():
        assert (outline[name].shape, outline[name].dtype) == (array.shape, array.dtype)
        assert outline[name].base.size == 1
    with pytest.raises(npz.Damaged):
        npz.outline(data[:-30])
    with pytest.raises(npz.Damaged, match="unpacks to"):
        npz.outline(data, most=1000)


def test_arrays_that_damage_hides_are_missed():
    """zipfile takes the entries behind one whose comment seems to be longer for this comment."""
    data = bytearray(npz.pack({name: np.arange(3) for name in "abcd"}))
    entries = [at for at in range(len(data)) if data[at : at + 4] == b"PK\1\2"]
    data[entries[1] + 32 : entries[1] + 34] = struct.pack("<H", entries[3] - entries[2])
    assert len(zipfile.ZipFile(io.BytesIO(data)).infolist()) == 3
    with pytest.raises(Damaged, match="only 3 of 4 files can be found"):
        npz.unpack(bytes(data))
