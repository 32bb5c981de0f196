"""What the panel of the pad says of a drawing."""

import numpy as np

from pyapp.pages.base.digit_input import told


def test_what_is_told_names_the_likeliest_class_of_both_networks():
    p, q = np.array([0.125, 0.75, 0.125], np.float32), np.array([0.5, 0.25, 0.25], np.float32)
    said = told(p, q, 2, ("ring", "line", "x"))
    assert (said["digit"], said["quant"], said["label"], said["short"]) == ("line", "ring", "x", False)
    assert said["words"] == "Prediction line, 75.0 %, quantised ring"
    assert [(row["name"], row["p"], row["q"], row["best"]) for row in said["classes"]] == [
        ("ring", 0.125, 0.5, False), ("line", 0.75, 0.25, True), ("x", 0.125, 0.25, False)]


def test_without_a_quantised_network_and_a_label_both_are_left_out():
    said = told(np.eye(10)[7])
    assert said["words"] == "Prediction 7, 100.0 %" and said["short"]
    assert said["quant"] is said["label"] is said["classes"][0]["q"] is None
