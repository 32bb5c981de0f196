"""Long work is watched piece by piece, and its result is the same."""

import numpy as np
import pytest

from pyapp.core.watching import last
from pyapp.data import mnist
from pyapp.nets import gpt, mlp, next_token
from pyapp.training import trainer


def seen(work) -> tuple:
    told = []
    return work(lambda *at: told.append(at)), told


def test_the_last_item_is_the_result_and_never_counted_as_a_piece():
    assert seen(lambda watch: last(iter([None, None, "found"]), 2, watch)) == ("found", [(1, 2), (2, 2), (2, 2)])
    assert last(iter([]), 0, lambda *at: pytest.fail("nothing was done")) is None


def test_a_network_that_is_evaluated_is_watched():
    p, digits = mlp.load(), mnist.load()
    x, labels = digits.inputs()[:1100], digits.labels[:1100]
    found, told = seen(lambda watch: trainer.evaluate(mlp.MLP(), p, x, labels, watch))
    assert told == [(1, 3), (2, 3), (3, 3), (3, 3)]
    assert found["loss"] == trainer.evaluate(mlp.MLP(), p, x, labels)["loss"]


@pytest.mark.in_pyodide(0, "the text page's session in tests/parity measures in pieces")
def test_a_text_that_is_evaluated_is_watched():
    model, p, _ = gpt.load(gpt.SHIPPED)
    tokens = np.zeros(17 * model.size.context + 1, np.int64)
    found, told = seen(lambda watch: next_token.evaluate(model, p, tokens, watch))
    assert told == [(1, 2), (2, 2), (2, 2)]
    assert found == next_token.evaluate(model, p, tokens)
