"""Edited code whose integers leave 32 bits: where integers are that small, a warning names the line."""

import numpy as np
import pytest

from pyapp.experiment.live import Live
from pyapp.ladder import line

X = np.array([1.0, 2.0, 3.0])


def printed(*lines: str) -> str:
    """What a text prints whose function has these lines, from its second one on."""
    live = Live((line.predict, line.loss))
    live.edit("predict", "\n    ".join(["def predict(x, w, b):", *lines, "return w * x + b"]))
    with np.errstate(over="ignore"):  # of scalars NumPy itself warns
        found = live.predict(X, 2.0, 1.0)
    assert found.tolist() == [3, 5, 7], "the result is as without being watched"
    return live.printed()


@pytest.mark.parametrize("wraps, found, wide", [
    ("n * 1000", -1530495296, 2764472000), ("1000 * n", -1530495296, 2764472000), ("n @ n", None, 2764472**2),
    ("n ** 2", None, 2764472**2), ("n << 12", None, 2764472 << 12),
    ("n + np.int32(2**31 - 1)", None, 2764472 + 2**31 - 1),
    ("np.multiply(n, 1000)", -1530495296, 2764472000), ("np.cumsum(n.repeat(1000), dtype=np.int32)", None, None),
    ("np.multiply.reduce(n.repeat(2), dtype=np.int32)", None, None), ("[k * 1000 for k in n]", None, 2764472000),
    ("(lambda k: k * 1000)(n)", -1530495296, 2764472000), ("np.dot(n, n)", None, 2764472**2),
    ("np.convolve(n, n)", None, 2764472**2), ("np.vecdot(n, n)", None, 2764472**2),
    ("np.linalg.matrix_power(n.reshape(1, 1), 2)", None, 2764472**2),
    ("np.linalg.multi_dot([n, n.reshape(1, 1)])", None, 2764472**2),
    ("np.add.at(n, [0], np.int32(2**31 - 1))", None, 2764472 + 2**31 - 1),
])
def test_an_operation_that_wraps_is_reported_with_its_line(wraps, found, wide):
    said = printed("n = np.array([2764472], np.int32)", f"y = {wraps}")
    if wide is None:  # 32 bits were asked for by a dtype: both ways are the same
        assert said == ""
    else:
        assert said.startswith("line 3: an integer overflowed 32 bits: ") and said.count("\n") == 1
        assert found is None or f"{found} here, {wide} with 64 bits" in said


def test_the_sum_of_the_first_integers_is_right_or_reported():
    """Natively the number is right; in the browser a warning comes with it: no wrong number is silent."""
    said = printed("print(np.arange(1, 100001).sum())")
    right = "5000050000\n"
    if np.dtype(int).itemsize == 4:
        assert said.startswith("line 2: an integer overflowed 32 bits: 705082704 here, 5000050000 with 64 bits")
        assert said.endswith("705082704\n")
    else:
        assert said == right
    assert printed("print(np.arange(1, 100001, dtype=np.int64).sum())") == right


@pytest.mark.parametrize("text", [
    "np.arange(60000) * np.arange(60000)", "sum(np.arange(70000))", "np.arange(1, 21).prod()",
    "np.cumsum(np.arange(70000))[-1]", "np.arange(60000) ** 2", "np.full(3, 70000) @ np.full(3, 70000)",
    "np.full(3, 70000).prod(dtype='int')",
    "np.vecmat(np.full(2, 70000), np.full((2, 2), 70000))"])
def test_default_integers_are_native_or_their_overflow_is_reported(text):
    assert ("overflowed 32 bits" in printed(f"y = {text}")) == (np.dtype(int).itemsize == 4)


def test_an_overflow_is_reported_once_per_line_and_again_for_a_new_text():
    assert printed("n = np.int32(2**30)", "for i in range(50):", "    m = np.full(3, n) * 4").count("\n") == 1
    live = Live((line.predict,))
    for _ in range(2):
        live.edit("predict", "def predict(x, w, b):\n    np.full(3, np.int32(2**30)) * 4\n    return x")
        live.predict(X, 1.0, 0.0)
        live.predict(X, 1.0, 0.0)
        assert live.printed().count("overflowed 32 bits") == 1
    live.edit("predict", "def predict(x, w, b):\n    np.full(3, np.int32(2**30)) * 4\n    return x ")
    with live.quiet():
        live.predict(X, 1.0, 0.0)
    assert live.printed() == ""
    live.predict(X, 1.0, 0.0)
    assert "overflowed 32 bits" in live.printed()


def test_augmented_assignment_works_in_place_as_before():
    said = printed("n = np.array([2**30], np.int32)", "same = n", "n *= 4", "assert same is n and n[0] == 0",
                   "t = [1]", "u = t", "t += [2]", "assert u is t and u == [1, 2]", "x = x * 1", "x[0] += 0", "k = 1",
                   "k **= 2", "k <<= 3", "assert k == 8")
    assert said.startswith("line 4: ") and said.count("\n") == 1


def test_a_part_of_an_array_wraps_with_a_word_too():
    said = printed("n = np.full((2, 3), 2**30, np.int32)", "n[0] += n[0]", "n[1, 1:] *= 2", "n[:, 0] -= 1",
                   "assert n.tolist() == [[2**31 - 1, -2**31, -2**31], [2**30 - 1, -2**31, -2**31]]",
                   "t = [[1], {'a': 1}, 5]", "t[0] += [2]", "t[1]['a'] += 1",
                   "t[2] += t.append(t[2]) or t.__setitem__(2, 9) or 1", "assert t == [[1, 2], {'a': 2}, 6, 5]")
    assert [each.split(":")[0] for each in said.splitlines()] == ["line 3", "line 4", "line 5"]


@pytest.mark.parametrize("text", ["x.sum()", "np.arange(1000).sum()", "np.int8(100) + np.int8(100)", "3 * 10**12",
                                  "(x > 1).sum()", "np.array([1, 2], np.uint8) * np.uint8(200)",
                                  "'%d' % 3 + 'a' * 2", "[1] * 3 + [2]"])
def test_numbers_that_fit_or_are_narrow_by_choice_are_not_reported(text):
    assert printed(f"y = {text}") == ""
