import numpy as np

from pyapp.digitgen.router import balanced, train_router
from pyapp.digitgen.teacher import Router

SHARES = np.array([0.05, *[0.1] * 8, 0.15], np.float32)


def test_targets_give_each_digit_its_share_and_keep_the_routers_opinion():
    logits = np.random.default_rng(1).normal(0, 2, (2000, 10)).astype(np.float32)
    logits[:, 4] += 2  # wants too many
    target = balanced(logits, SHARES)
    np.testing.assert_allclose(target.sum(axis=1), 1, rtol=1e-5)
    before = np.exp(2 * logits) / np.exp(2 * logits).sum(axis=1, keepdims=True)
    off, was_off = (np.abs(answer.mean(axis=0) - SHARES).max() for answer in (target, before))
    assert off < 0.05 and off < was_off / 3
    assert (target.argmax(axis=1) == logits.argmax(axis=1)).mean() > 0.7


def test_the_router_divides_the_box_among_the_digits_the_same_way_again():
    said = []
    p = train_router(1, 120, SHARES, said.append)
    again = train_router(1, 120, SHARES, said.append)
    np.testing.assert_array_equal(p.vector, again.vector)
    u = np.random.default_rng(2).uniform(-1, 1, (4000, 10)).astype(np.float32)
    found = np.bincount(Router().forward(p, u).argmax(axis=1), minlength=10) / 4000
    np.testing.assert_allclose(found, SHARES, atol=0.03)
    losses = [float(line.split("loss ")[1].split()[0]) for line in said[:10]]
    assert losses[-1] < losses[0] / 2
