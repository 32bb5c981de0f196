"""Packing against Python's own big integers, and there and back for every number of bits."""

import numpy as np
import pytest

from pyapp.quant.packing import code_range, pack, unpack

KINDS = [(bits, signed) for bits in range(2, 17) for signed in (False, True)]


def codes_of(bits: int, signed: bool, count: int) -> np.ndarray:
    """Random codes with both ends among them, in the type that the grids use."""
    low, high = code_range(bits, signed)
    dtype = np.dtype(f"{'int' if signed else 'uint'}{8 if bits <= 8 else 16}")
    codes = np.random.default_rng([bits, signed]).integers(low, high, count, dtype, endpoint=True)
    codes[:2] = (low, high)[:count]
    return codes


def stream(codes: np.ndarray, bits: int) -> bytes:
    """The definition: one whole number with code i at bit i·bits, as little-endian bytes."""
    total = sum((int(code) % (1 << bits)) << (i * bits) for i, code in enumerate(codes.ravel()))
    return total.to_bytes((codes.size * bits + 7) // 8, "little")


@pytest.mark.parametrize("bits, signed", KINDS)
def test_the_stream_is_one_big_number(bits, signed):
    for count in (0, 1, 2, 3, 8, 61):
        codes = codes_of(bits, signed, count)
        assert pack(codes, bits).tobytes() == stream(codes, bits)


@pytest.mark.parametrize("bits, signed", KINDS)
def test_there_and_back(bits, signed):
    for count in (0, 1, 2, 3, 8, 61):
        codes = codes_of(bits, signed, count)
        packed = pack(codes, bits)
        assert packed.dtype == np.uint8 and packed.shape == ((count * bits + 7) // 8,)
        np.testing.assert_array_equal(unpack(packed, bits, count, signed), codes, strict=True)


def test_four_bits_are_onnxs_nibbles():
    """The first code is in the low half of the byte; after an odd number of codes the last half is 0."""
    assert pack(np.array([1, -2, 7], np.int8), 4).tolist() == [0xE1, 0x07]
    assert pack(np.array([[0x3, 0xC], [0xF, 0x1]], np.uint8), 4).tolist() == [0xC3, 0x1F]


def test_codes_may_be_strided_and_wide():
    codes = np.arange(-8, 8, dtype=np.int64).reshape(4, 4).T
    np.testing.assert_array_equal(unpack(pack(codes, 4), 4, 16, True), codes.ravel())


@pytest.mark.parametrize("codes, bits", [([8], 4), ([-9], 4), ([2**15], 16), ([-2], 1), ([0], 17)])
def test_what_does_not_fit_is_refused(codes, bits):
    with pytest.raises(ValueError, match="bits"):
        pack(np.array(codes, np.int32), bits)


def test_other_mistakes_are_named():
    with pytest.raises(ValueError, match="0 to 15"):
        pack(np.array([16], np.uint8), 4)
    with pytest.raises(ValueError, match="float32"):
        pack(np.zeros(3, np.float32), 4)
    with pytest.raises(ValueError, match=r"uint8 \(4,\); found uint8 \(3,\)"):
        unpack(np.zeros(3, np.uint8), 4, 7, False)
    with pytest.raises(ValueError, match="int16"):
        unpack(np.zeros(4, np.int16), 4, 7, False)
