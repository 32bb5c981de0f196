"""I-BERT's and ITA's softmax, bit for bit as the public code computed them; the outputs are not shipped."""

import numpy as np
import pytest

from pyapp.hosts import ROOT
from pyapp.softmax.ibert import CODE, IBert
from pyapp.softmax.itamax import ITAMax, ITAMaxWide, one_pass, streaming

ORACLES = ROOT.parent / "shared" / "oracles"
MASKED = -9999  # the original adds -10000 to what does not count


def opened(name: str):
    if not (ORACLES / name).is_file():
        pytest.skip(f"the recorded outputs {name} are not on this machine")
    with np.load(ORACLES / name) as file:
        return dict(file)


@pytest.fixture(scope="module")
def ibert():
    return opened("ibert.npz")


@pytest.fixture(scope="module")
def ita():
    return opened("ita.npz")


def cases(recorded: dict) -> list[dict]:
    """What was recorded of each softmax, rows (R, N)."""
    names = [key[:-2] for key in recorded if key.startswith("softmax_") and key.endswith("_q")]
    assert len(names) >= 5
    rows = {"q", "x", "y_int", "exp_int"}
    return [{part: recorded[f"{name}_{part}"] if part not in rows else
             recorded[f"{name}_{part}"].reshape(-1, recorded[f"{name}_q"].shape[-1])
             for part in (*rows, "scale", "act_scale", "y_scale", "exp_scale")} for name in names]


def test_ibert_codes(ibert):
    for case in cases(ibert):
        method = IBert(float(case["scale"]), act_scale=float(case["act_scale"][0]))
        y = method(case["q"], case["x"] > MASKED)
        assert y.dtype == np.int32 and method.unit == case["y_scale"]
        np.testing.assert_array_equal(y, case["y_int"])


def test_ibert_step_of_the_largest_exponential(ibert):
    """The step that needs no calibration: the recorded ones come from batches with a maximum in them, too."""
    for case in cases(ibert):
        method = IBert(float(case["scale"]))
        assert method.act_scale == pytest.approx(float(case["act_scale"][0]), rel=1e-7)
        np.testing.assert_array_equal(method(case["q"], case["x"] > MASKED), case["y_int"])


def test_ibert_exponentials(ibert):
    for case in cases(ibert):
        counts = case["x"] > MASKED
        q = np.where(counts, case["q"].astype(np.int64), -10**6)
        method = IBert(float(case["scale"]))
        np.testing.assert_array_equal(method.exp_int(q - q.max(axis=1, keepdims=True)), case["exp_int"])
        unit = CODE.a * float(case["scale"]) ** 2 / 2**30
        assert float(case["exp_scale"][0]) == pytest.approx(unit, rel=1e-6)


def test_ibert_constants_are_those_that_torch_makes():
    """In float32, as the original: at fine scales float64 would give other constants."""
    torch = pytest.importorskip("torch", reason="pip install torch to compare with fresh torch results")
    scales = 2.0 ** np.random.default_rng(1).uniform(-13, 0.7, 2000)
    for scale in scales.astype(np.float32):
        method, s = IBert(float(scale)), torch.tensor([scale])
        wanted = [torch.floor(CODE.b / CODE.a / s), torch.floor(CODE.c / CODE.a / s**2), -torch.floor(-0.6931 / s)]
        assert [int(method.b), max(int(method.c), 1), int(method.period)] == [int(x) for x in wanted]


@pytest.mark.parametrize("epsilon, method", [("old", ITAMax), ("new", ITAMaxWide)])
@pytest.mark.parametrize("how, function", [("fast", one_pass), ("streaming", streaming)])
def test_ita(ita, epsilon, method, how, function):
    recorded = [key for key in ita if key.startswith(f"{epsilon}_") and key.endswith(f"_{how}")]
    assert recorded
    for key in recorded:
        q = ita[f"in_{key.split('_')[1]}"]
        y = function(q.reshape(-1, q.shape[-1]), method.epsilon_bits)
        np.testing.assert_array_equal(y, ita[key].reshape(y.shape))


@pytest.mark.parametrize("epsilon, method", [("old", ITAMax), ("new", ITAMaxWide)])
def test_ita_on_its_own_scale(ita, epsilon, method):
    """Logits that are on ITA's grid already are not changed by requantising, but that the maximum goes to the top."""
    for name in ("uniform", "normal40", "flat"):
        q = ita[f"in_{name}"].reshape(-1, 32)
        own = method(float(ita[f"{epsilon}_{name}_eps_x"]))
        np.testing.assert_array_equal(own(q), one_pass(q, method.epsilon_bits))
