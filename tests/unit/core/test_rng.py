import numpy as np

from pyapp.core.rng import generator


def test_a_seed_and_a_stream_decide_the_numbers():
    draw = [generator(seed, stream).standard_normal(4) for seed, stream in ((1, "a"), (1, "a"), (2, "a"), (1, "b"))]
    assert (draw[0] == draw[1]).all()
    assert (draw[0] != draw[2]).all() and (draw[0] != draw[3]).all()


def test_the_numbers_are_pcg64_of_the_documented_seed():
    import zlib

    expected = np.random.Generator(np.random.PCG64([7, zlib.crc32(b"weights")])).integers(0, 1000, 5, dtype=np.int64)
    assert generator(7, "weights").integers(0, 1000, 5, dtype=np.int64).tolist() == expected.tolist()


def test_the_largest_seed_works():
    assert np.isfinite(generator(2**32 - 1, "weights").standard_normal())
