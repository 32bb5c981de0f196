"""The detector: windows, the rule of its threshold, and what it finds in a machine whose faults are known."""

import numpy as np
import pytest

from pyapp.data import motor
from pyapp.data.digits import DataError
from pyapp.data.recording import Recording
from pyapp.measure.anomaly import Detector, Parts, cut, rates, squared_error, threshold


def test_a_window_is_its_channels_one_after_the_other():
    values = np.arange(20.0).reshape(10, 2)
    windows, ends = cut(values, 4, 3)
    assert ends.tolist() == [4, 7, 10] and windows[1].tolist() == [*values[3:7, 0], *values[3:7, 1]]
    assert cut(values, 11, 1)[0].shape == (0, 22)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.1, 0.2, 0.5])
def test_the_threshold_is_the_smallest_that_keeps_the_promise(share):
    scores = np.random.default_rng(4).random(150)
    found = threshold(scores, share)
    assert found in scores and (scores > found).mean() <= share
    lower = scores[scores < found]
    assert (scores > lower.max()).mean() > share  # any smaller one breaks it
    assert threshold(np.array([3.0, 3.0, 3.0]), share) == 3


def test_the_gradient_of_the_squared_error_is_its_slope():
    rng = np.random.default_rng(6)
    x, y, small = rng.random((3, 4)), rng.random((3, 4)), 1e-6
    _, gradient, _ = squared_error(x, y, np.zeros(3, np.int64))
    for at in ((0, 0), (2, 3)):
        ends = [squared_error(x, y + sign * small * (np.arange(12).reshape(3, 4) == 4 * at[0] + at[1]), None)[0]
                for sign in (1, -1)]
        assert gradient[at] == pytest.approx((ends[0] - ends[1]) / (2 * small), rel=1e-5)


def test_the_motor_is_healthy_first_and_its_faults_are_where_it_says():
    recording, faults = motor.stream(3)
    labels, half = recording.labels, round(motor.LEARNED * motor.RATE)
    assert not labels[:half].any() and sorted({fault.kind for fault in faults}) == sorted(motor.FAULTS)
    assert labels.sum() == sum(fault.stop - fault.start for fault in faults) and len(faults) == 8
    again, other = motor.stream(3)[0], motor.stream(4)[0]
    assert (again.values == recording.values).all() and (other.values != recording.values).any()
    stuck = next(fault for fault in faults if fault.kind == "stuck sensor")
    assert np.ptp(recording.values[stuck.start : stuck.stop, 0]) == 0


def test_a_trained_detector_finds_faults_and_few_bits_move_its_alarms():
    parts = Parts(motor.stream(1)[0], 64)
    detector = Detector(parts, 1)
    assert len(list(detector.train())) == len(detector.losses) and detector.trained
    assert np.mean(detector.losses[-50:]) < np.mean(detector.losses[:50]) / 10
    scored = {bits: detector.scored(bits) for bits in (None, 8, 4)}
    limits = {bits: threshold(each.held_out, 0.01) for bits, each in scored.items()}
    found = {bits: rates(each.alarms(limits[bits]), parts.faulty) for bits, each in scored.items()}
    assert found[None]["detected"] > 0.7 and found[None]["false_alarms"] < 0.03
    assert found[8]["detected"] == pytest.approx(found[None]["detected"], abs=0.05)
    assert scored[8].nbytes < scored[None].nbytes / 3 and limits[4] > 1.1 * limits[None]
    kept = rates(scored[4].alarms(limits[None]), parts.faulty)  # with the threshold of float32
    assert kept["false_alarms"] > found[4]["false_alarms"] and kept["detected"] > found[4]["detected"]
    ends = parts.stream[1]
    for i in (0, 7, len(ends) - 1):
        assert parts.faulty[i] == parts.recording.labels[ends[i] - 64 : ends[i]].any()


def test_what_cannot_be_listened_to_is_refused():
    short = Recording("a.csv", ("x",), np.zeros((100, 1)))
    with pytest.raises(DataError, match=r"a\.csv has 100 rows; windows of 64 rows need at least 1,664"):
        Parts(short, 64)
    with pytest.raises(DataError, match="choose fewer columns or a shorter window"):
        Parts(Recording("a.csv", ("x",) * 40, np.zeros((9000, 40))), 64)
    with pytest.raises(DataError, match="has no column 'z'; it has x"):
        short.of(("z",))
