"""The page shows what the tracer saw, and the simulation beside it is the network that simulates."""

from itertools import pairwise

import numpy as np
import pytest

from pyapp import shipped
from pyapp.data import mnist
from pyapp.experiment.params import ParamError
from pyapp.pages import trace
from pyapp.pages.trace import GPT, VIT
from pyapp.quantized.simulated_trace import trace_simulated
from pyapp.quantized.transformer import TransformerSettings, quantize_vit
from pyapp.runner import Runner


@pytest.mark.parametrize("network", [VIT, GPT])
def test_no_operation_in_integers_has_a_float_and_most_of_a_simulation_have(network):
    scalars = Runner().open("trace", {"network": network})["frame"].scalars
    assert scalars["count"] == len(scalars["rows"]) == sum(row["integer"] for row in scalars["kinds"])
    assert scalars["floats"] == 0 == sum(row["integer_float"] for row in scalars["kinds"])
    assert "no float, no overflow" in scalars["finding"] and str(scalars["headroom"]) in scalars["finding"]
    assert scalars["headroom"] == min(row["width"] - row["bits"] for row in scalars["rows"])
    found = {row["name"]: row for row in scalars["kinds"]}
    assert found["GELU"]["float"] == found["GELU"]["count"] == 4 and "exp" in found["GELU"]["functions"]
    assert found["LayerNorm"]["float"] == 9 and "sqrt" in found["LayerNorm"]["functions"]
    assert scalars["l1"] < 0.1 and scalars["answers"][0]["float"] >= scalars["answers"][1]["float"]


def test_what_was_followed_ahead_is_what_is_shown():
    runner, fresh = Runner(), Runner()
    run = runner.open("trace")["run"]
    while not runner.background(run, ms=1)["done"]:
        pass
    ahead = runner.change(run, "bits", 5)["frame"].scalars
    trace._digit.cache_clear(), trace._made.cache_clear()
    assert ahead == fresh.open("trace", {"bits": 5})["frame"].scalars and ahead["count"] == 65


def test_a_narrow_stream_needs_fewer_bits_and_costs_more():
    runner = Runner()
    answer = runner.open("trace", {"network": GPT})
    wide = answer["frame"].scalars
    narrow = runner.change(answer["run"], "stream", "8")["frame"].scalars
    gelu = next(i for i, row in enumerate(wide["rows"]) if row["name"] == "block1.gelu")
    assert narrow["rows"][gelu]["headroom"] > wide["rows"][gelu]["headroom"] + 4
    assert narrow["l1"] > wide["l1"]
    assert narrow["rows"][gelu]["checksum"] != wide["rows"][gelu]["checksum"]


def test_the_watch_over_a_simulation_changes_no_logit():
    """Its operations follow each other without a gap, each from the dtype that the one before gave."""
    settings, images = TransformerSettings(8, activations=8, logit_bits=8, softmax="ibert"), mnist.calibration()[:2]
    network = quantize_vit(shipped.vit(), settings, images)
    logits = network.model.forward(network.parameters, images)
    operations = trace_simulated(network, images).operations
    assert [each.name for each in operations[:4]] == ["patch", "add", "block1.norm1", "block1.qkv"]
    assert all(after.inputs == [before.output] for before, after in pairwise(operations))
    assert operations[-1].name == "head" and operations[-1].output_shape == logits.shape
    again = quantize_vit(shipped.vit(), settings, images)
    assert trace_simulated(again, images).operations[-1].checksum == operations[-1].checksum
    np.testing.assert_array_equal(again.model.forward(again.parameters, images), logits)


def test_characters_that_the_network_does_not_know_are_refused():
    with pytest.raises(ParamError, match="does not know 'é'"):
        Runner().open("trace", {"network": GPT, "text": "é"}, strict=True)
