import numpy as np
import pytest

from pyapp.softmax.measures import broken, divergence, errors, reference

P = np.array([[0.5, 0.25, 0.25, 0.0], [0.1, 0.2, 0.3, 0.4]])


def test_by_hand():
    p_hat = np.array([[0.5, 0.125, 0.25, 0.0], [0.1, 0.2, 0.4, 0.35]])
    found = errors(p_hat, P)
    assert found.l1_per_row == pytest.approx((0.125 + 0.15) / 2) and found.mae == pytest.approx(found.l1_per_row / 4)
    assert found.n == 4 and found.max_error == pytest.approx(0.125)
    assert found.row_sum == pytest.approx((0.875 + 1.05) / 2) and found.top1 == 0.5 and found.broken_rows == 0
    kl = [sum(p * np.log(p / q) for p, q in zip(row, other / other.sum(), strict=True) if p)
          for row, other in zip(P, p_hat, strict=True)]
    assert found.kl == pytest.approx(np.mean(kl), abs=1e-5)


def test_nothing_is_wrong_with_the_truth():
    found = errors(P, P)
    assert (found.l1_per_row, found.mae, found.max_error, found.top1, found.broken_rows) == (0, 0, 0, 1, 0)
    assert found.row_sum == pytest.approx(1) and found.kl == pytest.approx(0, abs=1e-5)


def test_of_equal_entries_the_first_is_the_largest():
    assert errors(np.array([[0.4, 0.4, 0.2]]), np.array([[0.3, 0.5, 0.2]])).top1 == 0
    assert errors(np.array([[0.4, 0.4, 0.2]]), np.array([[0.5, 0.3, 0.2]])).top1 == 1


def test_broken_rows():
    rows = np.array([[0, 0, 0], [0.5, 0, 0], [0.49, 0, 0], [1, 0.5, 0], [1, 0.51, 0], [np.nan, 1, 0], [np.inf, 0, 0.0]])
    assert broken(rows).tolist() == [True, False, True, False, True, True, True]
    found = errors(np.array([[np.nan, 1.0], [0.5, 0.5]]), np.array([[0.5, 0.5], [0.5, 0.5]]))
    assert found.broken_rows == 1
    assert np.isnan([found.l1_per_row, found.mae, found.max_error, found.row_sum, found.top1, found.kl]).all()


def test_a_missing_probability_costs_much_but_not_infinitely_much():
    p_hat, p = np.array([[1.0, 0.0]]), np.array([[0.5, 0.5]])
    mask = np.ones(p.shape, bool)
    assert divergence(p_hat, p, mask) == pytest.approx(0.5 * np.log(0.5) + 0.5 * np.log(0.5 / 1e-6), rel=1e-4)
    assert divergence(np.zeros((1, 2)), p, mask) == pytest.approx(0)  # nothing at all is as good as uniform


def test_masked_columns_and_rows_without_any_do_not_count():
    mask = np.array([[True, True, False], [False, False, False], [True, False, False]])
    z = np.array([[1.0, 2.0, np.inf], [np.nan, 0.0, 0.0], [3.0, -np.inf, 9.0]])
    p = reference(z, mask)
    np.testing.assert_allclose(p[0, :2], np.exp([1, 2]) / np.exp([1, 2]).sum())
    assert (p[1] == 0).all() and p[2].tolist() == [1, 0, 0] and p[0, 2] == 0
    p_hat = np.where(mask, p, 77.0)
    p_hat[0, 0] += 0.03
    found = errors(p_hat, p, mask)
    assert found.l1_per_row == pytest.approx(0.015) and found.n == 1.5 and found.mae == pytest.approx(0.01)
    assert found.broken_rows == 0 and found.top1 == 1 and isinstance(errors(P, P).n, int)


@pytest.mark.parametrize(("p_hat", "mask", "message"), [
    (P[:1], None, "shapes differ"), (P, np.zeros(P.shape, bool), "no column"),
    (P, np.ones((1, 4), bool), "shapes differ")])
def test_bad_input_is_named(p_hat, mask, message):
    with pytest.raises(ValueError, match=message):
        errors(p_hat, P, mask)
