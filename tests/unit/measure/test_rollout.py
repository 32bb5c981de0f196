import numpy as np

from pyapp.measure.rollout import rollout


def test_one_layer_is_half_itself():
    attention = np.array([[[[0.0, 1.0], [0.5, 0.5]], [[1.0, 0.0], [0.5, 0.5]]]])  # one layer, two heads
    np.testing.assert_array_equal(rollout(attention), [[0.75, 0.25], [0.25, 0.75]])


def test_layers_are_multiplied_the_last_one_first_and_rows_stay_distributions():
    attention = np.random.default_rng(1).dirichlet(np.ones(6), (3, 4, 6))  # L, H, T, T
    halves = [(layer.mean(axis=0) + np.eye(6)) / 2 for layer in attention]
    np.testing.assert_allclose(rollout(attention), halves[2] @ halves[1] @ halves[0])
    np.testing.assert_allclose(rollout(attention).sum(axis=1), 1)


def test_who_looks_at_nobody_else_has_gathered_nothing():
    np.testing.assert_array_equal(rollout(np.broadcast_to(np.eye(5), (4, 2, 5, 5))), np.eye(5))
