"""The fingerprint: a known hash, of the integers of ten digits."""

import numpy as np

from pyapp.quant.integer import IntegerNetwork
from pyapp.quantized.fingerprint import fingerprint, inputs_of, results, ten_digits, usual


def test_it_is_fnv_1a():
    """Test vectors of the FNV draft, section 8: "" gives 811c9dc5, "foob" 3f5076ef."""
    assert fingerprint([np.zeros((1, 0), np.int32)]) == "811c9dc5"
    assert fingerprint([np.frombuffer(b"foob", "<i4").astype(np.int32)[None]]) == "3f5076ef"


def test_it_goes_digit_by_digit_through_all_layers():
    a, b = np.array([[1, 2], [3, 4]], np.int32), np.array([[5], [6]], np.int32)
    assert fingerprint([a, b]) == fingerprint([np.array([[1, 2, 5], [3, 4, 6]], np.int32)])
    assert fingerprint([a, b]) != fingerprint([np.array([[1, 2, 3], [4, 5, 6]], np.int32)])


def test_the_ten_digits_are_one_of_each_class_and_the_usual_network_reads_most():
    pixels, network = ten_digits(), usual()
    assert pixels.shape == (10, 784) and pixels.dtype == np.uint8 and isinstance(network, IntegerNetwork)
    found = results(network, pixels)
    assert [codes.shape for codes in found] == [(10, 128), (10, 64), (10, 10)]
    assert np.array_equal(found[-1], network.forward(network.input.quantize(inputs_of(pixels))))
    assert (found[-1].argmax(axis=1) == np.arange(10)).sum() >= 9
