import numpy as np
import pytest

from pyapp import bridge
from pyapp.measure.attention_logits import TRAINED
from pyapp.pages import shift
from pyapp.pages.base.controls import NETWORK_TITLES
from pyapp.pages.shift import MEASURES
from pyapp.runner import Runner
from pyapp.softmax.compare import BITS, compare
from pyapp.softmax.logits import FAMILIES, draw
from pyapp.softmax.shift import RULES, calibrate

SMALL = {"rows": 48, "length": 16}
NET = "vision transformer"
UNITS = (len(FAMILIES) + 1) * len(BITS)


def measured(**params):
    runner = Runner()
    run = runner.open("shift", {**SMALL, **params})["run"]
    return runner, run, runner.advance(run, ms=1e9)["frame"]


def by_name(frame):
    return {family["name"]: family for family in frame.scalars["families"]}


@pytest.mark.parametrize("method", ["exact", "lut2"])
@pytest.mark.parametrize("other", [False, True])
def test_every_number_is_the_tables(method, other):
    families = by_name(measured(method=method, other=other, seed=3)[2])
    assert list(families) == ["offset", "skewed", "centred", NET]
    for name in FAMILIES:
        family = families[name]
        z, elsewhere = draw(name, 48, 16, 3), draw(name, 48, 16, 3, batch=1) if other else None
        for rule in RULES:
            expected = [compare(z, method, bits, rule, calibration=elsewhere).l1_per_row for bits in BITS]
            assert family["curves"][rule] == expected
            if rule != "none":
                ratios = np.array(family["curves"]["none"][2:]) / expected[2:]
                assert family["gains"][rule]["mean"] == pytest.approx(np.log2(ratios).mean())


def test_the_heads_of_a_trained_network_are_the_fourth_kind():
    """The mean of what each head has on a grid of its own; the GPT's with its mask."""
    runner, run, frame = measured(seed=3)
    frames = {NET: frame, "gpt": runner.change(run, "net", "gpt")["frame"]}
    assert frames["gpt"].scalars["progress"] == 3 / 4
    frames["gpt"] = runner.advance(run, ms=1e9)["frame"]
    for net, frame in frames.items():
        source, family = TRAINED[net](16, False, 3), by_name(frame)[net]
        for rule in RULES:
            expected = [np.mean([compare(z, "exact", bits, rule, source.mask).l1_per_row for z in source.logits])
                        for bits in BITS]
            assert family["curves"][rule] == pytest.approx(expected)
        assert family["n"] == (16 if net == NET else 8.5)
        assert f"trained logits of the {NETWORK_TITLES[net]}" in frame.scalars["words"]["finding"]
    assert runner.change(run, "net", NET)["frame"].scalars["progress"] == 1


def test_a_networks_files_are_asked_for_while_the_host_can_still_bring_them(monkeypatch):
    def missing(*_):
        raise FileNotFoundError("weights")

    monkeypatch.setitem(TRAINED, "gpt", missing)
    runner, run, _ = measured()
    with pytest.raises(FileNotFoundError):
        runner.change(run, "net", "gpt")
    assert runner.advance(run, ms=1)["done"]
    with pytest.raises(FileNotFoundError):
        Runner().open("shift", {"net": "gpt"})


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_of_the_protocol_can_be_shown(measure):
    frame = measured(method="lut2", measure=measure)[2]
    best = {"top-1": ("top1", 1), "row-sum": ("row_sum", 1), "l1": ("l1_per_row", 0), "max-error": ("max_error", 0)}
    name, nearest = best.get(measure, (measure, 0))
    for rule in RULES:
        found = [vars(compare(draw("skewed", 48, 16, 0), "lut2", bits, rule))[name] for bits in BITS]
        assert by_name(frame)["skewed"]["curves"][rule] == [abs(value - nearest) for value in found]
    low, high = frame.scalars["range"]
    assert 0 < low < high and (measure == "l1") == ([low, high] == [0.002, 2])
    assert by_name(frame)["offset"]["gains"] == by_name(measured(method="lut2")[2])["offset"]["gains"]  # always of L1


def test_the_protocols_own_batch_gives_what_the_protocol_found():
    families = by_name(measured(rows=512, length=64)[2])
    gains = {name: {rule: gain["mean"] for rule, gain in family["gains"].items()} for name, family in families.items()}
    assert gains["offset"]["row-mean"] == pytest.approx(1.2, abs=0.1)
    assert gains["offset"]["row-max"] == pytest.approx(1.7, abs=0.1)
    assert gains["centred"]["row-max"] == pytest.approx(0.65, abs=0.1)
    assert 2.5 <= gains["offset"]["row-max-clip"] <= 2.9
    assert abs(gains["centred"]["row-mean"]) < 0.05 and abs(gains["centred"]["tensor-mean"]) < 0.05


def test_the_words_follow_from_the_numbers(monkeypatch):
    runner, run, frame = measured(rows=512, length=64)
    gains = by_name(frame)
    said = frame.scalars["words"]
    scales = {rule: [calibrate(draw("centred", 512, 64, 0), bits, rule).scale for bits in BITS[2:]]
              for rule in ("none", "row-max")}
    finer = np.log2(np.divide(scales["none"], scales["row-max"])).mean()
    assert 0.35 < finer < 0.45 and f"finer by {shift.bits_text(finer)}" in said["unsigned"]
    assert shift.bits_text(gains["centred"]["gains"]["row-max"]["mean"]) in said["unsigned"]
    for rule in ("row-mean", "row-max", "row-max-clip"):
        assert shift.bits_text(gains["offset"]["gains"][rule]["mean"]) in said["finding"]
    assert said["holds"] and "does not help" in said["control"]
    monkeypatch.setattr(shift, "NOTHING", 1e-9)
    said = runner.change(run, "rule", "row-max")["frame"].scalars["words"]
    assert not said["holds"] and "more than chance" in said["control"]


def test_batches_are_averaged_and_kept():
    runner, run, frame = measured(seeds=1, seed=5)
    one = by_name(frame)["offset"]["gains"]["row-mean"]
    assert one["least"] == one["mean"] == one["most"] and frame.step == UNITS
    frame = runner.change(run, "seeds", 3)["frame"]
    assert frame.scalars["progress"] == pytest.approx(1 / 3) and frame.scalars["batches"] == [5, 6, 7]
    frame = runner.advance(run, ms=1e9)["frame"]
    assert frame.step == 3 * UNITS and frame.scalars["progress"] == 1
    apart = [by_name(measured(seeds=1, seed=seed)[2])["offset"] for seed in (5, 6, 7)]
    three = by_name(frame)["offset"]
    means = [family["gains"]["row-mean"]["mean"] for family in apart]
    expected = {"mean": np.mean(means), "least": min(means), "most": max(means)}
    assert three["gains"]["row-mean"] == pytest.approx(expected)
    assert three["curves"]["none"] == pytest.approx(np.mean([family["curves"]["none"] for family in apart], axis=0))
    assert by_name(runner.change(run, "seeds", 1)["frame"])["offset"]["gains"]["row-mean"] == one


def test_a_change_in_the_middle_begins_again():
    runner = Runner()
    run = runner.open("shift", SMALL)["run"]
    runner.advance(run, steps=9)
    assert runner.change(run, "method", "lut2")["frame"].scalars["progress"] == 0
    frame = runner.advance(run, ms=1e9)["frame"]
    assert by_name(frame)["skewed"]["curves"] == by_name(measured(method="lut2")[2])["skewed"]["curves"]


def test_points_without_an_answer_of_the_original_are_named_and_count_in_no_gain():
    frame = measured(method="ibert", rows=512, length=64)[2]
    offset = by_name(frame)["offset"]
    assert offset["guarded"]["none"] == [True] * 3 + [False] * 4
    assert offset["guarded"]["row-mean"] == [True] * 2 + [False] * 5
    ratios = np.array(offset["curves"]["none"][3:]) / offset["curves"]["row-mean"][3:]
    assert offset["gains"]["row-mean"]["mean"] == pytest.approx(np.log2(ratios).mean())
    assert "above 1.67 nats" in frame.scalars["guarded"]
    assert measured(rows=512, length=64)[2].scalars["guarded"] == ""


def test_unshifted_centred_logits_use_nearly_every_code():
    """What row-max wins on them is not that others would waste codes above the maximum."""
    for bits, used in ((4, 15), (8, 200)):
        assert np.unique(calibrate(z := draw("centred", 512, 64, 0), bits, "none").quantize(z).q).size >= used


def test_nothing_is_said_before_it_is_known():
    frame = Runner().open("shift", SMALL)["frame"]
    assert frame.scalars["words"] is None and frame.scalars["progress"] == 0
    assert all(gain is None for family in by_name(frame).values() for gain in family["gains"].values())


def test_all_of_it_crosses_to_the_page():
    reply, _ = bridge.call_json("open", '{"page": "shift", "params": {"method": "lut2", "other": "true"}}')
    assert '"ok"' in reply
