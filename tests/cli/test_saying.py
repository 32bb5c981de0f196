"""Errors of the library, which name arguments as Python has them, in the words of the command line."""

import warnings

import numpy as np
import pytest
from answers import refusal

from pyapp import store
from pyapp.__main__ import main
from pyapp.commands.saying import data_warnings, in_options
from pyapp.data import mnist
from pyapp.data.mnist import Digits
from pyapp.nets import mlp
from pyapp.quant.schemes import Granularity
from pyapp.quantized.network import Settings, quantize_network
from pyapp.quantized.trained import network_trained_with


@pytest.mark.parametrize(("said", "known", "answer"), [
    ('no groups; use per="tensor"', {"per"}, "no groups; use --per tensor"),
    ("name another file with out=FILE", {"out"}, "name another file with --out FILE"),
    ("bits=[8, 4], but bias_correction=true.", {"bits", "bias_correction"}, "--bits 8,4, but --bias-correction true."),
    ('rate=1e-05, optimiser="adam"', {"rate"}, '--rate 1e-05, optimiser="adam"'),  # the command has no such option
    ("found 'a=b' and x == y", {"x", "b"}, "found 'a=b' and x == y"),
])
def test_arguments_become_the_options_that_the_command_has(said, known, answer):
    assert in_options(said, known) == answer


def test_symmetric_weights_are_asked_for_in_either_words(capsys):
    with pytest.raises(ValueError, match='scheme is "affine"; qat learns symmetric weights: use scheme="symmetric"'):
        network_trained_with(mlp.load(), Settings(4, scheme="affine", method="qat"), Digits, print)
    said = refusal(capsys, "evaluate", "mlp", "--bits", "4", "--method", "qat", "--scheme", "affine")
    assert said.endswith('scheme is "affine"; qat learns symmetric weights: use --scheme symmetric')


def test_one_scale_for_all_is_asked_for_in_either_words(capsys, tmp_path):
    """A row of tiny weights with an ordinary bias: per channel, the bias has no int32."""
    p = mlp.load()
    p["layer1.weight"][3], p["layer1.bias"][3] = p["layer1.weight"][3] * 1e-9, 1
    network = quantize_network(p, Settings(8, per="channel", activations=8), mnist.calibration())
    with pytest.raises(ValueError, match=r'the bias of row 3, 1, does not fit into int32 .* use per="tensor"'):
        network.integer()
    store.save(tmp_path / "w.npz", {name: p[name] for name in p}, {"command": "test"})
    assert main(["evaluate", "mlp", "--weights", str(tmp_path / "w.npz"), "--bits", "8", "--activations", "8",
                 "--per", "channel"]) == 0
    assert capsys.readouterr().err.endswith("its weights are too small beside it, use --per tensor\n")

    p = mlp.load()
    p["layer1.weight"][:] *= 1e-30
    with pytest.raises(ValueError, match=r"does not fit .* and all rows share that scale: check the weights"):
        quantize_network(p, Settings(8, activations=8), mnist.calibration()).integer()


def test_what_only_python_can_ask_is_answered_in_its_words():
    with pytest.raises(ValueError, match=r'shape \(3,\) has no groups; use per="tensor"'):
        Granularity("group", 2).axis_of((3,))
    with pytest.raises(ValueError, match="integer arithmetic needs their grids: give activations=BITS"):
        quantize_network(mlp.load(), Settings(8), np.zeros((1, 784), np.float32)).integer()


def test_what_was_done_to_data_is_said_once(capsys):
    with data_warnings():
        for what in ("turned", "turned", "held out"):
            warnings.warn(what, mnist.DataWarning, stacklevel=1)
    assert capsys.readouterr().err.splitlines() == ["bitladder: turned", "bitladder: held out"]
