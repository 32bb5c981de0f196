import numpy as np
import pytest

from pyapp import bridge
from pyapp.pages.attention import LOGITS, SHIFTS, Page, Side, verdict
from pyapp.runner import Runner
from pyapp.softmax.methods import METHODS
from pyapp.softmax.shift import RULES, quantize_logits


def opened(**params):
    runner = Runner()
    answer = runner.open("attention", params, strict=True)
    return runner, answer["run"], answer["frame"]


def float_softmax(z: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Row by row and without arrays of the package: an oracle of its own."""
    p = np.zeros_like(z)
    for i, row in enumerate(z):
        seen = np.flatnonzero(mask[i])
        e = np.exp(row[seen] - row[seen].max())
        p[i, seen] = e / e.sum()
    return p


@pytest.mark.parametrize("source", LOGITS)
@pytest.mark.parametrize("causal", [False, True])
def test_float_attention_is_the_softmax_of_the_shown_logits(source, causal):
    frame = opened(source=source, causal=causal, head=3, length=20)[2]
    z, mask = frame.arrays["logits"], frame.arrays["mask"].astype(bool)
    assert (z == LOGITS[source](20, causal, 1).logits[2]).all()
    assert (mask == (np.tri(20, dtype=bool) if causal or source == "gpt" else np.ones((20, 20), bool))).all()
    assert np.abs(frame.arrays["float"] - float_softmax(z, mask)).max() < 1e-12


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("bits", [2, 5, 8])
def test_masked_positions_are_exactly_0_and_all_numbers_are_there(method, shift, bits):
    frame = opened(method=method, shift=shift, bits=bits, causal=True, length=12)[2]
    masked = frame.arrays["mask"] == 0
    for side in ("plain", "shifted"):
        p_hat = frame.arrays[f"{side}_p"]
        assert np.isfinite(p_hat).all() and (p_hat >= 0).all() and (p_hat[masked] == 0).all()
        assert (frame.arrays[f"{side}_error"][masked] == 0).all()


def test_masked_logits_do_not_set_the_range(monkeypatch):
    scale = opened(causal=True, source="local")[2].scalars["plain"]["scale"]
    usual = LOGITS["local"]

    def huge(*args):
        source = usual(*args)
        source.logits[:, ~source.mask] = -1e4
        return source

    monkeypatch.setitem(LOGITS, "local", huge)
    frame = opened(causal=True, source="local")[2]
    assert frame.scalars["plain"]["scale"] == scale and frame.scalars["plain"]["l1_per_row"] < 2


@pytest.mark.parametrize("causal", [False, True])
def test_the_numbers_are_those_of_the_pictures(causal):
    frame = opened(method="exact", bits=3, causal=causal, length=16)[2]
    p, mask = frame.arrays["float"], frame.arrays["mask"]
    for side in ("plain", "shifted"):
        facts, error = frame.scalars[side], frame.arrays[f"{side}_p"] - p
        assert (frame.arrays[f"{side}_error"] == error).all()
        assert facts["l1_per_row"] == pytest.approx(np.abs(error).sum() / 16, rel=1e-12)
        assert facts["n"] == mask.sum() / 16 and facts["mae"] == pytest.approx(facts["l1_per_row"] / facts["n"])
        assert facts["max_error"] == np.abs(error).max()
        assert facts["row_sum_least"] == pytest.approx(1) and facts["row_sum_most"] == pytest.approx(1)
        assert facts["top1"] == (frame.arrays[f"{side}_p"].argmax(axis=1) == p.argmax(axis=1)).mean()
    assert frame.scalars["limits"] == {
        "probability": max(frame.arrays[name].max() for name in ("float", "plain_p", "shifted_p")),
        "difference": max(np.abs(frame.arrays[f"{name}_error"]).max() for name in ("plain", "shifted")),
        "row": max(frame.arrays[name][8].max() for name in ("float", "plain_p", "shifted_p"))}


@pytest.mark.parametrize("method", METHODS)
def test_a_picked_cell_goes_from_logit_to_code_to_probability(method):
    frame = opened(method=method, row=6, column=10)[2]
    cell, arrays = frame.scalars["cell"], frame.arrays
    assert cell["logit"] == arrays["logits"][5, 9] and cell["probability"] == arrays["float"][5, 9]
    for side in ("plain", "shifted"):
        facts, scale = cell[side], frame.scalars[side]["scale"]
        assert facts["q"] == arrays[f"{side}_q"][5, 9]
        assert facts["logit"] == pytest.approx(facts["q"] * scale + facts["offset"])
        assert abs(facts["logit"] - cell["logit"]) <= scale / 2 * (1 + 1e-9)  # nothing is clipped here
        assert facts["probability"] == arrays[f"{side}_p"][5, 9]
        assert facts["difference"] == arrays[f"{side}_p"][5, 9] - arrays["float"][5, 9]
    assert cell["plain"]["offset"] == 0
    assert cell["shifted"]["offset"] == pytest.approx(arrays["logits"][5].mean())


def test_a_masked_cell_has_no_code():
    cell = opened(causal=True, row=4, column=11)[2].scalars["cell"]
    assert cell["masked"] and cell["probability"] == 0
    assert all(cell[side]["q"] is None and cell[side]["logit"] is None and cell[side]["probability"] == 0
               for side in ("plain", "shifted"))


def test_the_picked_row_is_measured_alone():
    frame = opened(bits=2, row=12)[2]
    for side in ("plain", "shifted"):
        p_hat, facts = frame.arrays[f"{side}_p"][11], frame.scalars["this_row"][side]
        assert facts["l1"] == pytest.approx(np.abs(p_hat - frame.arrays["float"][11]).sum())
        assert facts["row_sum"] == pytest.approx(p_hat.sum()) and facts["top"] == p_hat.argmax() + 1
        assert facts["broken"] == (12 in frame.scalars[side]["broken"])


def test_broken_rows_are_named():
    rng = np.random.default_rng(0)
    z, mask = rng.standard_normal((5, 4)), np.tri(5, 4, dtype=bool)
    p = float_softmax(z, mask)
    p_hat = p * np.array([[1], [0], [0.4], [1.4], [1.6]])  # nothing, too little, still whole, too much
    side = Side("none", mask, quantize_logits(z, 4, "none", mask), p_hat)
    assert side.facts(p)["broken"] == [2, 3, 5] and side.facts(p)["broken_rows"] == 3
    assert [side.row(p, row)["broken"] for row in range(5)] == [False, True, True, False, True]
    assert side.row(p, 4)["l1"] == pytest.approx(0.6) and side.facts(p)["row_sum_most"] == pytest.approx(1.6)


def mean_l1(source: str, shift: str, bits: int = 5) -> tuple[float, float]:
    """Mean L1 per row without and with the shift, over ten seeds."""
    found = [opened(source=source, shift=shift, bits=bits, seed=seed, length=64)[2].scalars for seed in range(10)]
    return tuple(float(np.mean([each[side]["l1_per_row"] for each in found])) for side in ("plain", "shifted"))


def test_the_rows_mean_helps_where_rows_have_offsets_and_nowhere_else():
    plain, shifted = mean_l1("offsets", "row-mean")
    assert shifted < 0.6 * plain  # more than 0.7 bits
    plain, shifted = mean_l1("random", "row-mean")
    assert shifted == pytest.approx(plain, rel=1e-5)  # the control
    plain, shifted = mean_l1("offsets", "tensor-mean")
    assert shifted == pytest.approx(plain, rel=0.25)  # one number for all rows cannot do it


@pytest.mark.parametrize(("plain", "shifted", "expected"), [
    (0.8, 0.2, "is worth 2.0 bits: mean L1 per row goes from 0.800 to 0.200, and broken rows from 2 to 0."),
    (0.2, 0.4, "does as much harm as losing 1.0 bits"), (0.300, 0.299, "gains nothing"),
    (0.0, 0.0, "With the shift mean L1 per row goes from 0.000 to 0.000")])
def test_the_verdict_follows_the_numbers(plain, shifted, expected):
    assert expected in verdict({"plain": {"l1_per_row": plain, "broken": [3, 4]},
                                "shifted": {"l1_per_row": shifted, "broken": []}})


@pytest.mark.parametrize("bits", [2, 3, 4])
def test_the_control_holds_in_every_head(bits):
    for seed in range(4):
        for head in range(1, 5):
            assert "gains nothing" in opened(source="random", bits=bits, seed=seed, head=head)[2].scalars["words"]


def test_every_rule_but_none_is_a_choice_and_none_is_beside():
    assert {"none", *SHIFTS} == set(RULES) and "none" not in SHIFTS
    for shift in SHIFTS:
        scalars = opened(shift=shift)[2].scalars
        assert (scalars["plain"]["rule"], scalars["shifted"]["rule"]) == ("none", shift)
        assert (scalars["plain"]["codes"], scalars["shifted"]["codes"]) == (15, 16 if "max" in shift else 15)


def test_the_picked_cell_stays_within_a_smaller_matrix():
    runner, run, _ = opened(row=41, column=51, length=64)
    frame = runner.change(run, "length", 16)["frame"]
    assert (frame.scalars["row"], frame.scalars["column"]) == (16, 16)
    assert runner.change(run, "length", 64)["frame"].scalars["row"] == 41


def test_of_few_heads_the_last_is_shown_and_named():
    scalars = opened(head=16)[2].scalars
    assert (scalars["head"], scalars["heads"]) == (4, 4)


def test_a_change_redraws_only_what_it_concerns():
    runner, run, before = opened()
    after = runner.change(run, "bits", 7)["frame"]
    assert (after.arrays["logits"] == before.arrays["logits"]).all()
    assert after.scalars["plain"]["l1_per_row"] < before.scalars["plain"]["l1_per_row"]
    other = runner.change(run, "seed", 9)["frame"]
    assert not np.array_equal(other.arrays["logits"], before.arrays["logits"])
    assert runner.advance(run, steps=1)["done"]


@pytest.mark.parametrize("length", [2, 64])
def test_every_frame_crosses_to_the_page(length):
    for method in METHODS:
        params = f'{{"method": "{method}", "length": {length}, "causal": true, "bits": 2}}'
        text, _ = bridge.call_json("open", f'{{"page": "attention", "params": {params}}}')
        assert '"ok"' in text[:5]


def test_the_page_stands_in_its_group():
    assert (Page.entry, Page.title) == ("Softmax lab", "Attention logits")
