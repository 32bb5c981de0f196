"""AdamW and the course of its rate."""

import numpy as np
import pytest
from oracles.torch_cases import Case

from pyapp.core.optim import Adam, AdamW
from pyapp.core.parameters import Parameters
from pyapp.core.schedule import warm_cosine
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.nets.next_token import next_token


def test_six_steps_with_decay_and_cut_gradients_match_torch():
    model, start, after = GPT(7, GPTSize(8, 2, 2, 5, hidden=12)), Case("gpt"), Case("adamw")
    p = start.parameters(model.shapes, np.float64)
    rate, decay, clip, beta2 = after.array("settings")
    optimiser = AdamW(p, rate, decay, beta2, clip)
    for expected in after.array("losses"):
        loss, dlogits, _ = next_token(after.array("x"), model.forward(p, after.array("x")), after.array("following"))
        model.backward(p, dlogits)
        assert np.linalg.norm(p.gradient) > clip, "the case must cut"
        optimiser.step(p)
        assert loss == pytest.approx(expected, rel=1e-7)
    for name in p:  # torch adds 1e-6 to the length by which it divides
        np.testing.assert_allclose(p[name], after.array(after.theirs(name)).reshape(p[name].shape), atol=1e-6)


def test_without_decay_and_cut_it_is_adam():
    shapes = {"w": (3, 2), "b": (4,)}
    p, q = Parameters(shapes), Parameters(shapes)
    one, other = Adam(p, 0.1), AdamW(q, 0.1, decay=0)
    for r, optimiser in ((p, one), (q, other)):
        r.gradient[:] = np.arange(10, dtype=np.float32)
        optimiser.step(r)
    np.testing.assert_array_equal(p.vector, q.vector)


def test_only_matrices_decay():
    p = Parameters({"w": (3, 2), "b": (4,)})
    p.vector[:] = 2
    AdamW(p, 0.5, decay=0.1).step(p)
    np.testing.assert_allclose(p["w"], 2 * (1 - 0.05), rtol=1e-6)
    np.testing.assert_array_equal(p["b"], 2)


@pytest.mark.parametrize("beta2", [-0.1, 1, float("nan")])
def test_a_moment_that_never_forgets_is_refused(beta2):
    with pytest.raises(ValueError, match="use 0 up to"):
        AdamW(Parameters({"w": (3, 2)}), 0.5, beta2=beta2)


def test_the_rate_rises_in_a_line_and_falls_along_a_cosine():
    rates = [warm_cosine(step, 110, 10) for step in range(110)]
    assert rates[:10] == pytest.approx(np.arange(1, 11) / 10)
    assert rates[10] == 1
    assert rates[60] == pytest.approx(0.5)
    assert 0 < rates[109] < 0.001
    assert warm_cosine(0, 10) == 1
