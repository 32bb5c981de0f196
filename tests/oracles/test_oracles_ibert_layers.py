"""I-BERT's GELU and LayerNorm as its PyTorch code computed them; the outputs are not shipped."""

import re

import numpy as np
import pytest

from pyapp.hosts import ROOT
from pyapp.softmax.igelu import IGelu
from pyapp.softmax.ilayernorm import ILayerNorm

IBERT = ROOT.parent / "shared" / "oracles" / "ibert.npz"


@pytest.fixture(scope="module")
def recorded():
    if not IBERT.is_file():
        pytest.skip("the recorded I-BERT outputs are not on this machine")
    with np.load(IBERT) as file:
        yield dict(file)


def cases(recorded, kind: str):
    """Name and fields of each recorded case of a kind."""
    names = [match[1] for key in recorded if (match := re.fullmatch(rf"{kind}_(.+)_q", key))]
    assert names
    for name in names:
        prefix = f"{kind}_{name}_"
        yield name, {key.removeprefix(prefix): value for key, value in recorded.items() if key.startswith(prefix)}


def test_gelu(recorded):
    for name, case in cases(recorded, "gelu"):
        made = IGelu(case["scale"])
        np.testing.assert_array_equal(made.erf(case["q"]), case["erf_int"], err_msg=name)
        np.testing.assert_array_equal(made.erf_scale, case["erf_scale"][0])
        np.testing.assert_array_equal(made.unit, case["y_scale"][0])
        y = made(case["q"]) * np.float64(made.unit)
        np.testing.assert_allclose(y, case["y"], rtol=2e-7, atol=1e-9)  # theirs is float32


def test_layer_norm(recorded):
    for _, case in cases(recorded, "ln"):
        made = ILayerNorm(case["weight"], case["bias"], int(case["shift"][0]))
        np.testing.assert_allclose(made.unit, case["y_scale"], rtol=1e-7)
        assert np.abs(made(case["q"]) * made.unit - case["y"]).max() < 4e-6  # theirs is float32
        assert np.abs(made(case["q"]) * made.unit - case["ref_f64"]).max() < 0.02
