"""Fitting HCCS and EXAQ to the heads of a small network, and measuring on other inputs."""

import numpy as np

from pyapp.measure.softmax_fit import fitted
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.nets.vit import ViT, ViTSize
from pyapp.softmax.hccs import Integers


def heads(model, inputs) -> list[dict]:
    p = model.initial(3)
    for block in model.blocks:  # random heads look everywhere alike; these are decided
        p[block.attention.qkv.weight][...] *= 3
    return list(fitted(model, p, *inputs))


def test_every_head_of_a_gpt_has_constants():
    tokens = np.random.default_rng(0).integers(0, 9, (8, 24)).astype(np.int32)
    found = heads(GPT(9, GPTSize(16, 2, 2, 24, 16)), (tokens[:4], tokens[4:]))
    assert [(each["layer"], each["head"]) for each in found] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    for each in found:
        hccs, wide = each["hccs"], each["hccs_to_0"]
        assert Integers(hccs["peak"], hccs["slope"], hccs["reach"]).fits(24) and wide["peak"] >= 256
        assert hccs["before"] == wide["before"] > 0 and 0 < wide["after"] <= hccs["after"] < 2
        assert each["exaq2"]["sigma"] == each["exaq3"]["sigma"] > 0 > each["exaq3"]["lowest"]
        assert 0 < each["exaq3"]["after"] < each["exaq2"]["after"] < 2


def test_hccs_gains_on_images_that_it_was_not_fitted_on():
    model = ViT(ViTSize(width=16, heads=2, blocks=1, hidden=16))
    images = np.random.default_rng(1).random((6, 784))
    found = heads(model, (images[:3], images[3:]))
    assert len(found) == 2 and all(each["hccs_to_0"]["after"] < each["hccs_to_0"]["before"] for each in found)
