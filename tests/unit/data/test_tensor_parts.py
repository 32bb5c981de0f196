"""Files of tensors that are read in parts, as a page reads large ones: the same tensors, and little is read."""

import io
import json
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from fuzz_tensors import damaged, samples

from pyapp import parts, safetensors
from pyapp.data.tensors import rows, tensor
from pyapp.data.tensors.opening import open_tensors
from pyapp.data.tensors.rows import Columns, Row
from pyapp.data.tensors.scaled import decoded, decoded_part
from pyapp.measure import tensor_formats, tensor_statistics
from pyapp.measure.tensor_formats import looked_at
from pyapp.measure.tensor_pairs import candidates, difference
from pyapp.parts import Parts
from pyapp.store import StoreError


def outcome(source, name: str):
    """The tensors of a file with their bytes, or why there are none."""
    try:
        return [(each.name, each.shape, each.dtype, each.nbytes, each.read().tobytes())
                for each in open_tensors(source, name)]
    except StoreError as error:
        return str(error)


@pytest.mark.parametrize("name", samples())
def test_the_same_is_found_in_parts_of_a_file_and_of_its_damaged_copies(name, monkeypatch):
    """With steps so small that names and headers lie across blocks."""
    for constant, size in (("BLOCK", 40), ("SMALL", 8), ("PIECE", 24), ("AHEAD", 12)):
        monkeypatch.setattr(parts, constant, size)
    data, rng = samples()[name], np.random.default_rng(3)
    for copy in (data, *(damaged(data, name, rng) for _ in range(20))):
        assert outcome(Parts(lambda start, stop, copy=copy: copy[start:stop], len(copy)), name) == outcome(copy, name)


@pytest.mark.parametrize("name", samples())
def test_any_numbers_of_a_large_tensor_are_those_of_the_whole(name, monkeypatch):
    """As if every tensor were large, in steps of two bytes or blocks."""
    monkeypatch.setattr(tensor, "HELD", 0)
    for constant, size in (("ALIGNED", 32), ("PIECE", 8), ("PANEL", 16)):
        monkeypatch.setattr(rows, constant, size)
    found = 0
    for each in open_tensors(samples()[name], name):
        flat, whole = each.flat(), each.read().reshape(-1)
        found += isinstance(flat, Row | Columns)
        for start, stop in ((0, 3), (33, 65), (1, each.size), (each.size - 1, each.size), (5, 5)):
            np.testing.assert_array_equal(flat[start:stop], whole[start:stop])
    assert found or name.endswith(".csv")


def stored_by_columns(x: np.ndarray, save) -> bytes:
    file = io.BytesIO()
    save(file, np.asfortranarray(x))
    return file.getvalue()


@pytest.mark.parametrize("dtype, save", [("<f4", np.save), (">f8", np.savez), ("<f4", np.savez_compressed)])
def test_rows_of_an_array_that_is_stored_by_columns_are_found_without_reading_it_whole(dtype, save, monkeypatch):
    """As the command line maps a file, and as the page reads it in parts."""
    x = np.random.default_rng(7).standard_normal((64, 6, 200)).astype(dtype)
    x[30, 3, 33] = -50
    data = stored_by_columns(x, save)
    for module, constant, size in ((tensor, "HELD", 0), (rows, "PANEL", 2**12), (rows, "PIECE", 2**12),
                                   (tensor_statistics, "PIECE", 2**12), (tensor_formats, "SEARCHED", 2**12)):
        monkeypatch.setattr(module, constant, size)
    for source in memoryview(data), Parts(lambda start, stop: data[start:stop], len(data)):
        (each,), asked = open_tensors(source, "x.npz"), []
        part = each.part
        each = replace(each, part=lambda i, j, part=part, asked=asked: asked.append(j - i) or part(i, j))
        row, some = looked_at(each, 2048)
        flat, places = each.flat(), np.array([x.size - 1, 5, 9_000, 5])
        np.testing.assert_array_equal(flat.at(places), x.reshape(-1)[places])
        for start, stop in ((0, 300), (1_111, 5_001), (x.size - 1, x.size), (7, 7)):
            np.testing.assert_array_equal(flat[start:stop], x.reshape(-1)[start:stop])
        assert row["maximum"] == 50 and -50 in some and flat[:1].dtype.isnative
        assert row["kurtosis"] == pytest.approx(tensor_statistics.statistics(x.reshape(-1)).kurtosis, rel=1e-9)
        whole = x.reshape(-1, 200).astype(np.float32)
        assert all((whole == line).all(1).any() for line in some)
        assert max(asked) <= 2**12


@pytest.mark.parametrize("both", [False, True])
def test_two_large_arrays_are_compared_however_they_are_stored(both, monkeypatch):
    x = np.random.default_rng(8).standard_normal((60, 50)).astype(np.float32)
    y = x + np.random.default_rng(9).standard_normal(x.shape).astype(np.float32) / 9
    monkeypatch.setattr(tensor, "HELD", 0)
    monkeypatch.setattr(rows, "PANEL", 700)
    a, b = (open_tensors(file, "x.npz")[0] for file in (
        stored_by_columns(x, np.savez), stored_by_columns(y, np.savez) if both else safetensors.pack({"arr_0": y}, {})))
    found, expected = difference(a, b), y.astype(np.float64) - x
    assert isinstance(a.flat(), Columns) and isinstance(b.flat(), Columns) == both
    assert found["mean_difference"] == pytest.approx(np.abs(expected).mean(), rel=1e-12)
    signal = np.square(x, dtype=np.float64).sum()
    assert found["sqnr_db"] == pytest.approx(10 * np.log10(signal / np.square(expected).sum()), rel=1e-12)
    assert [row["correlation"] for row in candidates([a], [b])] == pytest.approx(
        [np.corrcoef(x.reshape(-1), y.reshape(-1))[0, 1]], abs=0.01)


@pytest.mark.parametrize("name", ["x.onnx", "x.tflite"])
def test_codes_with_a_scale_per_channel_are_decoded_in_parts(name, monkeypatch):
    monkeypatch.setattr(tensor, "HELD", 0)
    assert all(isinstance(each.flat(), Row) for each in open_tensors(samples()[name], name) if "scaled" in each.dtype)


@pytest.mark.parametrize("shape, axis", [((5, 8), 0), ((5, 8), 1), ((5, 8), -1), ((2, 3, 4), 1), ((7,), 0)])
def test_any_piece_of_scaled_codes_is_that_of_the_whole(shape, axis):
    rng = np.random.default_rng(1)
    codes = rng.integers(-128, 128, shape).astype(np.int8)
    scale, zero = rng.random(shape[axis]).astype(np.float32), rng.integers(-9, 9, shape[axis]).astype(np.int8)
    for own in (zero, zero[:1], None):
        whole = decoded(codes, scale, own, axis).reshape(-1)
        for start, stop in ((0, 3), (2, 7), (0, codes.size)):
            piece = decoded_part(codes.reshape(-1)[start:stop], start, shape, scale, own, axis)
            np.testing.assert_array_equal(piece, whole[start:stop])
    with pytest.raises(ValueError, match="scales for the"):
        decoded_part(codes.reshape(-1), 0, shape, np.ones(99, np.float32), None, axis)


def test_what_a_large_tensor_costs_is_found_without_reading_it_whole(monkeypatch):
    x = np.random.default_rng(4).standard_normal((300, 512)).astype(np.float32)
    x[123, 45] = 9
    data = safetensors.pack({"w": x}, {})
    expected, longest = [looked_at(each, 2048) for each in open_tensors(data, "x")], [0]
    monkeypatch.setattr(tensor, "HELD", 0)
    monkeypatch.setattr(tensor_statistics, "PIECE", 4096)
    monkeypatch.setattr(tensor_formats, "SEARCHED", 4096)

    def read(start: int, stop: int) -> bytes:
        longest.append(stop - start)
        return data[start:stop]

    ((row, some),) = (looked_at(each, 2048) for each in open_tensors(Parts(read, len(data)), "x"))
    ((told, sampled),) = expected
    assert row["maximum"] == told["maximum"] == 9
    assert row["kurtosis"] == pytest.approx(told["kurtosis"], rel=1e-12)
    np.testing.assert_array_equal(some, sampled)
    assert max(longest) <= parts.BLOCK


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_pass_over_an_array_of_an_npz_takes_the_memory_of_a_piece(save, monkeypatch):
    """16 MB, as if that were large, with pieces of 64 KB; what NumPy finds in the whole array is found."""
    x = np.tile(np.random.default_rng(6).standard_normal(2**14).astype(np.float32), (256, 1))
    x[77, 7] = -20
    buffer = io.BytesIO()
    save(buffer, w=x)
    monkeypatch.setattr(tensor, "HELD", 2**20)
    monkeypatch.setattr(tensor_statistics, "PIECE", 2**14)
    monkeypatch.setattr(tensor_formats, "SEARCHED", 2**14)
    tracemalloc.start()
    try:
        (row, some), = (looked_at(each, 4096) for each in open_tensors(buffer.getbuffer(), "x.npz"))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert row["maximum"] == 20
    assert row["mean_magnitude"] == pytest.approx(np.abs(x.astype(np.float64)).mean(), rel=1e-9)
    assert -20 in some and most < 2**22


def test_of_two_gigabytes_only_the_header_and_the_wanted_tensor_are_read():
    """Zeros stand between the header and four numbers."""
    zeros, asked = 2_000_000_000, []
    header = json.dumps({"large": {"dtype": "U8", "shape": [zeros], "data_offsets": [0, zeros]},
                         "small": {"dtype": "F32", "shape": [4], "data_offsets": [zeros, zeros + 16]}}).encode()
    head, end = len(header).to_bytes(8, "little") + header, np.arange(4, dtype="<f4").tobytes()

    def read(start: int, stop: int) -> bytes:
        asked.append(stop - start)
        late = len(head) + zeros
        return head[start:stop] + bytes(max(0, min(stop, late) - max(start, len(head)))) + end[
            max(start - late, 0) : max(stop - late, 0)]

    found = {each.name: each for each in open_tensors(Parts(read, len(head) + zeros + 16), "x.safetensors")}
    assert found["large"].nbytes == zeros and found["small"].read().tolist() == [0, 1, 2, 3]
    assert sum(asked) <= 3 * parts.BLOCK


def test_a_file_that_has_changed_meanwhile_is_said_to_be():
    data = safetensors.pack({"w": np.zeros(10**6, np.float32)}, {})

    def read(start: int, stop: int) -> bytes:
        if start or stop > parts.BLOCK:
            raise OSError("x has changed or is gone; open it again")
        return data[start:stop]

    (found,) = open_tensors(Parts(read, len(data)), "x.safetensors")
    with pytest.raises(StoreError, match="'w' cannot be read: x has changed or is gone; open it again"):
        found.read()
