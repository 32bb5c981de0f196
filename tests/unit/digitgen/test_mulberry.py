import numpy as np
import pytest

from pyapp.digitgen import mulberry


def plain(seed: int, count: int) -> list[int]:
    """Mulberry32 once more, in Python's own whole numbers and one number after the other."""
    a, found = seed, []
    for _ in range(count):
        a = (a + 0x6D2B79F5) % 2**32
        t = (a ^ a >> 15) * (a | 1) % 2**32
        t ^= (t + (t ^ t >> 7) * (t | 61)) % 2**32
        found.append(t ^ t >> 14)
    return found


@pytest.mark.parametrize("seed", [0, 1, 1337, 2**31, 2**32 - 1])
def test_the_numbers_are_those_of_plain_integers(seed):
    assert mulberry.words(np.array([seed]), 300)[0].tolist() == plain(seed, 300)


def test_known_numbers_of_seed_1337():
    """Recorded from the public JavaScript function in Node."""
    assert mulberry.uniform(np.array([1337]), 2)[0].tolist() == [0.1844118325971067, 0.18998925131745636]


def test_any_number_is_had_without_those_before_it():
    seeds = np.array([5, 2**32 - 1], np.uint32)
    whole = mulberry.words(seeds, 50)
    np.testing.assert_array_equal(mulberry.words(seeds, 20, start=30), whole[:, 30:])


def test_the_bell_has_mean_0_variance_1_and_is_exact():
    values = mulberry.bell(np.arange(4000), 16, 10)
    assert abs(values.mean()) < 0.01 and abs(values.var() - 1) < 0.02
    assert (np.abs(values) <= 6).all() and (values * 2**32 == np.floor(values * 2**32)).all()
    assert abs(np.corrcoef(values[:-1].ravel(), values[1:].ravel())[0, 1]) < 0.02  # neighbouring seeds


@pytest.mark.parametrize("typed, seed, said", [
    ("1337", 1337, None), (1337, 1337, None), (" 0 ", 0, None), ("4294967295", 2**32 - 1, None),
    ("-1", 2**32 - 1, "modulo"), ("4294967296", 0, "modulo"), ("-4294967297", 2**32 - 1, "modulo"),
    ("1.5", 1, "fraction"), ("-1.5", 2**32 - 1, "fraction"), ("1e3", 1000, "becomes 1000"), ("007", 7, "becomes 7"),
    ("1e300", int(1e300) % 2**32, "modulo"), ("hello", 907060870, "CRC-32"), ("inf", 3890785273, "CRC-32"),
    ("nan", 1810114945, "CRC-32"), ("0x10", 1795762507, "CRC-32"), ("", 1337, "no seed"), ("12345678901234567890123",
     12345678901234567890123 % 2**32, "modulo"),
    ("--5", 3108868717, "CRC-32"), ("-+1", 3900371442, "CRC-32"), ("+5", 5, "becomes 5"), ("-", 2547889144, "CRC-32"),
    ("\udcff", 3394095495, "CRC-32"), ("x" * 5000, 14413862, "CRC-32"), ("1" + "0" * 4998 + "5", 5, "modulo"),
    ("-" + "0" * 5000 + "1", 2**32 - 1, "modulo"), ("9" * 5000, (10**32 - 1) % 2**32, "modulo"),
    ("9007199254740993.0", 1, "modulo"), ("9007199254740993.5", 1, "loses its fraction"), ("2.", 2, "becomes 2"),
    (".9", 0, "fraction"), ("2.50", 2, "fraction"), ("2.0", 2, "seed 2.0 becomes 2"),
])
def test_whatever_is_typed_becomes_a_seed_and_it_is_said(typed, seed, said):
    found, note = mulberry.seed_of(typed)
    assert found == seed
    assert note is None if said is None else said in note and str(seed) in note
    assert note is None or len(note) < 200  # however long the seed
