"""TFLite's int8 softmax and its exponential, bit for bit as CMSIS-NN computed them; the outputs are not shipped."""

import numpy as np
import pytest

from pyapp.hosts import ROOT
from pyapp.softmax.tflite import TFLite, exp_on_negative_values

TFLITE = ROOT.parent / "shared" / "oracles" / "tflite.npz"


@pytest.fixture(scope="module")
def recorded():
    if not TFLITE.is_file():
        pytest.skip("the recorded TFLite outputs are not on this machine")
    with np.load(TFLITE) as file:
        yield dict(file)


def test_exponential(recorded):
    ours = exp_on_negative_values(recorded["exp_a"].astype(np.int32))
    np.testing.assert_array_equal(ours, recorded["exp_y"])


def test_every_softmax_case(recorded):
    cases = [key.removesuffix("_q") for key in recorded if key.endswith("_q")]
    assert cases
    for case in cases:
        method = TFLite(float(recorded[f"{case}_scale"]))
        prepared = int(method.rescaling.multiplier), method.rescaling.left_shift, method.rescaling.diff_min
        assert prepared == tuple(int(recorded[f"{case}_{name}"]) for name in ("mult", "lshift", "diffmin"))
        y = method(recorded[f"{case}_q"])
        assert y.dtype == np.int32
        np.testing.assert_array_equal(y - 128, recorded[f"{case}_y"])
